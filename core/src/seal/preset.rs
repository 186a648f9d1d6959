use super::policy::{Columns, KeyTransportRule};
use crate::cms::{ContentEncryption, RecipientIdentifier};

/// A policy of algorithms for one kind of correspondents, as data: what it demands and who says so.
///
/// ```
/// use postseal::seal::{PRESETS, Preset};
/// assert!(PRESETS.iter().all(|preset| !preset.source.is_empty()));
/// assert_eq!(Preset::from_name("edi-energy").map(|preset| preset.name), Some("edi-energy"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preset {
    /// The name in configurations.
    pub name: &'static str,
    /// Where its rows come from.
    pub source: &'static str,
    /// `Policy::allowed`.
    pub allowed: &'static [ContentEncryption],
    /// `Policy::assumed`.
    pub assumed: &'static [ContentEncryption],
    /// `Policy::follow_capabilities`.
    pub follow_capabilities: bool,
    /// `Policy::require_aead`.
    pub require_aead: bool,
    /// `Policy::key_transport`.
    pub key_transport: KeyTransportRule,
    /// `Policy::identifier`.
    pub identifier: RecipientIdentifier,
    /// `Policy::columns`.
    pub columns: Columns,
}

impl Preset {
    /// The preset with this name.
    ///
    /// ```
    /// assert_eq!(postseal::seal::Preset::from_name("unheard of"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }
}

const GCM: &[ContentEncryption] = &[ContentEncryption::Aes256Gcm, ContentEncryption::Aes128Gcm];
const CBC: &[ContentEncryption] =
    &[ContentEncryption::Aes256Cbc, ContentEncryption::Aes192Cbc, ContentEncryption::Aes128Cbc];
const ALL: &[ContentEncryption] = &[
    ContentEncryption::Aes256Gcm,
    ContentEncryption::Aes128Gcm,
    ContentEncryption::Aes256Cbc,
    ContentEncryption::Aes192Cbc,
    ContentEncryption::Aes128Cbc,
];

/// All presets; the first is the default.
pub const PRESETS: [Preset; 5] = [
    Preset {
        name: "default",
        source: "RFC 8551 2.7.1 where capabilities are signed; AES-CBC for recipients without, because few clients in use \
                 read AuthEnvelopedData: of the signed lists in the mail corpus none names GCM",
        allowed: ALL,
        assumed: CBC,
        follow_capabilities: true,
        require_aead: false,
        key_transport: KeyTransportRule::BySignedCapabilities,
        identifier: RecipientIdentifier::IssuerAndSerialNumber,
        columns: Columns::C64,
    },
    Preset {
        name: "outlook-classic",
        source: "signed capabilities of Outlook 16 (AES-CBC, neither GCM nor RSAES-OAEP); MS-OXOSMIME, which rests on \
                 RFC 5751 and has no authEnveloped-data",
        allowed: CBC,
        assumed: CBC,
        follow_capabilities: true,
        require_aead: false,
        key_transport: KeyTransportRule::Pkcs1,
        identifier: RecipientIdentifier::IssuerAndSerialNumber,
        columns: Columns::C64,
    },
    Preset {
        name: "strict-aead",
        source: "RFC 8551 2.7 (AES-128-GCM and AES-256-GCM MUST) and 2.3 (RSAES-OAEP SHOULD+); CVE-2017-17689 (EFAIL) on CBC",
        allowed: GCM,
        assumed: GCM,
        follow_capabilities: true,
        require_aead: true,
        key_transport: KeyTransportRule::OaepSha256,
        identifier: RecipientIdentifier::IssuerAndSerialNumber,
        columns: Columns::C64,
    },
    Preset {
        name: "edi-energy",
        source: "BDEW, Regelungen zum Uebertragungsweg (EDI@Energy) 1.5, 5.3: RSAES-OAEP (RFC 8017) in the era of \
                 RSASSA-PSS, AES-CBC (RFC 3565); SHA-256 as one of its digests",
        allowed: &[ContentEncryption::Aes256Cbc, ContentEncryption::Aes128Cbc],
        assumed: CBC,
        follow_capabilities: false,
        require_aead: false,
        key_transport: KeyTransportRule::OaepSha256,
        identifier: RecipientIdentifier::IssuerAndSerialNumber,
        columns: Columns::C64,
    },
    Preset {
        name: "edi-energy-gcm",
        source: "BDEW, Regelungen zum Uebertragungsweg 1.7 and later: AES-128-GCM (RFC 5084) as the only content \
                 encryption, in force when the Bundesnetzagentur's postponements end (Mitteilung Nr. 45 of 2024-09-17)",
        allowed: &[ContentEncryption::Aes128Gcm],
        assumed: GCM,
        follow_capabilities: false,
        require_aead: true,
        key_transport: KeyTransportRule::OaepSha256,
        identifier: RecipientIdentifier::IssuerAndSerialNumber,
        columns: Columns::C64,
    },
];
