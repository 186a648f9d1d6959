//! Certificate policies (RFC 5280 6.1.2 to 6.1.5) as a graph in which each policy is one node of its depth (RFC 9618): its
//! size is linear in what the certificates say. As a tree it doubles with each level (CVE-2023-0464).

use super::budget::Budget;
use super::{CertPolicyId, Limits, PathInputs};
use crate::cert::{Certificate, Mapping};
use crate::der::oids::ANY_POLICY;
use crate::error::{Code, Error};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What one certificate says about policies. They are the octets of their identifiers.
#[derive(Clone, Debug, Default)]
pub(super) struct Statements<'a> {
    policies: Option<BTreeSet<&'a [u8]>>,
    mappings: BTreeSet<Mapping<'a>>,
    require_explicit_policy: Option<u32>,
    inhibit_policy_mapping: Option<u32>,
    inhibit_any_policy: Option<u32>,
    self_issued: bool,
}

impl<'a> Statements<'a> {
    pub(super) fn of(certificate: &'a Certificate, self_issued: bool, limits: &Limits) -> Result<Self, Error> {
        let constraints = certificate.policy_constraints()?;
        Ok(Self {
            policies: certificate.certificate_policies(limits)?,
            mappings: certificate.policy_mappings(limits)?,
            require_explicit_policy: constraints.and_then(|constraints| constraints.require_explicit_policy),
            inhibit_policy_mapping: constraints.and_then(|constraints| constraints.inhibit_policy_mapping),
            inhibit_any_policy: certificate.inhibit_any_policy()?,
            self_issued,
        })
    }
}

/// The user-constrained-policy-set of a path (RFC 5280 6.1.6). `path` begins below the anchor and ends with the leaf;
/// `anchor` is what an anchor says whose constraints count (RFC 5937 3.2).
///
/// # Errors
/// A policy is required and none is valid; a mapping of anyPolicy; the budget.
pub(super) fn validate(
    path: &[&Statements<'_>],
    anchor: Option<&Statements<'_>>,
    inputs: &PathInputs,
    budget: &mut Budget,
) -> Result<BTreeSet<CertPolicyId>, Error> {
    let mut state = State::new(path.len(), inputs);
    if let Some(anchor) = anchor {
        state.constrain(anchor);
    }
    for (height, statements) in path.iter().enumerate() {
        let last = height.saturating_add(1) == path.len();
        state.read(statements, last, budget)?;
        if !last {
            state.prepare(statements)?;
        }
    }
    let explicit_policy = state.explicit_policy_at_the_end(path.last().copied());
    let wanted = user_initial(inputs, anchor);
    let policies = user_constrained(&state.graph.authority_constrained(), wanted.as_deref());
    // RFC 5280 6.1.5 g.
    if explicit_policy == 0 && policies.is_empty() { Err(Code::PolicyNotValid.into()) } else { Ok(policies) }
}

/// The state variables of RFC 5280 6.1.2 a and d to f. Each counter is how many certificates may still come before its
/// rule begins.
struct State<'a> {
    graph: Graph<'a>,
    explicit_policy: u32,
    policy_mapping: u32,
    inhibit_any_policy: u32,
}

impl<'a> State<'a> {
    fn new(length: usize, inputs: &PathInputs) -> Self {
        let never = u32::try_from(length).unwrap_or(u32::MAX).saturating_add(1);
        let counter = |at_once| if at_once { 0 } else { never };
        Self {
            graph: Graph::new(),
            explicit_policy: counter(inputs.initial_explicit_policy),
            policy_mapping: counter(inputs.initial_policy_mapping_inhibit),
            inhibit_any_policy: counter(inputs.initial_any_policy_inhibit),
        }
    }

    /// RFC 5280 6.1.3 d to f.
    fn read(&mut self, statements: &Statements<'a>, last: bool, budget: &mut Budget) -> Result<(), Error> {
        budget.spend_policies(self.graph.cost_of(statements))?;
        // 6.1.3 d 2: the self-issued certificates of a key rollover use up nothing.
        let takes_any = self.inhibit_any_policy > 0 || (!last && statements.self_issued);
        self.graph.add_depth(statements.policies.as_ref(), takes_any);
        if self.explicit_policy == 0 && self.graph.is_null() { Err(Code::PolicyNotValid.into()) } else { Ok(()) }
    }

