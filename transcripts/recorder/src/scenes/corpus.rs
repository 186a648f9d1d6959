//! Mails of the attack corpus, one for each code that they provoke.

use super::common::import_octets;
use crate::record::Scene;
use postseal_testkit::corpus::{Case, attacks, folder};
use std::fs;

const ANCHORS: &str = "trust = [\"pki/attack-root.pem\", \"pki/attack-other-root.pem\"]\nimport = true\n";

/// Which mail of the corpus is which transcript.
const CASES: &[(&str, &str)] = &[
    ("ctl-detached", "import-detached"),
    ("ctl-ecdsa", "import-ecdsa"),
    ("mime-p7s-binary", "import-binary"),
    ("id-from-nul-name", "import-not-signed"),
    ("id-i3-sender-signer", "refused-address-mismatch"),
    ("san-no-name", "refused-address-missing"),
    ("asn1-indef-primitive", "refused-asn1-length"),
    ("asn1-eoc-only", "refused-asn1-tag"),
    ("asn1-len-4g", "refused-asn1-truncated"),
    ("time-utctime-bad", "refused-attribute-malformed"),
    ("cms-attr-dup-signingtime", "refused-attribute-repeated"),
    ("mime-b64-garbage", "refused-base64-malformed"),
    ("path-expired-signingtime-inside", "refused-certificate-expired"),
    ("path-not-yet-valid", "refused-certificate-not-yet-valid"),
    ("cms-c3-no-signers", "refused-certs-only"),
    ("cms-signeddata-absent", "refused-cms-malformed"),
    ("asn1-len-nonminimal", "refused-cms-not-signed-data"),
    ("cms-trailing-garbage", "refused-cms-trailing"),
    ("cms-sa-as-content-opaque", "refused-content-is-attributes"),
    ("cms-c1-econtent-in-detached", "refused-content-twice"),
    ("mime-rfc2231-boundary", "refused-content-type-malformed"),
    ("cms-econtenttype-tst", "refused-content-type-mismatch"),
    ("cms-attr-no-contenttype", "refused-content-type-missing"),
    ("bag-poison-badsig", "refused-digest-mismatch"),
    ("mime-smime-type-lie", "refused-encrypted"),
    ("key-ec-f2m", "refused-explicit-curve"),
    ("path-dup-extension", "refused-extension-repeated"),
    ("id-from-space-addr", "refused-from-malformed"),
    ("id-from-group-empty", "refused-from-not-one-mailbox"),
    ("id-i3-two-from-a", "refused-from-repeated"),
    ("id-from-bare-lf", "refused-header-malformed"),
    ("ctl-ed25519-signonly", "refused-key-cannot-encrypt"),
    ("key-ec-infinity", "refused-key-malformed"),
    ("ekp-expired", "refused-key-preference-unusable"),
    ("path-sign-only", "refused-key-usage-encrypt"),
    ("path-ku-certsign", "refused-key-usage-sign"),
    ("cms-attr-no-messagedigest", "refused-message-digest-missing"),
    ("mime-cte-on-multipart", "refused-multipart-encoded"),
    ("path-nameconstraint-dn", "refused-name-not-permitted"),
    ("san-at-domain", "refused-name-undecodable"),
    ("path-pathlen", "refused-path-length"),
    ("path-self-signed", "refused-path-not-found"),
    ("cms-dup-issuer-serial-forged", "refused-path-signature-invalid"),
    ("mime-hp-mismatch-eve", "refused-protected-from-mismatch"),
    ("mime-sig-first", "refused-protocol-mismatch"),
    ("key-rsa-e3", "refused-rsa-exponent"),
    ("key-roca", "refused-rsa-roca"),
    ("key-rsa-16384", "refused-rsa-too-large"),
    ("key-rsa1024", "refused-rsa-too-small"),
    ("cms-bad-signature", "refused-signature-invalid"),
    ("key-ecdsa-r0s0", "refused-signature-malformed"),
    ("mime-m3-related", "refused-signature-not-at-root"),
    ("cms-no-signedattrs", "refused-signed-attributes-missing"),
    ("path-ca-as-leaf", "refused-signer-is-ca"),
    ("cms-c2-good-eve-bad-alice", "refused-signers-many"),
    ("cms-sha1", "refused-weak-digest"),
];

pub(super) fn scenes() -> Vec<Scene> {
    let all = attacks();
    let scene = |(case, name): &(&str, &str)| {
        let case =
            all.iter().find(|known| known.name == *case).unwrap_or_else(|| panic!("{case} is not in the corpus"));
        let about = format!("From the attack corpus, {}.", case.name);
        import_octets(name, &about, &case.mail).under(ANCHORS).with(|scene| scene.transcript.now = seconds(case))
    };
    CASES.iter().map(scene).collect()
}

const fn seconds(case: &Case) -> i64 {
    case.verify_at.seconds()
}

pub(super) fn anchors() -> Vec<(String, Vec<u8>)> {
    let read = |name: &str| {
        let file = folder().join(format!("attacks/anchors/{name}.pem"));
        (format!("pki/attack-{name}.pem"), fs::read(file).expect("the corpus is part of the repository"))
    };
    vec![read("root"), read("other-root")]
}
