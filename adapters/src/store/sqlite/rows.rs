//! Entries as rows.

use super::corrupt;
use crate::store::columns::{self, Columns, Corrupt};
use postseal::cert::{Capabilities, StoredCert};
use postseal::store::{Entry, State, Tenant, Version};
use postseal::{Address, UnixTime};
use rusqlite::{OptionalExtension, Row, Transaction, params};

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

pub(super) fn read(
    transaction: &Transaction<'_>,
    tenant: &Tenant,
    address: &Address,
) -> Result<Entry, rusqlite::Error> {
    let entry = read_place(transaction, Place::of(tenant, address))?;
    Ok(entry.unwrap_or_else(|| Entry::absent(address.clone())))
}

/// The entry, if there was ever one.
pub(super) fn read_place(transaction: &Transaction<'_>, place: Place<'_>) -> Result<Option<Entry>, rusqlite::Error> {
    let key = (place.tenant, place.address);
    let mut statement =
        transaction.prepare_cached("SELECT spelled, version FROM entry WHERE tenant = ?1 AND address = ?2")?;
    let head = statement.query_row(key, |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).optional()?;
    let Some((spelled, version)) = head else { return Ok(None) };
    let mut statement = transaction.prepare_cached(
        "SELECT position, state, der, issuer_key, capabilities, signed_at, source, imported_at
         FROM certificate WHERE tenant = ?1 AND address = ?2 ORDER BY position",
    )?;
    let mut rows = statement.query(key)?;
    let mut certs = Vec::new();
    while let Some(row) = rows.next()? {
        let issuers = read_issuers(transaction, place, row.get(0)?)?;
        certs.push(stored(row, issuers)?);
    }
    let version = u64::try_from(version).map_err(|_| corrupt(Corrupt("version")))?;
    Ok(Some(Entry { address: columns::address(&spelled).map_err(corrupt)?, version: Version::new(version), certs }))
}

fn read_issuers(
    transaction: &Transaction<'_>,
    place: Place<'_>,
    position: i64,
) -> Result<Vec<Vec<u8>>, rusqlite::Error> {
    let mut statement = transaction.prepare_cached(
        "SELECT der FROM issuer WHERE tenant = ?1 AND address = ?2 AND position = ?3 ORDER BY height",
    )?;
    let issuers =
        statement.query_map(params![place.tenant, place.address, position], |row| row.get::<_, Vec<u8>>(0))?;
    issuers.collect()
}

fn stored(row: &Row<'_>, issuers: Vec<Vec<u8>>) -> Result<(StoredCert, State), rusqlite::Error> {
    let columns = Columns {
        state: row.get(1)?,
        der: row.get(2)?,
        issuers,
        issuer_key: row.get(3)?,
        capabilities: row.get(4)?,
        signed_at: row.get(5)?,
        source: row.get(6)?,
        imported_at: row.get(7)?,
    };
    columns.stored().map_err(corrupt)
}

/// Replaces all rows of the entry: there are few, and what the core decided is written as a whole.
pub(super) fn write(
    transaction: &Transaction<'_>,
    tenant: &Tenant,
    before: &Entry,
    entry: &Entry,
) -> Result<(), rusqlite::Error> {
    count(transaction, tenant, before, entry)?;
    let Place { tenant, address } = Place::of(tenant, &entry.address);
    let version = i64::try_from(entry.version.number()).map_err(|_| corrupt(Corrupt("version")))?;
    transaction
        .prepare_cached(
            "INSERT INTO entry (tenant, address, spelled, version) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant, address) DO UPDATE SET version = excluded.version",
        )?
        .execute(params![tenant, address, entry.address.as_str(), version])?;
    for table in ["issuer", "certificate"] {
        let delete = format!("DELETE FROM {table} WHERE tenant = ?1 AND address = ?2");
        transaction.prepare_cached(&delete)?.execute(params![tenant, address])?;
    }
    for ((stored, state), position) in entry.certs.iter().zip(0_i64..) {
        let certificate = &stored.certificate;
        let capabilities = stored.capabilities.as_ref();
        transaction
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
            transaction.prepare_cached("INSERT INTO issuer VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
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
fn count(transaction: &Transaction<'_>, tenant: &Tenant, before: &Entry, after: &Entry) -> Result<(), rusqlite::Error> {
    let is_known = before.version != Version::ABSENT;
    let change = match (before.certs.is_empty(), after.certs.is_empty()) {
        (true, false) => 1,
        (false, true) => -1,
        (true, true) | (false, false) if is_known => return Ok(()),
        _ => 0,
    };
    let count =
        "INSERT INTO tenant VALUES (?1, ?2) ON CONFLICT DO UPDATE SET addresses = addresses + excluded.addresses";
    transaction.prepare_cached(count)?.execute(params![tenant.name().as_bytes(), change])?;
    Ok(())
}
