//! The attack corpus of the project, read from its folder.

use postseal::verify::{Limits, TrustAnchors};
use postseal::{Engine, UnixTime};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What must become of a mail on an empty store.
///
/// ```
/// assert_ne!(postseal_testkit::corpus::Expected::Either, postseal_testkit::corpus::Expected::MayImport);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a test matches all of them")]
pub enum Expected {
    /// It is imported.
    MayImport,
    /// Nothing is imported.
    MustNotImport,
    /// Both are right.
    Either,
}

/// One mail with its right verdict.
///
/// ```
/// let cases = postseal_testkit::corpus::attacks();
/// assert!(cases.iter().any(|case| case.name == "ctl-detached"));
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a test reads all of it")]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The mail.
    pub mail: Vec<u8>,
    /// What must become of it.
    pub expected: Expected,
    /// Mailboxes that may get a certificate from it.
    pub import_for: Vec<String>,
    /// Mailboxes that must never get one.
    pub must_never_import_for: Vec<String>,
    /// The clock.
    pub verify_at: UnixTime,
    /// The only trust anchors.
    pub anchors: TrustAnchors,
}

impl Case {
    /// An engine with the anchors of this case and the defaults otherwise.
    ///
    /// ```
    /// let case = &postseal_testkit::corpus::attacks()[0];
    /// assert!(!case.engine().anchors().is_empty());
    /// ```
    #[must_use]
    pub fn engine(&self) -> Engine {
        crate::engine(self.anchors.clone())
    }
}

/// The project's corpus folder.
///
/// ```
/// assert!(postseal_testkit::corpus::folder().join("attacks/cases.jsonl").exists());
/// ```
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus")
}

/// Every case of `attacks/`, in the order of its file.
///
/// ```
/// assert!(postseal_testkit::corpus::attacks().len() > 150);
/// ```
#[must_use]
pub fn attacks() -> Vec<Case> {
    let attacks = folder().join("attacks");
    let rows = fs::read_to_string(attacks.join("cases.jsonl")).expect("the attack corpus is part of the repository");
    rows.lines().map(|row| case(&attacks, &serde_json::from_str(row).expect("a row is JSON"))).collect()
}

fn case(attacks: &Path, row: &Value) -> Case {
    let strings = |field: &str| -> Vec<String> {
        row[field].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let mut anchors = TrustAnchors::default();
    for file in strings("anchors") {
        let pem = fs::read(attacks.join(file)).unwrap();
        anchors.extend(TrustAnchors::from_pem(&pem, &Limits::default()).unwrap());
    }
    Case {
        name: row["case"].as_str().unwrap().to_owned(),
        mail: fs::read(attacks.join(row["file"].as_str().unwrap())).unwrap(),
        expected: match row["verdict"].as_str().unwrap() {
            "may-import" => Expected::MayImport,
            "must-not-import" => Expected::MustNotImport,
            _ => Expected::Either,
        },
        import_for: strings("import_for"),
        must_never_import_for: strings("must_never_import_for"),
        verify_at: UnixTime::from_rfc3339(row["verify_at"].as_str().unwrap()).unwrap(),
        anchors,
    }
}
