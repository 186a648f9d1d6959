//! Long runs over stores, each with its own command; `docs/endurance.md` has what they showed. A run that finds something wrong ends with
//! a panic that says what.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test that runs for long"
)]

mod crash;
mod durable;
mod mbox;
mod million;
mod mixed;
mod model;
mod people;
mod random;

use clap::{Parser, Subcommand};
use postseal::store::ManagedStore;
use postseal_host::{Configuration, Overrides};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Kills a process -9 that imports 50 mails a second, again and again; all that it acknowledged must be there.
    Crash {
        store: String,
        #[arg(long, default_value_t = 1000)]
        rounds: u64,
        /// Kills the server instead: the script that starts it, with its arguments; the first is its folder.
        #[arg(long, num_args = 3)]
        server: Vec<PathBuf>,
    },
    /// Imports 50 mails a second, beginning with this person, and says each that is stored.
    Importer { store: String, first: u64 },
    /// Random imports, decisions and questions to stores, beside a model of the store decision that shares no code with the engine.
    Model {
        stores: Vec<String>,
        #[arg(long, default_value_t = 1_000_000)]
        steps: u64,
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// So many certificates, and how long questions take among them.
    Million {
        store: String,
        #[arg(long, default_value_t = 1_000_000)]
        count: u64,
        /// By an earlier run: only look-ups are measured.
        #[arg(long)]
        filled: bool,
    },
    /// How many new senders a second come to be on the disk: from threads that import one mail after the other, and from an archive; and
    /// how many more imports and messages sealed a second thread brings.
    Durable {
        store: String,
        #[arg(long, default_value_t = 10_000)]
        count: usize,
        /// Only what needs no disk.
        #[arg(long)]
        scaling: bool,
    },
    /// Many tenants in many processes for a while; then all that was told is compared with all that is stored.
    Mixed {
        store: String,
        #[arg(long, default_value_t = 3600)]
        seconds: u64,
        #[arg(long, default_value_t = 16)]
        processes: u64,
        #[arg(long, default_value_t = 100)]
        tenants: u64,
    },
    /// One of the processes of `mixed`.
    Worker { store: String, process: u64, seconds: u64, tenants: u64 },
    /// Writes an mbox with so many mails to standard output, and its trust anchor to a file.
    Mbox { count: u64, anchor: PathBuf },
}

fn main() {
    match Args::parse().command {
        Command::Crash { store, rounds, server } => crash::run(&store, rounds, &server),
        Command::Importer { store, first } => crash::importer(&store, first),
        Command::Model { stores, steps, seed } => model::run(&stores, steps, seed),
        Command::Million { store, count, filled } => million::run(&store, count, filled),
        Command::Durable { store, count, scaling } => durable::run(&store, count, scaling),
        Command::Mixed { store, seconds, processes, tenants } => mixed::run(&store, seconds, processes, tenants),
        Command::Worker { store, process, seconds, tenants } => mixed::worker(&store, process, seconds, tenants),
        Command::Mbox { count, anchor } => mbox::write(count, &anchor),
    }
}

fn open(store: &str) -> Arc<dyn ManagedStore> {
    let mut overrides = Overrides::default();
    overrides.store = Some(store.to_owned());
    Configuration::default().overridden_by(overrides).managed_store().expect(store).unwrap()
}
