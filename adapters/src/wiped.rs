//! Octets that are overwritten before they are given back: what directories lend must not stay behind in memory.

use zeroize::Zeroizing;

/// Room for more, as `Vec::reserve` makes it, which leaves the old octets behind when it moves them.
pub(crate) fn reserve(octets: &mut Zeroizing<Vec<u8>>, more: usize) {
    let needed = octets.len().saturating_add(more);
    if needed > octets.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(octets.capacity().saturating_mul(2))));
        larger.extend_from_slice(octets);
        *octets = larger;
    }
}

/// As `extend_from_slice`.
#[cfg(any(feature = "fetch", feature = "entra"))]
pub(crate) fn append(octets: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    reserve(octets, piece.len());
    octets.extend_from_slice(piece);
}
