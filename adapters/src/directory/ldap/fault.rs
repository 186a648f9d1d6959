use std::fmt;
use thiserror::Error;

/// What kind of thing went wrong with a server.
///
/// ```
/// use postseal_adapters::directory::ldap::LdapFaultKind;
/// assert_ne!(LdapFaultKind::Late, LdapFaultKind::Setup);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LdapFaultKind {
    /// It cannot be connected to, or it closed the connection.
    Unreachable,
    /// TLS could not be agreed upon, or the server showed no certificate of its name under the roots.
    Tls,
    /// It did not answer in time.
    Late,
    /// What it said is no LDAP, or not what was asked for.
    Protocol,
    /// It sent more than is taken.
    TooMuch,
    /// It said that it cannot answer now.
    Busy,
    /// It said that it cannot answer this question, which says nothing about others.
    Refused,
    /// It will not answer a question that is put this way: somebody has to change the configuration.
    Setup,
    /// It is left alone, since it failed a short while ago.
    Resting,
}

/// What went wrong with a server: its kind, and words for whoever runs the directory.
///
/// ```
/// use postseal_adapters::directory::ldap::{LdapDirectory, LdapFaultKind, LdapServers};
/// let directory = LdapDirectory::new(LdapServers::listed(&["127.0.0.1:1"])?, "dc=goal,dc=example").build()?;
/// let checks = directory.check();
/// let fault = checks[0].outcome.as_ref().unwrap_err();
/// assert_eq!(fault.kind(), LdapFaultKind::Unreachable);
/// assert_eq!(fault.to_string(), "cannot be connected to: connection refused");
/// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{words}")]
pub struct LdapFault {
    kind: LdapFaultKind,
    words: String,
}

impl LdapFault {
    pub(super) fn new(kind: LdapFaultKind, words: impl fmt::Display) -> Self {
        Self { kind, words: words.to_string() }
    }

    /// What kind of thing it is.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::{LdapFault, LdapFaultKind};
    /// fn is_for_the_administrator(fault: &LdapFault) -> bool {
    ///     fault.kind() == LdapFaultKind::Setup
    /// }
    /// ```
    pub const fn kind(&self) -> LdapFaultKind {
        self.kind
    }

    /// Whether it would be the same at every other server: these are asked with the same configuration, and wrong
    /// credentials that are shown everywhere lock an account.
    pub(super) fn is_for_all_servers(&self) -> bool {
        self.kind == LdapFaultKind::Setup
    }

    /// Whether the fault of a search says something about the server, and not only about what it was asked or how. One entry that is
    /// too large says nothing about others.
    pub(super) fn is_of_the_server(&self) -> bool {
        !matches!(self.kind, LdapFaultKind::Setup | LdapFaultKind::Refused | LdapFaultKind::TooMuch)
    }
}

/// What a system call says, in words that are the same everywhere and name no path.
pub(super) fn io_words(error: &std::io::Error) -> String {
    error.kind().to_string()
}

/// Characters taken of what a server says about itself.
const QUOTED: usize = 160;

/// What a server says about a result, fit for a log: cut short, without control characters, and left out when it repeats a
/// secret.
pub(super) fn quoted(message: &[u8], secret: Option<&str>) -> String {
    let text = String::from_utf8_lossy(message);
    if secret.is_some_and(|secret| text.contains(secret)) {
        return String::new();
    }
    let text: String = text.trim().trim_end_matches('\0').chars().take(QUOTED).flat_map(char::escape_debug).collect();
    if text.is_empty() { text } else { format!(" (it says: {text})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_cut_and_escaped_and_never_a_secret() {
        assert_eq!(quoted(b"", None), "");
        assert_eq!(quoted(b"data 52e\0", None), " (it says: data 52e)");
        assert_eq!(quoted(b"a\x1b[2J\n\xff", None), " (it says: a\\u{1b}[2J\\n\u{fffd})");
        assert_eq!(quoted("\u{202e}x".as_bytes(), None), " (it says: \\u{202e}x)");
        assert_eq!(quoted(b"you said `opensesame`", Some("opensesame")), "");
        assert!(quoted(&[b'a'; 1 << 20], None).len() < 200);
    }
}
