use crate::args::Shared;
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use postseal::trace::escape;
use serde_json::json;
use std::process::ExitCode;

/// Some directory cannot be used as it is configured: EX_UNAVAILABLE.
const UNUSABLE: u8 = 69;

/// Tries every directory, or those with these names: connects, authenticates, and asks for somebody who does not exist.
pub(crate) fn run(shared: &Shared, names: &[String]) -> Result<ExitCode, Failure> {
    let session = Session::new(shared)?;
    let configured = &session.config.directory;
    for name in names {
        super::named(configured, name)?;
    }
    if configured.is_empty() {
        return Err(Failure::usage("there is no [directory.NAME] in the configuration"));
    }
    let mut failed = false;
    for (name, config) in configured.iter().filter(|(name, _)| names.is_empty() || names.contains(name)) {
        for (part, outcome) in config.build(name)?.check() {
            failed |= outcome.is_err();
            let state = if outcome.is_ok() { "usable" } else { "unusable" };
            let detail = outcome.err().map(|words| escape(&words));
            if shared.json {
                output::json(&json!({ "directory": name, "part": part, "state": state, "detail": detail }));
            } else {
                let detail = detail.map(|words| format!(": {words}")).unwrap_or_default();
                output::line(&format!("{name} {part} {state}{detail}"));
            }
        }
    }
    Ok(if failed { ExitCode::from(UNUSABLE) } else { ExitCode::SUCCESS })
}
