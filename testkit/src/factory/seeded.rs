use super::authority::{Authority, AuthoritySpec};
use super::certificate::CertSpec;
use super::key::{Key, KeyAlgorithm};
use super::scheme::Digest;

/// Hands out keys and serial numbers that all follow from one seed.
///
/// ```
/// use postseal_testkit::factory::{CertFactory, KeyAlgorithm};
/// let (mut one, mut two) = (CertFactory::new(7), CertFactory::new(7));
/// assert_eq!(one.authority("Root", KeyAlgorithm::P256).der(), two.authority("Root", KeyAlgorithm::P256).der());
/// ```
#[derive(Clone, Debug)]
pub struct CertFactory {
    seed: u64,
    count: u64,
    rsa_keys: u64,
}

impl CertFactory {
    /// A factory. Another seed gives other keys and serial numbers; of RSA keys there are only six to choose from.
    ///
    /// ```
    /// use postseal_testkit::factory::{CertFactory, KeyAlgorithm};
    /// let keys = |seed| CertFactory::new(seed).key(KeyAlgorithm::Ed25519);
    /// assert_ne!(keys(1), keys(2));
    /// ```
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, count: 0, rsa_keys: 0 }
    }

    /// The next key. Six RSA keys in a row are six keys.
    ///
    /// ```
    /// use postseal_testkit::factory::{CertFactory, KeyAlgorithm};
    /// let mut factory = CertFactory::new(1);
    /// assert_ne!(factory.key(KeyAlgorithm::Rsa2048), factory.key(KeyAlgorithm::Rsa2048));
    /// ```
    pub fn key(&mut self, algorithm: KeyAlgorithm) -> Key {
        let number = self.next();
        match algorithm {
            KeyAlgorithm::Rsa2048 => {
                self.rsa_keys += 1;
                let all = u64::try_from(Key::RSA_KEYS).unwrap();
                Key::Rsa(usize::try_from((self.seed % all + self.rsa_keys) % all).unwrap())
            }
            KeyAlgorithm::P256 => Key::P256(number),
            KeyAlgorithm::P384 => Key::P384(number),
            KeyAlgorithm::P521 => Key::P521(number),
            KeyAlgorithm::Ed25519 => Key::Ed25519(number),
            KeyAlgorithm::X25519 => Key::X25519(number),
        }
    }

    /// A serial number of at most 63 bits.
    ///
    /// ```
    /// let mut factory = postseal_testkit::factory::CertFactory::new(1);
    /// assert_ne!(factory.serial(), factory.serial());
    /// ```
    pub fn serial(&mut self) -> u64 {
        self.next() >> 1
    }

    /// What a CA with a new key and serial number is to say, to be changed before it is made.
    ///
    /// ```
    /// use postseal_testkit::factory::{Authority, CertFactory, KeyAlgorithm};
    /// let mut spec = CertFactory::new(1).authority_spec("Root", KeyAlgorithm::P521);
    /// spec.path_length = Some(0);
    /// let root = Authority::self_signed(&spec);
    /// # let _ = root;
    /// ```
    pub fn authority_spec(&mut self, subject: &str, algorithm: KeyAlgorithm) -> AuthoritySpec {
        let key = self.key(algorithm);
        AuthoritySpec { serial: self.serial(), ..AuthoritySpec::new(subject, key) }
    }

    /// A self-signed root with a new key.
    ///
    /// ```
    /// use postseal_testkit::factory::{CertFactory, KeyAlgorithm};
    /// assert_eq!(CertFactory::new(1).authority("Root", KeyAlgorithm::Rsa2048).der()[0], 0x30);
    /// ```
    pub fn authority(&mut self, subject: &str, algorithm: KeyAlgorithm) -> Authority {
        Authority::self_signed(&self.authority_spec(subject, algorithm))
    }

    /// What a certificate for a mailbox with a new key and serial number is to say.
    ///
    /// ```
    /// use postseal_testkit::factory::{CertFactory, KeyAlgorithm};
    /// let mut factory = CertFactory::new(1);
    /// let root = factory.authority("Root", KeyAlgorithm::P256);
    /// let alice = root.issue(&factory.person("alice@goal.example", KeyAlgorithm::P256));
    /// assert_ne!(alice.der(), root.der());
    /// ```
    pub fn person(&mut self, mailbox: &str, algorithm: KeyAlgorithm) -> CertSpec {
        let key = self.key(algorithm);
        CertSpec { serial: self.serial(), ..CertSpec::mailbox(mailbox, key) }
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        let octets = Digest::Sha256.of(&[self.seed.to_be_bytes(), self.count.to_be_bytes()].concat());
        u64::from_be_bytes(octets[..8].try_into().unwrap())
    }
}
