//! Entries as rows.

use super::corrupt;
use crate::store::columns::{self, Columns, Corrupt};
use postseal::cert::{Capabilities, StoredCert};
use postseal::store::{Entry, State, Tenant, Version};
use postseal::{Address, UnixTime};
use rusqlite::{Connection, Row, params};

/// Where an entry is.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) tenant: &'a [u8],
    pub(super) address: &'a [u8],
}

impl<'a> Place<'a> {
    fn of(tenant: &'a Tenant, address: &'a Address) -> Self {
        Self { tenant: tenant.name().as_bytes(), address: address.key().as_bytes() }
    }
}

/// One statement, so that it sees one moment of the store without a transaction of its own.
const READ: &str = "
    SELECT entry.spelled, entry.version, certificate.position, certificate.state, certificate.der, certificate.issuer_key,
        certificate.capabilities, certificate.signed_at, certificate.source, certificate.imported_at, issuer.der
    FROM entry
    LEFT JOIN certificate ON certificate.tenant = ?1 AND certificate.address = ?2
    LEFT JOIN issuer ON issuer.tenant = ?1 AND issuer.address = ?2 AND issuer.position = certificate.position
    WHERE entry.tenant = ?1 AND entry.address = ?2
    ORDER BY certificate.position, issuer.height";

pub(super) fn read(connection: &Connection, tenant: &Tenant, address: &Address) -> Result<Entry, rusqlite::Error> {
    let entry = read_place(connection, Place::of(tenant, address))?;
    Ok(entry.unwrap_or_else(|| Entry::absent(address.clone())))
}

/// The entry, if there was ever one.
pub(super) fn read_place(connection: &Connection, place: Place<'_>) -> Result<Option<Entry>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(READ)?;
    let mut rows = statement.query((place.tenant, place.address))?;
    let (mut entry, mut last): (Option<Entry>, Option<i64>) = (None, None);
    while let Some(row) = rows.next()? {
        let entry = match &mut entry {
            Some(entry) => entry,
            none => none.insert(head(row)?),
        };
        let position = row.get(2)?;
        if position != last {
            entry.certs.push(stored(row)?);
            last = position;
        }
        if let (Some(issuer), Some((stored, _))) = (row.get_ref(10)?.as_blob_or_null()?, entry.certs.last_mut()) {
            stored.issuers.push(columns::certificate(issuer).map_err(corrupt)?);
        }
    }
    Ok(entry)
}

fn head(row: &Row<'_>) -> Result<Entry, rusqlite::Error> {
    let address = columns::address(row.get_ref(0)?.as_str()?).map_err(corrupt)?;
    let version = u64::try_from(row.get::<_, i64>(1)?).map_err(|_| corrupt(Corrupt("version")))?;
    Ok(Entry { address, version: Version::new(version), certs: Vec::new() })
}

fn stored(row: &Row<'_>) -> Result<(StoredCert, State), rusqlite::Error> {
    let columns = Columns {
        state: row.get_ref(3)?.as_str()?,
        der: row.get_ref(4)?.as_blob()?,
        issuer_key: row.get_ref(5)?.as_blob()?,
        capabilities: row.get_ref(6)?.as_blob_or_null()?,
        signed_at: row.get(7)?,
        source: row.get_ref(8)?.as_str()?,
        imported_at: row.get(9)?,
    };
    columns.stored().map_err(corrupt)
}

const DELETES: [&str; 2] = [
    "DELETE FROM issuer WHERE tenant = ?1 AND address = ?2",
    "DELETE FROM certificate WHERE tenant = ?1 AND address = ?2",
];

/// Replaces all rows of the entry: there are few, and what the core decided is written as a whole.
pub(super) fn write(
    connection: &Connection,
    tenant: &Tenant,
    before: &Entry,
    entry: &Entry,
) -> Result<(), rusqlite::Error> {
    count(connection, tenant, before, entry)?;
    let Place { tenant, address } = Place::of(tenant, &entry.address);
    let version = i64::try_from(entry.version.number()).map_err(|_| corrupt(Corrupt("version")))?;
    connection
        .prepare_cached(
            "INSERT INTO entry (tenant, address, spelled, version) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant, address) DO UPDATE SET version = excluded.version",
        )?
        .execute(params![tenant, address, entry.address.as_str(), version])?;
    if !before.certs.is_empty() {
        for delete in DELETES {
            connection.prepare_cached(delete)?.execute(params![tenant, address])?;
        }
    }
    for ((stored, state), position) in entry.certs.iter().zip(0_i64..) {
        let certificate = &stored.certificate;
        let capabilities = stored.capabilities.as_ref();
        connection
            .prepare_cached("INSERT INTO certificate VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")?
            .execute(params![
                tenant,
                address,
                position,
                certificate.fingerprint().as_bytes(),
                state.name(),
                certificate.der(),
                stored.issuer_key.as_bytes(),
                capabilities.map(Capabilities::der),
                capabilities.and_then(Capabilities::signed_at).map(UnixTime::seconds),
                stored.source.name(),
                stored.imported_at.seconds(),
                certificate.not_after().seconds(),
            ])?;
        for (issuer, height) in stored.issuers.iter().zip(0_i64..) {
            connection.prepare_cached("INSERT INTO issuer VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
                tenant,
                address,
                position,
                height,
                issuer.der()
            ])?;
        }
    }
    Ok(())
}

/// Keeps the number of the tenant's addresses that have a certificate.
fn count(connection: &Connection, tenant: &Tenant, before: &Entry, after: &Entry) -> Result<(), rusqlite::Error> {
    let is_known = before.version != Version::ABSENT;
    let change = match (before.certs.is_empty(), after.certs.is_empty()) {
        (true, false) => 1,
        (false, true) => -1,
        (true, true) | (false, false) if is_known => return Ok(()),
        _ => 0,
    };
    let count =
        "INSERT INTO tenant VALUES (?1, ?2) ON CONFLICT DO UPDATE SET addresses = addresses + excluded.addresses";
    connection.prepare_cached(count)?.execute(params![tenant.name().as_bytes(), change])?;
    Ok(())
}
