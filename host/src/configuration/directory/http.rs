use super::{Configured, Settings, place, probe, read_file};
use crate::ConfigurationError;
use crate::configuration::secret::Secret;
use postseal_adapters::directory::{HttpDirectory, HttpSetupError};
use serde::Deserialize;
use std::path::PathBuf;

/// A certificate server over https.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::configuration) struct HttpConfig {
    /// The mail domains that it is asked about; none is all.
    domains: Option<Vec<String>>,
    /// How long it is not asked again about whom it did not know.
    not_found_seconds: Option<u64>,
    /// With `{addr}`, `{local}` or `{domain}`.
    url: String,
    token: Option<Secret>,
    user: Option<String>,
    password: Option<Secret>,
    tls_roots: Option<PathBuf>,
}

impl Settings for HttpConfig {
    fn domains(&self) -> Option<&[String]> {
        self.domains.as_deref()
    }

    fn not_found_seconds(&self) -> Option<u64> {
        self.not_found_seconds
    }

    fn files(&mut self) -> Vec<&mut PathBuf> {
        let secrets = [&mut self.token, &mut self.password].into_iter().flatten().filter_map(Secret::paths);
        self.tls_roots.iter_mut().chain(secrets).collect()
    }

    fn describe(&self) -> String {
        let who = match (&self.token, &self.user) {
            (Some(_), _) => "with a token".to_owned(),
            (None, Some(user)) => format!("as {user} with a password"),
            (None, None) => "as nobody".to_owned(),
        };
        // What follows the path may be a key.
        let shown = self.url.split_once('?').map_or_else(|| self.url.clone(), |(path, _)| format!("{path}?..."));
        format!("http {shown}, {who}")
    }

    fn build(&self, name: &str) -> Result<Box<dyn Configured>, ConfigurationError> {
        let wrong = |error: HttpSetupError| ConfigurationError::of_directory(name, error);
        let directory = HttpDirectory::new(&self.url).map_err(wrong)?;
        let directory = match (&self.token, &self.user, &self.password) {
            (None, None, None) => directory,
            (Some(token), None, None) => directory.with_bearer_token(&token.read(&place(name))?).map_err(wrong)?,
            (None, Some(user), Some(password)) => {
                directory.with_password(user, &password.read(&place(name))?).map_err(wrong)?
            }
            _ => {
                let words = "give token, or user and password, or nothing of these";
                return Err(ConfigurationError::of_directory(name, words));
            }
        };
        match &self.tls_roots {
            Some(file) => Ok(Box::new(directory.with_tls_roots(&read_file(file)?).map_err(wrong)?)),
            None => Ok(Box::new(directory)),
        }
    }
}

impl Configured for HttpDirectory {
    fn check(&self) -> Vec<(String, Result<(), String>)> {
        vec![("http".to_owned(), probe(self))]
    }
}
