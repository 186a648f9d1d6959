use postseal::cert::Source;
use postseal::trace::{Event, Kind};
use serde_json::{Map, Value, json};

/// An event as a JSON object. Text from mail in it is escaped already; here it only becomes JSON.
///
/// ```
/// use postseal::{Address, UnixTime, store::{Decision, Tenant}, trace::{Event, Kind}};
/// let kind = Kind::Decided { fingerprint: "00".repeat(32).parse()?, decision: Decision::Approve, by: "root".into() };
/// let event = Event::by_operator(UnixTime::from_seconds(0), Tenant::default(), Address::parse("a@goal.example")?, kind);
/// assert_eq!(postseal_adapters::trace::to_json(&event)["event"], "decided");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_json(event: &Event) -> Value {
    let mut object = Map::new();
    object.insert("at".to_owned(), json!(event.at.to_string()));
    object.insert("event".to_owned(), json!(event.kind.name()));
    object.insert("tenant".to_owned(), json!(event.tenant.name()));
    object.insert("route".to_owned(), json!(event.route));
    object.insert("message_id".to_owned(), json!(event.message.as_ref().map(postseal::Private::expose)));
    object.insert("address".to_owned(), json!(event.address.as_ref().map(|address| address.expose().as_str())));
    if let Value::Object(details) = details(&event.kind) {
        object.extend(details);
    }
    Value::Object(object)
}

fn details(kind: &Kind) -> Value {
    match kind {
        Kind::SignatureVerified { fingerprint }
        | Kind::RevocationGood { fingerprint }
        | Kind::KeyPreferenceFollowed { fingerprint }
        | Kind::AlreadyKnown { fingerprint }
        | Kind::CapabilitiesUpdated { fingerprint }
        | Kind::PathUpdated { fingerprint } => json!({ "fingerprint": fingerprint.to_string() }),
        Kind::PathVerified { fingerprint, anchor, length } => {
            json!({ "fingerprint": fingerprint.to_string(), "anchor": anchor.to_string(), "length": length })
        }
        Kind::BagIgnored { count } => json!({ "count": count }),
        Kind::Imported { source, fingerprint, not_before, not_after } => json!({
            "source": source.name(), "fingerprint": fingerprint.to_string(),
            "not_before": not_before.to_string(), "not_after": not_after.to_string(),
        }),
        Kind::Renewed { source, fingerprint, not_before, not_after, previous } => json!({
            "source": source.name(), "fingerprint": fingerprint.to_string(),
            "not_before": not_before.to_string(), "not_after": not_after.to_string(), "previous": previous.to_string(),
        }),
        Kind::Held { source, fingerprint, not_before, not_after, active } => json!({
            "source": source.name(), "fingerprint": fingerprint.to_string(),
            "not_before": not_before.to_string(), "not_after": not_after.to_string(),
            "active": active.map(|active| active.to_string()),
        }),
        Kind::Refused { fingerprint, error } | Kind::Deferred { fingerprint, error } => json!({
            "fingerprint": fingerprint.map(|fingerprint| fingerprint.to_string()),
            "code": error.code().name(), "number": error.code().number(), "reason": error.to_string(),
        }),
        Kind::DirectoryHasNone { directory } | Kind::DirectoryUnavailable { directory } => {
            json!({ "source": directory.name() })
        }
        Kind::CandidateRejected { source, fingerprint, error } => json!({
            "source": source.name(), "fingerprint": fingerprint.map(|fingerprint| fingerprint.to_string()),
            "code": error.code().name(), "number": error.code().number(), "reason": error.to_string(),
        }),
        Kind::RecipientFound { source, fingerprint } => {
            json!({ "source": source.name(), "fingerprint": fingerprint.to_string() })
        }
        Kind::RecipientMissed { error } => json!({
            "code": error.code().name(), "number": error.code().number(), "reason": error.to_string(),
        }),
        Kind::LentUsed { directory, fingerprint } | Kind::LentDiscarded { directory, fingerprint } => {
            json!({ "source": directory.name(), "fingerprint": fingerprint.to_string() })
        }
        Kind::CbcFallback { content_encryption } => json!({ "content_encryption": content_encryption.name() }),
        Kind::AlreadyEncrypted { passed } => json!({ "passed": passed }),
        Kind::Sealed { content_encryption, recipients, octets } => json!({
            "content_encryption": content_encryption.name(), "recipients": recipients, "bytes": octets,
        }),
        Kind::Added { fingerprint, not_before, not_after, by } => json!({
            "source": Source::Operator.name(), "fingerprint": fingerprint.to_string(),
            "not_before": not_before.to_string(), "not_after": not_after.to_string(), "by": by,
        }),
        Kind::Decided { fingerprint, decision, by } => {
            json!({ "fingerprint": fingerprint.to_string(), "decision": decision.name(), "by": by })
        }
        _ => revocation_details(kind),
    }
}

fn revocation_details(kind: &Kind) -> Value {
    match kind {
        Kind::RevocationUnknown { fingerprint, error }
        | Kind::OcspUnusable { fingerprint, error }
        | Kind::KeyPreferenceRejected { fingerprint, error } => json!({
            "fingerprint": fingerprint.to_string(),
            "code": error.code().name(), "number": error.code().number(), "reason": error.to_string(),
        }),
        Kind::CertificateRevoked { fingerprint, at, reason } => json!({
            "fingerprint": fingerprint.to_string(), "revoked_at": at.to_string(), "revocation_reason": reason.name(),
        }),
        Kind::CrlUnusable { crl, error } => json!({
            "crl": crl.to_string(),
            "code": error.code().name(), "number": error.code().number(), "reason": error.to_string(),
        }),
        Kind::SourceRejected { at, error } => json!({
            "source": at,
            "code": error.code().name(), "number": error.code().number(), "reason": error.to_string(),
        }),
        Kind::SourceUnavailable { at, detail } => json!({ "source": at, "reason": detail }),
        _ => json!({}),
    }
}
