use super::EntraError;
use super::assertion::{Assertion, Moment};
use super::cloud::Base;
use super::fault::{Fault, Kind};
use super::odata;
use http::{HeaderValue, Request, header};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// How the application proves who it is.
///
/// Best first: a managed identity or a federated token (nothing to keep), a certificate (the key never leaves this machine), a
/// client secret. What it holds is never shown:
///
/// ```
/// use postseal_adapters::directory::entra::EntraCredential;
/// let credential = EntraCredential::client_secret("8d3c7f0a-app", "s3cr3t");
/// assert_eq!(format!("{credential:?}"), "EntraCredential(client secret)");
/// ```
#[derive(Clone)]
pub struct EntraCredential(Proof);

#[derive(Clone)]
enum Proof {
    Secret { client: String, secret: Arc<Zeroizing<String>> },
    Certificate { client: String, assertion: Arc<Assertion> },
    Federated { client: String, token: Arc<ReadToken> },
    Managed { identity: ManagedIdentity, client: Option<String> },
}

type ReadToken = dyn Fn() -> std::io::Result<Zeroizing<Vec<u8>>> + Send + Sync;

/// Octets of a federated token; those of clusters have two to three thousand.
const FEDERATED: u64 = 64 << 10;

impl EntraCredential {
    /// A client secret of the application with this id.
    ///
    /// ```
    /// let credential = postseal_adapters::directory::entra::EntraCredential::client_secret("app", "s3cr3t");
    /// # let _ = credential;
    /// ```
    #[must_use]
    pub fn client_secret(client: &str, secret: &str) -> Self {
        let secret = Arc::new(Zeroizing::new(secret.to_owned()));
        Self(Proof::Secret { client: client.to_owned(), secret })
    }

    /// A certificate that was uploaded for the application with this id, and its RSA key, each as PEM or DER. What is signed
    /// with the key (PS256) is a statement of who asks, good for some minutes and at one address.
    ///
    /// # Errors
    /// [`EntraError`] when one cannot be read, or the certificate is not that of the key.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::{EntraCredential, EntraError};
    /// let refused = EntraCredential::certificate("app", b"no certificate", b"no key");
    /// assert_eq!(refused.unwrap_err(), EntraError::UnreadableCertificate);
    /// ```
    pub fn certificate(client: &str, certificate: &[u8], private_key: &[u8]) -> Result<Self, EntraError> {
        let assertion = Arc::new(Assertion::new(client, certificate, private_key)?);
        Ok(Self(Proof::Certificate { client: client.to_owned(), assertion }))
    }

    /// A token of another identity provider that the application with this id trusts, in a file that is read again each time,
    /// as Kubernetes keeps it up to date (`AZURE_FEDERATED_TOKEN_FILE`).
    ///
    /// ```
    /// use postseal_adapters::directory::entra::EntraCredential;
    /// let credential = EntraCredential::federated_token_file("app", "/var/run/secrets/azure/tokens/azure-identity-token");
    /// assert_eq!(format!("{credential:?}"), "EntraCredential(federated token)");
    /// ```
    #[must_use]
    pub fn federated_token_file(client: &str, file: impl AsRef<Path>) -> Self {
        let file = file.as_ref().to_owned();
        Self::federated_token(client, move || {
            use std::io::Read;
            let mut token = Zeroizing::new(Vec::new());
            std::fs::File::open(&file)?.take(FEDERATED).read_to_end(&mut token)?;
            Ok(token.to_vec())
        })
    }

    /// As [`federated_token_file`](Self::federated_token_file), from wherever the token is kept.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::EntraCredential;
    /// let credential = EntraCredential::federated_token("app", || Ok(b"eyJhbGciOi".to_vec()));
    /// # let _ = credential;
    /// ```
    #[must_use]
    pub fn federated_token(client: &str, token: impl Fn() -> std::io::Result<Vec<u8>> + Send + Sync + 'static) -> Self {
        let token = Arc::new(move || token().map(Zeroizing::new));
        Self(Proof::Federated { client: client.to_owned(), token })
    }

    /// The identity that the platform gives to this machine or application; that of this client id where it has several.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::{EntraCredential, ManagedIdentity};
    /// let credential = EntraCredential::managed_identity(ManagedIdentity::of_machine(), None);
    /// assert_eq!(format!("{credential:?}"), "EntraCredential(managed identity)");
    /// ```
    #[must_use]
    pub fn managed_identity(identity: ManagedIdentity, client: Option<&str>) -> Self {
        Self(Proof::Managed { identity, client: client.map(ToOwned::to_owned) })
    }

    /// The host that gives the tokens.
    pub(super) fn host<'a>(&'a self, login: &'a Base) -> &'a str {
        match &self.0 {
            Proof::Managed { identity, .. } => identity.endpoint.host(),
            _ => login.host(),
        }
    }

    /// The request for a token for this resource.
    pub(super) fn request(
        &self,
        (login, tenant): (&Base, &str),
        resource: &str,
        moment: &Moment,
    ) -> Result<Request<Vec<u8>>, Fault> {
        let at = format!("{}/{}/oauth2/v2.0/token", login.as_str(), odata::encode(tenant));
        let scope = format!("{resource}/.default");
        match &self.0 {
            Proof::Secret { client, secret } => form(&at, &scope, client, &[("client_secret", secret)]),
            Proof::Certificate { client, assertion } => {
                let assertion = assertion.sign(&at, moment)?;
                form(&at, &scope, client, &[JWT, ("client_assertion", &assertion)])
            }
            Proof::Federated { client, token } => {
                let unreadable = || Fault::new(Kind::Forbidden, "the federated token cannot be read");
                let token = token().map_err(|_| unreadable())?;
                let token = str::from_utf8(&token).map_err(|_| unreadable())?.trim();
                form(&at, &scope, client, &[JWT, ("client_assertion", token)])
            }
            Proof::Managed { identity, client } => identity.request(resource, client.as_deref()),
        }
    }
}

