//! What quotas and operators need counted.

use super::Fault;
use super::rows::Parameter;
use crate::store::columns::Corrupt;
use postseal::query::PutStored;
use postseal::store::{Counts, Entry, Quota, Quotas, Tenant, Version};
use std::collections::BTreeMap;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Transaction};

/// Rows that the count of a tenant is spread over.
const SHARDS: u32 = 16;

const COUNTS: &str = "
    SELECT (SELECT coalesce(sum(addresses), 0)::bigint FROM postseal.tenant WHERE name = $1),
        (SELECT coalesce(sum(addresses), 0)::bigint FROM postseal.learned WHERE tenant = $1 AND day = $2 AND domain = $3)";
const FORGET: &str = "DELETE FROM postseal.learned WHERE tenant = $1 AND day < $2 AND domain = $3";
const NOTE: &str = "
    INSERT INTO postseal.learned AS l VALUES ($1, $2, $3, 1)
    ON CONFLICT (tenant, day, domain) DO UPDATE SET addresses = l.addresses + 1";
const ADD: &str = "
    INSERT INTO postseal.tenant AS t VALUES ($1, $2, $3)
    ON CONFLICT (name, shard) DO UPDATE SET addresses = t.addresses + excluded.addresses";
const TENANTS: &str = "SELECT DISTINCT name FROM postseal.tenant ORDER BY name";
const MISCOUNTED: &str = "
    SELECT count(*) FROM (SELECT name, sum(addresses) AS addresses FROM postseal.tenant GROUP BY name) t
    WHERE t.addresses <> (SELECT count(*) FROM postseal.certificate c WHERE c.tenant = t.name AND c.position = 0)";

/// The quota that this change would exceed; what it uses of the others is noted. Those who write at the same moment may exceed a
/// tenant's quota by as many as they are.
pub(super) async fn exceeded(
    transaction: &Transaction<'_>,
    query: &PutStored,
    current: &Entry,
    quotas: Quotas,
) -> Result<Option<Quota>, Fault> {
    if let Some(quota) = quotas.exceeded_by_certificate(current, &query.change) {
        return Ok(Some(quota));
    }
    let Some(day) = quotas.day_of_new_address(current, &query.change) else { return Ok(None) };
    let (tenant, domain) = (query.tenant.name().as_bytes(), query.address.domain().as_bytes());
    let of_domain: [Parameter<'_>; 3] = [(&tenant, Type::BYTEA), (&day, Type::INT8), (&domain, Type::BYTEA)];
    // Noted first: its row makes those wait who bring another address of the domain, until this one counts or does not.
    transaction.execute_typed(NOTE, &of_domain).await?;
    let row = transaction.query_typed_one(COUNTS, &of_domain).await?;
    let number = |column| -> Result<u64, Fault> {
        Ok(u64::try_from(row.try_get::<_, i64>(column)?).map_err(|_| Corrupt("count"))?)
    };
    let counts = Counts { addresses: number(0)?, new_today: number(1)?.saturating_sub(1) };
    let yesterday = day.saturating_sub(1);
    let before: [Parameter<'_>; 3] = [(&tenant, Type::BYTEA), (&yesterday, Type::INT8), (&domain, Type::BYTEA)];
    transaction.execute_typed(FORGET, &before).await?;
    Ok(quotas.exceeded_by_address(counts))
}

/// Keeps the number of the tenant's addresses that have a certificate, for entries before and after a change.
pub(super) async fn count(
    transaction: &Transaction<'_>,
    tenant: &Tenant,
    changes: &[(&Entry, &Entry)],
) -> Result<(), Fault> {
    let mut shards: BTreeMap<i32, i64> = BTreeMap::new();
    for (before, after) in changes {
        let change = match (before.certs.is_empty(), after.certs.is_empty()) {
            (true, false) => 1,
            (false, true) => -1,
            _ if before.version != Version::ABSENT => continue,
            _ => 0,
        };
        let sum = shards.entry(shard(after.address.key())).or_default();
        *sum = sum.saturating_add(change);
    }
    let tenant = tenant.name().as_bytes();
    for (shard, change) in &shards {
        let parameters: [Parameter<'_>; 3] = [(&tenant, Type::BYTEA), (shard, Type::INT4), (change, Type::INT8)];
        transaction.execute_typed(ADD, &parameters).await?;
    }
    Ok(())
}

/// Any distribution does; an address must only stay where it is.
fn shard(key: &str) -> i32 {
    let sum = key.bytes().fold(0_u32, |sum, octet| sum.wrapping_mul(31).wrapping_add(u32::from(octet)));
    i32::try_from(sum.checked_rem(SHARDS).unwrap_or_default()).unwrap_or_default()
}

pub(super) async fn tenants(client: &Client) -> Result<Vec<Tenant>, Fault> {
    let rows = client.query_typed(TENANTS, &[]).await?;
    let tenant = |name: Vec<u8>| String::from_utf8(name).map(|name| Tenant::new(&name));
    rows.iter().map(|row| Ok(tenant(row.try_get(0)?).map_err(|_| Corrupt("tenant"))?)).collect()
}

pub(super) async fn damage(client: &Client) -> Result<Vec<String>, Fault> {
    let wrong: i64 = client.query_typed_one(MISCOUNTED, &[]).await?.try_get(0)?;
    Ok(if wrong == 0 { Vec::new() } else { vec![format!("the addresses of {wrong} tenants are miscounted")] })
}
