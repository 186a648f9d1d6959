//! The JSON Schema of the configuration file: it is current, allows what the manual shows, and refuses what is wrong.

#![cfg(feature = "schema")]
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod wrong;

use jsonschema::Validator;
use postseal_host::Configuration;
use serde_json::Value;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

fn docs(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(file)
}

fn validator() -> Validator {
    let schema = serde_json::from_str(&Configuration::schema()).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// Every example in TOML of a chapter.
fn examples(file: &str) -> Vec<String> {
    let text = fs::read_to_string(docs(file)).unwrap();
    let blocks = text.split("```toml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_schema_in_the_manual_is_current() {
    let file = docs("postseal.schema.json");
    if env::var_os("POSTSEAL_WRITE").is_some() {
        fs::write(&file, Configuration::schema()).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == Configuration::schema(),
        "POSTSEAL_WRITE=1 cargo test -p postseal-host --features schema --test schema"
    );
}

#[test]
fn every_example_of_the_manual_is_valid() {
    let validator = validator();
    for file in ["configuration.md", "directories.md"] {
        let examples = examples(file);
        assert!(!examples.is_empty(), "{file}");
        for example in examples {
            let value: Value = toml::from_str(&example).unwrap();
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{file}: {errors:?}\n{example}");
            Configuration::parse(&example, "".as_ref()).unwrap();
        }
    }
}

#[test]
fn what_is_printed_with_every_default_is_valid() {
    let validator = validator();
    for file in ["configuration.md", "directories.md"] {
        for example in examples(file) {
            let effective = Configuration::parse(&example, "".as_ref()).unwrap().effective().unwrap();
            let value: Value = toml::from_str(&effective).unwrap();
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}\n{effective}");
        }
    }
}

#[test]
fn wrong_files_are_refused_by_the_schema_too() {
    let validator = validator();
    for case in wrong::WRONG {
        // What is no TOML, or not by itself, is nothing for a schema.
        let Ok(value) = toml::from_str::<Value>(case.text) else { continue };
        assert_eq!(!validator.is_valid(&value), case.schema, "line {}: {}\n{}", case.line, case.words, case.text);
    }
    let told = wrong::WRONG.iter().filter(|case| case.schema).count();
    assert!(told >= 25, "{told}");
}

/// Each key is described, each object is closed unless its keys are names.
#[test]
fn every_key_is_described_and_no_other_is_allowed() {
    let schema: Value = serde_json::from_str(&Configuration::schema()).unwrap();
    let (mut open, mut keys) = (vec![("#".to_owned(), &schema)], 0);
    while let Some((place, value)) = open.pop() {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            assert!(value.get("additionalProperties") == Some(&Value::Bool(false)), "{place} is open");
            for (name, property) in properties {
                keys += 1;
                // A table of one key, as credentials are, is described as a whole.
                let is_whole = properties.len() == 1 && value.get("description").is_some();
                let said = property.get("description").is_some() || property.get("const").is_some();
                assert!(said || is_whole || property.get("$ref").is_some(), "{place}/{name} is not described");
            }
        }
        match value {
            Value::Object(members) => {
                open.extend(members.iter().map(|(name, value)| (format!("{place}/{name}"), value)))
            }
            Value::Array(members) => open.extend(members.iter().map(|value| (format!("{place}/[]"), value))),
            _ => {}
        }
    }
    assert!(keys > 100, "{keys}");
    assert!(!schema.to_string().contains("null"), "TOML has none");
}
