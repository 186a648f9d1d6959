use crate::args::{InspectOptions, Shared};
use crate::failure::Failure;
use crate::input;
use crate::output;
use crate::session::Session;
use postseal::inspect::{Inspection, Layer, Signer};
use postseal::revocation::Status;
use postseal::trace::escape;
use postseal::verify::BaselineRule;
use postseal::{Engine, Private, UnixTime};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Shows every S/MIME layer of every mail.
pub(crate) fn run(shared: &Shared, options: &InspectOptions) -> Result<ExitCode, Failure> {
    let session = Session::new(shared)?;
    let (engine, now) = (session.engine_without_trust()?, session.now());
    let mut failed = false;
    let archive = input::archive(&options.files, engine.limits())?;
    for at in 0..archive.len() {
        let name = archive.name(at);
        let mail = archive.read_within(at, engine.limits()).map_err(|error| error.to_string());
        let shown = mail.and_then(|mail| show(shared, &engine, now, &name, &mail).map_err(|error| error.to_string()));
        if let Err(reason) = shown {
            failed = true;
            output::tell(format_args!("postseal: {name}: {reason}"));
        }
    }
    Ok(ExitCode::from(u8::from(failed)))
}

fn show(shared: &Shared, engine: &Engine, now: UnixTime, name: &str, mail: &[u8]) -> Result<(), postseal::Error> {
    let inspection = engine.inspect(mail, now)?;
    for layer in &inspection.layers {
        if shared.json { output::json(&json(name, &inspection, layer)) } else { text(name, layer) }
    }
    if inspection.layers.is_empty() && !shared.json {
        output::line(&format!("{name}: no S/MIME"));
    }
    Ok(())
}

fn json(name: &str, inspection: &Inspection, layer: &Layer) -> Value {
    json!({
        "input": name,
        "layer": layer.path,
        "root": layer.root,
        "kind": layer.kind.name(),
        "encoding": layer.ber.map(|ber| if ber { "BER" } else { "DER" }),
        "code": layer.error.map(|error| error.code().name()),
        "signers": layer.signers.iter().map(signer).collect::<Vec<_>>(),
        "from": inspection.from.iter().map(Private::expose).collect::<Vec<_>>(),
        "address_match": layer.address_match,
    })
}

fn signer(signer: &Signer) -> Value {
    json!({
        "sha256": signer.fingerprint.map(|fingerprint| fingerprint.to_string()),
        "subject": signer.subject.as_ref().map(Private::expose),
        "signature": signer.signature.name(),
        "code": signer.error.map(|error| error.code().name()),
        "digest": signer.digest,
        "key": signer.key,
        "path": signer.path.name(),
        "path_code": signer.path_error.map(|error| error.code().name()),
        "revocation": signer.revocation.map(|status| status.name()),
        "revocation_code": signer.revocation.and_then(revocation_error).map(|error| error.code().name()),
        "revoked_at": signer.revocation.and_then(revoked).map(|(at, _)| at),
        "revoked_because": signer.revocation.and_then(revoked).map(|(_, reason)| reason),
        "addresses": signer.addresses.iter().map(Private::expose).collect::<Vec<_>>(),
        "attributes": signer.attributes,
        "weak": signer.weak,
        "baseline": signer.baseline.iter().map(baseline).collect::<Vec<_>>(),
    })
}

const fn revocation_error(status: Status) -> Option<postseal::Error> {
    match status {
        Status::Unknown(error) => Some(error),
        Status::Good | Status::Revoked { .. } => None,
    }
}

fn revoked(status: Status) -> Option<(String, &'static str)> {
    match status {
        Status::Revoked { at, reason } => Some((at.to_string(), reason.name())),
        Status::Good | Status::Unknown(_) => None,
    }
}

fn baseline(rule: &BaselineRule) -> Value {
    json!({ "section": rule.section(), "name": rule.name() })
}

fn text(name: &str, layer: &Layer) {
    let encoding = layer.ber.map_or("", |ber| if ber { ", BER" } else { ", DER" });
    let root = if layer.root { "" } else { ", not at the root" };
    let error = layer.error.map(|error| format!(": {error}")).unwrap_or_default();
    output::line(&format!("{name} {}: {}{encoding}{root}{error}", layer.path, layer.kind.name()));
    for signer in &layer.signers {
        let addresses: Vec<_> = signer.addresses.iter().map(|address| escape(address.expose())).collect();
        output::line(&format!(
            "  signer {} <{}>",
            signer.subject.as_ref().map_or("(certificate not in the mail)", |subject| subject.expose()),
            addresses.join(", ")
        ));
        let why = |error: Option<postseal::Error>| error.map(|error| format!(" ({error})")).unwrap_or_default();
        let (digest, key) = (signer.digest.unwrap_or("?"), signer.key.as_deref().unwrap_or("?"));
        output::line(&format!("    signature {} ({digest}, {key}){}", signer.signature.name(), why(signer.error)));
        output::line(&format!("    path {}{}", signer.path.name(), why(signer.path_error)));
        if let Some(status) = signer.revocation {
            let since = revoked(status).map(|(at, reason)| format!(" since {at}: {reason}")).unwrap_or_default();
            output::line(&format!("    revocation {}{since}{}", status.name(), why(revocation_error(status))));
        }
        output::line(&format!("    attributes {}", signer.attributes.join(", ")));
        if !signer.weak.is_empty() {
            output::line(&format!("    weak {}", signer.weak.join(", ")));
        }
        for rule in &signer.baseline {
            output::line(&format!("    {rule}"));
        }
    }
}
