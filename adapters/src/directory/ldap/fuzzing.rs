//! What fuzz targets call inside the directory. Only built by a fuzzer.

use super::LdapAddressFilter;
use super::answer::{Answer, message_length, read};
use super::limits::LdapLimits;
use super::request::{search, written};
use postseal::Address;

/// Reads messages as they come from a server, one after the other, and gives the values of the last entry. Values are inside of
/// their message, and what can be read has the length that was waited for.
pub fn answer(octets: &[u8]) -> Vec<&[u8]> {
    let (mut rest, mut last) = (octets, Vec::new());
    while let Ok(Some(length)) = message_length(rest, octets.len()) {
        let Some((message, after)) = rest.split_at_checked(length) else { break };
        assert!(length >= 2);
        if let Ok(read) = read(message)
            && let Answer::Entry(entry) = read.answer
        {
            assert!(entry.values.iter().map(|value| value.len()).sum::<usize>() < message.len());
            last = entry.values;
        }
        // A header that is cut is waited for, and never taken for another length.
        for cut in 0..length.min(6) {
            let early = message_length(message.get(..cut).unwrap_or_default(), octets.len());
            assert!(matches!(early, Ok(None)) || matches!(early, Ok(Some(same)) if same == length));
        }
        rest = after;
    }
    let _ = read(octets);
    last
}

/// The search request with this filter for this address, as it is sent.
pub fn request(filter: &LdapAddressFilter, address: &Address) -> Option<Vec<u8>> {
    let op = search("dc=goal,dc=example", filter.about(address), &LdapLimits::default());
    written(7, op).ok().map(|octets| octets.to_vec())
}
