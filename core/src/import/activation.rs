use crate::store::Tenant;
use std::collections::BTreeMap;

/// Who imports: a default, settings of tenants, settings of routes. The nearest one that is set wins.
///
/// ```
/// use postseal::{import::Activation, store::Tenant};
/// let goal = Tenant::new("goal");
/// let activation = Activation::new(false).tenant(goal.clone(), true).route(goal.clone(), "outbound", false);
/// assert!(activation.is_active(&goal, Some("inbound")));
/// assert!(!activation.is_active(&goal, Some("outbound")));
/// assert!(!activation.is_active(&Tenant::new("other"), None));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    default: bool,
    tenants: BTreeMap<Tenant, bool>,
    routes: BTreeMap<(Tenant, String), bool>,
}

impl Activation {
    /// With this default for everybody.
    ///
    /// ```
    /// use postseal::{import::Activation, store::Tenant};
    /// assert!(Activation::new(true).is_active(&Tenant::default(), None));
    /// ```
    pub const fn new(default: bool) -> Self {
        Self { default, tenants: BTreeMap::new(), routes: BTreeMap::new() }
    }

    /// Sets a whole tenant.
    ///
    /// ```
    /// use postseal::{import::Activation, store::Tenant};
    /// let activation = Activation::new(true).tenant(Tenant::default(), false);
    /// assert!(!activation.is_active(&Tenant::default(), None));
    /// ```
    #[must_use]
    pub fn tenant(mut self, tenant: Tenant, active: bool) -> Self {
        self.tenants.insert(tenant, active);
        self
    }

    /// Sets one route of a tenant.
    ///
    /// ```
    /// use postseal::{import::Activation, store::Tenant};
    /// let activation = Activation::new(false).route(Tenant::default(), "in", true);
    /// assert!(activation.is_active(&Tenant::default(), Some("in")));
    /// ```
    #[must_use]
    pub fn route(mut self, tenant: Tenant, route: &str, active: bool) -> Self {
        self.routes.insert((tenant, route.to_owned()), active);
        self
    }

    /// Whether mail of this tenant on this route is imported.
    ///
    /// ```
    /// use postseal::{import::Activation, store::Tenant};
    /// assert!(!Activation::new(false).is_active(&Tenant::default(), Some("in")));
    /// ```
    pub fn is_active(&self, tenant: &Tenant, route: Option<&str>) -> bool {
        route
            .and_then(|route| self.routes.get(&(tenant.clone(), route.to_owned())))
            .or_else(|| self.tenants.get(tenant))
            .copied()
            .unwrap_or(self.default)
    }
}

impl Default for Activation {
    /// On: a host that embeds the library calls it for the mail that it wants imported.
    fn default() -> Self {
        Self::new(true)
    }
}
