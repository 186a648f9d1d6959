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

/// One of these, with up to three octets changed, inserted or left out; or what the input says.
pub(crate) fn octets(input: &mut Input<'_>, known: &[Vec<u8>]) -> Vec<u8> {
    let which = input.octet();
    let Some(known) = known.get(usize::from(which >> 2)) else { return input.sized().to_vec() };
    let mut octets = known.clone();
    for _ in 0..which % 4 {
        let (how, at, octet) = (input.octet(), input.short() % octets.len(), input.octet());
        match how % 3 {
            0 => octets[at] = octet,
            1 => octets.insert(at, octet),
            _ => drop(octets.remove(at)),
        }
    }
    octets
}
