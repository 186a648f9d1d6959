//! What is made when it is first needed, and kept.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Something that is made when it is first needed. What could not be made is tried again with the next question: descriptors,
/// threads or a file of roots may be lacking for a moment only.
pub(crate) struct Made<T>(Mutex<Option<T>>);

/// What came of making it.
pub(crate) enum Attempt<T> {
    /// It is kept.
    Whole(T),
    /// It is used now, and made anew the next time.
    Part(T),
    /// There is nothing now.
    Nothing,
}

impl<T> Made<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Made<T> {
    /// What is kept, or what `make` gives now. Nobody else makes it meanwhile.
    pub(crate) fn get(&self, make: impl FnOnce() -> Attempt<T>) -> Option<T> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none() {
            match make() {
                Attempt::Whole(made) => *kept = Some(made),
                Attempt::Part(made) => return Some(made),
                Attempt::Nothing => {}
            }
        }
        kept.clone()
    }
}

impl<T> Default for Made<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Made<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Made(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_whole_is_kept() {
        let made = Made::default();
        assert_eq!(made.get(|| Attempt::Nothing), None);
        assert_eq!(made.get(|| Attempt::Part(1)), Some(1));
        assert_eq!(made.get(|| Attempt::Nothing), None);
        assert_eq!(made.get(|| Attempt::Whole(2)), Some(2));
        assert_eq!(made.get(|| Attempt::Whole(3)), Some(2));
    }
}
