//! Encryption: from where certificates come, who gets what, and what the mail may be.

use super::common::*;
use crate::form::{DirectoryReply, MisuseKind, OperationKind, Reply};
use crate::record::{Order, Scene};
use postseal::store::Entry;
use postseal_testkit::factory::{Key, Person};

const DAN: &str = "dan@partner.example";

pub(super) fn scenes() -> Vec<Scene> {
    [sources(), orders(), modes(), lists(), mails()].concat()
}

fn alice() -> Person {
    issue(&spec(ALICE, 1))
}

fn bob() -> Person {
    issue(&spec(BOB, 2))
}

fn stored() -> Vec<Entry> {
    vec![Shelf::of(ALICE).imports(&signed(&alice()), NOW).entry()]
}

fn sources() -> Vec<Scene> {
    let lent = |name: &str, about: &str| encrypt(name, about, STAFF, &[ALICE]).lends("staff", ALICE, &[alice().der()]);
    let missing = |name: &str, about: &str| encrypt(name, about, STAFF, &[ALICE]);
    vec![
        encrypt("encrypt-stored", "A recipient whose certificate is stored.", ENCRYPTS, &[ALICE]).stored(stored()),
        encrypt("encrypt-stored-issuers", "A recipient who is stored with his issuer.", ENCRYPTS, &[ALICE]).stored({
            let other = root().authority("Other CA", Key::P256(9));
            let below = signed(&other.issue(&spec(ALICE, 3))).with_authority(&other);
            vec![Shelf::of(ALICE).imports(&below, NOW).entry()]
        }),
        lent("encrypt-lent", "A recipient whose certificate a directory lends."),
        encrypt("encrypt-store-first", "The store comes first, and then nobody is asked.", STAFF, &[ALICE])
            .stored(stored()),
        missing("encrypt-not-found", "Neither the store nor a directory knows the recipient."),
        missing("encrypt-found-none", "A directory that lends no certificate has none.").lends("staff", ALICE, &[]),
        missing("encrypt-directory-down", "The directory does not answer.")
            .replies(2, Reply::Unavailable("the directory is gone".to_owned())),
        missing("encrypt-down-for-one", "The directory does not answer for somebody.").says(
            "staff",
            ALICE,
            DirectoryReply::Unavailable("busy".to_owned()),
        ),
        missing("encrypt-directory-nonsense", "A directory that answers too often is one that does not answer.")
            .replies(2, Reply::Replies(vec![DirectoryReply::NotFound(true), DirectoryReply::NotFound(true)])),
        missing("encrypt-store-down", "The store does not answer, and no directory is asked.")
            .replies(1, Reply::Unavailable("the store is gone".to_owned())),
        missing("encrypt-store-nonsense", "A store that answers with nothing is one that does not answer.")
            .replies(1, Reply::Entries(Vec::new())),
        encrypt("misuse-encrypt", "What a host must not do changes nothing.", STAFF, &[ALICE])
            .lends("staff", ALICE, &[alice().der()])
            .with(|scene| {
                scene.misuse = vec![
                    (1, MisuseKind::ForeignAnswer),
                    (1, MisuseKind::AnswerTwice),
                    (2, MisuseKind::ForeignAnswer),
                    (2, MisuseKind::AnswerKind),
                    (0, MisuseKind::PollAfterDone),
                ];
            }),
    ]
}

