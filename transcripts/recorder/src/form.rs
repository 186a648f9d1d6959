//! The form of a transcript, as `../README.md` has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::path::Path;

/// Octets, base64 in the file.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Octets(pub Vec<u8>);

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", self.0.len())
    }
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(|error| de::Error::custom(format!("base64: {error}")))
    }
}

/// Which operation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationKind {
    /// `Engine::import`.
    Import,
    /// `Engine::begin_encryption`, and what sealing gives.
    Encrypt,
}

/// One conversation.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// One sentence: what it shows.
    pub about: String,
    /// Import or encrypt.
    pub operation: OperationKind,
    /// Seconds since 1970, UTC.
    pub now: i64,
    /// Whose mail it is.
    pub tenant: String,
    /// The tenant's route, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// 64 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ocsp_nonce: Option<String>,
    /// Import only: nothing is stored.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dry_run: bool,
    /// The mail.
    pub mail: Octets,
    /// Encrypt only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visible: Vec<String>,
    /// Encrypt only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
    /// The configuration file.
    pub configuration: String,
    /// The conversation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turn: Vec<Turn>,
    /// How it ends.
    pub outcome: toml::Table,
    /// The trace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event: Vec<toml::Table>,
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// What `poll` gives.
    Ask(Ask),
    /// `poll` has nothing more to ask.
    Wait(bool),
    /// What the host answers.
    Answer(Answer),
    /// What a host must not do.
    Misuse(Misuse),
}

/// A question with its number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Ask {
    /// From 1.
    pub number: u32,
    /// What is asked.
    #[serde(flatten)]
    pub question: Question,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "question", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the members of the questions of the engine")]
pub enum Question {
    FindStored { tenant: String, addresses: Vec<String> },
    PutStored { tenant: String, address: String, expect: u64, change: String, fingerprint: String },
    ResolveDirectory { tenant: String, directory: String, addresses: Vec<String> },
    FetchCrl { at: String, limit: usize },
    FetchOcsp { at: String, request: Octets, limit: usize },
    FetchIssuer { at: String, limit: usize },
}

/// An answer, to which question.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Answer {
    /// The number of the question.
    pub to: u32,
    /// What is answered.
    #[serde(flatten)]
    pub reply: Reply,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the members of the answers")]
pub enum Reply {
    Unavailable(String),
    Entries(Vec<Entry>),
    Stored(bool),
    Conflict(Entry),
    Replies(Vec<DirectoryReply>),
    Body(Octets),
}

/// What is stored for a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the members of an entry")]
pub struct Entry {
    pub address: String,
    pub version: u64,
    #[serde(default)]
    pub certs: Vec<Stored>,
}

/// One stored certificate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the members of a stored certificate")]
pub struct Stored {
    pub state: String,
    pub der: Octets,
    #[serde(default)]
    pub issuers: Vec<Octets>,
    pub issuer_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Octets>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<i64>,
    pub source: String,
    pub imported_at: i64,
}

/// What a directory says about one address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the replies of a directory")]
pub enum DirectoryReply {
    Found(Vec<Loan>),
    NotFound(bool),
    Unavailable(String),
}

/// One certificate that a directory lends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the members of a loan")]
pub struct Loan {
    pub der: Octets,
    #[serde(default)]
    pub issuers: Vec<Octets>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Octets>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<i64>,
    #[serde(default)]
    pub preferred: bool,
}

/// What a host must not do, and the error that it gets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Misuse {
    /// What it does.
    pub kind: MisuseKind,
    /// The number of the question, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
    /// The code's name.
    pub code: String,
    /// Its number.
    pub number: u16,
    /// Whose fault it is.
    pub fault: String,
}

/// What a host does and must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MisuseKind {
    /// It hands in the answer to a question of another operation.
    ForeignAnswer,
    /// It polls when the result has been given.
    PollAfterDone,
    /// It answers a question a second time.
    AnswerTwice,
    /// It answers with another kind of answer than was asked for.
    AnswerKind,
}

impl Transcript {
    /// Reads the text of a transcript.
    ///
    /// # Errors
    /// What is wrong with it, with the line.
    ///
    /// ```
    /// let error = postseal_transcripts::Transcript::parse("about = 1").unwrap_err();
    /// assert!(error.contains("expected a string"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        let transcript: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let is_nonce = |text: &String| text.len() == 64 && text.bytes().all(|octet| octet.is_ascii_hexdigit());
        if !transcript.ocsp_nonce.as_ref().is_none_or(is_nonce) {
            return Err("ocsp_nonce: a nonce has 64 hexadecimal digits".to_owned());
        }
        Ok(transcript)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// The name of the file and what is wrong with it.
    ///
    /// ```
    /// assert!(postseal_transcripts::Transcript::read("nowhere.toml".as_ref()).is_err());
    /// ```
    pub fn read(path: &Path) -> Result<Self, String> {
        let named = |reason: &dyn fmt::Display| format!("{}: {reason}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| named(&error))?;
        Self::parse(&text).map_err(|error| named(&error))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde wants it")]
const fn is_false(value: &bool) -> bool {
    !*value
}
