//! Entries as rows.

use super::corrupt;
use crate::store::columns::{self, Columns, Corrupt};
use postseal::cert::{Capabilities, StoredCert};
use postseal::store::{Entry, State, Tenant, Version};
use postseal::{Address, Certificate, UnixTime};
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

/// Row numbers that an entry has for its certificates: enough for as many as nobody has, so that they stay where they are.
const ROWS: i64 = 1 << 20;

/// An entry says that a certificate is where there is none, or somebody else's.
const MISPLACED: Corrupt = Corrupt("place of a certificate");

/// One statement, so that it sees one moment of the store without a transaction of its own. Two descents: the entry says where its
/// certificates are.
const READ: &str = "
    SELECT spelled, version, certificates, first_row, id, certificate.tenant IS ?1 AND certificate.address IS ?2,
        state, der, issuer_key, capabilities, signed_at, source, imported_at, issuers
    FROM entry LEFT JOIN certificate ON id >= first_row AND id < first_row + certificates
    WHERE entry.tenant = ?1 AND entry.address = ?2
    ORDER BY id";

pub(super) fn read(connection: &Connection, tenant: &Tenant, address: &Address) -> Result<Entry, rusqlite::Error> {
    let entry = read_known(connection, Place::of(tenant, address), Some(address))?;
    Ok(entry.unwrap_or_else(|| Entry::absent(address.clone())))
}

/// The entry, if there was ever one.
pub(super) fn read_place(connection: &Connection, place: Place<'_>) -> Result<Option<Entry>, rusqlite::Error> {
    read_known(connection, place, None)
}

/// The same where somebody has read its address already: one that is spelled alike is not read again.
fn read_known(
    connection: &Connection,
    place: Place<'_>,
    known: Option<&Address>,
) -> Result<Option<Entry>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(READ)?;
    let mut rows = statement.query((place.tenant, place.address))?;
    let Some(mut row) = rows.next()? else { return Ok(None) };
    let mut entry = head(row, known, place)?;
    let count: i64 = row.get(2)?;
    if count < 0 {
        return Err(corrupt(Corrupt("number of certificates")));
    }
    let first: i64 = row.get::<_, Option<i64>>(3)?.unwrap_or_default();
    for position in 0..count {
        // What comes after the last one is not asked for: it may lie on another page.
        if position > 0 {
            row = rows.next()?.ok_or_else(|| corrupt(MISPLACED))?;
        }
        let is_its_own = row.get::<_, Option<i64>>(4)? == Some(first.saturating_add(position)) && row.get(5)?;
        if !is_its_own {
            return Err(corrupt(MISPLACED));
        }
        entry.certs.push(stored(row)?);
    }
    Ok(Some(entry))
}

fn head(row: &Row<'_>, known: Option<&Address>, place: Place<'_>) -> Result<Entry, rusqlite::Error> {
    let spelled = row.get_ref(0)?.as_str()?;
    let address = match known.filter(|known| known.as_str() == spelled) {
        Some(known) => known.clone(),
        None => columns::address(spelled).map_err(corrupt)?,
    };
    // Whoever pages through the entries goes on behind the address of the last one.
    if address.key().as_bytes() != place.address {
        return Err(corrupt(Corrupt("address")));
    }
    let version = u64::try_from(row.get::<_, i64>(1)?).map_err(|_| corrupt(Corrupt("version")))?;
    Ok(Entry { address, version: Version::new(version), certs: Vec::new() })
}

fn stored(row: &Row<'_>) -> Result<(StoredCert, State), rusqlite::Error> {
    let columns = Columns {
        state: row.get_ref(6)?.as_str()?,
        der: row.get_ref(7)?.as_blob()?,
        issuer_key: row.get_ref(8)?.as_blob()?,
        capabilities: row.get_ref(9)?.as_blob_or_null()?,
        signed_at: row.get(10)?,
        source: row.get_ref(11)?.as_str()?,
        imported_at: row.get(12)?,
    };
    let (mut stored, state) = columns.stored().map_err(corrupt)?;
    if let Some(joined) = row.get_ref(13)?.as_blob_or_null()? {
        stored.issuers = issuers(joined).map_err(corrupt)?;
    }
    Ok((stored, state))
}

