//! What operators and quotas ask of the tables.

use super::rows::{self, Place};
use super::{SqliteStore, corrupt};
use crate::store::columns::Corrupt;
use postseal::Address;
use postseal::query::Unavailable;
use postseal::store::{Counts, Entry, Filter, ManagedStore, Restored, Tenant};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params, params_from_iter};

impl ManagedStore for SqliteStore {
    fn tenants(&self) -> Result<Vec<Tenant>, Unavailable> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached("SELECT name FROM tenant ORDER BY name")?;
            let names = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
            let tenant = |name: Vec<u8>| String::from_utf8(name).map(|name| Tenant::new(&name));
            names.map(|name| tenant(name?).map_err(|_| corrupt(Corrupt("tenant")))).collect()
        })
    }

    fn restore(&self, tenant: &Tenant, entries: &[Entry]) -> Result<Vec<Restored>, Unavailable> {
        self.with(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut restored = Vec::with_capacity(entries.len());
            for entry in entries {
                let current = rows::read(&transaction, tenant, &entry.address)?;
                let judged = Restored::judge(&current, entry);
                if judged == Restored::Written {
                    rows::write(&transaction, tenant, &current, entry)?;
                }
                restored.push(judged);
            }
            transaction.commit()?;
            Ok(restored)
        })
    }

    fn damage(&self) -> Result<Vec<String>, Unavailable> {
        self.with(|connection| {
            let mut statement = connection.prepare("PRAGMA integrity_check")?;
            let said: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut damage: Vec<String> = said.into_iter().filter(|said| said != "ok").collect();
            let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
            let orphans = statement.query_map([], |row| row.get::<_, String>(0))?;
            let orphan = |table: String| format!("a row of {table} belongs to nothing");
            damage.extend(orphans.map(|table| table.map(orphan)).collect::<Result<Vec<_>, _>>()?);
            damage.extend(miscounted(connection)?);
            damage.extend(misplaced(connection)?);
            Ok(damage)
        })
    }
}

/// Tenants whose addresses are not as many as their row says.
fn miscounted(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let wrong = number(
        connection,
        "SELECT count(*) FROM tenant WHERE addresses <>
            (SELECT count(*) FROM entry WHERE entry.tenant = tenant.name AND certificates > 0)",
    )?;
    Ok(if wrong == 0 { Vec::new() } else { vec![format!("the addresses of {wrong} tenants are miscounted")] })
}

/// Entries whose certificates are not where they say, and certificates where no entry says so.
fn misplaced(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let wrong = number(
        connection,
        "SELECT count(*) FROM entry WHERE certificates <>
            (SELECT count(*) FROM certificate NOT INDEXED WHERE id >= first_row AND id < first_row + certificates
                AND certificate.tenant = entry.tenant AND certificate.address = entry.address)",
    )?;
    let lost = number(
        connection,
        "SELECT (SELECT count(*) FROM certificate) - (SELECT coalesce(sum(certificates), 0) FROM entry)",
    )?;
    let mut misplaced = Vec::new();
    if wrong != 0 {
        misplaced.push(format!("the certificates of {wrong} addresses are not where they should be"));
    }
    if lost > 0 {
        misplaced.push(format!("{lost} certificates are at no address"));
    }
    Ok(misplaced)
}

fn number(connection: &Connection, question: &str) -> Result<i64, rusqlite::Error> {
    connection.query_row(question, [], |row| row.get(0))
}

pub(super) fn page(
    connection: &mut Connection,
    tenant: &Tenant,
    filter: &Filter,
    after: Option<&Address>,
    most: usize,
) -> Result<Vec<Entry>, rusqlite::Error> {
    let transaction = connection.transaction()?;
    let keys = keys(&transaction, tenant, filter, after, most)?;
    let mut entries = Vec::with_capacity(keys.len());
    for key in keys {
        entries.extend(rows::read_place(&transaction, Place { tenant: tenant.name().as_bytes(), address: &key })?);
    }
    Ok(entries)
}

fn keys(
    transaction: &Transaction<'_>,
    tenant: &Tenant,
    filter: &Filter,
    after: Option<&Address>,
    most: usize,
) -> Result<Vec<Vec<u8>>, rusqlite::Error> {
    let blob = |octets: &[u8]| Value::Blob(octets.to_vec());
    let after = after.map_or(Value::Blob(Vec::new()), |after| blob(after.key().as_bytes()));
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut values = vec![blob(tenant.name().as_bytes()), after, Value::Integer(most)];
    let from = match filter {
        Filter::All => "entry WHERE",
        Filter::Fingerprint(range) => {
            values.extend([blob(range.start().as_bytes()), blob(range.end().as_bytes())]);
            "certificate INDEXED BY certificate_fingerprint WHERE fingerprint BETWEEN ?4 AND ?5 AND"
        }
        Filter::EndsBefore(time) => {
            values.push(Value::Integer(time.seconds()));
            "certificate INDEXED BY certificate_not_after WHERE not_after < ?4 AND"
        }
        // A kind of filter that this store does not know yet would be answered wrongly.
        _ => return Err(corrupt(Corrupt("filter"))),
    };
    let select = format!("SELECT DISTINCT address FROM {from} tenant = ?1 AND address > ?2 ORDER BY address LIMIT ?3");
    let mut statement = transaction.prepare_cached(&select)?;
    let keys = statement.query_map(params_from_iter(values), |row| row.get(0))?;
    keys.collect()
}

/// What the tenant has, and what came of this domain on this day.
pub(super) fn counts(
    transaction: &Transaction<'_>,
    tenant: &Tenant,
    domain: &str,
    day: i64,
) -> Result<Counts, rusqlite::Error> {
    let tenant = tenant.name().as_bytes();
    let mut statement = transaction.prepare_cached("SELECT addresses FROM tenant WHERE name = ?1")?;
    let addresses: Option<i64> = statement.query_row([tenant], |row| row.get(0)).optional()?;
    let select = "SELECT addresses FROM learned WHERE tenant = ?1 AND day = ?2 AND domain = ?3";
    let mut statement = transaction.prepare_cached(select)?;
    let of_domain = params![tenant, day, domain.as_bytes()];
    let new_today: Option<i64> = statement.query_row(of_domain, |row| row.get(0)).optional()?;
    let number = |count: Option<i64>| u64::try_from(count.unwrap_or_default()).map_err(|_| corrupt(Corrupt("count")));
    Ok(Counts { addresses: number(addresses)?, new_today: number(new_today)? })
}

/// Notes a new address of this domain, and forgets the days before the last.
pub(super) fn note_new_address(
    transaction: &Transaction<'_>,
    tenant: &Tenant,
    domain: &str,
    day: i64,
) -> Result<(), rusqlite::Error> {
    let tenant = tenant.name().as_bytes();
    let forget = "DELETE FROM learned WHERE tenant = ?1 AND day < ?2";
    transaction.prepare_cached(forget)?.execute(params![tenant, day.saturating_sub(1)])?;
    let note = "INSERT INTO learned VALUES (?1, ?2, ?3, 1) ON CONFLICT DO UPDATE SET addresses = addresses + 1";
    transaction.prepare_cached(note)?.execute(params![tenant, day, domain.as_bytes()])?;
    Ok(())
}
