//! Imports: what a mail comes to, by what is stored, and by who asks.

use super::common::*;
use crate::form::{Entry, MisuseKind, Reply};
use crate::record::Scene;
use postseal::store::{Decision, Version};
use postseal_testkit::factory::{Authority, AuthoritySpec, CertSpec, Key, KeyPreference, KeyUse, Person, SignedMail};

pub(super) fn scenes() -> Vec<Scene> {
    [first(), decided(), preferences(), stores(), activation()].concat()
}

/// Alice's certificate, and the one that follows it.
fn two() -> (Person, Person) {
    let first = issue(&valid(spec(ALICE, 1), "2026-01-01", "2027-01-01"));
    let next = issue(&valid(spec(ALICE, 2), "2026-05-01", "2028-01-01"));
    (first, next)
}

/// One CA key, with a certificate until then.
fn middle(not_after: &str) -> Authority {
    let mut spec = AuthoritySpec::new("Renewed CA", Key::P256(9));
    spec.not_after = format!("{not_after}T00:00:00Z");
    root().subordinate(&spec)
}

fn below(authority: &Authority) -> Person {
    authority.issue(&valid(spec(ALICE, 5), "2026-01-01", "2028-01-01"))
}

fn shelf() -> Shelf {
    Shelf::of(ALICE).imports(&signed(&two().0), NOW)
}

fn first() -> Vec<Scene> {
    let (first, next) = two();
    let other = root().authority("Other CA", Key::P256(9));
    let stranger = other.issue(&valid(spec(ALICE, 3), "2026-05-01", "2028-01-01"));
    let same_key = issue(&CertSpec { key: first.spec().key, ..next.spec().clone() });
    let older = issue(&valid(spec(ALICE, 4), "2025-06-01", "2026-12-01"));
    let twin = root().issue_twin(first.spec());
    vec![
        import("import-first", "The first certificate of a mailbox is imported.", &signed(&first)),
        import("import-known", "The certificate is stored already, with the same capabilities.", &signed(&first))
            .stored(vec![shelf().entry()]),
        import("import-capabilities", "The certificate is stored already; what it reads was signed later.", &{
            let aes128 = b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x02";
            let value = [&[0x30, 13][..], aes128].concat();
            let attribute = postseal_testkit::factory::attribute("1.2.840.113549.1.9.15", &value);
            let mail = signed(&first).without_attribute("1.2.840.113549.1.9.15").extra_attribute(&attribute);
            mail.signed_at("2026-05-20T12:00:00Z")
        })
        .stored(vec![shelf().entry()]),
        import("import-known-twin", "The same certificate under another signature of its CA.", &signed(&twin))
            .stored(vec![shelf().entry()]),
        import("import-renewed", "A successor within 60 days before the end.", &signed(&next))
            .at("2026-11-15T00:00:00Z")
            .stored(vec![shelf().entry()]),
        import("import-renewed-same-key", "A successor with the same key, at any time.", &signed(&same_key))
            .stored(vec![shelf().entry()]),
        import("import-held", "A second certificate while the first one is in use.", &signed(&next))
            .stored(vec![shelf().entry()]),
        import("import-held-other-issuer", "Another issuer replaces nothing that is in use.", &{
            signed(&stranger).with_authority(&other)
        })
        .stored(vec![shelf().entry()]),
        import("import-after-the-end", "Another issuer replaces what has ended.", &{
            signed(&stranger).with_authority(&other)
        })
        .at("2027-06-01T00:00:00Z")
        .stored(vec![shelf().entry()]),
        import("refused-older-than-active", "An older certificate of the same line.", &signed(&older))
            .stored(vec![shelf().entry()]),
        import("import-dry-run", "What would be imported, without storing it.", &signed(&first))
            .with(|scene| scene.transcript.dry_run = true),
        import(
            "import-known-issuers",
            "Stored with the issuer that came along.",
            &signed(&stranger).with_authority(&other),
        )
        .stored(vec![Shelf::of(ALICE).imports(&signed(&stranger).with_authority(&other), NOW).entry()]),
        import("import-path-ended", "The issuer that came along first has ended; the CA has renewed it.", &{
            let renewed = middle("2030-01-01");
            signed(&below(&middle("2027-01-01"))).with_authority(&renewed)
        })
        .at("2027-02-01T00:00:00Z")
        .stored(vec![{
            let ends = middle("2027-01-01");
            Shelf::of(ALICE).imports(&signed(&below(&ends)).with_authority(&ends), NOW).entry()
        }]),
        import("import-bag-ignored", "Certificates that nobody needs came along.", &{
            signed(&first).with_certificate(issue(&spec(BOB, 9)).der()).with_authority(&other)
        }),
    ]
}

/// What an operator decided.
fn decided() -> Vec<Scene> {
    let (first, next) = two();
    let held = || shelf().imports(&signed(&next), NOW);
    vec![
        import("import-held-again", "What waits for an operator goes on waiting.", &signed(&next))
            .stored(vec![held().entry()]),
        import("import-held-approved", "What an operator approved is in use.", &signed(&next))
            .stored(vec![held().decides(&next, Decision::Approve).entry()]),
        import("import-pinned", "Nothing that mail brings replaces a pinned certificate.", &signed(&next))
            .at("2026-11-15T00:00:00Z")
            .stored(vec![shelf().decides(&first, Decision::Pin).entry()]),
        import("refused-certificate-rejected", "An operator rejected it.", &signed(&first))
            .stored(vec![shelf().decides(&first, Decision::Reject).entry()]),
        import("refused-certificate-disabled", "An operator disabled it.", &signed(&first))
            .stored(vec![shelf().decides(&first, Decision::Disable).entry()]),
        import("import-address-decided", "Only rejected certificates are left for the address.", &signed(&next))
            .stored(vec![shelf().decides(&first, Decision::Reject).entry()]),
        import("import-by-operator", "An operator stored it first.", &signed(&first))
            .stored(vec![Shelf::of(ALICE).adds(&first, NOW).entry()]),
    ]
}

