//! A certificate that an operator brings as a file instead of waiting for a signed mail.

use super::candidate::usable;
use crate::cert::{Address, Certificate, ImportRecord, StoredCert};
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::revocation;
use crate::store::{Change, Entry, State, Tenant};
use crate::time::UnixTime;
use crate::verify::check_candidate;

/// What the store is to be asked for, so that `certificate` is in use for the address of `entry`; `None` when it is already.
///
/// It outranks what mail brought, but not what an operator said before: that is taken back first, by name.
pub(crate) fn add(
    engine: &Engine,
    tenant: &Tenant,
    entry: &Entry,
    certificate: &Certificate,
    issuers: &[Certificate],
    now: UnixTime,
) -> Result<Option<Change>, Error> {
    let pool: Vec<Certificate> = issuers.iter().chain(engine.intermediates().certificates()).cloned().collect();
    let path = check_candidate(&engine.terms(now), &entry.address, certificate, &pool)?;
    let policy = *engine.revocation().of(tenant, None);
    let path = revocation::check_at_once(engine, policy, tenant, path, pool, now)?;
    let known = entry.certs.iter().find(|(stored, _)| stored.certificate.is_same_as(certificate));
    let issuers = path.intermediates().to_vec();
    let record = ImportRecord::by_operator(certificate.clone(), issuers, path.issuer_key(), now);
    match known {
        Some((_, State::Rejected)) => return Err(Code::CertificateRejected.into()),
        Some((_, State::Disabled)) => return Err(Code::CertificateDisabled.into()),
        Some((stored, State::Active | State::Pinned)) => return Ok(other_path(engine, stored, record, &entry.address)),
        // One that waits, or was replaced, has a fingerprint to approve.
        Some((_, State::Held | State::Superseded)) => return Err(Code::CertificateKnown.into()),
        None => {}
    }
    if entry.certs.iter().any(|(_, state)| *state == State::Pinned) {
        return Err(Code::CertificatePinned.into());
    }
    Ok(Some(Change::Activate(record)))
}

