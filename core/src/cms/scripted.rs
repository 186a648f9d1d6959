//! Sources of randomness for tests: nothing that they give is random.
#![allow(clippy::arithmetic_side_effects, reason = "test code")]

use crate::query::Unavailable;
use crate::random::Random;

/// Gives out a script, octet by octet, and fails at its end.
#[derive(Debug)]
pub(crate) struct Scripted<'a>(&'a [u8]);

impl<'a> Scripted<'a> {
    pub(crate) const fn new(script: &'a [u8]) -> Self {
        Self(script)
    }
}

impl Random for Scripted<'_> {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Unavailable> {
        let Some((head, rest)) = self.0.split_at_checked(octets.len()) else {
            return Err(Unavailable::because("the script has ended"));
        };
        octets.copy_from_slice(head);
        self.0 = rest;
        Ok(())
    }
}

/// Counts its calls, gives octets that look random (xorshift64), and fails at one call when it is told to. A call that
/// fails leaves rubbish behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counting {
    pub(crate) calls: usize,
    fails_at: Option<usize>,
    state: u64,
}

impl Counting {
    pub(crate) fn failing_at(call: usize) -> Self {
        Self { fails_at: Some(call), ..Self::default() }
    }
}

impl Default for Counting {
    fn default() -> Self {
        Self { calls: 0, fails_at: None, state: 0x9e37_79b9_7f4a_7c15 }
    }
}

impl Random for Counting {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Unavailable> {
        for octet in octets.iter_mut() {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            *octet = self.state.to_le_bytes()[3];
        }
        self.calls += 1;
        if self.fails_at == Some(self.calls - 1) { Err(Unavailable::because("told to")) } else { Ok(()) }
    }
}
