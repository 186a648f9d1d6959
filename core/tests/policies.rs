//! What a caller asks of a path, and which of several paths is taken: certificate policies, subtrees of names.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

use postseal::verify::{CertPolicyId, Limits, Path, PathInputs, Profile, TrustAnchors, find_path, find_path_with};
use postseal::{Certificate, Code, Error, UnixTime};
use postseal_testkit::factory::{Authority, AuthoritySpec, CertSpec, Key, der, extension};

const GOLD: &str = "1.3.6.1.4.1.99999.1";
const SILVER: &str = "1.3.6.1.4.1.99999.2";

fn policies(names: &[&str]) -> Vec<u8> {
    let policies: Vec<_> = names.iter().map(|name| der::sequence(&[&der::oid(name)])).collect();
    extension("2.5.29.32", true, &der::sequence(&[&policies.concat()]))
}

fn certificate(der: &[u8]) -> Certificate {
    Certificate::from_der(der, &Limits::default()).unwrap()
}

/// A CA with a certificate for each set of extensions, all for one name and key, and a person below it.
struct World {
    anchors: TrustAnchors,
    crosses: Vec<Certificate>,
    person: Certificate,
}

impl World {
    fn new(crosses: &[Vec<Vec<u8>>], person: Vec<Vec<u8>>) -> Self {
        let root = Authority::root("Root", Key::P256(1));
        let cross = |extensions: &Vec<Vec<u8>>| {
            let mut spec = AuthoritySpec::new("CA", Key::P256(2));
            spec.overrides.extra_extensions.clone_from(extensions);
            root.subordinate(&spec)
        };
        let crosses: Vec<_> = crosses.iter().map(cross).collect();
        let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(3));
        spec.overrides.extra_extensions = person;
        Self {
            anchors: TrustAnchors::new(vec![certificate(root.der())]),
            person: certificate(crosses.first().unwrap().issue(&spec).der()),
            crosses: crosses.iter().map(|cross| certificate(cross.der())).collect(),
        }
    }

    fn path(&self, inputs: &PathInputs, limits: &Limits) -> Result<Path, Error> {
        let at = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
        let find = |pool: &[_]| find_path_with(&self.person, pool, &self.anchors, inputs, Profile::Default, limits, at);
        let turned: Vec<_> = self.crosses.iter().rev().cloned().collect();
        let path = find(&self.crosses);
        assert_eq!(path.is_ok(), find(&turned).is_ok(), "the order of the pool decides nothing");
        if *inputs == PathInputs::default() {
            assert_eq!(path, find_path(&self.person, &self.crosses, &self.anchors, Profile::Default, limits, at));
        }
        path
    }

    fn valid_for(&self, inputs: &PathInputs) -> Result<Vec<String>, Code> {
        let path = self.path(inputs, &Limits::default()).map_err(|error| error.code())?;
        Ok(path.user_constrained_policy_set().iter().map(ToString::to_string).collect())
    }
}

fn demand(policy: &str) -> PathInputs {
    let mut inputs = PathInputs::default();
    inputs.initial_explicit_policy = true;
    inputs.user_initial_policy_set = CertPolicyId::from_dotted(policy).map(|policy| [policy].into());
    inputs
}

#[test]
fn a_path_that_fails_by_its_policies_lets_the_search_go_on() {
    let crosses = [vec![], vec![policies(&[GOLD])], vec![policies(&[SILVER])]];
    let world = World::new(&crosses, vec![policies(&[GOLD, SILVER])]);
    for policy in [GOLD, SILVER] {
        assert_eq!(world.valid_for(&demand(policy)), Ok(vec![policy.to_owned()]));
    }
    assert_eq!(world.valid_for(&demand("1.3.6.1.4.1.99999.3")), Err(Code::PolicyNotValid));
    assert!(world.valid_for(&PathInputs::default()).is_ok());
}

#[test]
fn what_a_ca_demands_holds_for_everybody() {
    let explicit = extension("2.5.29.36", true, &der::sequence(&[b"\x80\x01\x00"]));
    let demanding = |person| World::new(&[vec![policies(&[GOLD]), explicit.clone()]], person);
    assert_eq!(demanding(vec![]).valid_for(&PathInputs::default()), Err(Code::PolicyNotValid));
    assert_eq!(demanding(vec![policies(&[GOLD])]).valid_for(&PathInputs::default()), Ok(vec![GOLD.to_owned()]));
    let free = World::new(&[vec![]], vec![policies(&[GOLD])]);
    assert_eq!(free.valid_for(&PathInputs::default()), Ok(vec![]));
}

#[test]
fn what_cannot_be_read_or_is_too_much_is_refused() {
    let twice = World::new(&[vec![policies(&[GOLD, GOLD])]], vec![]);
    assert_eq!(twice.valid_for(&PathInputs::default()), Err(Code::ExtensionMalformed));
    let person = World::new(&[vec![]], vec![extension("2.5.29.54", true, b"\x02\x01\xff")]);
    assert_eq!(person.valid_for(&PathInputs::default()), Err(Code::ExtensionMalformed));
    let world = World::new(&[vec![policies(&[GOLD, SILVER])]], vec![policies(&[GOLD])]);
    let mut limits = Limits::default();
    limits.policies = 1;
    assert_eq!(world.path(&PathInputs::default(), &limits), Err(Code::PoliciesTooMany.into()));
    limits.policies = 2;
    limits.policy_nodes = 6;
    assert_eq!(world.path(&PathInputs::default(), &limits), Err(Code::PolicyBudget.into()));
    limits.policy_nodes = 7;
    assert!(world.path(&PathInputs::default(), &limits).is_ok());
}

#[test]
fn the_callers_subtrees_hold_as_those_of_a_ca_would() {
    let world = World::new(&[vec![]], vec![]);
    let subtrees = |tag: u8, host: &str| {
        let base = der::sequence(&[&der::tlv(0x81, &[host.as_bytes()])]);
        let mut inputs = PathInputs::default();
        inputs.initial_name_constraints = Some(der::sequence(&[&der::tlv(tag, &[&base])]).into());
        inputs
    };
    for (inputs, expected) in [
        (subtrees(0xa0, "goal.example"), Ok(vec![])),
        (subtrees(0xa0, "alice@GOAL.example"), Ok(vec![])),
        (subtrees(0xa0, "Alice@goal.example"), Err(Code::NameNotPermitted)),
        (subtrees(0xa1, "Alice@goal.example"), Err(Code::NameExcluded)),
        (subtrees(0xa0, ""), Err(Code::NameNotPermitted)),
        (subtrees(0xa1, ""), Err(Code::NameExcluded)),
        (subtrees(0xa0, "other.example"), Err(Code::NameNotPermitted)),
        (subtrees(0xa1, "other.example"), Ok(vec![])),
        (subtrees(0xa1, "goal.example"), Err(Code::NameExcluded)),
        (subtrees(0xa1, "."), Err(Code::NameConstraintUndecidable)),
        (subtrees(0xa2, "goal.example"), Err(Code::NameConstraintUndecidable)),
    ] {
        assert_eq!(world.valid_for(&inputs), expected);
    }
}
