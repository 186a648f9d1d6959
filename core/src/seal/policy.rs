use super::preset::{PRESETS, Preset};
use crate::cms::{ContentEncryption, RecipientIdentifier};

/// What a route does about recipients who cannot be reached.
///
/// The library never makes plaintext; what a host sends to those who are left out is the host's word.
///
/// ```
/// use postseal::seal::Mode;
/// assert_eq!(Mode::from_name("if-possible"), Some(Mode::IfPossible));
/// assert_eq!(Mode::default(), Mode::AllOrNothing);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Nothing is asked and nothing is encrypted.
    Never,
    /// Encrypted for whom it is possible; the host may send the others plaintext.
    IfPossible,
    /// Encrypted for whom it is possible; the others get nothing.
    OnlyEncrypted,
    /// Everybody, or no message at all.
    #[default]
    AllOrNothing,
}

impl Mode {
    /// All modes.
    ///
    /// ```
    /// assert_eq!(postseal::seal::Mode::ALL.len(), 4);
    /// ```
    pub const ALL: [Self; 4] = [Self::Never, Self::IfPossible, Self::OnlyEncrypted, Self::AllOrNothing];

    /// The name in configurations.
    ///
    /// ```
    /// assert_eq!(postseal::seal::Mode::OnlyEncrypted.name(), "only-encrypted");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::IfPossible => "if-possible",
            Self::OnlyEncrypted => "only-encrypted",
            Self::AllOrNothing => "all-or-nothing",
        }
    }

    /// The mode with this name.
    ///
    /// ```
    /// assert_eq!(postseal::seal::Mode::from_name("sometimes"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// How the content key is encrypted to an RSA key. A key that is marked for RSAES-OAEP only gets nothing else, whatever
/// this says.
///
/// ```
/// assert_eq!(postseal::seal::KeyTransportRule::default(), postseal::seal::KeyTransportRule::BySignedCapabilities);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyTransportRule {
    /// RSAES-OAEP as the recipient's signed capabilities name it, RSAES-PKCS1-v1_5 for everybody else.
    #[default]
    BySignedCapabilities,
    /// RSAES-PKCS1-v1_5 (RFC 3370 4.2.1).
    Pkcs1,
    /// RSAES-OAEP with SHA-1, its default parameters (RFC 3560).
    OaepSha1,
    /// RSAES-OAEP with SHA-256 and MGF1 with SHA-256 (RFC 3560).
    OaepSha256,
}

/// Whether an address with a held candidate is still encrypted to.
///
/// ```
/// assert_eq!(postseal::seal::OnConflict::default(), postseal::seal::OnConflict::KeepActive);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnConflict {
    /// To the certificate that was in use before, as long as it can be used. After that, and if no directory has another one,
    /// an operator must decide: there is no plaintext either.
    #[default]
    KeepActive,
    /// To neither, until an operator decides.
    FailClosed,
}

/// What becomes of a mail that is encrypted already. It is never wrapped a second time.
///
/// ```
/// assert_eq!(postseal::seal::OnEncrypted::default(), postseal::seal::OnEncrypted::Refuse);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnEncrypted {
    /// An error: nobody has checked whom it is encrypted to.
    #[default]
    Refuse,
    /// The host sends it as it is.
    Pass,
}

/// Whether header fields are protected too (RFC 9788).
///
/// ```
/// assert_eq!(postseal::seal::HeaderProtection::default(), postseal::seal::HeaderProtection::Off);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HeaderProtection {
    /// Only what stands in the body is encrypted.
    #[default]
    Off,
    /// The fields stand inside as well, and the outer Subject is obscured: `hcp_baseline` (RFC 9788 3.2.1); and Thread-Topic,
    /// in which Exchange repeats it, is inside only.
    Baseline,
}

/// Characters in a line of base64.
///
/// ```
/// assert_eq!(postseal::seal::Columns::default(), postseal::seal::Columns::C64);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Columns {
    /// 64, as OpenSSL and Outlook write.
    #[default]
    C64,
    /// 76, the most that RFC 2045 6.8 allows.
    C76,
}

/// How the messages of a route are encrypted.
///
/// ```
/// use postseal::seal::{ContentEncryption, Mode, Policy};
/// let mut policy = Policy::default();
/// policy.mode = Mode::OnlyEncrypted;
/// assert_eq!(policy.allowed[0], ContentEncryption::Aes256Gcm);
/// assert!(!policy.assumed.contains(&ContentEncryption::Aes256Gcm), "GCM only for those who signed that they read it");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// What to do about recipients who cannot be reached.
    pub mode: Mode,
    /// The content encryptions that may be used, the best first. The first one that every recipient reads is used; when
    /// there is none, the last one that is not authenticated.
    pub allowed: Vec<ContentEncryption>,
    /// What a recipient reads who never signed what he reads, or who named none of these.
    pub assumed: Vec<ContentEncryption>,
    /// Whether what recipients signed that they read counts. Where an agreement says what everybody reads, it outranks what
    /// somebody's software lists: then [`Policy::assumed`] holds for all.
    pub follow_capabilities: bool,
    /// Only authenticated encryption: whoever does not read it is not reached.
    pub require_aead: bool,
    /// How the content key is encrypted to RSA keys.
    pub key_transport: KeyTransportRule,
    /// How a recipient's certificate is named. The issuer and serial number tell an observer more than a key identifier.
    pub identifier: RecipientIdentifier,
    /// To every valid certificate of a recipient instead of the best one, for people with several devices.
    pub all_valid: bool,
    /// Whether an address with a held candidate is still encrypted to.
    pub conflict: OnConflict,
    /// What becomes of a mail that is encrypted already.
    pub already_encrypted: OnEncrypted,
    /// Whether header fields are protected too.
    pub header_protection: HeaderProtection,
    /// Characters in a line of base64.
    pub columns: Columns,
}

impl Policy {
    /// The policy of a preset.
    ///
    /// ```
    /// use postseal::seal::Policy;
    /// assert!(Policy::preset("strict-aead").is_some_and(|policy| policy.require_aead));
    /// assert_eq!(Policy::preset("unheard of"), None);
    /// ```
    pub fn preset(name: &str) -> Option<Self> {
        Preset::from_name(name).map(Self::from)
    }

    /// The same policy with the algorithms of a preset.
    ///
    /// ```
    /// use postseal::seal::{Mode, PRESETS, Policy};
    /// let mut policy = Policy::default();
    /// policy.mode = Mode::IfPossible;
    /// assert_eq!(policy.with_preset(&PRESETS[2]).mode, Mode::IfPossible);
    /// ```
    #[must_use]
    pub fn with_preset(self, preset: &Preset) -> Self {
        let Self { mode, all_valid, conflict, already_encrypted, header_protection, .. } = self;
        Self { mode, all_valid, conflict, already_encrypted, header_protection, ..Self::from(preset) }
    }
}

impl Default for Policy {
    /// The preset `default`, for everybody or nobody.
    fn default() -> Self {
        Self::from(&PRESETS[0])
    }
}

impl From<&Preset> for Policy {
    fn from(preset: &Preset) -> Self {
        Self {
            mode: Mode::default(),
            allowed: preset.allowed.to_vec(),
            assumed: preset.assumed.to_vec(),
            follow_capabilities: preset.follow_capabilities,
            require_aead: preset.require_aead,
            key_transport: preset.key_transport,
            identifier: preset.identifier,
            all_valid: false,
            conflict: OnConflict::default(),
            already_encrypted: OnEncrypted::default(),
            header_protection: HeaderProtection::default(),
            columns: preset.columns,
        }
    }
}
