//! What stands around the directory in these tests.

use postseal::Address;
use postseal::directory::{DirectoryId, DirectoryReply, DirectoryResolver};
use postseal::query::ResolveDirectory;
use postseal::store::Tenant;
use postseal_adapters::directory::entra::{EntraDirectory, EntraSource, ExchangeApi};
use postseal_testkit::factory::{Authority, CertSpec, Key};

pub(crate) const ALICE: &str = "alice@goal.example";
pub(crate) const BOB: &str = "bob@ext.example";

pub(crate) fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

/// A certificate for this mailbox.
pub(crate) fn der(mailbox: &str) -> Vec<u8> {
    root().issue(&CertSpec::mailbox(mailbox, Key::P256(2))).der().to_vec()
}

pub(crate) fn query(addresses: &[&str]) -> ResolveDirectory {
    let addresses = addresses.iter().map(|text| Address::parse(text).unwrap()).collect();
    ResolveDirectory::new(Tenant::default(), DirectoryId::new("entra:goal"), addresses)
}

/// What each address has: how many certificates, or why they are unavailable.
pub(crate) fn shown(replies: &[DirectoryReply]) -> Vec<String> {
    let show = |reply: &DirectoryReply| match reply {
        DirectoryReply::Found(lent) => lent.len().to_string(),
        DirectoryReply::Partial(lent, why) => format!("{}+: {why}", lent.len()),
        DirectoryReply::NotFound => "none".to_owned(),
        DirectoryReply::Unavailable(why) => why.detail().to_owned(),
    };
    replies.iter().map(show).collect()
}

pub(crate) fn ask(directory: &EntraDirectory, addresses: &[&str]) -> Vec<String> {
    shown(&directory.resolve(&query(addresses)).unwrap())
}

/// The same without the host and its port.
pub(crate) fn ask_one(directory: &EntraDirectory, address: &str) -> String {
    let replies = ask(directory, &[address]);
    assert_eq!(replies.len(), 1);
    replies[0].strip_prefix("localhost: ").unwrap_or(&replies[0]).to_owned()
}

pub(crate) fn invoke() -> EntraSource {
    EntraSource::exchange_recipients(ExchangeApi::InvokeCommand)
}

pub(crate) fn preview() -> EntraSource {
    EntraSource::exchange_recipients(ExchangeApi::AdminApiV2)
}

pub(crate) fn contacts() -> EntraSource {
    EntraSource::mailbox_contacts(crate::microsoft::MAILBOX).unwrap()
}

pub(crate) const PROPERTY: &str = "extension_0_smime";

pub(crate) fn property() -> EntraSource {
    EntraSource::graph_property(&[PROPERTY]).unwrap()
}
