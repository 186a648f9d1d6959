//! Rows of a store.

use crate::input::Input;
use crate::memory::{READING, bounded};
use postseal_adapters::store::fuzzing::{self, Row};

/// A row with these columns: what comes out of it is what the columns say, to the octet.
pub fn store_record(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let flags = input.octet();
    let time = |input: &mut Input<'_>| i64::from_be_bytes(input.take(8).try_into().unwrap_or_default());
    let (imported_at, signed_at) = (time(&mut input), time(&mut input));
    let text = |octets| std::str::from_utf8(octets).unwrap_or_default();
    let (state, source, address) = (text(input.sized()), text(input.sized()), text(input.sized()));
    let (issuer_key, capabilities, der) = (input.sized(), input.sized(), input.rest());
    bounded(bytes.len(), READING, || {
        let capabilities = (flags & 1 != 0).then_some(capabilities);
        let signed_at = (flags & 2 != 0).then_some(signed_at);
        let row = Row { address, state, der, issuer_key, capabilities, signed_at, source, imported_at };
        let Some((stored, read)) = fuzzing::row(&row) else { return };
        assert_eq!((read.name(), stored.source.name()), (state, source));
        assert_eq!((stored.certificate.der(), stored.issuer_key.as_bytes().as_slice()), (der, issuer_key));
        assert_eq!(stored.imported_at.seconds(), imported_at);
        assert_eq!(stored.capabilities.is_some(), capabilities.is_some());
    });
}

/// Good rows, and rows that another version may have written.
pub fn store_record_seeds() -> Vec<(String, Vec<u8>)> {
    let certificates = &crate::world::world().certificates;
    let sized = |octets: &[u8]| [&u16::try_from(octets.len()).unwrap().to_be_bytes()[..], octets].concat();
    let row = |flags: u8, state: &str, source: &str, der: &[u8]| {
        let (imported, signed) = (1_780_000_000_i64.to_be_bytes(), 1_770_000_000_i64.to_be_bytes());
        let texts = [state, source, "alice@goal.example"].map(|text| sized(text.as_bytes())).concat();
        [&[flags][..], &imported, &signed, &texts, &sized(&[7; 32]), &sized(b"\x30\x00"), der].concat()
    };
    let states = ["active", "superseded", "held", "rejected", "disabled", "pinned", "lost"];
    let rows = states.iter().zip(certificates).enumerate();
    rows.map(|(number, (state, der))| {
        let source = if number % 2 == 0 { "signed-mail" } else { "operator" };
        ((*state).to_owned(), row(number as u8, state, source, der))
    })
    .collect()
}
