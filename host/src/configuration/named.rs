//! Settings that have one of a few names.

use postseal::revocation;
use postseal::seal::{Mode, PRESETS, Preset};
use postseal::verify::Profile;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that is said by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named<T>(pub(super) T);

/// What has a name in configurations.
pub(super) trait HasName: Copy {
    /// What such a value is called where a name is none.
    const WHAT: &str;

    /// Every name.
    fn names() -> Vec<&'static str>;

    fn name(self) -> &'static str;

    fn from_name(name: &str) -> Option<Self>;
}

macro_rules! has_name {
    ($($type:ty, $what:literal;)*) => { $(
        impl HasName for $type {
            const WHAT: &str = $what;

            fn names() -> Vec<&'static str> {
                Self::ALL.into_iter().map(Self::name).collect()
            }

            fn name(self) -> &'static str {
                self.name()
            }

            fn from_name(name: &str) -> Option<Self> {
                Self::from_name(name)
            }
        }
    )* };
}

has_name! {
    Profile, "profile";
    Mode, "mode";
    revocation::Mode, "mode";
    revocation::Order, "order";
}

impl HasName for &'static Preset {
    const WHAT: &str = "preset";

    fn names() -> Vec<&'static str> {
        PRESETS.iter().map(|preset| preset.name).collect()
    }

    fn name(self) -> &'static str {
        self.name
    }

    fn from_name(name: &str) -> Option<Self> {
        Preset::from_name(name)
    }
}

impl<'de, T: HasName> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown = || D::Error::custom(format!("unknown {} {name:?}: {}", T::WHAT, T::names().join(", ")));
        T::from_name(&name).map(Self).ok_or_else(unknown)
    }
}

impl<T: HasName> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

#[cfg(feature = "schema")]
impl<T: HasName> schemars::JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::WHAT.into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "enum": T::names() })
    }
}
