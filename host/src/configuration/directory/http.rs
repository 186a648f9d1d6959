use super::{Configured, NOT_FOUND_SECONDS, Settings, probe, read_file};
use crate::ConfigurationError;
use crate::configuration::secret::Secret;
use postseal::verify::Limits;
use postseal_adapters::directory::{HttpDirectory, HttpSetupError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// A certificate server over https.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::configuration) struct HttpConfig {
    /// The mail domains that it is asked about. Without this key, all.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    domains: Option<Vec<String>>,
    /// How long it is not asked again about whom it did not know. 300 without this, and 0 turns it off.
    not_found_seconds: Option<u64>,
    /// https://HOST/PATH with {addr}, {local} or {domain} in path or query, and {key} where key is given.
    url: String,
    /// Where the value of {key} is: for servers that want a key in the URL.
    key: Option<Secret>,
    /// Where a bearer token is.
    token: Option<Secret>,
    /// A name, with its password.
    user: Option<String>,
    /// Where the password is.
    password: Option<Secret>,
    /// Roots for TLS in PEM, instead of the system's.
    tls_roots: Option<PathBuf>,
}

/// What stands for the key in the template.
const KEY: &str = "{key}";

/// Who asks.
enum Who<'a> {
    Nobody,
    Token(&'a Secret),
    User(&'a str, &'a Secret),
}

impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { domains, not_found_seconds, url: _, key, token, user, password, tls_roots } = self;
        f.debug_struct("HttpConfig")
            .field("domains", domains)
            .field("not_found_seconds", not_found_seconds)
            .field("url", &self.shown_url())
            .field("key", key)
            .field("token", token)
            .field("user", user)
            .field("password", password)
            .field("tls_roots", tls_roots)
            .finish()
    }
}

impl HttpConfig {
    fn who(&self) -> Result<Who<'_>, ConfigurationError> {
        match (&self.token, &self.user, &self.password) {
            (None, None, None) => Ok(Who::Nobody),
            (Some(token), None, None) => Ok(Who::Token(token)),
            (None, Some(user), Some(password)) => Ok(Who::User(user, password)),
            (token, user, _) => {
                let key = if user.is_some() { "user" } else { "password" };
                let key = if token.is_some() { "token" } else { key };
                Err(ConfigurationError::new("give token, or user and password, or nothing of these").at(key))
            }
        }
    }

    fn directory(&self, key: &str) -> Result<HttpDirectory, ConfigurationError> {
        let wrong = |words: &str| ConfigurationError::new(words).at("url");
        match (self.url.contains(KEY), &self.key) {
            (true, None) => return Err(wrong("{key} stands for nothing; give key")),
            (false, Some(_)) => return Err(ConfigurationError::new("there is no {key} in the url").at("key")),
            _ => {}
        }
        let url = Zeroizing::new(self.url.replace(KEY, key));
        HttpDirectory::new(&url).map_err(|error| wrong(&error.to_string()))
    }

    /// As it may be printed: a fixed value in the query may be a key.
    fn shown_url(&self) -> String {
        let Some((path, query)) = self.url.split_once('?') else { return self.url.clone() };
        let shown = |parameter: &str| match parameter.split_once('=') {
            Some((name, value)) if !value.contains('{') => format!("{name}=..."),
            _ => parameter.to_owned(),
        };
        format!("{path}?{}", query.split('&').map(shown).collect::<Vec<_>>().join("&"))
    }
}

impl Settings for HttpConfig {
    fn domains(&self) -> Option<&[String]> {
        self.domains.as_deref()
    }

    fn not_found_seconds(&self) -> u64 {
        self.not_found_seconds.unwrap_or(NOT_FOUND_SECONDS)
    }

    fn settle(&mut self) {
        self.not_found_seconds = Some(self.not_found_seconds());
        self.url = self.shown_url();
    }

    fn files(&mut self) -> Vec<&mut PathBuf> {
        let secrets = [&mut self.key, &mut self.token, &mut self.password].into_iter().flatten();
        self.tls_roots.iter_mut().chain(secrets.filter_map(Secret::paths)).collect()
    }

    fn describe(&self) -> String {
        let who = match (&self.token, &self.user) {
            (Some(_), _) => "with a token".to_owned(),
            (None, Some(user)) => format!("as {user} with a password"),
            (None, None) => "as nobody".to_owned(),
        };
        format!("http {}, {who}", self.shown_url())
    }

    fn check(&self) -> Result<(), ConfigurationError> {
        self.who()?;
        self.directory("key").map(drop)
    }

    fn build(&self, limits: &Limits) -> Result<Box<dyn Configured>, ConfigurationError> {
        let unusable = |key: &'static str| move |error: HttpSetupError| ConfigurationError::new(error).at(key);
        let read = |secret: &Secret, key: &'static str| secret.read().map_err(|error| error.at(key));
        let key = self.key.as_ref().map(|key| read(key, "key")).transpose()?;
        let directory = self.directory(&key.map(|key| percent_encoded(&key)).unwrap_or_default())?;
        let directory = directory.with_reading_limits(limits.clone());
        let directory = match self.who()? {
            Who::Nobody => directory,
            Who::Token(token) => directory.with_bearer_token(&read(token, "token")?).map_err(unusable("token"))?,
            Who::User(user, password) => {
                directory.with_password(user, &read(password, "password")?).map_err(unusable("password"))?
            }
        };
        let Some(file) = &self.tls_roots else { return Ok(Box::new(directory)) };
        let roots = read_file(file).map_err(|error| error.at("tls_roots"))?;
        let unusable = |error| ConfigurationError::of_file(file, error).at("tls_roots");
        Ok(Box::new(directory.with_tls_roots(&roots).map_err(unusable)?))
    }
}

/// RFC 3986 2.1: all but the unreserved characters.
fn percent_encoded(text: &str) -> Zeroizing<String> {
    let mut encoded = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            encoded.push(char::from(octet));
        } else {
            encoded.push_str(&format!("%{octet:02X}"));
        }
    }
    encoded
}

impl Configured for HttpDirectory {
    fn check(&self) -> Vec<(String, Result<(), String>)> {
        vec![("http".to_owned(), probe(self))]
    }
}
