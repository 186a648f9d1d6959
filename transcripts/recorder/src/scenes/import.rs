//! Imports: what a mail comes to, by what is stored.

use super::common::*;
use crate::form::{MisuseKind, Reply};
use crate::record::Scene;
use postseal::store::Version;
use postseal_testkit::factory::{CrlSpec, Revoked};

pub(super) fn scenes() -> Vec<Scene> {
    let first = issue(&valid(spec(ALICE, 1), "2026-01-01", "2027-01-01"));
    let next = issue(&valid(spec(ALICE, 2), "2026-05-01", "2028-01-01"));
    let stored = || vec![Shelf::of(ALICE).imports(&signed(&first), NOW).entry()];
    let mut moved = stored();
    moved[0].version = Version::new(5);
    let hard = "\nintermediates = [\"pki/middle.pem\"]\n\n[revocation]\nmode = \"hard\"\nfetch = true\n";
    let fetches = format!("{}{hard}", IMPORTS.trim_end());
    let fetching = |name, about| {
        import(name, about, &signed(&watched(ALICE, 1)))
            .under(&fetches)
            .with(|scene| scene.transcript.ocsp_nonce = Some("01".repeat(32)))
    };
    vec![
        import("import-first", "The first certificate of a mailbox is imported.", &signed(&first)),
        import("import-known", "The certificate is stored already, with the same capabilities.", &signed(&first))
            .stored(stored()),
        import("import-renewed", "A successor within 60 days before the end.", &signed(&next))
            .at("2026-11-15T00:00:00Z")
            .stored(stored()),
        import("import-held", "A second certificate while the first one is in use.", &signed(&next)).stored(stored()),
        import("import-conflict", "Somebody else stored first: the entry is weighed again.", &signed(&first))
            .with(|scene| scene.world.conflicts.extend(moved)),
        import("import-store-down", "The store does not answer.", &signed(&first))
            .replies(1, Reply::Unavailable("the store is gone".to_owned())),
        import("import-foreign-answer", "An answer to another operation's question changes nothing.", &signed(&first))
            .with(|scene| {
                scene.misuse =
                    vec![(1, MisuseKind::ForeignAnswer), (2, MisuseKind::AnswerTwice), (0, MisuseKind::PollAfterDone)]
            }),
        fetching("import-crl", "Lists are fetched, and nothing is revoked.")
            .serves(LIST, middle().crl(&CrlSpec::new(Vec::new())))
            .serves(ROOT_LIST, good_root_list()),
        fetching("import-crl-revoked", "The list of the CA has revoked the signer's certificate.")
            .serves(LIST, middle().crl(&CrlSpec::new(vec![Revoked::new(4097).because(1)])))
            .serves(ROOT_LIST, good_root_list()),
        fetching("import-sources-down", "No source of revocation answers, and the policy wants to know."),
    ]
}
