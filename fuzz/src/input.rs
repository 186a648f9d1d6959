/// The fuzzer's octets, taken one after the other. Past their end come zeros and nothing.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(crate) fn octet(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    pub(crate) fn short(&mut self) -> usize {
        usize::from(u16::from_be_bytes([self.octet(), self.octet()]))
    }

    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// As many octets as the two before them say.
    pub(crate) fn sized(&mut self) -> &'a [u8] {
        let count = self.short();
        self.take(count)
    }

    pub(crate) const fn rest(self) -> &'a [u8] {
        self.0
    }
}
