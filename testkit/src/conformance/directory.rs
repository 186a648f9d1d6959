//! What every directory does.

use crate::factory::{Authority, CertSpec, Key};
use crate::{MemoryStore, Recorder};
use postseal::directory::{Directories, DirectoryId, DirectoryReply, DirectoryResolver};
use postseal::drive::{self, Lookup};
use postseal::query::ResolveDirectory;
use postseal::resolve::{Context, Outcome, RecipientReport};
use postseal::store::Tenant;
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Certificate, Engine, Fingerprint, PerRoute, UnixTime};
use std::sync::Arc;

/// One certificate that a directory under test is to hold.
///
/// ```
/// use postseal_testkit::conformance::Listed;
/// fn ldif(listed: &Listed) -> String { format!("mail: {}", listed.address.as_str()) }
/// # let _ = ldif;
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "directories under test are filled from it")]
pub struct Listed {
    /// The mailbox to be found under.
    pub address: Address,
    /// The certificate.
    pub der: Vec<u8>,
}

/// Runs the whole suite. `make` gives a directory that holds these certificates and nothing else, several under one address
/// where the list has several; `down` gives one that cannot be reached.
///
/// # Panics
/// When the directory does not behave.
///
/// ```
/// use postseal_testkit::{ScriptedDirectory, conformance};
/// conformance::directory(
///     &|listed| {
///         let fill = |directory: ScriptedDirectory, one: &conformance::Listed| directory.lends(&one.address, one.der.clone());
///         Box::new(listed.iter().fold(ScriptedDirectory::new(), fill))
///     },
///     &|| Box::new(ScriptedDirectory::new().is_down()),
/// );
/// ```
pub fn directory(
    make: &dyn Fn(&[Listed]) -> Box<dyn DirectoryResolver>,
    down: &dyn Fn() -> Box<dyn DirectoryResolver>,
) {
    let suite = Suite::new();
    let filled = make(&suite.listed);
    suite.one_reply_for_each_address_in_order(&*filled);
    suite.what_is_listed_is_lent(&*filled);
    suite.all_certificates_of_an_address_are_lent(&*filled);
    suite.it_lends_again_each_time(&*filled);
    suite.addresses_are_never_patterns(&*filled);
    suite.many_may_ask_at_once(&*filled);
    suite.it_shows_no_certificate(&*filled);
    suite.an_empty_one_has_nothing(&*make(&[]));
    suite.one_that_is_down_never_says_not_found(&*down());
}

struct Suite {
    engine: Engine,
    listed: Vec<Listed>,
}

const ID: &str = "directory:under-test";

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

impl Suite {
    fn new() -> Self {
        let root = Authority::root("Directory Conformance Root", Key::P256(1));
        let issue = |mailbox: &str, key, serial| {
            let spec = CertSpec { serial, ..CertSpec::mailbox(mailbox, key) };
            Listed { address: address(mailbox), der: root.issue(&spec).der().to_vec() }
        };
        let sign_only = CertSpec {
            key_use: crate::factory::KeyUse::Sign,
            serial: 5,
            ..CertSpec::mailbox("bob@goal.example", Key::P256(7))
        };
        let listed = vec![
            issue("alice@goal.example", Key::P256(2), 1),
            // The first of Bob's cannot be encrypted to: all must be lent for the right one to be found.
            Listed { address: address("bob@goal.example"), der: root.issue(&sign_only).der().to_vec() },
            issue("bob@goal.example", Key::Rsa(1), 2),
            issue("o'brien+x@goal.example", Key::P256(4), 3),
        ];
        let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
        let directories = Directories::new().ask(DirectoryId::new(ID));
        Self { engine: crate::engine(anchors).with_directories(PerRoute::new(directories)), listed }
    }

    fn resolve(&self, directory: &dyn DirectoryResolver, addresses: &[&str]) -> Vec<RecipientReport> {
        let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
        let context = Context::new(now, Arc::new(Recorder::default()));
        let visible = addresses.iter().map(|text| address(text)).collect();
        let resolve = self.engine.resolve(visible, Vec::new(), context).unwrap();
        let store = MemoryStore::new();
        let world = Lookup::new(&store).directory(DirectoryId::new(ID), directory);
        let resolution = drive::run(resolve, &world, &(), &|| false).unwrap();
        resolution.reports().cloned().collect()
    }

    fn outcomes(&self, directory: &dyn DirectoryResolver, addresses: &[&str]) -> Vec<Outcome> {
        self.resolve(directory, addresses).iter().map(|report| report.outcome).collect()
    }

