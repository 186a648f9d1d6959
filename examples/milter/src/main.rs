//! `postseal-milter FILE` runs the milter with a configuration; `--check` says whether it could.
#![warn(clippy::print_stdout, clippy::print_stderr)]

use postseal_host::ConfigurationError;
use postseal_milter::config::Settings;
use postseal_milter::decide::Service;
use postseal_milter::log;
use postseal_milter::server::{Listener, Server};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

const USAGE: &str = "usage: postseal-milter [--check] FILE";

/// As in sysexits.h.
const EX_USAGE: u8 = 64;
const EX_OSERR: u8 = 71;
const EX_CONFIG: u8 = 78;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (file, only_check) = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--check", file] => (PathBuf::from(file), true),
        [file] if !file.starts_with('-') => (PathBuf::from(file), false),
        _ => {
            log::say(USAGE);
            return EX_USAGE.into();
        }
    };
    // The message of a panic could hold something of a mail; where it was is enough to find it.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        log::line("panic", &[("place", &place)]);
    }));
    let service = match service(&file) {
        Ok(service) => service,
        Err(error) => {
            log::say(error);
            return EX_CONFIG.into();
        }
    };
    if only_check {
        return ExitCode::SUCCESS;
    }
    let Ok(runtime) = Runtime::new() else { return EX_OSERR.into() };
    let outcome = runtime.block_on(run(&file, service));
    // A worker who waits for somebody is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::line("failed", &[("error", &error.to_string())]);
            EX_OSERR.into()
        }
    }
}

fn service(file: &Path) -> Result<Service, ConfigurationError> {
    let (configuration, settings) = Settings::read(file)?;
    let host = configuration.host()?;
    if host.store().is_none() {
        let words = format!("{}: the milter needs a `store`", file.display());
        return Err(configuration.wrong(&["store"], words));
    }
    Ok(Service::new(host, settings))
}

async fn run(file: &Path, service: Service) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let settings = service.settings.clone();
    let server = Server::new(service);
    if let Some(address) = settings.metrics {
        let (server, listener) = (Arc::clone(&server), TcpListener::bind(address).await?);
        tokio::spawn(async move { server.metrics().serve(listener).await });
    }
    tokio::spawn(Arc::clone(&server).accept(Listener::bind(&settings.listen).await?));
    log::line("started", &[("version", env!("CARGO_PKG_VERSION"))]);
    while !stops(&mut terminate, &mut interrupt, &mut hangup).await {
        reload(file, &server).await;
    }
    server.stop().await;
    Ok(())
}

/// Waits for a signal: whether it is one to stop, or else one to read the configuration again.
async fn stops(terminate: &mut Signal, interrupt: &mut Signal, hangup: &mut Signal) -> bool {
    std::future::poll_fn(|context| {
        let stop = [&mut *terminate, &mut *interrupt].into_iter().any(|signal| signal.poll_recv(context).is_ready());
        let again = hangup.poll_recv(context).is_ready();
        if stop || again { std::task::Poll::Ready(stop) } else { std::task::Poll::Pending }
    })
    .await
}

/// A configuration that cannot be used changes nothing. Addresses that are listened to, and the number of connections, stay what
/// they were at the start.
async fn reload(file: &Path, server: &Server) {
    let path = file.to_owned();
    let outcome = match tokio::task::spawn_blocking(move || service(&path)).await {
        Ok(Ok(service)) => {
            server.replace(service);
            Ok(())
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the configuration could not be read".to_owned()),
    };
    server.metrics().reload(if outcome.is_ok() { "done" } else { "kept-old" });
    match outcome {
        Ok(()) => log::line("reloaded", &[]),
        Err(error) => log::line("kept-old-configuration", &[("error", &error)]),
    }
}