/// Several directories, asked at once.
fn orders() -> Vec<Scene> {
    let both = STAFF.replace("[\"staff\"]", "[\"staff\", \"partners\"]");
    let split = format!("{both}domains = [\"goal.example\"]\n\n[directory.partners]\nkind = \"host\"\n");
    let carol = issue(&spec("carol@goal.example", 3));
    let several = |name: &str, about: &str, order| {
        encrypt(name, about, &split, &[ALICE, BOB, "carol@goal.example", DAN])
            .stored(stored())
            .lends("staff", BOB, &[bob().der()])
            .lends("partners", "carol@goal.example", &[carol.der()])
            .says("partners", DAN, DirectoryReply::Unavailable("down for dan".to_owned()))
            .with(|scene| scene.order = order)
    };
    let fetched = |name: &str, about: &str, order| {
        let configuration = format!(
            "{}\n[revocation]\nmode = \"hard\"\nfetch = true\n",
            STAFF.replace("directories", "intermediates = [\"pki/middle.pem\"]\ndirectories")
        );
        encrypt(name, about, &configuration, &[ALICE, BOB])
            .lends("staff", ALICE, &[watched(ALICE, 1).der()])
            .lends("staff", BOB, &[watched(BOB, 2).der()])
            .with(|scene| {
                scene.order = order;
                scene.transcript.ocsp_nonce = Some("03".repeat(32));
            })
            .serves(ROOT_LIST, good_root_list())
            .serves(
                LIST,
                middle()
                    .crl(&postseal_testkit::factory::CrlSpec::new(vec![postseal_testkit::factory::Revoked::new(4098)])),
            )
    };
    vec![
        several("encrypt-several-at-once", "Two directories, each question answered at once.", Order::AtOnce),
        several(
            "encrypt-several-first",
            "Two directories at once, answered in the order in which they were asked.",
            Order::First,
        ),
        several("encrypt-several-last", "Two directories at once, answered in the other order.", Order::Last),
        fetched("encrypt-revoked", "One of two recipients has a certificate that is revoked.", Order::AtOnce),
        fetched("encrypt-revoked-last", "The same, with the lists in the other order.", Order::Last),
    ]
}

/// What becomes of recipients who cannot be reached.
fn modes() -> Vec<Scene> {
    let mode = |name: &str, about: &str, mode: &str, visible: &[&str]| {
        encrypt(name, about, &format!("{ENCRYPTS}\n[encrypt]\nmode = \"{mode}\"\n"), visible).stored(stored())
    };
    let routed = format!(
        "{ENCRYPTS}\n[tenants.goal.encrypt]\nmode = \"only-encrypted\"\n\n[tenants.goal.routes.out.encrypt]\nmode = \"never\"\n"
    );
    let of = |name: &str, about: &str, route: Option<&str>| {
        encrypt(name, about, &routed, &[ALICE]).stored(stored()).with(|scene| {
            "goal".clone_into(&mut scene.transcript.tenant);
            scene.transcript.route = route.map(str::to_owned);
        })
    };
    vec![
        mode("encrypt-all", "Everybody can be reached.", "all-or-nothing", &[ALICE]),
        mode("unsealed-no-certificate", "All or nothing: one cannot be reached.", "all-or-nothing", &[ALICE, BOB]),
        mode("encrypt-only-encrypted", "Who cannot be reached gets nothing.", "only-encrypted", &[ALICE, BOB]),
        mode("unsealed-nobody", "Only encrypted, and nobody can be reached.", "only-encrypted", &[BOB]),
        mode("encrypt-if-possible", "Who cannot be reached may get plaintext.", "if-possible", &[ALICE, BOB]),
        mode("encrypt-if-possible-nobody", "Nobody can be reached, and plaintext is allowed.", "if-possible", &[BOB]),
        mode("encrypt-never", "A route that does not encrypt asks nobody.", "never", &[ALICE]),
        of("encrypt-tenant", "A tenant's own policy.", None),
        of("encrypt-route-never", "A route that does not encrypt, of a tenant that does.", Some("out")),
        encrypt("encrypt-hidden", "A hidden recipient gets a message of his own.", STAFF, &[ALICE])
            .with(|scene| scene.transcript.hidden = vec![BOB.to_owned()])
            .stored(stored())
            .lends("staff", BOB, &[bob().der()]),
        encrypt("unsealed-messages-too-large", "The messages together are larger than is allowed.", STAFF, &[ALICE])
            .with(|scene| scene.transcript.hidden = vec![BOB.to_owned()])
            .configured("\n[limits]\nsealed_bytes = 100\n")
            .stored(stored())
            .lends("staff", BOB, &[bob().der()]),
        encrypt("encrypt-only-hidden", "Nobody but a hidden recipient.", STAFF, &[])
            .with(|scene| scene.transcript.hidden = vec![BOB.to_owned()])
            .lends("staff", BOB, &[bob().der()]),
    ]
}

