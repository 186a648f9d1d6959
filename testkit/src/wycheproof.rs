//! Reading the vectors of Wycheproof; `vectors/wycheproof/README.md` says which there are.

use serde_json::Value;
use std::fs;
use std::path::Path;

/// Name and content of every file whose name begins with `prefix`, in the order of the names.
///
/// ```
/// assert!(postseal_testkit::wycheproof::files("ecdsa_").len() > 3);
/// ```
#[must_use]
pub fn files(prefix: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/wycheproof");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(name, _)| name.starts_with(prefix) && name.ends_with(".json"))
        .map(|(name, path)| (name, serde_json::from_slice(&fs::read(path).unwrap()).unwrap()))
        .collect();
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert!(!files.is_empty(), "no vectors of {prefix}");
    files
}

/// Every test of a file, with its group.
///
/// ```
/// use postseal_testkit::wycheproof::{files, tests};
/// assert!(files("ed25519").iter().all(|(_, file)| tests(file).count() > 100));
/// ```
pub fn tests(file: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let groups = file["testGroups"].as_array().unwrap();
    groups.iter().flat_map(|group| group["tests"].as_array().unwrap().iter().map(move |test| (group, test)))
}

/// The octets of a value that is written in hexadecimal digits.
///
/// ```
/// assert_eq!(postseal_testkit::wycheproof::hex(&"00ff".into()), [0, 255]);
/// ```
#[must_use]
pub fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// Whether a test has this flag.
///
/// ```
/// use postseal_testkit::wycheproof::{files, is_flagged, tests};
/// let signatures = files("rsa_signature_2048_sha256");
/// assert!(signatures.iter().flat_map(|(_, file)| tests(file)).any(|(_, test)| is_flagged(test, "MissingNull")));
/// ```
#[must_use]
pub fn is_flagged(test: &Value, flag: &str) -> bool {
    test["flags"].as_array().unwrap().iter().any(|f| f == flag)
}
