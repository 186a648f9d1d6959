use super::Fault;
use tokio_postgres::Client;

/// Of the tables that this postseal reads and writes.
pub(super) const VERSION: i32 = 1;

/// Texts are octets here: what an encoding of the database could not hold would be lost otherwise, and a tenant's name may hold
/// anything.
const SCHEMA: &str = "
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

/// From the catalogue itself: `to_regclass` may remember, after the lock, that there was none before it.
const IS_THERE: &str =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'postseal' AND tablename = 'version')";
const FOUND: &str = "SELECT number FROM postseal.version";
/// Any number that nobody else locks by; the first process makes the tables, the others wait.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8236498127345)";

/// Makes the tables where they are missing. Needs no right to make any when they are there.
pub(super) async fn migrate(client: &mut Client) -> Result<(), Fault> {
    if !is_there(client).await? {
        let transaction = client.transaction().await?;
        transaction.batch_execute(LOCK).await?;
        let is_there: bool = transaction.query_typed_one(IS_THERE, &[]).await?.try_get(0)?;
        if !is_there {
            transaction.batch_execute(SCHEMA).await?;
        }
        transaction.commit().await?;
    }
    match client.query_typed_one(FOUND, &[]).await?.try_get(0)? {
        VERSION => Ok(()),
        found => Err(Fault::Newer(found)),
    }
}

async fn is_there(client: &Client) -> Result<bool, Fault> {
    Ok(client.query_typed_one(IS_THERE, &[]).await?.try_get(0)?)
}