    /// RFC 5280 6.1.4 a, b and h to j.
    fn prepare(&mut self, statements: &Statements<'a>) -> Result<(), Error> {
        if statements.mappings.iter().any(|(issuer, subject)| *issuer == ANY_POLICY || *subject == ANY_POLICY) {
            return Err(Code::PolicyMappingAny.into());
        }
        self.graph.map(&statements.mappings, self.policy_mapping > 0);
        if !statements.self_issued {
            for counter in [&mut self.explicit_policy, &mut self.policy_mapping, &mut self.inhibit_any_policy] {
                *counter = counter.saturating_sub(1);
            }
        }
        self.constrain(statements);
        Ok(())
    }

    /// RFC 5280 6.1.4 i and j. RFC 5937 3.2 has no numbers for an anchor, only flags; its certificate has numbers, and they
    /// mean what RFC 5280 4.2.1.11 and 4.2.1.14 say.
    fn constrain(&mut self, statements: &Statements<'_>) {
        let constraints = [
            (&mut self.explicit_policy, statements.require_explicit_policy),
            (&mut self.policy_mapping, statements.inhibit_policy_mapping),
            (&mut self.inhibit_any_policy, statements.inhibit_any_policy),
        ];
        for (counter, constraint) in constraints {
            *counter = constraint.map_or(*counter, |constraint| constraint.min(*counter));
        }
    }

    /// RFC 5280 6.1.5 a and b: the leaf counts, self-issued or not, and may itself demand a policy.
    fn explicit_policy_at_the_end(&self, leaf: Option<&Statements<'_>>) -> u32 {
        match leaf.and_then(|leaf| leaf.require_explicit_policy) {
            Some(0) => 0,
            _ => self.explicit_policy.saturating_sub(1),
        }
    }
}

/// The valid_policy_graph (RFC 9618 5.1). It is NULL when its last depth has no node. Nodes that lead nowhere are not
/// deleted on the way: nothing but the result asks for them, and it walks upwards from the last depth.
struct Graph<'a>(Vec<Depth<'a>>);

#[derive(Default)]
struct Depth<'a> {
    /// The valid_policy of every node.
    nodes: BTreeSet<&'a [u8]>,
    /// The members of the expected_policy_sets, each with the nodes that expect it. These are the edges downwards: a node
    /// of the next depth has these as its parents, or anyPolicy when there are none.
    expected: BTreeMap<&'a [u8], Vec<&'a [u8]>>,
}

impl<'a> Graph<'a> {
    /// RFC 9618 5.3 (6.1.2 a): depth 0 is anyPolicy.
    fn new() -> Self {
        let expected = BTreeMap::from([(ANY_POLICY, vec![ANY_POLICY])]);
        Self(vec![Depth { nodes: BTreeSet::from([ANY_POLICY]), expected }])
    }

    fn is_null(&self) -> bool {
        self.0.last().is_none_or(|depth| depth.nodes.is_empty())
    }

    /// At least as much as the nodes and edges that this certificate can add.
    fn cost_of(&self, statements: &Statements<'_>) -> usize {
        let above = self.0.last().map_or(0, |depth| depth.expected.len());
        let policies = statements
            .policies
            .as_ref()
            .map_or(0, |policies| policies.len().saturating_add(if policies.contains(ANY_POLICY) { above } else { 0 }));
        policies.saturating_add(statements.mappings.len()).saturating_add(1)
    }

    /// RFC 5280 6.1.3 d and e, as RFC 9618 5.4 has them.
    fn add_depth(&mut self, policies: Option<&BTreeSet<&'a [u8]>>, takes_any: bool) {
        let mut nodes = BTreeSet::new();
        if let (Some(policies), Some(above)) = (policies, self.0.last()) {
            let under_any = above.nodes.contains(ANY_POLICY);
            let named = policies.iter().copied().filter(|policy| *policy != ANY_POLICY);
            // d 1: a node that somebody expects, or under anyPolicy.
            nodes.extend(named.filter(|policy| under_any || above.expected.contains_key(policy)));
            // d 2: anyPolicy gives what is expected and was not named.
            if takes_any && policies.contains(ANY_POLICY) {
                nodes.extend(above.expected.keys().copied());
            }
        }
        let expected = nodes.iter().map(|policy| (*policy, vec![*policy])).collect();
        self.0.push(Depth { nodes, expected });
    }

