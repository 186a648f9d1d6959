//! A host on tokio: many mails at once, and every question of the engine is a future.
//!
//! `cargo run -p postseal-examples --bin async-host -- examples/mail/anchors.pem examples/mail`
//!
//! The store here blocks, so its work goes to threads of tokio's; a store that is async by itself is awaited in its place.

use postseal::drive::run_async;
use postseal::import::{Ask, Context, Report};
use postseal::query::Answer;
use postseal::store::CertStore;
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Engine, UnixTime};
use postseal_adapters::store::SqliteStore;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};
use tokio::task::{JoinSet, spawn_blocking};

struct Host {
    engine: Engine,
    store: SqliteStore,
}

/// One question, carried out where blocking is allowed.
async fn carry_out(host: Arc<Host>, ask: Ask) -> Answer {
    let work = move || match ask {
        Ask::FindStored(pending) => {
            let reply = host.store.find(pending.query());
            Some(pending.answer(reply))
        }
        Ask::PutStored(pending) => {
            let reply = host.store.put(pending.query());
            Some(pending.answer(reply))
        }
        // Lists and responses, where the policy fetches; it does not here.
        _ => None,
    };
    // A future that never ends is given up with the mail, by the time limit below.
    match spawn_blocking(work).await {
        Ok(Some(answer)) => answer,
        _ => std::future::pending().await,
    }
}

async fn import(host: Arc<Host>, mail: Vec<u8>, now: UnixTime) -> Result<Report, Box<dyn Error + Send + Sync>> {
    // Signature and path are computed when the operation is made: off the executor.
    let begin = Arc::clone(&host);
    let operation = spawn_blocking(move || begin.engine.import(&mail, Context::new(now))).await?;
    let run = run_async(operation, &(), |ask| carry_out(Arc::clone(&host), ask));
    Ok(tokio::time::timeout(std::time::Duration::from_secs(30), run).await??)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut args = env::args().skip(1);
    let (Some(anchors), Some(folder)) = (args.next(), args.next()) else {
        return Err("usage: async-host ANCHORS.pem FOLDER".into());
    };
    let engine = Engine::new(TrustAnchors::from_pem(&fs::read(anchors)?, &Limits::default())?);
    let host = Arc::new(Host { engine, store: SqliteStore::open(Path::new(":memory:"))? });
    let now = UnixTime::from_seconds(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().try_into()?);

    let paths =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>, std::io::Error>>()?;
    let mut running = JoinSet::new();
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "eml")) {
        let (host, mail) = (Arc::clone(&host), fs::read(&path)?);
        running.spawn(async move { (path, import(host, mail, now).await) });
    }
    while let Some(done) = running.join_next().await {
        let (path, report) = done?;
        println!("{}: {}", path.display(), report?.outcome.name());
    }
    Ok(())
}
