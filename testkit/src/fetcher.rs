use postseal::fetch::Fetcher;
use postseal::query::{FetchCrl, FetchIssuer, FetchOcsp, Unavailable};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A fetcher that says what a test wants it to say, and remembers what it was asked.
///
/// ```
/// use postseal::{fetch::Fetcher, query::FetchCrl};
/// use postseal_testkit::ScriptedFetcher;
/// let fetcher = ScriptedFetcher::new().serves("http://ca.example/1.crl", vec![0x30, 0]);
/// assert_eq!(fetcher.fetch_crl(&FetchCrl::new("http://ca.example/1.crl", 10)).unwrap(), [0x30, 0]);
/// assert!(fetcher.fetch_crl(&FetchCrl::new("http://ca.example/2.crl", 10)).is_err());
/// assert_eq!(fetcher.asked(), ["http://ca.example/1.crl", "http://ca.example/2.crl"]);
/// ```
#[derive(Debug, Default)]
pub struct ScriptedFetcher {
    answers: BTreeMap<String, Vec<u8>>,
    asked: Mutex<Vec<String>>,
    requests: Mutex<Vec<Vec<u8>>>,
}

impl ScriptedFetcher {
    /// One that reaches nobody.
    ///
    /// ```
    /// assert!(postseal_testkit::ScriptedFetcher::new().asked().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With these octets at this address.
    ///
    /// ```
    /// let fetcher = postseal_testkit::ScriptedFetcher::new().serves("http://ca.example/", vec![]);
    /// # let _ = fetcher;
    /// ```
    #[must_use]
    pub fn serves(mut self, url: &str, octets: Vec<u8>) -> Self {
        self.answers.insert(url.to_owned(), octets);
        self
    }

    /// The addresses that were asked, in order.
    ///
    /// ```
    /// assert!(postseal_testkit::ScriptedFetcher::new().asked().is_empty());
    /// ```
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The OCSP requests, in order.
    ///
    /// ```
    /// assert!(postseal_testkit::ScriptedFetcher::new().requests().is_empty());
    /// ```
    #[must_use]
    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn get(&self, url: &str, limit: usize) -> Result<Vec<u8>, Unavailable> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(url.to_owned());
        match self.answers.get(url) {
            Some(octets) if octets.len() <= limit => Ok(octets.clone()),
            Some(_) => Err(Unavailable::because("more octets than asked for")),
            None => Err(Unavailable::because("nobody there")),
        }
    }
}

impl Fetcher for ScriptedFetcher {
    fn fetch_crl(&self, query: &FetchCrl) -> Result<Vec<u8>, Unavailable> {
        self.get(&query.at, query.limit)
    }

    fn fetch_ocsp(&self, query: &FetchOcsp) -> Result<Vec<u8>, Unavailable> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(query.request.clone());
        self.get(&query.at, query.limit)
    }

    fn fetch_issuer(&self, query: &FetchIssuer) -> Result<Vec<u8>, Unavailable> {
        self.get(&query.at, query.limit)
    }
}
