//! A directory of your own: one method. It says "not found" only when it knows; what it lends is gone after the delivery.
//!
//! `cargo run -p postseal-examples --bin a-directory-of-your-own`

use postseal::cert::TransientCert;
use postseal::directory::{Directories, DirectoryId, DirectoryReply, DirectoryResolver};
use postseal::drive::Lookup;
use postseal::query::{ResolveDirectory, Unavailable};
use postseal::resolve::Context;
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine, PerRoute, UnixTime};
use postseal_adapters::OsRandom;
use postseal_testkit::factory::{Authority, CertSpec, Key};
use postseal_testkit::{MemoryStore, Recorder};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

/// A folder with one DER file for each address.
#[derive(Debug)]
struct Folder(PathBuf);

impl DirectoryResolver for Folder {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        let reply = |address: &Address| {
            // An address is never part of a path as it is.
            let name: String = address.key().bytes().map(|octet| format!("{octet:02x}")).collect();
            match fs::read(self.0.join(name)) {
                Ok(der) => DirectoryReply::Found(vec![TransientCert::from_der(der)]),
                Err(error) if error.kind() == ErrorKind::NotFound && self.0.is_dir() => DirectoryReply::NotFound,
                Err(error) => DirectoryReply::Unavailable(Unavailable::because(error)),
            }
        };
        Ok(query.addresses.iter().map(reply).collect())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A CA and a certificate for the sake of the example.
    let root = Authority::root("Example Root", Key::P256(1));
    let alice = Address::parse("alice@goal.example")?;
    let folder = std::env::temp_dir().join(format!("a-directory-of-your-own-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let name: String = alice.key().bytes().map(|octet| format!("{octet:02x}")).collect();
    fs::write(folder.join(name), root.issue(&CertSpec::mailbox(alice.as_str(), Key::P256(2))).der())?;

    let id = DirectoryId::new("folder:example");
    let directories = Directories::new().ask_for(id.clone(), &["goal.example"])?;
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default())?;
    let engine = Engine::new(anchors).with_directories(PerRoute::new(directories));
    let (store, directory, tracer) = (MemoryStore::new(), Folder(folder.clone()), Arc::new(Recorder::default()));
    let world = Lookup::new(&store).directory(id, &directory);

    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").ok_or("not a time")?;
    let context = Context::new(now, tracer.clone());
    let mail = b"From: bob@goal.example\r\nSubject: hello\r\n\r\nin confidence\r\n";
    let encryption = engine.encrypt_mail(mail, vec![alice], Vec::new(), context, &world, &mut OsRandom)?;
    for message in &encryption.messages {
        println!("{}", String::from_utf8_lossy(&message.mail));
    }
    println!("{}", tracer.names().join(", "));
    fs::remove_dir_all(folder)?;
    Ok(())
}
