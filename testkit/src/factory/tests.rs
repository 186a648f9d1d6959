//! OpenSSL says whether what the factory makes is right; the engine of the project is the second opinion.

use super::*;
use postseal::import::{Context, Outcome};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Engine, UnixTime};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const FROM: &str = "Alice <alice@goal.example>";
/// 2026-06-01.
const NOW: u32 = 1_780_272_000;
const FORMS: [Form; 4] = [Form::Detached, Form::DetachedBer, Form::Opaque, Form::OpaqueBer];
const ALGORITHMS: [KeyAlgorithm; 5] =
    [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::P521, KeyAlgorithm::Ed25519];

/// The command of OpenSSL in a folder of its own with the root's certificate. `None`, said aloud, when there is none.
struct OpenSsl(TempDir);

impl OpenSsl {
    fn new(root: &Authority) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            let skipped = "SKIPPED: there is no openssl command; nothing was compared with it";
            // Not `eprintln`, which a passing test keeps to itself.
            let _ = writeln!(std::io::stderr(), "{skipped}");
            return None;
        }
        let place = Self(tempfile::tempdir().unwrap());
        place.write("root.pem", root.pem().as_bytes());
        Some(place)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, arguments: &str) -> Output {
        let arguments = arguments.split_whitespace();
        Command::new("openssl").current_dir(self.path()).args(arguments).output().unwrap()
    }

    /// What `openssl cms -verify` says of the CMS object, and that the content it gives is what was signed.
    fn verifies(&self, mail: &SignedMail, options: &str) -> Result<(), String> {
        self.write("cms.der", &mail.cms());
        self.write("content", &mail.signed_entity());
        let content = if is_detached(mail) { "-content content" } else { "" };
        let output = self.run(&format!(
            "cms -verify -binary -inform DER -in cms.der {content} -CAfile root.pem -attime {NOW} -out got {options}"
        ));
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        assert_eq!(std::fs::read(self.path().join("got")).unwrap(), mail.signed_entity());
        Ok(())
    }

    /// What `openssl cms -verify` says of the whole mail.
    fn verifies_mail(&self, mail: &[u8]) -> Result<(), String> {
        self.write("mail.eml", mail);
        let output = self.run(&format!("cms -verify -in mail.eml -CAfile root.pem -attime {NOW} -out got"));
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    /// What `openssl verify` says of a person's certificate.
    fn verifies_path(&self, authorities: &[&Authority], person: &Person) -> Result<(), String> {
        self.write("one.der", person.der());
        assert!(self.run("x509 -inform DER -in one.der -out person.pem").status.success());
        self.write("chain.pem", authorities.iter().map(|ca| ca.pem()).collect::<String>().as_bytes());
        let output = self.run(&format!(
            "verify -x509_strict -purpose smimesign -attime {NOW} -CAfile root.pem -untrusted chain.pem person.pem"
        ));
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }
}

fn is_detached(mail: &SignedMail) -> bool {
    matches!(mail.form, Form::Detached | Form::DetachedBer)
}

fn outcome(root: &Authority, mail: &[u8]) -> Outcome {
    let engine = Engine::new(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap());
    let now = Context::new(UnixTime::from_seconds(i64::from(NOW)));
    engine.import_mail(mail, now, &crate::MemoryStore::new(), &()).unwrap().outcome
}

fn root_and_alice(algorithm: KeyAlgorithm) -> (Authority, Person) {
    let mut factory = CertFactory::new(7);
    let root = factory.authority("Root", algorithm);
    let alice = root.issue(&factory.person("alice@goal.example", algorithm));
    (root, alice)
}

#[test]
fn openssl_verifies_every_form_from_every_kind_of_key() {
    // OpenSSL 3.0 has no Ed25519 in CMS; the two tests after this one see to it.
    for algorithm in ALGORITHMS.into_iter().filter(|algorithm| *algorithm != KeyAlgorithm::Ed25519) {
        let (root, alice) = root_and_alice(algorithm);
        let Some(openssl) = OpenSsl::new(&root) else { return };
        for form in FORMS {
            let long = SignedMail::new(FROM, &alice).form(form).body(&b"line\r\n".repeat(1000));
            for mail in [long.clone(), long.clone().signer_id(SignerId::KeyIdentifier), long.without_attributes()] {
                openssl.verifies(&mail, "-purpose smimesign").unwrap_or_else(|e| panic!("{algorithm:?} {form:?} {e}"));
            }
        }
    }
}

