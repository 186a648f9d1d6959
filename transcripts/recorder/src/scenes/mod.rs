//! What is recorded.

mod certificates;
mod common;
mod corpus;
mod encrypt;
mod import;
mod limits;
mod mail;
mod paths;
mod recipients;
mod revocation;
mod surgery;

use crate::record::Scene;
use std::collections::BTreeMap;

/// Everything that is recorded, in the order of names. What is named `refused-CODE`, `recipient-CODE`, `revocation-CODE` or
/// `unsealed-CODE` is about that code.
///
/// ```
/// assert!(postseal_transcripts::scenes().len() >= 60);
/// ```
#[must_use]
pub fn scenes() -> Vec<Scene> {
    let mut scenes = [
        certificates::scenes(),
        corpus::scenes(),
        encrypt::scenes(),
        import::scenes(),
        limits::scenes(),
        mail::scenes(),
        paths::scenes(),
        recipients::scenes(),
        revocation::scenes(),
    ]
    .concat();
    scenes.sort_by(|a, b| a.name.cmp(&b.name));
    for pair in scenes.windows(2) {
        assert_ne!(pair[0].name, pair[1].name);
    }
    scenes
}

/// The files that configurations name, beside the transcripts.
///
/// ```
/// assert!(postseal_transcripts::files().contains_key("pki/root.pem"));
/// ```
#[must_use]
pub fn files() -> BTreeMap<String, Vec<u8>> {
    let pem = |name: &str, authority: &postseal_testkit::factory::Authority| {
        (format!("pki/{name}.pem"), authority.pem().into_bytes())
    };
    let mut files = BTreeMap::from([
        pem("root", &common::root()),
        pem("middle", &common::middle()),
        pem("nameless", &paths::nameless()),
        pem("goal", &revocation::goal()),
    ]);
    files.insert("pki/revoked.crl".to_owned(), revocation::revoked_list());
    files.extend(corpus::anchors());
    files
}
