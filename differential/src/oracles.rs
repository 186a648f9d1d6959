//! The same chain before four judges: valid, or why not.

use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509PurposeId, X509StoreContext};
use postseal::cert::SubjectEmail;
use postseal::verify::{Limits, PathInputs, Profile, TrustAnchors, check_signer, find_path_with};
use postseal::{Certificate, UnixTime};
use spki::der::{Encode as _, asn1::BitString};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// 1 June 2026.
pub const NOW: i64 = 1_780_272_000;

pub type Verdict = Result<(), String>;

/// With the anchor's constraints (RFC 5937), as certval is asked to.
///
/// The path, the anchor first: certval and x509-parser search for none.
pub fn postseal(chain: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, String> {
    let limits = Limits::default();
    let code = |error: postseal::Error| error.code().to_string();
    let mut read = Vec::new();
    for der in chain {
        read.push(Certificate::from_der(der, &limits).map_err(code)?);
    }
    let leaf = read.pop().ok_or("empty")?;
    let anchors = TrustAnchors::new(vec![read.remove(0)]);
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").ok_or("time")?;
    let mut inputs = PathInputs::default();
    inputs.trust_anchor_constraints = true;
    let path = find_path_with(&leaf, &read, &anchors, &inputs, Profile::Default, &limits, now).map_err(code)?;
    check_signer(&leaf, Profile::Default, &limits).map_err(code)?;
    // Nobody's certificate is imported without its mailboxes having been read.
    leaf.mailboxes(SubjectEmail::Ignore, &limits).map_err(code)?;
    let downwards = [path.anchor()].into_iter().chain(path.intermediates().iter().rev()).chain([path.leaf()]);
    Ok(downwards.map(|certificate| certificate.der().to_vec()).collect())
}

/// As `openssl verify -purpose smimesign -partial_chain -policy_check`.
pub fn openssl(chain: &[Vec<u8>]) -> Verdict {
    let parse = |der: &Vec<u8>| X509::from_der(der).map_err(|_| "not parsed".to_owned());
    let verdict = || -> Result<Verdict, openssl::error::ErrorStack> {
        let read: Result<Vec<_>, _> = chain.iter().map(parse).collect();
        let mut read = match read {
            Ok(read) => read,
            Err(error) => return Ok(Err(error)),
        };
        let (Some(leaf), mut param) = (read.pop(), X509VerifyParam::new()?) else { return Ok(Err("empty".to_owned())) };
        param.set_time(NOW);
        param.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::POLICY_CHECK)?;
        param.set_purpose(X509PurposeId::SMIME_SIGN)?;
        let mut store = X509StoreBuilder::new()?;
        store.add_cert(read.remove(0))?;
        store.set_param(&param)?;
        let mut pool = Stack::new()?;
        for certificate in read {
            pool.push(certificate)?;
        }
        let mut context = X509StoreContext::new()?;
        context.init(&store.build(), &leaf, &pool, |context| {
            let valid = context.verify_cert()?;
            Ok(if valid { Ok(()) } else { Err(context.error().error_string().to_owned()) })
        })
    };
    // What the error queue keeps would be reported for the next chain.
    let verdict = verdict().unwrap_or_else(|_| Err("internal error".to_owned()));
    openssl::error::ErrorStack::get();
    verdict
}

pub struct Certval {
    environment: certval::PkiEnvironment,
    settings: certval::CertificationPathSettings,
}

impl Certval {
    pub fn new() -> Self {
        let mut environment = certval::PkiEnvironment::new();
        environment.add_verify_signature_message_callback(verify_rsa);
        environment.populate_5280_pki_environment();
        let mut settings = certval::CertificationPathSettings::new();
        settings.set_time_of_interest(certval::TimeOfInterest::from_unix_secs(NOW as u64).expect("a time"));
        settings.set_enforce_trust_anchor_constraints(true);
        settings.set_require_ta_store(false);
        settings.set_check_revocation_status(false);
        settings.set_extended_key_usage_path(true);
        settings.set_extended_key_usage(vec!["1.3.6.1.5.5.7.3.4".to_owned(), "2.5.29.37.0".to_owned()]);
        Self { environment, settings }
    }

    pub fn judge(&self, chain: &[Vec<u8>]) -> Verdict {
        let error = |error: certval::Error| match error {
            certval::Error::Asn1Error(_) => "not parsed".to_owned(),
            certval::Error::PathValidation(status) => status.to_string(),
            other => format!("{other:?}"),
        };
        let anchor = certval::PDVTrustAnchorChoice::try_from(chain[0].as_slice()).map_err(|_| "not parsed")?;
        let mut read = Vec::new();
        for der in &chain[1..] {
            read.push(certval::PDVCertificate::try_from(der.as_slice()).map_err(|_| "not parsed")?);
        }
        let leaf = read.pop().ok_or("empty")?;
        let path = certval::CertificationPath::new(anchor, read, leaf);
        let mut results = certval::CertificationPathResults::new();
        self.environment.validate_path(&self.environment, &self.settings, &path, &mut results).map_err(error)
    }
}

/// certval's own RSA does not build beside core's.
fn verify_rsa(
    _: &certval::PkiEnvironment,
    message: &[u8],
    signature: &BitString,
    algorithm: &AlgorithmIdentifierOwned,
    key: &SubjectPublicKeyInfoOwned,
) -> certval::Result<()> {
    const SHA256_WITH_RSA: &str = "1.2.840.113549.1.1.11";
    if algorithm.oid.to_string() != SHA256_WITH_RSA {
        return Err(certval::Error::Unrecognized);
    }
    let failure = certval::Error::PathValidation(certval::PathValidationStatus::SignatureVerificationFailure);
    let key = key.to_der().map_err(|_| failure)?;
    let valid = || -> Result<bool, openssl::error::ErrorStack> {
        let key = openssl::pkey::PKey::public_key_from_der(&key)?;
        let mut verifier = openssl::sign::Verifier::new(openssl::hash::MessageDigest::sha256(), &key)?;
        verifier.verify_oneshot(signature.raw_bytes(), message)
    };
    if matches!(valid(), Ok(true)) { Ok(()) } else { Err(failure) }
}

/// It has no path validation: whether it reads each certificate, its times, its names and its signature.
pub fn x509_parser(chain: &[Vec<u8>]) -> Verdict {
    let mut above: Option<X509Certificate<'_>> = None;
    for der in chain {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| "not parsed")?;
        let now = x509_parser::time::ASN1Time::from_timestamp(NOW).map_err(|_| "time")?;
        if !certificate.validity().is_valid_at(now) {
            return Err("validity".to_owned());
        }
        if let Some(extension) =
            certificate.extensions().iter().find(|extension| extension.parsed_extension().error().is_some())
        {
            return Err(format!("extension {} not parsed", extension.oid));
        }
        if let Some(above) = &above
            && certificate.verify_signature(Some(above.public_key())).is_err()
        {
            return Err("signature".to_owned());
        }
        above = Some(certificate);
    }
    Ok(())
}
