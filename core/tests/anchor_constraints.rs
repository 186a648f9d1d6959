//! What an anchor's certificate says about the paths below it (RFC 5937 3.2): for callers that ask for it, and what holds
//! for all.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

use postseal::verify::{CertPolicyId, Limits, PathInputs, Profile, TrustAnchors, find_path_with};
use postseal::{Certificate, Code, UnixTime};
use postseal_testkit::factory::{Authority, AuthoritySpec, CertSpec, Key, Name, der, extension};

const GOLD: &str = "1.3.6.1.4.1.99999.1";
const SILVER: &str = "1.3.6.1.4.1.99999.2";
const ANY: &str = "2.5.29.32.0";

fn policies(names: &[&str]) -> Vec<u8> {
    let policies: Vec<_> = names.iter().map(|name| der::sequence(&[&der::oid(name)])).collect();
    extension("2.5.29.32", true, &der::sequence(&[&policies.concat()]))
}

/// requireExplicitPolicy (tag 0x80) or inhibitPolicyMapping (0x81).
fn policy_constraint(tag: u8, certificates: u8) -> Vec<u8> {
    extension("2.5.29.36", true, &der::sequence(&[&[tag, 1, certificates]]))
}

fn inhibit_any_policy(certificates: u8) -> Vec<u8> {
    extension("2.5.29.54", true, &[2, 1, certificates])
}

fn gold_is_silver() -> Vec<u8> {
    let pair = der::sequence(&[&der::oid(GOLD), &der::oid(SILVER)]);
    extension("2.5.29.33", true, &der::sequence(&[&pair]))
}

/// Anchor, CA and person with these extensions: valid for which policies, without and with the anchor's constraints.
struct World {
    anchor: AuthoritySpec,
    ca: Vec<Vec<u8>>,
    person: Vec<Vec<u8>>,
    inputs: PathInputs,
}

impl World {
    fn new(anchor: &[Vec<u8>], ca: &[Vec<u8>], person: &[Vec<u8>]) -> Self {
        let mut spec = AuthoritySpec::new("Root", Key::P256(1));
        spec.overrides.extra_extensions = anchor.to_vec();
        Self { anchor: spec, ca: ca.to_vec(), person: person.to_vec(), inputs: PathInputs::default() }
    }

    fn wanting(mut self, policies: &[&str], explicit: bool) -> Self {
        self.inputs.user_initial_policy_set =
            Some(policies.iter().map(|name| CertPolicyId::from_dotted(name).unwrap()).collect());
        self.inputs.initial_explicit_policy = explicit;
        self
    }

    fn valid_for(&self, inputs: &PathInputs) -> Result<Vec<String>, Code> {
        let certificate = |der: &[u8]| Certificate::from_der(der, &Limits::default()).unwrap();
        let root = Authority::self_signed(&self.anchor);
        let mut spec = AuthoritySpec::new("CA", Key::P256(2));
        spec.overrides.extra_extensions.clone_from(&self.ca);
        let ca = root.subordinate(&spec);
        let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(3));
        spec.overrides.extra_extensions.clone_from(&self.person);
        let person = ca.issue(&spec);
        let anchors = TrustAnchors::new(vec![certificate(root.der())]);
        let (limits, now) = (Limits::default(), UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap());
        let (leaf, pool) = (certificate(person.der()), [certificate(ca.der())]);
        let path = find_path_with(&leaf, &pool, &anchors, inputs, Profile::Default, &limits, now);
        let path = path.map_err(|error| error.code())?;
        Ok(path.user_constrained_policy_set().iter().map(ToString::to_string).collect())
    }

    #[track_caller]
    fn check(&self, without: Result<&[&str], Code>, with: Result<&[&str], Code>) {
        let mut inputs = self.inputs.clone();
        for (enforced, expected) in [(false, without), (true, with)] {
            inputs.trust_anchor_constraints = enforced;
            let expected = expected.map(|names| names.iter().map(ToString::to_string).collect());
            assert_eq!(self.valid_for(&inputs), expected, "enforced: {enforced}");
        }
    }
}

#[test]
fn the_policies_of_the_anchor_and_those_of_the_caller_are_intersected() {
    let both = [policies(&[GOLD, SILVER])];
    let below = |anchor: &[Vec<u8>]| World::new(anchor, &both, &both);
    below(&[policies(&[GOLD])]).check(Ok(&[GOLD, SILVER]), Ok(&[GOLD]));
    below(&[policies(&[ANY])]).check(Ok(&[GOLD, SILVER]), Ok(&[GOLD, SILVER]));
    below(&[]).check(Ok(&[GOLD, SILVER]), Ok(&[GOLD, SILVER]));
    below(&[policies(&[GOLD])]).wanting(&[ANY], true).check(Ok(&[GOLD, SILVER]), Ok(&[GOLD]));
    below(&[policies(&[GOLD])]).wanting(&[GOLD, SILVER], true).check(Ok(&[GOLD, SILVER]), Ok(&[GOLD]));
    below(&[policies(&[GOLD])]).wanting(&[SILVER], true).check(Ok(&[SILVER]), Err(Code::PolicyNotValid));
    below(&[policies(&[GOLD])]).wanting(&[SILVER], false).check(Ok(&[SILVER]), Ok(&[]));
    below(&[policies(&[ANY])]).wanting(&[SILVER], true).check(Ok(&[SILVER]), Ok(&[SILVER]));
    below(&[]).wanting(&[SILVER], true).check(Ok(&[SILVER]), Ok(&[SILVER]));
}