#[test]
fn openssl_verifies_the_bare_ed25519_signature_of_a_cms_object() {
    let (root, alice) = root_and_alice(KeyAlgorithm::Ed25519);
    let Some(openssl) = OpenSsl::new(&root) else { return };
    let mail = SignedMail::new(FROM, &alice).without_attributes();
    let cms = mail.cms();
    openssl.write("key.der", &alice.spec().key.public_key_info());
    assert!(openssl.run("pkey -pubin -inform DER -in key.der -out key.pem").status.success());
    // The signature is the last field of the last SignerInfo.
    openssl.write("signature", &cms[cms.len() - 64..]);
    let verify = "pkeyutl -verify -pubin -inkey key.pem -rawin -sigfile signature -in content";
    openssl.write("content", &mail.signed_entity());
    assert!(openssl.run(verify).status.success());
    openssl.write("content", b"something else");
    assert!(!openssl.run(verify).status.success());
}

#[test]
fn the_engine_imports_the_preferred_certificate_of_an_ed25519_signer() {
    let (root, alice) = root_and_alice(KeyAlgorithm::Ed25519);
    let decrypts = root.issue(&CertSpec::mailbox("alice@goal.example", Key::Rsa(3)));
    for form in FORMS {
        let mail = SignedMail::new(FROM, &alice).form(form).prefers(&decrypts, KeyPreference::Standard, true);
        for mail in [mail.clone(), mail.signer_id(SignerId::KeyIdentifier)] {
            assert_eq!(outcome(&root, &mail.build()), Outcome::Imported, "{form:?}");
        }
    }
}

#[test]
fn openssl_verifies_every_digest_and_scheme() {
    let digests = [Digest::Md5, Digest::Sha1, Digest::Sha256, Digest::Sha384, Digest::Sha512];
    for algorithm in ALGORITHMS {
        let (root, alice) = root_and_alice(algorithm);
        let Some(openssl) = OpenSsl::new(&root) else { return };
        for digest in digests {
            let mail = SignedMail::new(FROM, &alice).digest(digest);
            let mails = match algorithm {
                KeyAlgorithm::Rsa2048 => {
                    vec![mail.clone(), mail.clone().rsa_encryption(), mail.scheme(Scheme::pss(digest))]
                }
                KeyAlgorithm::Ed25519 => continue,
                _ if digest == Digest::Md5 => continue,
                _ => vec![mail],
            };
            for mail in mails {
                openssl.verifies(&mail, "").unwrap_or_else(|error| panic!("{algorithm:?} {digest:?} {error}"));
            }
        }
    }
}

#[test]
fn openssl_verifies_whole_mails_with_both_line_ends() {
    let (root, alice) = root_and_alice(KeyAlgorithm::Rsa2048);
    let Some(openssl) = OpenSsl::new(&root) else { return };
    for form in FORMS {
        for mail in [SignedMail::new(FROM, &alice).form(form), SignedMail::new(FROM, &alice).form(form).line_feeds()] {
            openssl.verifies_mail(&mail.build()).unwrap_or_else(|error| panic!("{form:?} {error}"));
        }
    }
    let tampered = String::from_utf8(SignedMail::new(FROM, &alice).build()).unwrap().replace("is signed", "is not");
    assert!(openssl.verifies_mail(tampered.as_bytes()).is_err());
}

