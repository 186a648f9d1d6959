//! What is recorded.

mod common;
mod encrypt;
mod import;

use crate::record::Scene;
use std::collections::BTreeMap;

/// Everything that is recorded, in the order of names.
///
/// ```
/// assert!(postseal_transcripts::scenes().len() >= 10);
/// ```
#[must_use]
pub fn scenes() -> Vec<Scene> {
    let mut scenes = [import::scenes(), encrypt::scenes()].concat();
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
    BTreeMap::from([pem("root", &common::root()), pem("middle", &common::middle())])
}
