use super::Fault;
use tokio_postgres::Client;

/// Of the tables that this postseal reads and writes.
pub(super) const VERSION: i32 = 2;

/// The first version. Texts are octets here: what an encoding of the database could not hold would be lost otherwise, and a tenant's name may hold
/// anything.
const FIRST: &str = "
    CREATE SCHEMA IF NOT EXISTS postseal;
    CREATE TABLE postseal.version (number integer NOT NULL);
    CREATE TABLE postseal.entry (
        tenant  bytea NOT NULL,
        address bytea NOT NULL,
        spelled bytea NOT NULL,
        version bigint NOT NULL,
        PRIMARY KEY (tenant, address)
    );
    CREATE TABLE postseal.certificate (
        tenant       bytea NOT NULL,
        address      bytea NOT NULL,
        position     integer NOT NULL,
        fingerprint  bytea NOT NULL,
        state        text NOT NULL,
        der          bytea NOT NULL,
        issuers      bytea[] NOT NULL,
        issuer_key   bytea NOT NULL,
        capabilities bytea,
        signed_at    bigint,
        source       text NOT NULL,
        imported_at  bigint NOT NULL,
        not_after    bigint NOT NULL,
        PRIMARY KEY (tenant, address, position),
        FOREIGN KEY (tenant, address) REFERENCES postseal.entry ON DELETE CASCADE
    );
    INSERT INTO postseal.version VALUES (1);
";

/// Operators find by fingerprint and by end; quotas need counts that cost some rows and not a million. The count of a tenant lies in
/// several rows, so that writers do not wait for each other's commit.
const SECOND: &str = "
    CREATE INDEX certificate_fingerprint ON postseal.certificate (tenant, fingerprint);
    CREATE INDEX certificate_not_after ON postseal.certificate (tenant, not_after);
    CREATE TABLE postseal.tenant (
        name      bytea NOT NULL,
        shard     integer NOT NULL,
        addresses bigint NOT NULL,
        PRIMARY KEY (name, shard)
    );
    INSERT INTO postseal.tenant
        SELECT e.tenant, 0, count(c.address)
        FROM postseal.entry e LEFT JOIN postseal.certificate c
            ON c.tenant = e.tenant AND c.address = e.address AND c.position = 0
        GROUP BY e.tenant;
    CREATE TABLE postseal.learned (
        tenant    bytea NOT NULL,
        day       bigint NOT NULL,
        domain    bytea NOT NULL,
        addresses bigint NOT NULL,
        PRIMARY KEY (tenant, day, domain)
    );
    UPDATE postseal.version SET number = 2;
";

/// From the catalogue itself: `to_regclass` may remember, after the lock, that there was none before it.
const IS_THERE: &str =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'postseal' AND tablename = 'version')";
const FOUND: &str = "SELECT number FROM postseal.version";
/// Any number that nobody else locks by; the first process makes the tables, the others wait.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8236498127345)";

/// Makes the tables where they are missing, and brings earlier ones up to date. Needs no right to make any when they are.
pub(super) async fn migrate(client: &mut Client) -> Result<(), Fault> {
    match version(client).await? {
        VERSION => return Ok(()),
        newer if newer > VERSION => return Err(Fault::Newer(newer)),
        _ => {}
    }
    let transaction = client.transaction().await?;
    transaction.batch_execute(LOCK).await?;
    let found = version(transaction.client()).await?;
    if found > VERSION {
        return Err(Fault::Newer(found));
    }
    for (step, number) in [(FIRST, 1), (SECOND, 2)] {
        if found < number {
            transaction.batch_execute(step).await?;
        }
    }
    Ok(transaction.commit().await?)
}

/// 0 where there are no tables.
async fn version(client: &Client) -> Result<i32, Fault> {
    let is_there: bool = client.query_typed_one(IS_THERE, &[]).await?.try_get(0)?;
    Ok(if is_there { client.query_typed_one(FOUND, &[]).await?.try_get(0)? } else { 0 })
}