#[test]
fn openssl_verifies_every_attribute_and_two_signers() {
    let (root, alice) = root_and_alice(KeyAlgorithm::P256);
    let other = root.issue(&CertSpec::mailbox("alice@goal.example", Key::Rsa(3)));
    let Some(openssl) = OpenSsl::new(&root) else { return };
    let mail = SignedMail::new(FROM, &alice);
    for preference in
        [KeyPreference::Standard, KeyPreference::RecipientKeyId, KeyPreference::SubjectKeyId, KeyPreference::Microsoft]
    {
        openssl.verifies(&mail.clone().prefers(&other, preference, true), "").unwrap();
    }
    openssl.verifies(&mail.clone().signing_certificate_v2(&alice), "-cades").unwrap();
    openssl.verifies(&mail.clone().signing_certificate_v2(&other), "-cades").unwrap_err();
    openssl.verifies(&mail.clone().without_attribute("1.2.840.113549.1.9.5"), "").unwrap();
    openssl.verifies(&mail.clone().extra_attribute(&attribute("1.2.3.4", &der::null())), "").unwrap();
    openssl.verifies(&mail.clone().repeat_attribute("1.2.840.113549.1.9.4"), "").unwrap_err();
    openssl.verifies(&mail.clone().without_signer_certificate(), "").unwrap_err();
    let two = mail.signer(&other).digest(Digest::Sha384);
    openssl.verifies(&two, "").unwrap();
    openssl.write("cms.der", &two.cms());
    let printed = openssl.run("cms -cmsout -print -noout -inform DER -in cms.der");
    assert_eq!(String::from_utf8_lossy(&printed.stdout).matches("d.issuerAndSerialNumber").count(), 2);
}

#[test]
fn openssl_verifies_paths_of_every_signature_and_refuses_broken_ones() {
    for algorithm in ALGORITHMS {
        let mut factory = CertFactory::new(3);
        let root = factory.authority("Root", algorithm);
        let Some(openssl) = OpenSsl::new(&root) else { return };
        let mut spec = factory.authority_spec("CA", algorithm);
        spec.path_length = Some(0);
        spec.permitted = vec![Name::Rfc822(b"goal.example".to_vec())];
        spec.extended_key_usage = vec!["1.3.6.1.5.5.7.3.4".to_owned()];
        if algorithm == KeyAlgorithm::Rsa2048 {
            spec.overrides.signature = Some(Scheme::pss(Digest::Sha384));
        }
        let ca = root.subordinate(&spec);
        let mut person = factory.person("alice@goal.example", algorithm);
        openssl.verifies_path(&[&ca], &ca.issue(&person)).unwrap_or_else(|error| panic!("{algorithm:?} {error}"));

        let below = ca.subordinate(&factory.authority_spec("Below", algorithm));
        assert!(openssl.verifies_path(&[&ca, &below], &below.issue(&person)).unwrap_err().contains("path length"));
        person.names = vec![Name::Rfc822(b"alice@else.example".to_vec())];
        assert!(openssl.verifies_path(&[&ca], &ca.issue(&person)).unwrap_err().contains("permitted subtree"));
        person.names = vec![Name::Rfc822(b"alice@goal.example".to_vec())];
        person.overrides.broken_signature = true;
        assert!(openssl.verifies_path(&[&ca], &ca.issue(&person)).unwrap_err().contains("signature failure"));
    }
}

#[test]
fn openssl_reads_what_a_certificate_says() {
    let root = Authority::root("Root", Key::P256(1));
    let Some(openssl) = OpenSsl::new(&root) else { return };
    let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(2));
    spec.subject_email = Some("subject@goal.example".to_owned());
    spec.key_use = KeyUse::Bits(0xc880);
    spec.names.push(Name::Dns("goal.example".to_owned()));
    spec.names.push(Name::SmtpUtf8Mailbox("zoë@goal.example".to_owned()));
    spec.overrides.serial = Some(vec![0xff]);
    spec.overrides.extra_extensions = vec![extension("1.2.3.4", true, &der::null())];
    openssl.write("one.der", root.issue(&spec).der());
    let text = String::from_utf8(openssl.run("x509 -inform DER -in one.der -noout -text").stdout).unwrap();
    for words in [
        "Version: 3 (0x2)",
        "(Negative)01",
        "emailAddress = subject@goal.example",
        "Digital Signature, Non Repudiation, Key Agreement, Decipher Only",
        "email:alice@goal.example, DNS:goal.example",
        "zoë@goal.example",
        "1.2.3.4: critical",
        "Not After : Jan  1 00:00:00 2036 GMT",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    spec.overrides = Overrides { version: Some(1), extensions: Some(Vec::new()), ..Overrides::default() };
    openssl.write("one.der", root.issue(&spec).der());
    let text = String::from_utf8(openssl.run("x509 -inform DER -in one.der -noout -text").stdout).unwrap();
    assert!(text.contains("Version: 1 (0x0)") && !text.contains("X509v3"), "{text}");
}