    /// RFC 5280 6.1.4 b, as RFC 9618 5.5 has it.
    fn map(&mut self, mappings: &BTreeSet<Mapping<'a>>, allowed: bool) {
        let Some(depth) = self.0.last_mut().filter(|_| !mappings.is_empty()) else { return };
        let under_any = depth.nodes.contains(ANY_POLICY);
        for (issuer, _) in mappings {
            // b 1: with anyPolicy at this depth, the mapped policy gets a node beside it. b 2: inhibited, it loses its node.
            if !allowed {
                depth.nodes.remove(issuer);
            } else if under_any {
                depth.nodes.insert(issuer);
            }
        }
        let mapped: BTreeSet<_> = mappings.iter().map(|(issuer, _)| *issuer).collect();
        let unmapped = depth.nodes.difference(&mapped).map(|policy| (*policy, *policy));
        let edges = mappings.iter().copied().filter(|(issuer, _)| depth.nodes.contains(issuer)).chain(unmapped);
        let mut expected = BTreeMap::<_, Vec<_>>::new();
        for (node, policy) in edges {
            expected.entry(policy).or_default().push(node);
        }
        depth.expected = expected;
    }

    /// RFC 9618 5.6 (6.1.5 g 1 to 4): the policies by which the anchor's domain knows the last depth: anyPolicy if it got
    /// there, and every node under an anyPolicy from which a way leads there.
    fn authority_constrained(&self) -> BTreeSet<&'a [u8]> {
        let Some((last, above)) = self.0.split_last() else { return BTreeSet::new() };
        let mut found: BTreeSet<_> = last.nodes.get(ANY_POLICY).copied().into_iter().collect();
        let mut live = last.nodes.clone();
        for depth in above.iter().rev() {
            let mut parents = BTreeSet::new();
            for policy in live.into_iter().filter(|policy| *policy != ANY_POLICY) {
                match depth.expected.get(policy) {
                    Some(nodes) => parents.extend(nodes.iter().copied()),
                    None => {
                        found.insert(policy);
                    }
                }
            }
            live = parents;
        }
        found
    }
}

/// user-initial-policy-set (RFC 5280 6.1.1 c), intersected with the policies of an anchor whose constraints count (RFC 5937
/// 3.2). `None` takes all.
fn user_initial<'a>(
    inputs: &'a PathInputs,
    anchor: Option<&Statements<'_>>,
) -> Option<Cow<'a, BTreeSet<CertPolicyId>>> {
    let takes_all = |policies: &&BTreeSet<CertPolicyId>| policies.iter().any(CertPolicyId::is_any_policy);
    let wanted = inputs.user_initial_policy_set.as_ref().filter(|policies| !takes_all(policies));
    let of_anchor = anchor.and_then(|anchor| anchor.policies.as_ref()).filter(|known| !known.contains(ANY_POLICY));
    match (wanted, of_anchor) {
        (Some(wanted), Some(known)) => {
            let both = wanted.iter().filter(|policy| known.contains(policy.as_octets()));
            Some(Cow::Owned(both.cloned().collect()))
        }
        (None, Some(known)) => Some(Cow::Owned(known.iter().map(|policy| CertPolicyId::from_octets(policy)).collect())),
        (wanted, None) => wanted.map(Cow::Borrowed),
    }
}

/// RFC 9618 5.6 (6.1.5 g 5 and 6): what is in both sets, anyPolicy of the path standing for all that the user takes.
fn user_constrained(authority: &BTreeSet<&[u8]>, wanted: Option<&BTreeSet<CertPolicyId>>) -> BTreeSet<CertPolicyId> {
    match wanted {
        Some(wanted) => {
            let any = authority.contains(ANY_POLICY);
            wanted.iter().filter(|policy| any || authority.contains(policy.as_octets())).cloned().collect()
        }
        None => authority.iter().map(|policy| CertPolicyId::from_octets(policy)).collect(),
    }
}

#[cfg(test)]
mod tests;