    fn fingerprint(&self, index: usize) -> Fingerprint {
        Certificate::from_der(&self.listed[index].der, &Limits::default()).unwrap().fingerprint()
    }

    fn one_reply_for_each_address_in_order(&self, directory: &dyn DirectoryResolver) {
        let asked = ["nobody@goal.example", "alice@goal.example", "no.one@other.example", "bob@goal.example"];
        let query = ResolveDirectory::new(Tenant::default(), DirectoryId::new(ID), asked.map(address).to_vec());
        let replies = directory.resolve(&query).unwrap();
        let found: Vec<bool> = replies.iter().map(|reply| matches!(reply, DirectoryReply::Found(_))).collect();
        assert_eq!(found, [false, true, false, true], "{replies:?}");
        assert!(!replies.iter().any(|reply| matches!(reply, DirectoryReply::Unavailable(_))), "{replies:?}");
        let nobody = ResolveDirectory::new(Tenant::default(), DirectoryId::new(ID), Vec::new());
        assert_eq!(directory.resolve(&nobody).unwrap().len(), 0, "no address, no reply");
    }

    fn what_is_listed_is_lent(&self, directory: &dyn DirectoryResolver) {
        for (asked, index) in [("alice@goal.example", 0), ("Alice@GOAL.example", 0), ("o'brien+x@goal.example", 3)] {
            let report = &self.resolve(directory, &[asked])[0];
            let found: Vec<_> = report.found.iter().map(|found| (found.source.name(), found.fingerprint)).collect();
            assert_eq!(found, [(ID, self.fingerprint(index))], "{asked}");
        }
    }

    fn all_certificates_of_an_address_are_lent(&self, directory: &dyn DirectoryResolver) {
        let report = &self.resolve(directory, &["bob@goal.example"])[0];
        assert_eq!(report.found[0].fingerprint, self.fingerprint(2));
        assert_eq!(
            report.rejected.iter().filter_map(|rejected| rejected.fingerprint).collect::<Vec<_>>(),
            [self.fingerprint(1)]
        );
    }

    fn it_lends_again_each_time(&self, directory: &dyn DirectoryResolver) {
        let first = self.resolve(directory, &["alice@goal.example", "bob@goal.example"]);
        assert_eq!(first, self.resolve(directory, &["alice@goal.example", "bob@goal.example"]));
    }

    /// Whatever means something in a filter, a URL or a query is a character of an address here.
    fn addresses_are_never_patterns(&self, directory: &dyn DirectoryResolver) {
        for asked in [
            "*@goal.example",
            "a*e@goal.example",
            "\"alice)(mail=*\"@goal.example",
            "\"*)(objectClass=*\"@goal.example",
            "\"\\\\2a\"@goal.example",
            "\"a' or '1'='1\"@goal.example",
            "%61lice@goal.example",
            "alice%@goal.example",
            "alice?@goal.example",
            "{alice}@goal.example",
            "alice/x@goal.example",
            "alice&x=1@goal.example",
            "al_ce@goal.example",
        ] {
            assert_eq!(self.outcomes(directory, &[asked]), [Outcome::NotFound], "{asked}");
        }
    }

    fn many_may_ask_at_once(&self, directory: &dyn DirectoryResolver) {
        std::thread::scope(|scope| {
            let ask = || self.outcomes(directory, &["alice@goal.example", "nobody@goal.example", "bob@goal.example"]);
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            for thread in threads {
                assert_eq!(thread.join().unwrap(), [Outcome::Found, Outcome::NotFound, Outcome::Found]);
            }
        });
    }

    /// Neither it nor what it lends shows octets of a certificate.
    fn it_shows_no_certificate(&self, directory: &dyn DirectoryResolver) {
        let query = ResolveDirectory::new(Tenant::default(), DirectoryId::new(ID), vec![address("alice@goal.example")]);
        let shown = format!("{directory:?} {:?}", directory.resolve(&query).unwrap());
        let octets: Vec<String> = self.listed[0].der[4..12].iter().map(ToString::to_string).collect();
        assert!(!shown.contains(&octets.join(", ")), "{shown}");
        assert!(shown.len() < 500, "{shown}");
    }

    fn an_empty_one_has_nothing(&self, directory: &dyn DirectoryResolver) {
        assert_eq!(self.outcomes(directory, &["alice@goal.example"]), [Outcome::NotFound]);
    }

    fn one_that_is_down_never_says_not_found(&self, directory: &dyn DirectoryResolver) {
        assert_eq!(
            self.outcomes(directory, &["alice@goal.example", "nobody@goal.example"]),
            [Outcome::Unavailable, Outcome::Unavailable]
        );
    }
}