/// One certificate to sign, one to be encrypted to.
fn preferences() -> Vec<Scene> {
    let signs = issue(&CertSpec { key_use: KeyUse::Sign, ..spec(ALICE, 1) });
    let decrypts = issue(&CertSpec { key_use: KeyUse::Encrypt, ..spec(ALICE, 2) });
    let mail = |in_bag| signed(&signs).prefers(&decrypts, KeyPreference::Standard, in_bag);
    vec![
        import("import-preferred", "The certificate that the signer prefers came along.", &mail(true)),
        import("import-preferred-stored", "The certificate that the signer prefers is stored.", &mail(false))
            .stored(vec![Shelf::of(ALICE).imports(&mail(true), NOW).entry()]),
        import("refused-key-preference-not-found", "The certificate that the signer prefers is nowhere.", &mail(false)),
    ]
}

/// Stores that do not do as they should.
fn stores() -> Vec<Scene> {
    let (first, next) = two();
    let stored = shelf().entry();
    let mut moved = stored.clone();
    moved.version = Version::new(5);
    let plain = |name: &str, about: &str| import(name, about, &signed(&first));
    let other = Entry { address: BOB.to_owned(), version: 0, certs: Vec::new() };
    let empty = Entry { address: ALICE.to_owned(), version: 0, certs: Vec::new() };
    vec![
        plain("import-conflict", "Somebody else stored first: the entry is weighed again.")
            .with(|scene| scene.world.conflicts.push_back(moved.clone())),
        import("import-conflict-held", "Somebody else stored another certificate first.", &signed(&next))
            .with(|scene| scene.world.conflicts.push_back(moved.clone())),
        import("import-conflict-twice", "The entry changes twice before the successor is stored.", &signed(&next))
            .at("2026-11-15T00:00:00Z")
            .stored(vec![stored.clone()])
            .with(|scene| {
                let mut again = moved.clone();
                again.version = Version::new(6);
                scene.world.conflicts.extend([moved, again]);
            }),
        import("deferred-store-contended", "Somebody else is faster eight times.", &signed(&next))
            .at("2026-11-15T00:00:00Z")
            .stored(vec![stored.clone()])
            .with(|scene| {
                scene.world.conflicts.extend((2..10).map(|version| {
                    let mut again = stored.clone();
                    again.version = Version::new(version);
                    again
                }));
            }),
        plain("deferred-store-unavailable", "The store does not answer.")
            .replies(1, Reply::Unavailable("the store is gone".to_owned())),
        plain("deferred-put-unavailable", "The store finds, and does not store.")
            .replies(2, Reply::Unavailable("the disk is full".to_owned())),
        plain("deferred-no-entry", "A store that answers with nothing is one that does not answer.")
            .replies(1, Reply::Entries(Vec::new())),
        plain("deferred-other-entry", "A store that answers about somebody else is one that does not answer.")
            .replies(1, Reply::Entries(vec![other])),
        plain("deferred-two-entries", "A store that answers twice is one that does not answer.")
            .replies(1, Reply::Entries(vec![empty.clone(), empty])),
        plain("misuse-import", "What a host must not do changes nothing.").with(|scene| {
            scene.misuse = vec![
                (1, MisuseKind::ForeignAnswer),
                (1, MisuseKind::AnswerKind),
                (2, MisuseKind::ForeignAnswer),
                (2, MisuseKind::AnswerTwice),
                (0, MisuseKind::PollAfterDone),
            ];
        }),
    ]
}

/// Who imports, and who does not.
fn activation() -> Vec<Scene> {
    let (first, _) = two();
    let configuration =
        "trust = [\"pki/root.pem\"]\n\n[tenants.goal]\nimport = true\n\n[tenants.goal.routes.out]\nimport = false\n";
    let of = |name: &str, about: &str, tenant: &str, route: Option<&str>| {
        import(name, about, &signed(&first)).under(configuration).with(|scene| {
            tenant.clone_into(&mut scene.transcript.tenant);
            scene.transcript.route = route.map(str::to_owned);
        })
    };
    let forms: Vec<(&str, SignedMail)> = vec![
        ("import-p384", signed(&issue(&CertSpec { key: Key::P384(1), ..spec(ALICE, 1) }))),
        ("import-p521", signed(&issue(&CertSpec { key: Key::P521(1), ..spec(ALICE, 1) }))),
        ("import-line-feeds", signed(&first).form(postseal_testkit::factory::Form::Detached).line_feeds()),
    ];
    let about = |name: &str| match name {
        "import-line-feeds" => "A mail with bare line feeds, as some servers keep it.",
        "import-p384" => "A key on P-384.",
        _ => "A key on P-521.",
    };
    let mut scenes = vec![
        of("import-not-active", "A tenant that does not import.", "other", None),
        of("import-tenant", "A tenant that imports.", "goal", Some("in")),
        of("import-not-active-route", "A route that does not import, of a tenant that does.", "goal", Some("out")),
    ];
    scenes.extend(forms.iter().map(|(name, mail)| import(name, about(name), mail)));
    scenes
}