/// The issuers in one column: each after its length in four octets, the first octet the greatest.
fn issuers(mut joined: &[u8]) -> Result<Vec<Certificate>, Corrupt> {
    let mut issuers = Vec::new();
    while !joined.is_empty() {
        let (der, rest) = first_issuer(joined).ok_or(Corrupt("issuer"))?;
        issuers.push(columns::certificate(der)?);
        joined = rest;
    }
    Ok(issuers)
}

fn first_issuer(joined: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = joined.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// The same, to be written; `None` where there are none.
fn joined(issuers: &[Certificate]) -> Result<Option<Vec<u8>>, Corrupt> {
    let mut joined = Vec::new();
    for issuer in issuers {
        let length = u32::try_from(issuer.der().len()).map_err(|_| Corrupt("issuer"))?;
        joined.extend(length.to_be_bytes());
        joined.extend(issuer.der());
    }
    Ok(Some(joined).filter(|joined| !joined.is_empty()))
}

/// Replaces all rows of the entry: there are few, and what the core decided is written as a whole.
pub(super) fn write(
    connection: &Connection,
    tenant: &Tenant,
    before: &Entry,
    entry: &Entry,
) -> Result<(), rusqlite::Error> {
    count(connection, tenant, before, entry)?;
    let place = Place::of(tenant, &entry.address);
    let count = i64::try_from(entry.certs.len()).ok().filter(|count| *count <= ROWS);
    let count = count.ok_or_else(|| corrupt(Corrupt("number of certificates")))?;
    let first_row = make_room(connection, place, before, entry)?;
    let version = i64::try_from(entry.version.number()).map_err(|_| corrupt(Corrupt("version")))?;
    connection
        .prepare_cached(
            "INSERT INTO entry VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE
             SET version = excluded.version, first_row = excluded.first_row, certificates = excluded.certificates",
        )?
        .execute(params![place.tenant, place.address, entry.address.as_str(), version, first_row, count])?;
    for ((stored, state), id) in entry.certs.iter().zip(first_row.unwrap_or_default()..) {
        insert(connection, place, id, stored, *state)?;
    }
    Ok(())
}

/// Takes away what the entry had; gives where its first certificate is to be, if it has any.
fn make_room(
    connection: &Connection,
    place: Place<'_>,
    before: &Entry,
    entry: &Entry,
) -> Result<Option<i64>, rusqlite::Error> {
    let mut room = None;
    if !before.certs.is_empty() {
        let select = "SELECT first_row, first_row + certificates FROM entry WHERE tenant = ?1 AND address = ?2";
        let mut statement = connection.prepare_cached(select)?;
        let (first_row, end): (i64, i64) =
            statement.query_row((place.tenant, place.address), |row| Ok((row.get(0)?, row.get(1)?)))?;
        connection.prepare_cached("DELETE FROM certificate WHERE id >= ?1 AND id < ?2")?.execute((first_row, end))?;
        room = Some(first_row);
    }
    if entry.certs.is_empty() {
        return Ok(None);
    }
    if room.is_none() {
        let select = "SELECT coalesce((max(id) | ?1) + 1, 0) FROM certificate";
        room = connection.prepare_cached(select)?.query_row([ROWS.saturating_sub(1)], |row| row.get(0))?;
    }
    Ok(room)
}

fn insert(
    connection: &Connection,
    place: Place<'_>,
    id: i64,
    stored: &StoredCert,
    state: State,
) -> Result<(), rusqlite::Error> {
    let certificate = &stored.certificate;
    let capabilities = stored.capabilities.as_ref();
    connection
        .prepare_cached("INSERT INTO certificate VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")?
        .execute(params![
            id,
            place.tenant,
            place.address,
            certificate.fingerprint().as_bytes(),
            state.name(),
            stored.issuer_key.as_bytes(),
            capabilities.map(Capabilities::der),
            capabilities.and_then(Capabilities::signed_at).map(UnixTime::seconds),
            stored.source.name(),
            stored.imported_at.seconds(),
            certificate.not_after().seconds(),
            certificate.der(),
            joined(&stored.issuers).map_err(corrupt)?,
        ])?;
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
