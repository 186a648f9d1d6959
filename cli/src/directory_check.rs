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
    let config = &session.config;
    if let Some(name) = names.iter().find(|name| !config.directories().any(|known| known == name.as_str())) {
        return Err(Failure::usage(format_args!("there is no [directory.{name}]")));
    }
    if config.directories().next().is_none() {
        return Err(Failure::usage("there is no [directory.NAME] in the configuration"));
    }
    let mut failed = false;
    let wanted = |name: &&str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    for name in config.directories().filter(wanted) {
        for check in config.check_directory(name)? {
            let (part, detail) = (check.part, check.fault.map(|words| escape(&words)));
            failed |= detail.is_some();
            let state = if detail.is_none() { "usable" } else { "unusable" };
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
