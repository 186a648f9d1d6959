//! For machines of other kinds: there is no proof of the instructions, and so nothing can be called.

use crate::modulus::{Fixed, Pair, Vectors};

/// Cannot be made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ifma {}

impl Ifma {
    pub(crate) fn detect() -> Option<Self> {
        None
    }

    pub(crate) fn power<const WORDS: usize, const VECTORS: usize>(
        self,
        _: &Fixed<WORDS, VECTORS>,
        _: &Vectors<VECTORS>,
        _: u64,
    ) -> Vectors<VECTORS> {
        match self {}
    }

    pub(crate) fn power_lanes(self, _: &[Pair<'_>], _: u64) -> Vec<Vectors<5>> {
        match self {}
    }
}
