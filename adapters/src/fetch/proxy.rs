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
            // What stands before an @ may be a password, with any character in it.
            _ => Err(SetupError::Proxy(text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_repeated() {
        for text in ["http://gateway:s3cret@proxy.example:3128", "https://gateway:s3cr@et@proxy.example:3128/"] {
            let said = Proxy::parse(text).unwrap_err().to_string();
            assert!(said.starts_with("`proxy.example:3128") && !said.contains("s3cr"), "{said}");
        }
    }
}
