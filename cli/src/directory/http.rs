use super::secret::{Secret, read};
use super::{Configured, probe};
use crate::failure::Failure;
use postseal_adapters::directory::{HttpDirectory, HttpSetupError};
use serde::Deserialize;
use std::path::PathBuf;

/// A certificate server over https.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpConfig {
    /// The mail domains that it is asked about; none is all.
    #[serde(default)]
    pub(super) domains: Vec<String>,
    /// How long it is not asked again about whom it did not know.
    pub(super) not_found_seconds: Option<u64>,
    /// With `{addr}`, `{local}` or `{domain}`.
    url: String,
    token: Option<Secret>,
    user: Option<String>,
    password: Option<Secret>,
    tls_roots: Option<PathBuf>,
}

impl HttpConfig {
    pub(super) fn files(&mut self) -> Vec<&mut PathBuf> {
        let secrets = [&mut self.token, &mut self.password].into_iter().flatten().filter_map(Secret::paths);
        self.tls_roots.iter_mut().chain(secrets).collect()
    }

    pub(super) fn describe(&self) -> String {
        let who = match (&self.token, &self.user) {
            (Some(_), _) => "with a token".to_owned(),
            (None, Some(user)) => format!("as {user} with a password"),
            (None, None) => "as nobody".to_owned(),
        };
        format!("http {}, {who}", self.url)
    }

    pub(super) fn build(&self, name: &str) -> Result<HttpDirectory, Failure> {
        let wrong = |error: HttpSetupError| Failure::usage(format_args!("[directory.{name}]: {error}"));
        let directory = HttpDirectory::new(&self.url).map_err(wrong)?;
        let directory = match (&self.token, &self.user, &self.password) {
            (None, None, None) => directory,
            (Some(token), None, None) => directory.with_bearer_token(&token.read(name)?).map_err(wrong)?,
            (None, Some(user), Some(password)) => {
                directory.with_password(user, &password.read(name)?).map_err(wrong)?
            }
            _ => {
                let words = "give token, or user and password, or nothing of these";
                return Err(Failure::usage(format_args!("[directory.{name}]: {words}")));
            }
        };
        match &self.tls_roots {
            Some(file) => directory.with_tls_roots(&read(file)?).map_err(wrong),
            None => Ok(directory),
        }
    }
}

impl Configured for HttpDirectory {
    fn check(&self) -> Vec<(String, Result<(), String>)> {
        vec![("http".to_owned(), probe(self))]
    }
}
