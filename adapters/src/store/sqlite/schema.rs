use rusqlite::{Connection, Transaction, TransactionBehavior};

/// The version of the tables below. A store with a later one is not touched.
pub(super) const VERSION: i64 = 4;

/// The first version, and what each later one changed. Keys are blobs, so that no collation ever takes two addresses for one.
const STEPS: [&str; 4] = [
    "
    CREATE TABLE entry (
        tenant  BLOB NOT NULL,
        address BLOB NOT NULL,
        spelled TEXT NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (tenant, address)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE certificate (
        tenant       BLOB NOT NULL,
        address      BLOB NOT NULL,
        position     INTEGER NOT NULL,
        fingerprint  BLOB NOT NULL,
        state        TEXT NOT NULL,
        der          BLOB NOT NULL,
        issuer_key   BLOB NOT NULL,
        capabilities BLOB,
        signed_at    INTEGER,
        source       TEXT NOT NULL,
        imported_at  INTEGER NOT NULL,
        not_after    INTEGER NOT NULL,
        PRIMARY KEY (tenant, address, position),
        FOREIGN KEY (tenant, address) REFERENCES entry
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE issuer (
        tenant      BLOB NOT NULL,
        address     BLOB NOT NULL,
        position    INTEGER NOT NULL,
        height      INTEGER NOT NULL,
        der         BLOB NOT NULL,
        PRIMARY KEY (tenant, address, position, height),
        FOREIGN KEY (tenant, address, position) REFERENCES certificate
    ) STRICT, WITHOUT ROWID;
    ",
    // Operators find by fingerprint and by end; quotas need counts that cost one row and not a million.
    "
    CREATE INDEX certificate_fingerprint ON certificate (tenant, fingerprint);
    CREATE INDEX certificate_not_after ON certificate (tenant, not_after);
    CREATE TABLE tenant (
        name      BLOB NOT NULL PRIMARY KEY,
        addresses INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO tenant
        SELECT entry.tenant, count(certificate.address)
        FROM entry LEFT JOIN certificate
            ON certificate.tenant = entry.tenant AND certificate.address = entry.address AND certificate.position = 0
        GROUP BY entry.tenant;
    CREATE TABLE learned (
        tenant    BLOB NOT NULL,
        day       INTEGER NOT NULL,
        domain    BLOB NOT NULL,
        addresses INTEGER NOT NULL,
        PRIMARY KEY (tenant, day, domain)
    ) STRICT, WITHOUT ROWID;
    ",
    // Certificates lie in tables and not in indexes: a page of an index holds four of them, and a million are ten pages deep.
    "
    CREATE TABLE certificate_row (
        tenant       BLOB NOT NULL,
        address      BLOB NOT NULL,
        position     INTEGER NOT NULL,
        fingerprint  BLOB NOT NULL,
        state        TEXT NOT NULL,
        der          BLOB NOT NULL,
        issuer_key   BLOB NOT NULL,
        capabilities BLOB,
        signed_at    INTEGER,
        source       TEXT NOT NULL,
        imported_at  INTEGER NOT NULL,
        not_after    INTEGER NOT NULL,
        PRIMARY KEY (tenant, address, position),
        FOREIGN KEY (tenant, address) REFERENCES entry
    ) STRICT;
    CREATE TABLE issuer_row (
        tenant      BLOB NOT NULL,
        address     BLOB NOT NULL,
        position    INTEGER NOT NULL,
        height      INTEGER NOT NULL,
        der         BLOB NOT NULL,
        PRIMARY KEY (tenant, address, position, height),
        FOREIGN KEY (tenant, address, position) REFERENCES certificate_row
    ) STRICT;
    INSERT INTO certificate_row SELECT * FROM certificate;
    INSERT INTO issuer_row SELECT * FROM issuer;
    DROP TABLE issuer;
    DROP TABLE certificate;
    ALTER TABLE certificate_row RENAME TO certificate;
    ALTER TABLE issuer_row RENAME TO issuer;
    CREATE INDEX certificate_fingerprint ON certificate (tenant, fingerprint, address);
    CREATE INDEX certificate_not_after ON certificate (tenant, not_after, address);
    ",
    // An entry says where its certificates are, which needs no index, and a certificate has its issuers beside it: each after its length
    // in four octets. What belongs to nothing is no reason to lose it: then the step fails.
    "
    CREATE TABLE orphan (issuers INTEGER CONSTRAINT \"an issuer belongs to no certificate\" CHECK (issuers = 0));
    INSERT INTO orphan SELECT count(*) FROM issuer WHERE NOT EXISTS (
        SELECT 1 FROM certificate WHERE certificate.tenant = issuer.tenant
            AND certificate.address = issuer.address AND certificate.position = issuer.position);
    DROP TABLE orphan;
    ALTER TABLE entry ADD COLUMN first_row INTEGER;
    ALTER TABLE entry ADD COLUMN certificates INTEGER NOT NULL DEFAULT 0;
    UPDATE entry SET (first_row, certificates) = (
        SELECT min(rowid) << 20, count(*) FROM certificate
        WHERE certificate.tenant = entry.tenant AND certificate.address = entry.address);
    CREATE TABLE certificate_row (
        id           INTEGER PRIMARY KEY,
        tenant       BLOB NOT NULL,
        address      BLOB NOT NULL,
        fingerprint  BLOB NOT NULL,
        state        TEXT NOT NULL,
        issuer_key   BLOB NOT NULL,
        capabilities BLOB,
        signed_at    INTEGER,
        source       TEXT NOT NULL,
        imported_at  INTEGER NOT NULL,
        not_after    INTEGER NOT NULL,
        der          BLOB NOT NULL,
        issuers      BLOB,
        FOREIGN KEY (tenant, address) REFERENCES entry
    ) STRICT;
    INSERT INTO certificate_row
        SELECT entry.first_row + position, certificate.tenant, certificate.address, fingerprint, state, issuer_key,
            capabilities, signed_at, source, imported_at, not_after, der,
            (SELECT unhex(group_concat(printf('%08X', length(der)) || hex(der), '' ORDER BY height)) FROM issuer
             WHERE issuer.tenant = certificate.tenant AND issuer.address = certificate.address
                AND issuer.position = certificate.position)
        FROM certificate LEFT JOIN entry USING (tenant, address);
    DROP TABLE issuer;
    DROP TABLE certificate;
    ALTER TABLE certificate_row RENAME TO certificate;
    CREATE INDEX certificate_fingerprint ON certificate (tenant, fingerprint, address);
    CREATE INDEX certificate_not_after ON certificate (tenant, not_after, address);
    ",
];

/// The version of a file that must not be touched, 0 for somebody else's tables. Only reads, and from one moment.
pub(super) fn refused(connection: &mut Connection) -> Result<Option<i64>, rusqlite::Error> {
    let transaction = connection.transaction()?;
    let found = version(&transaction)?;
    let is_foreign = found == 0 && has_tables(&transaction)?;
    Ok((is_foreign || !(0..=VERSION).contains(&found)).then_some(found))
}

/// Makes the tables, or brings those of an earlier version up to date; gives the schema version that is there, 0 for somebody else's
/// tables.
pub(super) fn migrate(connection: &mut Connection) -> Result<i64, rusqlite::Error> {
    if version(connection)? == VERSION {
        return Ok(VERSION);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found == 0 && has_tables(&transaction)? {
        return Ok(0);
    }
    let Some(steps) = usize::try_from(found).ok().and_then(|found| STEPS.get(found..)) else { return Ok(found) };
    steps.iter().try_for_each(|step| transaction.execute_batch(step))?;
    set_version(&transaction)?;
    transaction.commit()?;
    Ok(VERSION)
}

fn version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn has_tables(connection: &Connection) -> Result<bool, rusqlite::Error> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).map(|tables| tables != 0)
}

fn set_version(transaction: &Transaction<'_>) -> Result<(), rusqlite::Error> {
    transaction.pragma_update(None, "user_version", VERSION)
}

#[cfg(test)]
mod tests;