const JWT: (&str, &str) = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");

fn form(at: &str, scope: &str, client: &str, proof: &[(&str, &str)]) -> Result<Request<Vec<u8>>, Fault> {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.append_pair("client_id", client);
    body.append_pair("scope", scope);
    body.append_pair("grant_type", "client_credentials");
    body.extend_pairs(proof);
    let request = Request::post(at)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json");
    request.body(body.finish().into_bytes()).map_err(|_| unfit())
}

fn unfit() -> Fault {
    Fault::new(Kind::Forbidden, "the credential cannot be put into a request")
}

impl fmt::Debug for EntraCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Proof::Secret { .. } => "client secret",
            Proof::Certificate { .. } => "certificate",
            Proof::Federated { .. } => "federated token",
            Proof::Managed { .. } => "managed identity",
        };
        write!(f, "EntraCredential({kind})")
    }
}

/// Where a platform gives tokens to what runs on it.
///
/// ```
/// use postseal_adapters::directory::entra::ManagedIdentity;
/// let identity = ManagedIdentity::of_app_service("http://127.0.0.1:41741/msi/token", "s3cr3t")?;
/// assert_eq!(format!("{identity:?}"), "ManagedIdentity(127.0.0.1)");
/// # Ok::<(), postseal_adapters::directory::entra::EntraError>(())
/// ```
#[derive(Clone)]
pub struct ManagedIdentity {
    endpoint: Base,
    /// That of App Service; the metadata service of machines has none.
    header: Option<Arc<Zeroizing<String>>>,
}

impl ManagedIdentity {
    /// That of a virtual machine or a scale set: the metadata service at 169.254.169.254.
    ///
    /// ```
    /// let identity = postseal_adapters::directory::entra::ManagedIdentity::of_machine();
    /// # let _ = identity;
    /// ```
    #[must_use]
    pub fn of_machine() -> Self {
        // Known to be good, so that nobody has to deal with an error that cannot be.
        Self { endpoint: Base::metadata(), header: None }
    }

    /// As [`of_machine`](Self::of_machine), at another address: Azure Arc's agent, or a proxy for pods.
    ///
    /// # Errors
    /// [`EntraError::IdentityEndpoint`] when it is neither https nor http to a loopback or link-local address.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::ManagedIdentity;
    /// assert!(ManagedIdentity::of_machine_at("http://127.0.0.1:2579").is_ok());
    /// assert!(ManagedIdentity::of_machine_at("http://identity.example").is_err());
    /// ```
    pub fn of_machine_at(endpoint: &str) -> Result<Self, EntraError> {
        Ok(Self { endpoint: Base::nearby(endpoint)?, header: None })
    }

    /// That of App Service, Functions and Container Apps, by what the platform writes into the environment:
    /// `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`.
    ///
    /// # Errors
    /// As for [`of_machine_at`](Self::of_machine_at).
    ///
    /// ```
    /// use postseal_adapters::directory::entra::ManagedIdentity;
    /// assert!(ManagedIdentity::of_app_service("http://127.0.0.1:41741/msi/token", "s3cr3t").is_ok());
    /// ```
    pub fn of_app_service(endpoint: &str, header: &str) -> Result<Self, EntraError> {
        let header = Some(Arc::new(Zeroizing::new(header.to_owned())));
        Ok(Self { endpoint: Base::nearby(endpoint)?, header })
    }

    /// As [`of_app_service`](Self::of_app_service), from this process's environment.
    ///
    /// # Errors
    /// [`EntraError::NoIdentityInEnvironment`].
    ///
    /// ```
    /// let identity = postseal_adapters::directory::entra::ManagedIdentity::from_environment();
    /// # let _ = identity;
    /// ```
    pub fn from_environment() -> Result<Self, EntraError> {
        let read = |name| std::env::var(name).map_err(|_| EntraError::NoIdentityInEnvironment);
        let (endpoint, header) = (read("IDENTITY_ENDPOINT")?, Zeroizing::new(read("IDENTITY_HEADER")?));
        Self::of_app_service(&endpoint, &header).map_err(|_| EntraError::NoIdentityInEnvironment)
    }

    fn request(&self, resource: &str, client: Option<&str>) -> Result<Request<Vec<u8>>, Fault> {
        let (version, path) = match &self.header {
            Some(_) => ("2019-08-01", [].as_slice()),
            None => ("2018-02-01", ["metadata", "identity", "oauth2", "token"].as_slice()),
        };
        let mut options = vec![("api-version", version), ("resource", resource)];
        options.extend(client.map(|client| ("client_id", client)));
        let mut request = Request::get(odata::url(self.endpoint.as_str(), path, &options));
        match &self.header {
            Some(secret) => {
                let mut value = HeaderValue::from_str(secret).map_err(|_| unfit())?;
                value.set_sensitive(true);
                request = request.header("x-identity-header", value);
            }
            // Proof that nobody was led here by a redirect.
            None => request = request.header("metadata", "true"),
        }
        request.body(Vec::new()).map_err(|_| unfit())
    }
}

impl fmt::Debug for ManagedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManagedIdentity({})", self.endpoint.host())
    }
}
