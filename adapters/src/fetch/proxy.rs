use super::SetupError;
use super::target::{Target, TargetHost};

/// Where requests are sent instead of to their targets. It was configured, so it may be anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) host: TargetHost,
    pub(super) port: u16,
}

impl Proxy {
    pub(super) fn parse(text: &str) -> Result<Self, SetupError> {
        match Target::parse(text) {
            Ok(target) if !target.is_tls && target.path == "/" => Ok(Self { host: target.host, port: target.port }),
            _ => Err(SetupError::Proxy(text.to_owned())),
        }
    }
}
