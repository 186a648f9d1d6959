//! Calls over the C boundary, as the input says, in any order that the header allows.
//!
//! What a host owes the library is kept: what is freed is gone, what is borrowed is looked at once, lengths are true. All else may
//! be anything: NULL for every object, answers of other questions, texts that are none, tables that are too short.

mod calls;
mod host;

use crate::input::Input;
use calls::Caller;

/// Every call gives what the header says: success and an object, or an error with the same number and nothing; a getter of NULL
/// says nothing; and every callback's side of a table comes back exactly once.
pub fn c_calls(bytes: &[u8]) {
    host::warm_up();
    // Engines with anchors, mails and messages are kept while the sequence lasts.
    crate::memory::bounded(bytes.len(), BOUND, || {
        let mut caller = Caller::default();
        let mut input = Input::new(bytes);
        for _ in 0..MOST {
            let call = input.octet();
            if call == 0 {
                break;
            }
            caller.call(call, &mut input);
        }
        caller.free_all();
        assert_eq!(host::given(), host::returned(), "the host's side of a table");
    });
}

/// A call makes no more than a few hundred kilobytes that stay.
const BOUND: usize = 1 << 20;
const MOST: usize = 64;

/// A mail learned and used, by the library and by the host.
pub fn c_calls_seeds() -> Vec<(String, Vec<u8>)> {
    let sized = |octets: &[u8]| [&u16::try_from(octets.len()).unwrap().to_be_bytes()[..], octets].concat();
    let own_mail =
        [&[1, 1, 8, 0, 0, 200][..], &sized(b"From: a@goal.example\r\n\r\nhello\r\n"), &[10, 0, 15, 0]].concat();
    // An engine that trusts and has a store, and Alice learned.
    const LEARNED: [u8; 9] = [1, 1, 2, 0, 0, 6, 0, 0, 3];
    // A mail to her, carried out by the library.
    const BEGUN: [u8; 8] = [9, 0, 0, 1, 14, 0, 0, 0];
    // A question, and an answer to it with an entry that holds nothing.
    const NOT_STORED: [u8; 17] = [10, 0, 11, 0, 18, 0, 0, 0, 12, 0, 0, 0, 0, 13, 0, 0, 10];
    let seeds: [(&str, Vec<u8>); 7] = [
        ("whole", [&LEARNED[..], &[19, 0, 0, 20, 0, 0, 1, 7, 0, 0, 1, 0, 7]].concat()),
        (
            "import",
            [&[1, 1, 8, 0, 0, 3][..], &NOT_STORED, &[0, 24, 1, 0, 11, 1, 12, 1, 1, 0, 0, 13, 0, 1, 10, 0, 15, 0]]
                .concat(),
        ),
        ("stream", [&LEARNED[..], &BEGUN, &[17, 0, 21, 0, 128, 0, 22, 0, 1, 2, 22, 0, 2, 3, 23, 0, 25, 6, 0]].concat()),
        ("seal", [&LEARNED[..], &BEGUN, &[15, 0, 16, 0, 1, 16, 0, 1]].concat()),
        (
            "directory",
            [&[1, 2, 9, 0, 0, 1][..], &NOT_STORED, &[0, 11, 1, 12, 1, 4, 0, 9, 13, 0, 1, 10, 0, 15, 0, 16, 0, 1]]
                .concat(),
        ),
        (
            "null",
            [
                6, 9, 0, 3, 10, 9, 11, 9, 12, 9, 0, 0, 9, 13, 9, 9, 14, 9, 9, 0, 15, 9, 16, 9, 0, 17, 9, 18, 9, 1, 0,
                0, 27, 19, 9, 0,
            ]
            .into_iter()
            .chain([20, 9, 9, 1, 21, 9, 0, 0, 22, 9, 0, 0, 23, 9, 24, 9, 9, 2, 9, 0, 3, 9, 0, 4, 9, 0, 5, 9, 0])
            .collect(),
        ),
        ("own", own_mail),
    ];
    seeds.map(|(name, seed)| (name.to_owned(), seed)).to_vec()
}