#[test]
fn an_anchor_demands_a_policy() {
    for (skipped, with) in [(0, Err(Code::PolicyNotValid)), (1, Err(Code::PolicyNotValid)), (3, Ok([].as_slice()))] {
        World::new(&[policy_constraint(0x80, skipped)], &[], &[]).check(Ok(&[]), with);
    }
    let gold = [policies(&[GOLD])];
    World::new(&[policy_constraint(0x80, 0)], &gold, &gold).check(Ok(&[GOLD]), Ok(&[GOLD]));
    let other = [policies(&[SILVER])];
    World::new(&[policy_constraint(0x80, 0), policies(&[GOLD])], &other, &other)
        .check(Ok(&[SILVER]), Err(Code::PolicyNotValid));
}

#[test]
fn an_anchor_inhibits_mappings_and_any_policy() {
    let ca = [policies(&[GOLD]), gold_is_silver()];
    let mapped = |anchor: &[Vec<u8>]| World::new(anchor, &ca, &[policies(&[SILVER])]).wanting(&[GOLD], true);
    mapped(&[policy_constraint(0x81, 0)]).check(Ok(&[GOLD]), Err(Code::PolicyNotValid));
    mapped(&[policy_constraint(0x81, 1)]).check(Ok(&[GOLD]), Ok(&[GOLD]));
    let any = |anchor: &[Vec<u8>]| World::new(anchor, &[policies(&[ANY])], &[policies(&[GOLD])]).wanting(&[GOLD], true);
    any(&[inhibit_any_policy(0)]).check(Ok(&[GOLD]), Err(Code::PolicyNotValid));
    any(&[inhibit_any_policy(1)]).check(Ok(&[GOLD]), Ok(&[GOLD]));
}

#[test]
fn what_an_anchor_says_must_be_known_and_readable() {
    World::new(&[extension("1.3.6.1.4.1.99999.9", true, &[5, 0])], &[], &[])
        .check(Ok(&[]), Err(Code::CriticalExtension));
    World::new(&[extension("1.3.6.1.4.1.99999.9", false, &[5, 0])], &[], &[]).check(Ok(&[]), Ok(&[]));
    World::new(&[extension("2.5.29.36", true, &[4, 0])], &[], &[]).check(Ok(&[]), Err(Code::ExtensionMalformed));
    World::new(&[policies(&[GOLD, GOLD])], &[], &[]).check(Ok(&[]), Err(Code::ExtensionMalformed));
}

#[test]
fn an_anchor_for_other_purposes_than_mail_is_none() {
    let purposes = |names: &[&str]| {
        let mut world = World::new(&[], &[], &[]);
        world.anchor.extended_key_usage = names.iter().map(ToString::to_string).collect();
        world
    };
    purposes(&["1.3.6.1.5.5.7.3.1"]).check(Ok(&[]), Err(Code::ExtendedKeyUsage));
    purposes(&["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.4"]).check(Ok(&[]), Ok(&[]));
}

#[test]
fn names_length_and_time_of_an_anchor_always_count() {
    let within = |change: fn(&mut AuthoritySpec)| {
        let mut world = World::new(&[], &[], &[]);
        change(&mut world.anchor);
        world
    };
    let both = |world: World, expected| world.check(expected, expected);
    both(within(|anchor| anchor.path_length = Some(0)), Err(Code::PathLength));
    both(within(|anchor| anchor.path_length = Some(1)), Ok(&[]));
    both(
        within(|anchor| anchor.permitted = vec![Name::Rfc822(b"other.example".to_vec())]),
        Err(Code::NameNotPermitted),
    );
    both(within(|anchor| anchor.permitted = vec![Name::Rfc822(b"goal.example".to_vec())]), Ok(&[]));
    both(within(|anchor| anchor.excluded = vec![Name::Rfc822(b"goal.example".to_vec())]), Err(Code::NameExcluded));
    both(within(|anchor| anchor.excluded = vec![Name::Rfc822(b"other.example".to_vec())]), Ok(&[]));
    both(within(|anchor| anchor.not_after = "2026-05-01T00:00:00Z".to_owned()), Err(Code::CertificateExpired));
}
