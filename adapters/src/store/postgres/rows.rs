use super::super::columns::{self, Columns, Corrupt};
use super::{Fault, Page, counts};
use postseal::cert::Capabilities;
use postseal::query::{FindStored, PutStored};
use postseal::store::{Entry, Filter, PutOutcome, Quotas, Restored, Tenant, Version};
use postseal::{Address, UnixTime};
use std::collections::BTreeMap;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, IsolationLevel, Row, Transaction};

/// One statement, so that it sees every entry as it was at one moment.
const ROWS: &str = "
    SELECT e.address, e.spelled, e.version, c.state, c.der, c.issuers, c.issuer_key, c.capabilities, c.signed_at, c.source,
        c.imported_at
    FROM postseal.entry e LEFT JOIN postseal.certificate c USING (tenant, address)
    WHERE e.tenant = $1";
const OF_ADDRESSES: &str = " AND e.address = ANY($2)";
const OF_PAGE: &str = " AND e.address IN (SELECT DISTINCT address FROM";
const PAGE_ENDS: &str = " tenant = $1 AND address > $2 ORDER BY address LIMIT $3)";
const ORDER: &str = " ORDER BY e.address, c.position";

/// What was acknowledged is on a disk, also where the database was told not to care.
const DURABLE: &str =
    "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'";
const ENTER: &str =
    "INSERT INTO postseal.entry (tenant, address, spelled, version) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING";
const LOCK: &str = "SELECT version FROM postseal.entry WHERE tenant = $1 AND address = $2 FOR UPDATE";
const VERSION: &str = "UPDATE postseal.entry SET version = $3 WHERE tenant = $1 AND address = $2";
const CLEAR: &str = "DELETE FROM postseal.certificate WHERE tenant = $1 AND address = $2";
const CERTIFICATE: &str = "
    INSERT INTO postseal.certificate (tenant, address, position, fingerprint, state, der, issuers, issuer_key, capabilities,
        signed_at, source, imported_at, not_after)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

pub(super) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