/// Lists of recipients that are none.
fn lists() -> Vec<Scene> {
    vec![
        encrypt("unsealed-recipients-missing", "Nobody is to get it.", ENCRYPTS, &[]),
        encrypt(
            "unsealed-recipient-repeated",
            "Somebody stands there twice.",
            ENCRYPTS,
            &[ALICE, "Alice@goal.example"],
        ),
        encrypt("unsealed-recipient-hidden-too", "Somebody is hidden and visible.", ENCRYPTS, &[ALICE])
            .with(|scene| scene.transcript.hidden = vec![ALICE.to_owned()]),
        encrypt("unsealed-recipients-too-many", "More recipients than are allowed.", ENCRYPTS, &[ALICE, BOB])
            .configured("\n[limits]\nrecipients = 1\n"),
        encrypt("error-address-malformed", "A recipient that is no address.", ENCRYPTS, &[ALICE, "not an address"]),
        encrypt(
            "error-domain-not-mapped",
            "A recipient whose domain cannot be compared.",
            ENCRYPTS,
            &["alice@B\u{dc}CHER.example"],
        ),
    ]
}

/// What the mail may be.
fn mails() -> Vec<Scene> {
    let of = |name: &str, about: &str, mail: &[u8]| {
        let mut scene = Scene::new(name, OperationKind::Encrypt, about, ENCRYPTS, mail);
        scene.transcript.visible = vec![ALICE.to_owned()];
        scene.stored(stored())
    };
    let claims = b"Subject: x\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nAAAA\r\n";
    let pgp = b"Message-ID: <8@goal.example>\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n\
        --b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n\
        -----BEGIN PGP MESSAGE-----\r\n\r\nwcBM\r\n-----END PGP MESSAGE-----\r\n--b--\r\n";
    let all: Vec<(&str, Key)> = vec![
        ("rsa@goal.example", Key::Rsa(0)),
        ("p384@goal.example", Key::P384(3)),
        ("p521@goal.example", Key::P521(4)),
        ("x25519@goal.example", Key::X25519(5)),
    ];
    let addresses: Vec<&str> = all.iter().map(|(mailbox, _)| *mailbox).collect();
    let kinds = all.iter().fold(
        encrypt("encrypt-kinds-of-keys", "Keys of every kind, for one message.", STAFF, &addresses),
        |scene, (mailbox, key)| {
            let person = root().issue(&postseal_testkit::factory::CertSpec::mailbox(mailbox, *key));
            scene.lends("staff", mailbox, &[person.der()])
        },
    );
    let protects = "\n[encrypt]\nprotect_headers = true\n";
    vec![
        of("unsealed-already-encrypted", "A mail that is encrypted already.", pgp),
        of("encrypt-passed", "A mail that is encrypted already goes on as it is.", pgp)
            .configured("\n[encrypt]\npass_encrypted = true\n"),
        of("unsealed-claims-encrypted", "A header that says so is no encryption.", claims)
            .configured("\n[encrypt]\npass_encrypted = true\n"),
        of("unsealed-header-malformed", "A header that cannot be read.", b"Subject: x\r\nno field\r\n\r\nhello"),
        of("encrypt-protected-headers", "The Subject stands inside, and is obscured outside.", PLAIN)
            .configured(protects),
        of("encrypt-signed", "The header of a signed mail is left alone.", &signed(&alice()).build())
            .configured(protects),
        of("encrypt-nothing", "A mail of no octets.", b""),
        kinds,
    ]
}
