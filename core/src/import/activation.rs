use crate::per_route::PerRoute;
use crate::store::Tenant;

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
pub struct Activation(PerRoute<bool>);

impl Activation {
    /// With this default for everybody.
    ///
    /// ```
    /// use postseal::{import::Activation, store::Tenant};
    /// assert!(Activation::new(true).is_active(&Tenant::default(), None));
    /// ```
    pub const fn new(default: bool) -> Self {
        Self(PerRoute::new(default))
    }

    /// Sets a whole tenant.
    ///
    /// ```
    /// use postseal::{import::Activation, store::Tenant};
    /// let activation = Activation::new(true).tenant(Tenant::default(), false);
    /// assert!(!activation.is_active(&Tenant::default(), None));
    /// ```
    #[must_use]
    pub fn tenant(self, tenant: Tenant, active: bool) -> Self {
        Self(self.0.tenant(tenant, active))
    }

    /// Sets one route of a tenant.
    ///
    /// ```
    /// use postseal::{import::Activation, store::Tenant};
    /// let activation = Activation::new(false).route(Tenant::default(), "in", true);
    /// assert!(activation.is_active(&Tenant::default(), Some("in")));
    /// ```
    #[must_use]
    pub fn route(self, tenant: Tenant, route: &str, active: bool) -> Self {
        Self(self.0.route(tenant, route, active))
    }

    /// Whether mail of this tenant on this route is imported.
    ///
    /// ```
    /// use postseal::{import::Activation, store::Tenant};
    /// assert!(!Activation::new(false).is_active(&Tenant::default(), Some("in")));
    /// ```
    pub fn is_active(&self, tenant: &Tenant, route: Option<&str>) -> bool {
        *self.0.of(tenant, route)
    }
}

impl Default for Activation {
    /// On: a host that embeds the library calls it for the mail that it wants imported.
    fn default() -> Self {
        Self::new(true)
    }
}