pub(super) async fn find(client: &Client, query: &FindStored) -> Result<Vec<Entry>, Fault> {
    let keys: Vec<&[u8]> = query.addresses.iter().map(|address| address.key().as_bytes()).collect();
    let parameters: [Parameter<'_>; 2] = [(&query.tenant.name().as_bytes(), Type::BYTEA), (&keys, Type::BYTEA_ARRAY)];
    let rows = client.query_typed(&format!("{ROWS}{OF_ADDRESSES}{ORDER}"), &parameters).await?;
    let found: BTreeMap<Vec<u8>, Entry> = entries_of(&rows)?.into_iter().collect();
    let entry = |address: &Address| {
        found.get(address.key().as_bytes()).cloned().unwrap_or_else(|| Entry::absent(address.clone()))
    };
    Ok(query.addresses.iter().map(entry).collect())
}

pub(super) async fn entries(client: &Client, tenant: &Tenant) -> Result<Vec<Entry>, Fault> {
    let tenant = tenant.name().as_bytes();
    let rows = client.query_typed(&format!("{ROWS}{ORDER}"), &[(&tenant, Type::BYTEA)]).await?;
    Ok(entries_of(&rows)?.into_iter().map(|(_, entry)| entry).collect())
}

pub(super) async fn page(client: &Client, page: &Page) -> Result<Vec<Entry>, Fault> {
    let tenant = page.tenant.name().as_bytes();
    let after = page.after.as_ref().map_or(&[][..], |after| after.key().as_bytes());
    let most = i64::try_from(page.most).unwrap_or(i64::MAX);
    let mut parameters: Vec<Parameter<'_>> = vec![(&tenant, Type::BYTEA), (&after, Type::BYTEA), (&most, Type::INT8)];
    let (start, end, time);
    let from = match &page.filter {
        Filter::All => " postseal.entry WHERE",
        Filter::Fingerprint(range) => {
            (start, end) = (&range.start().as_bytes()[..], &range.end().as_bytes()[..]);
            parameters.push((&start, Type::BYTEA));
            parameters.push((&end, Type::BYTEA));
            " postseal.certificate WHERE fingerprint BETWEEN $4 AND $5 AND"
        }
        Filter::EndsBefore(before) => {
            time = before.seconds();
            parameters.push((&time, Type::INT8));
            " postseal.certificate WHERE not_after < $4 AND"
        }
        // A kind of filter that this store does not know yet would be answered wrongly.
        _ => return Err(Corrupt("filter").into()),
    };
    let rows = client.query_typed(&format!("{ROWS}{OF_PAGE}{from}{PAGE_ENDS}{ORDER}"), &parameters).await?;
    Ok(entries_of(&rows)?.into_iter().map(|(_, entry)| entry).collect())
}

pub(super) async fn put(client: &mut Client, query: &PutStored, quotas: Quotas) -> Result<PutOutcome, Fault> {
    // What a database's own default of isolation would refuse, the lock of the row orders.
    let transaction = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await?;
    let current = locked(&transaction, &query.tenant, &query.address).await?;
    if current.version != query.expect {
        return Ok(PutOutcome::Conflict(current));
    }
    let changed = query.change.apply(current.clone());
    if changed.version != current.version {
        if let Some(quota) = counts::exceeded(&transaction, query, &current, quotas).await? {
            return Ok(PutOutcome::OverQuota(quota));
        }
        write(&transaction, &query.tenant, &changed).await?;
        counts::count(&transaction, &query.tenant, &[(&current, &changed)]).await?;
        transaction.commit().await?;
    }
    Ok(PutOutcome::Stored)
}

/// Locks in the order of the keys, and counts after all of them, so that writers never wait for each other in a circle.
pub(super) async fn restore(client: &mut Client, tenant: &Tenant, entries: &[Entry]) -> Result<Vec<Restored>, Fault> {
    let transaction = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await?;
    let mut order: Vec<(usize, &Entry)> = entries.iter().enumerate().collect();
    order.sort_by(|(_, one), (_, other)| one.address.key().cmp(other.address.key()));
    let (mut restored, mut written) = (Vec::with_capacity(entries.len()), Vec::new());
    for (position, entry) in order {
        let current = locked(&transaction, tenant, &entry.address).await?;
        let judged = Restored::judge(&current, entry);
        if judged == Restored::Written {
            write(&transaction, tenant, entry).await?;
            written.push((current, entry));
        }
        restored.push((position, judged));
    }
    let written: Vec<(&Entry, &Entry)> = written.iter().map(|(current, entry)| (current, *entry)).collect();
    counts::count(&transaction, tenant, &written).await?;
    transaction.commit().await?;
    restored.sort_by_key(|(position, _)| *position);
    Ok(restored.into_iter().map(|(_, judged)| judged).collect())
}

/// The entry, which nobody else can change until the transaction ends.
async fn locked(transaction: &Transaction<'_>, tenant: &Tenant, mailbox: &Address) -> Result<Entry, Fault> {
    let (tenant, address) = (tenant.name().as_bytes(), mailbox.key().as_bytes());
    let key: [Parameter<'_>; 2] = [(&tenant, Type::BYTEA), (&address, Type::BYTEA)];
    let spelled = mailbox.as_str().as_bytes();
    let all: [Parameter<'_>; 3] = [(&tenant, Type::BYTEA), (&address, Type::BYTEA), (&spelled, Type::BYTEA)];
    let keys = [address];
    let of_address: [Parameter<'_>; 2] = [(&tenant, Type::BYTEA), (&&keys[..], Type::BYTEA_ARRAY)];
    let select = format!("{ROWS}{OF_ADDRESSES}{ORDER}");
    // Sent at once and carried out in this order, each after what others did before it. The first that failed says why; the others
    // only say that one did.
    let (durable, entered, locked, rows) = tokio::join!(
        transaction.query_typed(DURABLE, &[]),
        transaction.execute_typed(ENTER, &all),
        transaction.query_typed(LOCK, &key),
        transaction.query_typed(&select, &of_address),
    );
    durable?;
    entered?;
    locked?;
    let entry = entries_of(&rows?)?.pop().map(|(_, entry)| entry);
    Ok(entry.unwrap_or_else(|| Entry::absent(mailbox.clone())))
}

async fn write(transaction: &Transaction<'_>, tenant: &Tenant, entry: &Entry) -> Result<(), Fault> {
    let (tenant, address) = (tenant.name().as_bytes(), entry.address.key().as_bytes());
    let version = i64::try_from(entry.version.number()).map_err(|_| Corrupt("version"))?;
    let key: [Parameter<'_>; 2] = [(&tenant, Type::BYTEA), (&address, Type::BYTEA)];
    transaction.execute_typed(CLEAR, &key).await?;
    for ((stored, state), position) in entry.certs.iter().zip(0_i32..) {
        let certificate = &stored.certificate;
        let issuers: Vec<&[u8]> = stored.issuers.iter().map(|issuer| issuer.der()).collect();
        let capabilities = stored.capabilities.as_ref();
        let signed_at = capabilities.and_then(Capabilities::signed_at).map(UnixTime::seconds);
        let fingerprint = certificate.fingerprint();
        let parameters: [Parameter<'_>; 13] = [
            (&tenant, Type::BYTEA),
            (&address, Type::BYTEA),
            (&position, Type::INT4),
            (&&fingerprint.as_bytes()[..], Type::BYTEA),
            (&state.name(), Type::TEXT),
            (&certificate.der(), Type::BYTEA),
            (&issuers, Type::BYTEA_ARRAY),
            (&&stored.issuer_key.as_bytes()[..], Type::BYTEA),
            (&capabilities.map(Capabilities::der), Type::BYTEA),
            (&signed_at, Type::INT8),
            (&stored.source.name(), Type::TEXT),
            (&stored.imported_at.seconds(), Type::INT8),
            (&certificate.not_after().seconds(), Type::INT8),
        ];
        transaction.execute_typed(CERTIFICATE, &parameters).await?;
    }
    let parameters: [Parameter<'_>; 3] = [(&tenant, Type::BYTEA), (&address, Type::BYTEA), (&version, Type::INT8)];
    transaction.execute_typed(VERSION, &parameters).await?;
    Ok(())
}

/// The rows of an entry stand together, in the order of its certificates.
fn entries_of(rows: &[Row]) -> Result<Vec<(Vec<u8>, Entry)>, Fault> {
    let mut entries: Vec<(Vec<u8>, Entry)> = Vec::new();
    for row in rows {
        let key: Vec<u8> = row.try_get(0)?;
        if entries.last().is_none_or(|(last, _)| *last != key) {
            let spelled: Vec<u8> = row.try_get(1)?;
            let address = columns::address(str::from_utf8(&spelled).map_err(|_| Corrupt("address"))?)?;
            // Whoever pages through the entries goes on behind the address of the last one.
            if address.key().as_bytes() != key {
                return Err(Corrupt("address").into());
            }
            let version = u64::try_from(row.try_get::<_, i64>(2)?).map_err(|_| Corrupt("version"))?;
            entries.push((key, Entry { address, version: Version::new(version), certs: Vec::new() }));
        }
        if let (Some(state), Some((_, entry))) = (row.try_get::<_, Option<&str>>(3)?, entries.last_mut()) {
            let columns = Columns {
                state,
                der: row.try_get(4)?,
                issuer_key: row.try_get(6)?,
                capabilities: row.try_get(7)?,
                signed_at: row.try_get(8)?,
                source: row.try_get(9)?,
                imported_at: row.try_get(10)?,
            };
            let (mut stored, state) = columns.stored()?;
            let issuers: Vec<&[u8]> = row.try_get(5)?;
            stored.issuers = issuers.into_iter().map(columns::certificate).collect::<Result<_, _>>()?;
            entry.certs.push((stored, state));
        }
    }
    Ok(entries)
}
