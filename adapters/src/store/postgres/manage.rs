//! What operators ask of the database.

use super::{PostgresStore, counts, rows};
use postseal::query::Unavailable;
use postseal::store::{Entry, ManagedStore, Restored, Tenant};

impl ManagedStore for PostgresStore {
    fn tenants(&self) -> Result<Vec<Tenant>, Unavailable> {
        self.wait_for(|inner| async move { inner.with(async |client| counts::tenants(client).await).await })
    }

    fn restore(&self, tenant: &Tenant, entries: &[Entry]) -> Result<Vec<Restored>, Unavailable> {
        let (tenant, entries) = (tenant.clone(), entries.to_vec());
        self.wait_for(
            |inner| async move { inner.with(async |client| rows::restore(client, &tenant, &entries).await).await },
        )
    }

    fn damage(&self) -> Result<Vec<String>, Unavailable> {
        self.wait_for(|inner| async move { inner.with(async |client| counts::damage(client).await).await })
    }
}
