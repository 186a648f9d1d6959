//! Tables of small paths. A certificate is a line of words:
//! `a b any` policies, `a>b` a mapping, `explicit=1` `map=0` `any=0` the constraints, `self` self-issued. No policy at all is no
//! extension.
#![allow(clippy::arithmetic_side_effects, reason = "test code")]

use super::*;

fn octets(name: &str) -> &[u8] {
    if name == "any" { ANY_POLICY } else { name.as_bytes() }
}

fn statements(line: &str) -> Statements<'_> {
    let mut statements = Statements::default();
    for word in line.split_whitespace() {
        if let Some((issuer, subject)) = word.split_once('>') {
            statements.mappings.insert((octets(issuer), octets(subject)));
        } else if let Some((constraint, number)) = word.split_once('=') {
            let number = Some(number.parse().unwrap());
            match constraint {
                "explicit" => statements.require_explicit_policy = number,
                "map" => statements.inhibit_policy_mapping = number,
                "any" => statements.inhibit_any_policy = number,
                other => panic!("{other}"),
            }
        } else if word == "self" {
            statements.self_issued = true;
        } else {
            statements.policies.get_or_insert_default().insert(octets(word));
        }
    }
    statements
}

/// `explicit`, `map`, `any` as flags; other words are the user's policies.
fn inputs(line: &str) -> PathInputs {
    let mut inputs = PathInputs::default();
    for word in line.split_whitespace() {
        match word {
            "explicit" => inputs.initial_explicit_policy = true,
            "no-map" => inputs.initial_policy_mapping_inhibit = true,
            "no-any" => inputs.initial_any_policy_inhibit = true,
            policy => {
                let policy = CertPolicyId::from_octets(octets(policy));
                inputs.user_initial_policy_set.get_or_insert_default().insert(policy);
            }
        }
    }
    inputs
}

/// The certificates are divided by `/`, the highest first.
fn run(path: &str, given: &str) -> Result<String, Code> {
    let path: Vec<_> = path.split('/').map(statements).collect();
    let mut budget = Budget::new(&Limits::default());
    let text = |policy: &CertPolicyId| {
        if policy.is_any_policy() { "any".into() } else { String::from_utf8_lossy(policy.as_octets()).into_owned() }
    };
    match validate(&path.iter().collect::<Vec<_>>(), None, &inputs(given), &mut budget) {
        Ok(set) => Ok(set.iter().map(text).collect::<Vec<_>>().join(" ")),
        Err(error) => Err(error.code()),
    }
}

fn check(table: &[(&str, &str, Result<&str, Code>)]) {
    for (path, given, expected) in table {
        assert_eq!(run(path, given), expected.map(str::to_owned), "{path} | {given}");
    }
}

const NONE: Result<&str, Code> = Err(Code::PolicyNotValid);

#[test]
fn a_policy_is_valid_when_every_certificate_has_it() {
    check(&[
        ("a b / b c / b", "", Ok("b")),
        ("a / b", "", Ok("")),
        ("a / b", "explicit", NONE),
        (" / a", "", Ok("")),
        (" / a", "explicit", NONE),
        ("a / ", "explicit", NONE),
        ("a", "explicit a", Ok("a")),
        ("a", "explicit b", NONE),
        // Without a demand the user's set decides nothing.
        ("a", "b", Ok("")),
        ("a b", "explicit b any", Ok("a b")),
        ("a b / b / b / a", "explicit", NONE),
    ]);
}

#[test]
fn any_policy_stands_for_every_policy_until_it_is_inhibited() {
    check(&[
        ("any / any", "explicit", Ok("any")),
        ("any / any", "explicit a", Ok("a")),
        ("any / a b", "explicit a", Ok("a")),
        ("a / any / a", "explicit", Ok("a")),
        ("a / any", "explicit b", NONE),
        ("a any / b", "explicit", Ok("b")),
        ("any / a", "explicit no-any", NONE),
        ("a / any", "explicit no-any", NONE),
        ("a any=0 / any", "explicit", NONE),
        ("a any=1 / any / a", "explicit", Ok("a")),
        ("a any=1 / any / any", "explicit", NONE),
        // The lower number counts, never the later one.
        ("a any=0 / a any=5 / any", "explicit", NONE),
        ("a any=5 / a any=0 / any", "explicit", NONE),
        // Self-issued: uses nothing up and may have anyPolicy, except as the last (6.1.3 d 2).
        ("a any=0 / self any / a", "explicit", Ok("a")),
        ("a any=0 / self any", "explicit", NONE),
        ("a any=1 / self a / any / a", "explicit", Ok("a")),
        ("a any=1 / a / self any / any", "explicit", NONE),
    ]);
}

