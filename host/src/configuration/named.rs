//! Settings that have one of a few names.

use postseal::revocation;
use postseal::seal::{Mode, PRESETS, Preset};
use postseal::verify::Profile;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

fn named<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    what: &str,
    names: &[&str],
    from_name: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let unknown = || D::Error::custom(format!("unknown {what} {name:?}: {}", names.join(", ")));
    from_name(&name).map(Some).ok_or_else(unknown)
}

pub(super) fn mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Mode>, D::Error> {
    named(deserializer, "mode", &Mode::ALL.map(Mode::name), Mode::from_name)
}

pub(super) fn preset<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'static Preset>, D::Error> {
    let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
    named(deserializer, "preset", &names, Preset::from_name)
}

pub(super) fn profile<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Profile>, D::Error> {
    let names = Profile::ALL.map(Profile::name);
    named(deserializer, "profile", &names, Profile::from_name)
}

pub(super) fn revocation_mode<'de, D: Deserializer<'de>>(d: D) -> Result<Option<revocation::Mode>, D::Error> {
    named(d, "mode", &revocation::Mode::ALL.map(revocation::Mode::name), revocation::Mode::from_name)
}

pub(super) fn order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<revocation::Order>, D::Error> {
    named(deserializer, "order", &revocation::Order::ALL.map(revocation::Order::name), revocation::Order::from_name)
}