#[test]
fn the_engine_imports_every_form_encoding_and_line_end() {
    for algorithm in ALGORITHMS.into_iter().filter(|algorithm| *algorithm != KeyAlgorithm::Ed25519) {
        let (root, alice) = root_and_alice(algorithm);
        for form in FORMS {
            let mail = SignedMail::new(FROM, &alice).form(form);
            for encoding in [TransferEncoding::Base64, TransferEncoding::QuotedPrintable, TransferEncoding::Binary] {
                for mail in [mail.clone(), mail.clone().line_feeds(), mail.clone().signing_certificate_v2(&alice)] {
                    let bytes = mail.transfer_encoding(encoding).build();
                    assert_eq!(outcome(&root, &bytes), Outcome::Imported, "{algorithm:?} {form:?} {encoding:?}");
                }
            }
        }
    }
}

#[test]
fn parameters_and_headers_are_as_they_are_asked_for() {
    let (_, alice) = root_and_alice(KeyAlgorithm::P256);
    let mail = SignedMail::new(FROM, &alice).subject("other").header("X-One: two");
    let text = |mail: &SignedMail| String::from_utf8(mail.build()).unwrap();
    let detached = text(&mail.clone().protocol("application/x-pkcs7-signature").micalg("sha1"));
    assert!(detached.contains("protocol=\"application/x-pkcs7-signature\"; micalg=sha1;"));
    assert!(detached.contains("Subject: other\r\n") && detached.contains("\r\nX-One: two\r\nMIME-Version: 1.0\r\n"));
    let opaque = mail.form(Form::Opaque);
    assert!(text(&opaque).contains(" smime-type=signed-data;"));
    assert!(text(&opaque.clone().smime_type("certs-only")).contains(" smime-type=certs-only;"));
    assert!(!text(&opaque.clone().smime_type("")).contains("smime-type"));
    let seven = opaque.transfer_encoding(TransferEncoding::SevenBit);
    let bytes = seven.build();
    assert!(bytes.ends_with(&seven.cms()) && String::from_utf8_lossy(&bytes).contains("Encoding: 7bit\r\n"));
    assert!(!text(&SignedMail::new(FROM, &alice).line_feeds()).contains('\r'));
}

#[test]
fn line_ends_change_without_harm_to_octets_that_are_not_utf8() {
    let (_, alice) = root_and_alice(KeyAlgorithm::P256);
    let bytes = SignedMail::new(FROM, &alice).body(b"caf\xe9\r\nlone\rreturn\r\n").line_feeds().build();
    assert!(bytes.windows(17).any(|window| window == b"caf\xe9\nlone\rreturn\n"));
}

#[test]
fn everything_follows_from_the_seed() {
    let make = |seed| {
        let mut factory = CertFactory::new(seed);
        let root = factory.authority("Root", KeyAlgorithm::Rsa2048);
        let alice = root.issue(&factory.person("alice@goal.example", KeyAlgorithm::Rsa2048));
        SignedMail::new(FROM, &alice).scheme(Scheme::pss(Digest::Sha256)).build()
    };
    assert_eq!(make(1), make(1));
    assert_ne!(make(1), make(2));
    let mut factory = CertFactory::new(1);
    let mut keys: Vec<_> = (0..6).map(|_| factory.person("a@goal.example", KeyAlgorithm::Rsa2048).key).collect();
    keys.sort_by_key(|key| format!("{key:?}"));
    keys.dedup();
    assert_eq!(keys.len(), 6, "no key comes twice");
}

#[test]
fn a_renewal_keeps_the_key_or_has_a_new_one() {
    let (root, alice) = root_and_alice(KeyAlgorithm::P256);
    let validity = ["2035-06-01T00:00:00Z", "2037-06-01T00:00:00Z"];
    let same = root.issue(&alice.renewal(validity, None));
    let new = root.issue(&alice.renewal(validity, Some(Key::P256(99))));
    assert_eq!(same.spec().key.public_key_info(), alice.spec().key.public_key_info());
    assert_ne!(new.spec().key.public_key_info(), alice.spec().key.public_key_info());
    assert_eq!((same.spec().serial, &same.spec().names), (alice.spec().serial + 1, &alice.spec().names));
}