#[test]
fn mappings_lead_from_the_issuers_names_to_the_subjects() {
    check(&[
        ("a a>b / b", "explicit", Ok("a")),
        ("a a>b / b", "explicit b", NONE),
        ("a a>b / a", "explicit", NONE),
        ("a a>b / b b>c / c c>d / d", "explicit a", Ok("a")),
        ("a a>b a>c / b c", "explicit", Ok("a")),
        ("a b a>c b>c / c", "explicit", Ok("a b")),
        ("a b a>c b>c / c", "explicit b", Ok("b")),
        ("a b a>b / b", "explicit", Ok("a b")),
        ("a b a>b b>a / a", "explicit", Ok("b")),
        ("a x>y / a y", "explicit", Ok("a")),
        ("any a>b / b", "explicit", Ok("a")),
        ("any a>b / a", "explicit", Ok("a")),
        ("a a>b / any / b", "explicit", Ok("a")),
        ("a a>b / any", "explicit", Ok("a")),
        ("a any a>b / b", "explicit", Ok("a")),
        ("a any a>b / c", "explicit", Ok("c")),
        ("any / any a>b / b", "explicit", Ok("a")),
        // Nodes from which no way leads to the leaf are in no set.
        ("a b / a b a>c / c", "explicit", Ok("a")),
        // The leaf's mappings are no one's (6.1.4 is for the others).
        ("a / a a>any", "explicit", Ok("a")),
    ]);
    check(&[
        ("a a>any / a", "", Err(Code::PolicyMappingAny)),
        ("a any>a / a", "", Err(Code::PolicyMappingAny)),
        (" a>any / ", "", Err(Code::PolicyMappingAny)),
    ]);
}

#[test]
fn inhibited_mappings_take_the_policy_away() {
    check(&[
        ("a a>b / b", "explicit no-map", NONE),
        ("a a>b / a", "explicit no-map", NONE),
        ("a b a>c / b c", "explicit no-map", Ok("b")),
        ("any a>b / a", "explicit no-map", Ok("a")),
        ("any a>b / b", "explicit no-map", Ok("b")),
        // The constraint counts from the next certificate on.
        ("a a>b map=0 / b", "explicit", Ok("a")),
        ("a map=0 / a a>b / b", "explicit", NONE),
        ("a map=1 / a a>b / b", "explicit", Ok("a")),
        ("a map=1 / a / a a>b / b", "explicit", NONE),
        ("a map=1 / self a / a a>b / b", "explicit", Ok("a")),
        ("a map=0 / a map=5 / a a>b / b", "explicit", NONE),
    ]);
}

#[test]
fn a_ca_can_demand_a_policy_for_what_is_below() {
    check(&[
        (" explicit=0 / a", "", NONE),
        ("explicit=0 a / a", "", Ok("a")),
        // A demand in the path makes the user's set count.
        ("explicit=0 a / a", "b", NONE),
        // It is 0 when it says 0 in the leaf, or reaches 0 there: 6.1.5 a counts the leaf down.
        ("explicit=1 / ", "", NONE),
        ("explicit=2 / ", "", Ok("")),
        (" / explicit=0", "", NONE),
        (" / explicit=1", "", Ok("")),
        ("explicit=2 / / ", "", NONE),
        ("explicit=3 / / ", "", Ok("")),
        ("explicit=2 / self / ", "", Ok("")),
        ("explicit=1 / self / self", "", NONE),
        ("explicit=5 / explicit=0 / ", "", NONE),
        ("explicit=0 a / explicit=5 a / b", "", NONE),
    ]);
}

// hardening: D9
#[test]
fn the_graph_grows_with_what_is_said_and_not_with_its_paths() {
    let names: Vec<String> = (0..100).map(|number| format!("p{number}")).collect();
    // Every policy to a few others at each level: as a tree, 3^20 nodes and more.
    let mut line = names.join(" ");
    for (number, name) in names.iter().enumerate().take(42) {
        (1..=3).for_each(|step| line.push_str(&format!(" {name}>p{}", (number * 7 + step) % 42)));
    }
    let path = vec![line.as_str(); 20].join(" / ");
    let path: Vec<_> = path.split('/').map(statements).collect();
    let mut limits = Limits { policy_nodes: 20 * (100 + 126 + 1), ..Limits::default() };
    let result = validate(&path.iter().collect::<Vec<_>>(), None, &inputs("explicit"), &mut Budget::new(&limits));
    assert_eq!(result.map(|set| set.len()), Ok(100));
    limits.policy_nodes -= 1;
    let result = validate(&path.iter().collect::<Vec<_>>(), None, &inputs("explicit"), &mut Budget::new(&limits));
    assert_eq!(result, Err(Code::PolicyBudget.into()));
}

/// A node of the valid_policy_tree of RFC 5280 6.1.2 a: depth, valid_policy, expected_policy_set, parent.
type TreeNode<'a> = (usize, &'a [u8], BTreeSet<&'a [u8]>, Option<usize>);

