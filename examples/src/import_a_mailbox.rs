//! Imports every mail of a folder into an SQLite store and prints what became of each.
//!
//! `cargo run -p postseal-examples --bin import-a-mailbox -- examples/mail/anchors.pem examples/mail store.db`

use postseal::import::{Context, Outcome};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Engine, UnixTime};
use postseal_adapters::store::SqliteStore;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(anchors), Some(folder), Some(store)) = (args.next(), args.next(), args.next()) else {
        return Err("usage: import-a-mailbox ANCHORS.pem FOLDER STORE.db".into());
    };
    let engine = Engine::new(TrustAnchors::from_pem(&fs::read(anchors)?, &Limits::default())?);
    let store = SqliteStore::open(Path::new(&store))?;
    // The engine has no clock: whoever calls it says what time it is, once for each mail.
    let now = UnixTime::from_seconds(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().try_into()?);

    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "eml") {
            continue;
        }
        let report = engine.import_mail(&fs::read(&path)?, Context::new(now), &store, &())?;
        let why = report.error.map(|error| format!(" ({error})")).unwrap_or_default();
        println!("{}: {}{why}", path.display(), report.outcome.name());
        if report.outcome == Outcome::Deferred {
            return Err("the store is out of reach; bring the mail again later".into());
        }
        let count = counts.entry(report.outcome.name()).or_default();
        *count = count.saturating_add(1);
    }
    println!("{counts:?}");
    Ok(())
}
