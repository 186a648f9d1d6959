//! Paths that lead to no anchor.

use super::common::*;
use super::surgery::changed;
use crate::record::Scene;
use postseal_testkit::factory::der::{integer, null, octet_string, oid, sequence, tlv};
use postseal_testkit::factory::{Authority, AuthoritySpec, Key, KeyUse, Name, SignedMail, extension};

/// A root without a name.
pub(super) fn nameless() -> Authority {
    let mut spec = AuthoritySpec::new("", Key::P256(3));
    spec.overrides.subject = Some(sequence(&[]));
    Authority::self_signed(&spec)
}

/// A mail of Alice, whose certificate comes from a CA that is like this.
fn below(change: impl FnOnce(&mut AuthoritySpec)) -> SignedMail {
    let mut made = AuthoritySpec::new("CA", Key::P256(5));
    made.serial = 99;
    change(&mut made);
    let authority = root().subordinate(&made);
    signed(&authority.issue(&spec(ALICE, 1))).with_authority(&authority)
}

/// With this policy required from the next certificate on.
fn demanding(policies: &[&str], mappings: &[(&str, &str)]) -> Vec<Vec<u8>> {
    let policies: Vec<_> = policies.iter().map(|name| sequence(&[&oid(name)])).collect();
    let mappings: Vec<_> = mappings.iter().map(|(from, to)| sequence(&[&oid(from), &oid(to)])).collect();
    let mut extensions = vec![
        extension("2.5.29.32", false, &sequence(&[&policies.concat()])),
        extension("2.5.29.36", true, &sequence(&[b"\x80\x01\x00"])),
    ];
    if !mappings.is_empty() {
        extensions.push(extension("2.5.29.33", true, &sequence(&[&mappings.concat()])));
    }
    extensions
}

const GOLD: &str = "1.3.6.1.4.1.99999.7";
const ANY: &str = "2.5.29.32.0";

/// Below a CA that may not speak about this name.
fn excluded(name: &[u8]) -> SignedMail {
    below(|spec| spec.excluded = vec![Name::Rfc822(name.to_vec())])
}

pub(super) fn scenes() -> Vec<Scene> {
    [refused(), limits(), fine()].concat()
}

fn refused() -> Vec<Scene> {
    let alice = issue(&spec(ALICE, 1));
    let odd = changed(alice.der(), |parts| parts[1] = sequence(&[&oid("1.2.840.10045.4.3.3")]));
    vec![
        import("refused-issuer-not-ca", "The issuer's certificate is nobody's CA.", &below(|spec| spec.is_ca = None)),
        import(
            "refused-issuer-key-usage",
            "The issuer may sign, but no certificates.",
            &below(|spec| spec.key_use = KeyUse::Bits(0x8000)),
        ),
        import("refused-name-excluded", "The issuer may say nothing about that domain.", &excluded(b"goal.example")),
        import("refused-name-constraint-undecidable", "A name constraint that cannot be compared.", &excluded(b"@")),
        import("refused-issuer-name-empty", "An issuer without a name.", &signed(&nameless().issue(&spec(ALICE, 1))))
            .under("trust = [\"pki/nameless.pem\"]\nimport = true\n"),
        import(
            "refused-path-algorithm",
            "A certificate that names two signature algorithms.",
            &signed(&alice).without_signer_certificate().with_certificate(&odd),
        ),
        import(
            "refused-certificate-version",
            "An issuer whose certificate is of version 1.",
            &below(|spec| (spec.overrides.version, spec.overrides.extensions) = (Some(1), Some(Vec::new()))),
        ),
        import(
            "refused-policy-not-valid",
            "A policy is required, and the signer's certificate has none.",
            &below(|spec| spec.overrides.extra_extensions = demanding(&[GOLD], &[])),
        ),
        import(
            "refused-policy-mapping-any",
            "A CA that maps anyPolicy.",
            &below(|spec| spec.overrides.extra_extensions = demanding(&[GOLD], &[(ANY, GOLD)])),
        ),
    ]
}

fn limits() -> Vec<Scene> {
    vec![
        import("refused-path-too-deep", "A longer path than is allowed.", &{
            let upper = root().authority("Upper", Key::P256(6));
            let lower = upper.authority("Lower", Key::P256(7));
            signed(&lower.issue(&spec(ALICE, 1))).with_authority(&lower).with_authority(&upper)
        })
        .configured("\n[limits]\npath_depth = 2\n"),
        import("refused-signature-budget", "More signatures to check than are allowed.", &below(|_| ()))
            .configured("\n[limits]\npath_signatures = 1\n"),
        import("refused-build-budget", "More issuers to look at than are allowed.", &below(|_| ()))
            .configured("\n[limits]\npath_steps = 1\n"),
        import("refused-name-budget", "More names to compare than are allowed.", &excluded(b"other.example"))
            .configured("\n[limits]\nname_comparisons = 1\n"),
        import(
            "refused-policy-budget",
            "A larger graph of policies than is allowed.",
            &below(|spec| spec.overrides.extra_extensions = demanding(&[GOLD, ANY], &[(GOLD, GOLD)])),
        )
        .configured("\n[limits]\npolicy_nodes = 1\n"),
    ]
}

fn fine() -> Vec<Scene> {
    let alice = issue(&spec(ALICE, 1));
    vec![
        import("import-intermediate", "The issuer came along in the mail.", &below(|_| ())),
        import("import-anchor-in-mail", "A root that somebody brings along is ignored.", &{
            let stranger = Authority::root("Stranger", Key::P256(8));
            signed(&alice).with_authority(&stranger)
        }),
        import("import-odd-extensions", "Extensions that do not matter may be anything.", &{
            let mut odd = spec(ALICE, 1);
            odd.overrides.extra_extensions = vec![
                extension("1.3.6.1.4.1.99999.2", false, &octet_string(&integer(1))),
                extension("1.3.6.1.4.1.99999.3", false, &tlv(0x30, &[&null()])),
            ];
            signed(&issue(&odd))
        }),
    ]
}