/// RFC 5280 6.1.3 to 6.1.5 to the letter, as a tree, which RFC 9618 says gives the same result.
fn by_tree<'a>(path: &[Statements<'a>], inputs: &PathInputs) -> Result<BTreeSet<&'a [u8]>, ()> {
    let mut state = State::new(path.len(), inputs);
    let any = BTreeSet::from([ANY_POLICY]);
    let mut tree: Vec<TreeNode<'a>> = vec![(0, ANY_POLICY, any.clone(), None)];
    for (depth, said) in (1..).zip(path) {
        let last = depth == path.len();
        let above: Vec<usize> = (0..tree.len()).filter(|node| tree[*node].0 == depth - 1).collect();
        let empty = BTreeSet::new();
        let policies = said.policies.as_ref().unwrap_or(&empty);
        for policy in policies.iter().copied().filter(|policy| *policy != ANY_POLICY) {
            let expecting: Vec<_> = above.iter().copied().filter(|node| tree[*node].2.contains(policy)).collect();
            let under_any = above.iter().copied().filter(|node| tree[*node].1 == ANY_POLICY);
            let parents = if expecting.is_empty() { under_any.collect() } else { expecting };
            tree.extend(parents.iter().map(|parent| (depth, policy, BTreeSet::from([policy]), Some(*parent))));
        }
        if policies.contains(ANY_POLICY) && (state.inhibit_any_policy > 0 || (!last && said.self_issued)) {
            for parent in above {
                for policy in tree[parent].2.clone() {
                    if !tree.iter().any(|node| node.3 == Some(parent) && node.1 == policy) {
                        tree.push((depth, policy, BTreeSet::from([policy]), Some(parent)));
                    }
                }
            }
        }
        if state.explicit_policy == 0 && !tree.iter().any(|node| node.0 == depth) {
            return Err(());
        }
        if last {
            break;
        }
        for issuer in said.mappings.iter().map(|(issuer, _)| *issuer).collect::<BTreeSet<_>>() {
            let subjects: BTreeSet<_> =
                said.mappings.iter().filter(|pair| pair.0 == issuer).map(|pair| pair.1).collect();
            let mapped: Vec<_> =
                (0..tree.len()).filter(|node| tree[*node].0 == depth && tree[*node].1 == issuer).collect();
            if state.policy_mapping == 0 {
                // Out of the way; its depth is never asked for again.
                mapped.iter().for_each(|node| tree[*node].0 = usize::MAX);
            } else if mapped.is_empty() {
                let beside = tree.iter().find(|node| node.0 == depth && node.1 == ANY_POLICY).map(|node| node.3);
                tree.extend(beside.map(|parent| (depth, issuer, subjects, parent)));
            } else {
                mapped.iter().for_each(|node| tree[*node].2.clone_from(&subjects));
            }
        }
        let mut counters = State { graph: Graph::new(), ..state };
        counters.prepare(&Statements { mappings: BTreeSet::new(), ..said.clone() }).unwrap();
        state = counters;
    }
    // What is left after pruning: the nodes above the last depth, and it.
    let mut live: BTreeSet<usize> = (0..tree.len()).filter(|node| tree[*node].0 == path.len()).collect();
    for node in (0..tree.len()).rev() {
        if let (true, Some(parent)) = (live.contains(&node), tree[node].3) {
            live.insert(parent);
        }
    }
    let under_any = |node: &usize| tree[*node].3.is_some_and(|parent| tree[parent].1 == ANY_POLICY);
    let mut set: BTreeSet<_> = live.iter().filter(|node| under_any(node)).map(|node| tree[*node].1).collect();
    if !live.iter().any(|node| tree[*node].0 == path.len() && tree[*node].1 == ANY_POLICY) {
        set.remove(ANY_POLICY);
    }
    if state.explicit_policy_at_the_end(path.last()) == 0 && set.is_empty() { Err(()) } else { Ok(set) }
}

// hardening: D9
#[test]
fn the_graph_gives_what_the_tree_gives() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) % below
    };
    let mut valid = 0;
    for _ in 0..20_000 {
        let mut lines = Vec::new();
        for _ in 0..=draw(5) {
            let mut line = String::new();
            let letter = |number: u64| ["a", "b", "c", "d", "any"][usize::try_from(number).unwrap()];
            (0..draw(5)).for_each(|_| line.push_str(&format!(" {}", letter(draw(5)))));
            (0..draw(4)).for_each(|_| line.push_str(&format!(" {}>{}", letter(draw(4)), letter(draw(4)))));
            for constraint in ["explicit", "map", "any"] {
                if draw(8) == 0 {
                    line.push_str(&format!(" {constraint}={}", draw(4)));
                }
            }
            line.push_str(if draw(4) == 0 { " self" } else { "" });
            lines.push(line);
        }
        let given = ["", "explicit", "no-map", "no-any", "explicit no-map"][usize::try_from(draw(5)).unwrap()];
        let text = lines.join(" / ");
        let path: Vec<_> = text.split('/').map(statements).collect();
        let graph =
            validate(&path.iter().collect::<Vec<_>>(), None, &inputs(given), &mut Budget::new(&Limits::default()));
        let tree = by_tree(&path, &inputs(given));
        let tree = tree.map(|set| set.into_iter().map(CertPolicyId::from_octets).collect::<BTreeSet<_>>());
        valid += u32::from(graph.as_ref().is_ok_and(|set| !set.is_empty()));
        assert_eq!(graph.map_err(|_| ()), tree, "{text} | {given}");
    }
    assert!(valid > 2_000, "only {valid} of the paths are valid for anything");
}
