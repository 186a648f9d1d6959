//! Mutated chains before postseal, OpenSSL, certval and x509-parser. A chain that postseal takes and another refuses must
//! stand in `vectors/differential-chains.toml` with its reason, or the run fails.
//!
//! `postseal-differential COUNT [SEED]`; `postseal-differential one NUMBER` shows a single chain.
#![allow(clippy::unwrap_used, reason = "a tool for tests")]
#![allow(clippy::ptr_arg, reason = "all mutations have one signature")]

mod chain;
mod mutate;
mod oracles;
mod random;

use base64::Engine as _;
use oracles::{Certval, Verdict};
use random::Random;
use std::collections::BTreeMap;

#[derive(Default)]
struct Count {
    number: usize,
    /// The first chain of the group.
    example: u64,
}

#[derive(Default)]
struct Tally {
    /// By (oracle, both accept, both refuse, only postseal accepts, only the oracle accepts).
    outcomes: BTreeMap<&'static str, [usize; 4]>,
    /// postseal accepts: (oracle, its error, mutation).
    accepted: BTreeMap<(&'static str, String, String), Count>,
    /// postseal refuses: (its code, oracle).
    refused: BTreeMap<(String, &'static str), Count>,
    mutations: BTreeMap<String, usize>,
}

/// The chain with this seed, how it was changed, and all verdicts.
fn chain(seed: u64) -> (Vec<Vec<u8>>, Vec<String>) {
    let mut random = Random::new(seed);
    let mut drafts = chain::valid(&mut random);
    let done = mutate::mutate(&mut drafts, &mut random);
    (drafts.iter().map(chain::Draft::encode).collect(), done)
}

fn judge(chain: &[Vec<u8>], certval: &Certval) -> (Verdict, [(&'static str, Verdict); 3]) {
    let ours = oracles::postseal(chain);
    let path = ours.as_deref().unwrap_or(chain);
    let oracles = [
        ("openssl", oracles::openssl(chain)),
        ("certval", certval.judge(path)),
        ("x509-parser", oracles::x509_parser(path)),
    ];
    (ours.map(|_| ()), oracles)
}

fn run(seeds: impl Iterator<Item = u64>) -> Tally {
    let (certval, mut tally) = (Certval::new(), Tally::default());
    for seed in seeds {
        let (chain, done) = chain(seed);
        let (ours, oracles) = judge(&chain, &certval);
        let mutation = done.join("+");
        *tally.mutations.entry(mutation.clone()).or_default() += 1;
        for (oracle, theirs) in oracles {
            let outcome = match (&ours, &theirs) {
                (Ok(()), Ok(())) => 0,
                (Err(_), Err(_)) => 1,
                (Ok(()), Err(_)) => 2,
                (Err(_), Ok(())) => 3,
            };
            tally.outcomes.entry(oracle).or_default()[outcome] += 1;
            let group = match (&ours, theirs) {
                (Ok(()), Err(error)) => tally.accepted.entry((oracle, error, mutation.clone())).or_default(),
                (Err(code), Ok(())) => tally.refused.entry((code.clone(), oracle)).or_default(),
                _ => continue,
            };
            if group.number == 0 {
                group.example = seed;
            }
            group.number += 1;
        }
    }
    tally
}

fn merge(mut all: Tally, part: Tally) -> Tally {
    let add = |into: &mut Count, count: Count| {
        if into.number == 0 {
            into.example = count.example;
        }
        into.number += count.number;
    };
    for (oracle, counts) in part.outcomes {
        let sum = all.outcomes.entry(oracle).or_default();
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    part.accepted.into_iter().for_each(|(group, count)| add(all.accepted.entry(group).or_default(), count));
    part.refused.into_iter().for_each(|(group, count)| add(all.refused.entry(group).or_default(), count));
    part.mutations.into_iter().for_each(|(name, count)| *all.mutations.entry(name).or_default() += count);
    all
}

/// A row of the table: the oracle, its error, the mutations, the id.
struct Explained(Vec<toml::Table>);

impl Explained {
    fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/differential-chains.toml");
        let table: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        let rows = table["accepted"].as_array().unwrap().iter().map(|row| row.as_table().unwrap().clone());
        Self(rows.collect())
    }

    /// Of two mutations one that explains the disagreement is enough.
    fn id(&self, oracle: &str, error: &str, mutation: &str) -> Option<&str> {
        let row = self.0.iter().find(|row| {
            let mut listed = row["mutations"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
            row["oracle"].as_str() == Some(oracle)
                && row["error"].as_str() == Some(error)
                && listed.any(|name| mutation.split('+').any(|done| matches(name, done)))
        });
        row.map(|row| row["id"].as_str().unwrap())
    }
}

/// `*` at the end of a listed mutation stands for every place and extension.
fn matches(listed: &str, done: &str) -> bool {
    listed.strip_suffix('*').map_or(listed == done, |start| done.starts_with(start))
}

fn show(number: u64) {
    let (chain, done) = chain(number);
    let (ours, oracles) = judge(&chain, &Certval::new());
    println!("{done:?}\npostseal: {ours:?}");
    for (oracle, verdict) in oracles {
        println!("{oracle}: {verdict:?}");
    }
    for der in chain {
        println!("{}", base64::engine::general_purpose::STANDARD.encode(der));
    }
}

fn report(tally: &Tally, explained: &Explained) -> usize {
    println!("oracle: both accept, both refuse, only postseal accepts, only the oracle accepts");
    for (oracle, [both, neither, ours, theirs]) in &tally.outcomes {
        println!("{oracle}: {both}, {neither}, {ours}, {theirs}");
    }
    let (mut by_id, mut unexplained) = (BTreeMap::<&str, usize>::new(), 0);
    for ((oracle, error, mutation), count) in &tally.accepted {
        match explained.id(oracle, error, mutation) {
            Some(id) => *by_id.entry(id).or_default() += count.number,
            None => {
                unexplained += 1;
                println!("UNEXPLAINED {} x {oracle} | {error} | {mutation} | first {}", count.number, count.example);
            }
        }
    }
    println!("postseal accepts, an oracle refuses:");
    by_id.iter().for_each(|(id, number)| println!("  {id}: {number}"));
    println!("postseal refuses, an oracle accepts:");
    for ((code, oracle), count) in &tally.refused {
        println!("  {code} {oracle}: {} (first {})", count.number, count.example);
    }
    unexplained
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u64>().ok());
    if arguments.first().is_some_and(|first| first == "one") {
        return show(number(1).unwrap());
    }
    let (count, start) = (number(0).unwrap_or(100_000), number(1).unwrap_or(0));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let tally = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|part| scope.spawn(move || run((start..start + count).skip(part).step_by(threads))))
            .collect();
        parts.into_iter().map(|part| part.join().unwrap()).fold(Tally::default(), merge)
    });
    println!("{count} chains from seed {start}");
    // Without a change all agree, or the factories are at fault.
    let untouched = tally.mutations.get("").copied().unwrap_or_default();
    println!("{untouched} of them unchanged");
    let unexplained = report(&tally, &Explained::read());
    if unexplained > 0 {
        println!("{unexplained} groups without a reason");
        std::process::exit(1);
    }
}
