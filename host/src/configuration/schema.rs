//! The JSON Schema of the file, made of what parses it.

use super::file::Config;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;

pub(super) fn text() -> String {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_null));
    let schema = settings.into_generator().into_root_schema_for::<Config>();
    format!("{:#}\n", schema.as_value())
}

/// TOML has no null: a key that need not be there is left out.
fn without_null(schema: &mut Schema) {
    let null = "null";
    let Some(members) = schema.as_object_mut() else { return };
    if let Some(kinds) = members.get_mut("type").and_then(|kinds| kinds.as_array_mut()) {
        kinds.retain(|kind| kind != null);
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            members.insert("type".to_owned(), kind);
        }
    }
    if let Some(values) = members.get_mut("enum").and_then(|values| values.as_array_mut()) {
        values.retain(|value| !value.is_null());
    }
    members.retain(|name, value| name != "default" || !value.is_null());
    if let Some(default) = members.get_mut("default").and_then(|default| default.as_object_mut()) {
        default.retain(|_, value| !value.is_null());
    }
    if let Some(alternatives) = members.get_mut("anyOf").and_then(|alternatives| alternatives.as_array_mut()) {
        alternatives.retain(|alternative| alternative.get("type").is_none_or(|kind| kind != null));
    }
}