/// The change for a certificate that is in use already: another path, where its own does not hold any more.
fn other_path(engine: &Engine, stored: &StoredCert, record: ImportRecord, address: &Address) -> Option<Change> {
    let is_gone = usable(engine, address, stored, record.imported_at()).is_err();
    let is_other = stored.certificate.fingerprint() == record.certificate().fingerprint();
    (is_gone && is_other).then(|| Change::UpdatePath(record.with_capabilities(stored.capabilities.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cert::Source;
    use crate::store::Decision;
    use crate::verify::{Limits, TrustAnchors};
    use postseal_testkit::factory::{Authority, AuthoritySpec, CertSpec, Key, KeyUse};

    fn certificate(der: &[u8]) -> Certificate {
        Certificate::from_der(der, &Limits::default()).unwrap()
    }

    #[test]
    fn an_operators_certificate_passes_every_check_and_respects_earlier_decisions() {
        let root = Authority::root("Root", Key::P256(1));
        let middle = root.authority("Middle", Key::P256(2));
        let issuers = [certificate(middle.der())];
        let engine = Engine::new(TrustAnchors::new(vec![certificate(root.der())]));
        let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
        let late = UnixTime::from_rfc3339("2036-06-01T00:00:00Z").unwrap();
        let alice = CertSpec::mailbox("alice@goal.example", Key::P256(3));
        let issue = |spec: &CertSpec| certificate(middle.issue(spec).der());
        let entry = Entry::absent(Address::parse("alice@goal.example").unwrap());
        let code = |result: Result<Option<Change>, Error>| result.map(|_| ()).map_err(|error| error.code());

        let only_signs = CertSpec { key_use: KeyUse::Sign, ..alice.clone() };
        let bob = CertSpec::mailbox("bob@goal.example", Key::P256(3));
        assert_eq!(
            code(add(&engine, &Tenant::default(), &entry, &issue(&only_signs), &issuers, now)),
            Err(Code::KeyUsageEncrypt)
        );
        assert_eq!(
            code(add(&engine, &Tenant::default(), &entry, &issue(&bob), &issuers, now)),
            Err(Code::AddressMismatch)
        );
        assert_eq!(
            code(add(&engine, &Tenant::default(), &entry, &issue(&alice), &issuers, late)),
            Err(Code::CertificateExpired)
        );
        assert_eq!(code(add(&engine, &Tenant::default(), &entry, &issue(&alice), &[], now)), Err(Code::PathNotFound));

        let change = add(&engine, &Tenant::default(), &entry, &issue(&alice), &issuers, now).unwrap().unwrap();
        let Change::Activate(record) = &change else { panic!("{change:?}") };
        assert_eq!((record.source(), record.issuers()), (Source::Operator, issuers.as_slice()));
        let stored = change.apply(entry);
        assert_eq!(add(&engine, &Tenant::default(), &stored, &issue(&alice), &issuers, now), Ok(None));

        let fingerprint = issue(&alice).fingerprint();
        let other = issue(&CertSpec { serial: 7, key: Key::P256(4), ..alice.clone() });
        for (decision, same, another) in [
            (Decision::Approve, Ok(()), Ok(())),
            (Decision::Pin, Ok(()), Err(Code::CertificatePinned)),
            (Decision::Reject, Err(Code::CertificateRejected), Ok(())),
            (Decision::Disable, Err(Code::CertificateDisabled), Ok(())),
            (Decision::Remove, Ok(()), Ok(())),
        ] {
            let decided = Change::Decide { fingerprint, decision }.apply(stored.clone());
            assert_eq!(
                code(add(&engine, &Tenant::default(), &decided, &issue(&alice), &issuers, now)),
                same,
                "{decision:?}"
            );
            assert_eq!(
                code(add(&engine, &Tenant::default(), &decided, &other, &issuers, now)),
                another,
                "{decision:?}"
            );
        }
        let replaced = add(&engine, &Tenant::default(), &stored, &other, &issuers, now).unwrap().unwrap().apply(stored);
        assert_eq!(
            code(add(&engine, &Tenant::default(), &replaced, &issue(&alice), &issuers, now)),
            Err(Code::CertificateKnown)
        );
    }

    #[test]
    fn an_operator_gives_a_certificate_in_use_another_path_where_its_own_has_ended() {
        let root = Authority::root("Root", Key::P256(1));
        let middle = |not_after: &str| {
            let mut spec = AuthoritySpec::new("Middle", Key::P256(2));
            spec.not_after = not_after.to_owned();
            root.subordinate(&spec)
        };
        let (first, next) = (middle("2027-01-01T00:00:00Z"), middle("2034-01-01T00:00:00Z"));
        let alice = certificate(first.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(3))).der());
        let issuers = |authority: &Authority| [certificate(authority.der())];
        let engine = Engine::new(TrustAnchors::new(vec![certificate(root.der())]));
        let at = |time| UnixTime::from_rfc3339(time).unwrap();
        let (before, after) = (at("2026-06-01T00:00:00Z"), at("2027-06-01T00:00:00Z"));
        let add = |entry: &Entry, authority: &Authority, now| {
            add(&engine, &Tenant::default(), entry, &alice, &issuers(authority), now)
        };
        let empty = Entry::absent(Address::parse("alice@goal.example").unwrap());
        let stored = add(&empty, &first, before).unwrap().unwrap().apply(empty);
        assert_eq!(add(&stored, &next, before), Ok(None), "while it has one");
        let pin = Change::Decide { fingerprint: alice.fingerprint(), decision: Decision::Pin };
        for entry in [stored.clone(), pin.apply(stored)] {
            assert_eq!(add(&entry, &first, after).map_err(|error| error.code()), Err(Code::CertificateExpired));
            let changed = add(&entry, &next, after).unwrap().unwrap().apply(entry.clone());
            let ((old, state), (new, state_now)) = (&entry.certs[0], &changed.certs[0]);
            assert_eq!((new.issuers.as_slice(), state_now), (issuers(&next).as_slice(), state));
            assert_eq!((new.source, new.imported_at), (old.source, old.imported_at));
            assert_eq!(add(&changed, &next, after), Ok(None));
        }
    }
}
