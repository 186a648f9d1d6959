//! Signers whose certificate or key is refused.

use super::common::*;
use super::surgery::{PUBLIC_KEY, VALIDITY, certificate, members};
use crate::record::Scene;
use postseal_testkit::factory::der::{bit_string, integer, null, oid, sequence, tlv};
use postseal_testkit::factory::{CertSpec, Key, extension};

/// An RSA key with this modulus.
fn rsa(modulus: &[u8]) -> Vec<u8> {
    let key = sequence(&[&tlv(0x02, &[&[0], modulus]), &integer(65_537)]);
    sequence(&[&sequence(&[&oid("1.2.840.113549.1.1.1"), &null()]), &bit_string(&key)])
}

/// The key of the generator under another algorithm.
fn relabelled(algorithm: &str, curve: &str) -> Vec<u8> {
    let [_, point] = <[Vec<u8>; 2]>::try_from(members(&Key::P256(101).public_key_info())).expect("two");
    sequence(&[&sequence(&[&oid(algorithm), &oid(curve)]), &point])
}

pub(super) fn scenes() -> Vec<Scene> {
    [keys(), fields()].concat()
}

/// Alice's mail with this for her certificate.
fn with(name: &str, about: &str, der: &[u8]) -> Scene {
    let alice = issue(&spec(ALICE, 1));
    import(name, about, &signed(&alice).without_signer_certificate().with_certificate(der))
}

/// What is wrong with a key is known before the certificate's own signature is looked at.
fn keys() -> Vec<Scene> {
    let alice = issue(&spec(ALICE, 1));
    let keyed = |name: &str, about: &str, key: Vec<u8>| {
        with(name, about, &certificate(alice.der(), |fields| fields[PUBLIC_KEY] = key))
    };
    // (2^1024 - 1) (2^1024 + 1): whoever takes the root of it has both.
    let close = vec![0xff; 256];
    let p256 = members(&Key::P256(101).public_key_info());
    let padded = sequence(&[&p256[0], &p256[1], &null()]);
    // RSASSA-PSS-params with a salt of less than no octets.
    let salt = sequence(&[&tlv(0xa2, &[&tlv(0x02, &[&[0xff]])])]);
    let pss = sequence(&[&sequence(&[&oid("1.2.840.113549.1.1.10"), &salt]), &members(&rsa(&close))[1]]);
    let dsa = sequence(&[&sequence(&[&oid("1.2.840.10040.4.1")]), &bit_string(&integer(7))]);
    let gost = sequence(&[&sequence(&[&oid("1.2.643.7.1.1.1.1")]), &bit_string(&[4; 64])]);
    vec![
        keyed("refused-dsa-key", "The signer has a DSA key.", dsa),
        keyed("refused-key-unsupported", "The signer's key has an algorithm that mail does not have.", gost),
        keyed(
            "refused-curve-unsupported",
            "The signer's key is on secp256k1.",
            relabelled("1.2.840.10045.2.1", "1.3.132.0.10"),
        ),
        keyed(
            "refused-key-algorithm-use",
            "The signer's key is for key agreement only.",
            relabelled("1.3.132.1.12", "1.2.840.10045.3.1.7"),
        ),
        keyed(
            "refused-rsa-close-primes",
            "The signer's modulus is a product of two numbers close together.",
            rsa(&close),
        ),
        keyed("refused-asn1-trailing", "Something follows in the signer's key.", padded),
        keyed("refused-asn1-value", "A number in the signer's key is below nothing.", pss),
    ]
}

/// Fields and extensions of the certificate.
fn fields() -> Vec<Scene> {
    let alice = issue(&spec(ALICE, 1));
    let made = |name: &str, about: &str, spec: &CertSpec| import(name, about, &signed(&issue(spec)));
    let extended = |extension: Vec<u8>| {
        let mut spec = spec(ALICE, 1);
        spec.overrides.extra_extensions = vec![extension];
        spec
    };
    let month_13 = sequence(&[&tlv(0x17, &[b"261301000000Z"]), &tlv(0x17, &[b"270101000000Z"])]);
    vec![
        with(
            "refused-certificate-malformed",
            "What stands for the signer's certificate is none.",
            &sequence(&[&integer(1)]),
        ),
        with(
            "refused-asn1-time",
            "The signer's certificate begins in a thirteenth month.",
            &certificate(alice.der(), |fields| fields[VALIDITY] = month_13),
        ),
        made(
            "refused-extended-key-usage",
            "The signer's certificate is for servers.",
            &CertSpec { extended_key_usage: vec!["1.3.6.1.5.5.7.3.1".to_owned()], ..spec(ALICE, 1) },
        ),
        made(
            "refused-extension-malformed",
            "An extension that matters cannot be read.",
            &CertSpec { extended_key_usage: Vec::new(), ..extended(extension("2.5.29.37", false, &null())) },
        ),
        made(
            "refused-critical-extension",
            "A critical extension that nobody knows.",
            &extended(extension("1.3.6.1.4.1.99999.1", true, &null())),
        ),
        import(
            "refused-profile-strict",
            "The strict profile wants what the Baseline Requirements want.",
            &signed(&alice),
        )
        .configured("profile = \"strict\"\n"),
    ]
}
