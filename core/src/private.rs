use core::fmt;

/// A value that belongs to a person: an address, a name, text from a mail.
///
/// It formats as `[redacted]` in every build. [`Private::expose`] is the only way out, so that a review can search for it.
///
/// ```
/// use postseal::Private;
/// let name = Private::new("alice@goal.example");
/// assert_eq!(format!("{name:?}"), "[redacted]");
/// assert_eq!(*name.expose(), "alice@goal.example");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Private<T>(T);

impl<T> Private<T> {
    /// Wraps `value`.
    ///
    /// ```
    /// let wrapped = postseal::Private::new(7);
    /// assert_eq!(wrapped.into_inner(), 7);
    /// ```
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Whoever calls this decides who may see it.
    ///
    /// ```
    /// assert_eq!(*postseal::Private::new(7).expose(), 7);
    /// ```
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Takes the value out.
    ///
    /// ```
    /// assert_eq!(postseal::Private::new("x").into_inner(), "x");
    /// ```
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T> From<T> for Private<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
