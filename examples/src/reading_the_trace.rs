//! Reading the trace: why was mail to, or from, one address treated as it was?
//!
//! `cargo run -p postseal-examples --bin reading-the-trace -- postseal-trace.jsonl alice@goal.example`

use postseal_adapters::trace::Reader;
use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(path), Some(address)) = (args.next(), args.next()) else {
        return Err("usage: reading-the-trace TRACE.jsonl ADDRESS".into());
    };
    // Rotated files first, then the one in use; one line in memory.
    let mut reader = Reader::open(Path::new(&path))?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    while let Some(event) = reader.next_event()? {
        let text = |key: &str| event.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        if text("address") != address {
            continue;
        }
        println!("{} {} {}", text("at"), text("event"), text("code"));
        let count = counts.entry(text("event")).or_default();
        *count = count.saturating_add(1);
    }
    println!("{counts:?}");
    if reader.unreadable() > 0 {
        eprintln!("{} lines are no events", reader.unreadable());
    }
    Ok(())
}
