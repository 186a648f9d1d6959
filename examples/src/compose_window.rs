//! A dry run for a compose window: while somebody writes, which of his recipients can be reached, by what, and why not.
//!
//! `cargo run -p postseal-examples --bin compose-window -- postseal.toml alice@goal.example nobody@goal.example`
//!
//! Nothing is stored and nothing is sealed; what a directory lent for it is gone when the program knows.

use postseal::resolve::{Context, Outcome};
use postseal::{Address, drive};
use postseal_host::{Configuration, Host};
use std::env;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

/// Nobody waits longer for a lock to turn green; who has not answered by then is "unavailable".
const WAIT: Duration = Duration::from_secs(3);

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let path = args.next().ok_or("usage: compose-window POSTSEAL.TOML ADDRESS...")?;
    let recipients = args.map(|text| Address::parse(&text)).collect::<Result<Vec<_>, _>>()?;
    let host = Configuration::read(Path::new(&path))?.host()?;

    let context = Context::new(Host::now(), host.tracer().clone());
    let resolve = host.resolve(recipients, Vec::new(), context).map_err(|unsealed| unsealed.error)?;
    let begun = Instant::now();
    let resolution = drive::run(resolve, &host.lookup()?, &**host.tracer(), &|| begun.elapsed() > WAIT)?;
    for report in resolution.reports() {
        let address = report.address.expose().as_str();
        let why = report.error.map(|error| error.code().sentence()).unwrap_or_default();
        match report.outcome {
            Outcome::Found => println!("{address}: will be encrypted"),
            Outcome::Unavailable => println!("{address}: cannot be said now, try again"),
            _ if report.needs_operator => println!("{address}: an operator has to decide. {why}"),
            _ => println!("{address}: cannot be encrypted to. {why}"),
        }
    }
    Ok(())
}
