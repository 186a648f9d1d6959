use crate::store::Tenant;
use std::collections::BTreeMap;

/// A setting with a default, values of tenants and values of routes. The nearest one that is set wins.
///
/// ```
/// use postseal::{PerRoute, store::Tenant};
/// let goal = Tenant::new("goal");
/// let greeting = PerRoute::new("hello").tenant(goal.clone(), "hi").route(goal.clone(), "in", "yo");
/// assert_eq!(*greeting.of(&goal, Some("in")), "yo");
/// assert_eq!(*greeting.of(&goal, Some("out")), "hi");
/// assert_eq!(*greeting.of(&Tenant::default(), None), "hello");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerRoute<T> {
    default: T,
    tenants: BTreeMap<Tenant, T>,
    routes: BTreeMap<(Tenant, String), T>,
}

impl<T> PerRoute<T> {
    /// With this value for everybody.
    ///
    /// ```
    /// use postseal::{PerRoute, store::Tenant};
    /// assert!(PerRoute::new(true).of(&Tenant::default(), None));
    /// ```
    pub const fn new(default: T) -> Self {
        Self { default, tenants: BTreeMap::new(), routes: BTreeMap::new() }
    }

    /// Sets a whole tenant.
    ///
    /// ```
    /// use postseal::{PerRoute, store::Tenant};
    /// assert_eq!(*PerRoute::new(1).tenant(Tenant::default(), 2).of(&Tenant::default(), None), 2);
    /// ```
    #[must_use]
    pub fn tenant(mut self, tenant: Tenant, value: T) -> Self {
        self.tenants.insert(tenant, value);
        self
    }

    /// Sets one route of a tenant.
    ///
    /// ```
    /// use postseal::{PerRoute, store::Tenant};
    /// assert_eq!(*PerRoute::new(1).route(Tenant::default(), "in", 3).of(&Tenant::default(), Some("in")), 3);
    /// ```
    #[must_use]
    pub fn route(mut self, tenant: Tenant, route: &str, value: T) -> Self {
        self.routes.insert((tenant, route.to_owned()), value);
        self
    }

    /// The value for this tenant and route.
    ///
    /// ```
    /// use postseal::{PerRoute, store::Tenant};
    /// assert_eq!(*PerRoute::new("all").of(&Tenant::new("somebody"), Some("in")), "all");
    /// ```
    pub fn of(&self, tenant: &Tenant, route: Option<&str>) -> &T {
        route
            .and_then(|route| self.routes.get(&(tenant.clone(), route.to_owned())))
            .or_else(|| self.tenants.get(tenant))
            .unwrap_or(&self.default)
    }
}
