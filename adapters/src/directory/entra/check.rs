//! One harmless request for each source: whether it would answer at all.

use super::breaker::Service;
use super::fault::{Fault, Kind};
use super::lookup::{Ask, Plan, odd_shape};
use super::machine::Seeker;
use super::person::{Values, objects};
use super::source::{EntraSource, ExchangeApi, Place};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

/// What a source of a directory is worth today.
///
/// ```
/// use postseal_adapters::directory::entra::Usability;
/// assert_eq!(Usability::PermissionMissing.name(), "permission-missing");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Usability {
    /// It answers.
    Usable,
    /// It answers, and does not know the property that certificates would be in.
    PropertyUnknown,
    /// It answers, and does not deliver the octets of certificates.
    BytesWithheld,
    /// The application may not, or it is not known: credentials, permissions, roles.
    PermissionMissing,
    /// It is turned off, or leads elsewhere.
    Blocked,
    /// It cannot be reached, or is out of order.
    Unreachable,
}

impl Usability {
    /// The name in reports.
    ///
    /// ```
    /// assert_eq!(postseal_adapters::directory::entra::Usability::Usable.name(), "usable");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::PropertyUnknown => "property-unknown",
            Self::BytesWithheld => "bytes-withheld",
            Self::PermissionMissing => "permission-missing",
            Self::Blocked => "blocked",
            Self::Unreachable => "unreachable",
        }
    }
}

impl fmt::Display for Usability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One source, and what became of its request.
///
/// ```
/// use postseal_adapters::directory::entra::{SourceCheck, Usability};
/// fn is_worth_asking(check: &SourceCheck) -> bool {
///     check.usability == Usability::Usable
/// }
/// # let _ = is_worth_asking;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceCheck {
    /// Which one, as [`EntraSource`] names itself.
    pub source: String,
    /// What it is worth.
    pub usability: Usability,
    /// Why, where it is not usable.
    pub detail: Option<String>,
}

/// Asks one source for anything at all.
#[derive(Debug)]
pub(super) struct Check {
    plan: Arc<Plan>,
    source: EntraSource,
    /// The contact that is looked at after the list of them.
    contact: Option<String>,
    is_done: bool,
    fault: Option<Fault>,
}

impl Check {
    pub(super) fn new(plan: Arc<Plan>, source: EntraSource) -> Self {
        Self { plan, source, contact: None, is_done: false, fault: None }
    }

    pub(super) fn into_result(self) -> SourceCheck {
        let usability = self.fault.as_ref().map_or(Usability::Usable, |fault| match fault.kind {
            Kind::BadRequest => Usability::PropertyUnknown,
            Kind::Blocked | Kind::TooMuch => Usability::Blocked,
            Kind::Forbidden => Usability::PermissionMissing,
            Kind::Withheld => Usability::BytesWithheld,
            Kind::Outage | Kind::Throttled(_) => Usability::Unreachable,
        });
        let detail = self.fault.map(|fault| fault.to_string());
        SourceCheck { source: self.source.to_string(), usability, detail }
    }

    fn read(&mut self, answer: &Value) -> Result<(), Fault> {
        match &self.source.0 {
            Place::Exchange { .. } => {
                let Some(object) = objects(answer)?.first() else { return Ok(()) };
                let mut values = Values::default();
                values.take_recipient(object, self.plan.limits.values)?;
                if values.withheld { Err(Values::withheld()) } else { Ok(()) }
            }
            Place::Contacts { .. } if self.contact.is_none() => {
                let Some(object) = objects(answer)?.first() else { return Ok(()) };
                let id = object.get("id").and_then(Value::as_str).ok_or_else(odd_shape)?;
                self.contact = Some(super::source::segment(id).map_err(|_| odd_shape())?);
                self.is_done = false;
                Ok(())
            }
            Place::Contacts { .. } => Ok(()),
            Place::Property { .. } => objects(answer).map(|_| ()),
        }
    }

    fn host(&self) -> &str {
        self.plan.host(match &self.source.0 {
            Place::Exchange { .. } => Service::Exchange,
            _ => Service::Graph,
        })
    }
}

impl Seeker for Check {
    fn next(&mut self) -> Option<Ask> {
        let plan = &self.plan;
        if self.is_done {
            return None;
        }
        Some(match &self.source.0 {
            Place::Exchange { api } => {
                let api: ExchangeApi = *api;
                plan.cmdlet(api, "Get-Mailbox", &json!({ "ResultSize": "1" }))
            }
            Place::Contacts { mailbox, property } => match &self.contact {
                None => plan.graph(&["users", mailbox, "contacts"], &[("$select", "id"), ("$top", "1")]),
                Some(id) => plan.contact(mailbox, id, property),
            },
            Place::Property { names, .. } => {
                let select = format!("id,{}", names.join(","));
                plan.graph(&["users"], &[("$select", &select), ("$top", "1")])
            }
        })
    }

    fn answer(&mut self, answer: &Value) {
        self.is_done = true;
        if let Err(fault) = self.read(answer) {
            self.fault = Some(fault.at(self.host()));
        }
    }

    fn missing(&mut self) {
        self.is_done = true;
        // A contact may go while it is looked at.
        if self.contact.is_none() {
            self.fault = Some(Fault::new(Kind::Blocked, "answers with status 404").at(self.host()));
        }
    }

    fn refused(&mut self, fault: Fault) {
        self.is_done = true;
        self.fault = Some(fault);
    }

    fn late(&mut self) {
        self.refused(Fault::outage("did not answer in time").at(self.host()));
    }
}
