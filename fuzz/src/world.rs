//! A trusted CA, honest people, and an attacker with more than he should have; see [`crate::stub`] for who can sign what.
//!
//! | key | whose | certified |
//! |---|---|---|
//! | Root, the only anchor | honest | |
//! | Middle | honest | by Root, a CA |
//! | Alice's: one for all, one to sign, one to encrypt | honest | by Middle and Root, for `alice@goal.example` |
//! | Mallory's | the attacker | by Middle and Root, for `mallory@evil.example` |
//! | Constrained | the attacker | by Root, a CA whose name constraints permit mailboxes at `evil.example` |
//! | Web, Old, Short | the attacker | by Root: a CA for web servers, one that is expired, one without cA |
//! | all others | the attacker | by whom he likes |

use crate::stub::{ANY, Honest, KeyId, Recording, Stub};
use postseal::cert::SubjectEmail;
use postseal::crypto::CryptoBackend;
use postseal::import::Context;
use postseal::store::{CertStore, Entry, Tenant};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Certificate, Engine};
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::{
    Authority, AuthoritySpec, CertSpec, Digest, Form, Key, KeyPreference, KeyUse, Name, Person, SignedMail, attribute,
    der,
};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pub(crate) const VICTIM: &str = "alice@goal.example";
const ATTACKER: &str = "mallory@evil.example";
/// Where the attacker's own CA may issue for.
const ATTACKERS_DOMAIN: &str = "evil.example";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const FORMS: [Form; 4] = [Form::Detached, Form::DetachedBer, Form::Opaque, Form::OpaqueBer];

pub(crate) struct World {
    pub(crate) anchors: TrustAnchors,
    pub(crate) honest: Arc<Honest>,
    crypto: Arc<dyn CryptoBackend>,
    root: KeyId,
    /// The attacker's CA that may issue.
    constrained: KeyId,
    /// The certificates that honest CAs issued for people, as what was signed, and for whom.
    issued: BTreeMap<Vec<u8>, Address>,
    /// All certificates of the world.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Alice's entry as it is when she was learned.
    pub(crate) known: Entry,
    mails: Vec<(String, Vec<u8>)>,
}

struct Cast {
    root: Authority,
    middle: Authority,
    alice: [Person; 4],
    mallory: [Person; 2],
    constrained: Authority,
    others: [Authority; 3],
    /// Whom the attacker's CAs certify.
    forged: Vec<Person>,
}

pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(World::new)
}

/// The seeds of the target: mails of Alice, of the attacker, and such that try something.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    world().mails.clone()
}

impl Cast {
    fn new() -> Self {
        let root = Authority::root("Root", Key::Ed25519(1));
        let middle = root.authority("Middle", Key::Ed25519(2));
        let person = |issuer: &Authority, mailbox: &str, key, key_use, serial| {
            let spec = CertSpec::mailbox(mailbox, key);
            let key_use = if key == Key::Ed25519(4) { KeyUse::Sign } else { key_use };
            issuer.issue(&CertSpec { serial, key_use, ..spec })
        };
        let both = KeyUse::SignAndEncrypt;
        let alice = [
            person(&middle, VICTIM, Key::P256(3), both, 11),
            person(&root, VICTIM, Key::P256(3), both, 12),
            person(&middle, VICTIM, Key::Ed25519(4), both, 13),
            person(&middle, VICTIM, Key::P256(5), KeyUse::Encrypt, 14),
        ];
        let mallory =
            [person(&middle, ATTACKER, Key::P256(6), both, 21), person(&root, ATTACKER, Key::P256(6), both, 22)];
        let subordinate = |name: &str, key, change: &dyn Fn(&mut AuthoritySpec)| {
            let mut spec = AuthoritySpec::new(name, key);
            spec.serial = 31;
            change(&mut spec);
            root.subordinate(&spec)
        };
        let constrained = subordinate("Constrained", Key::Ed25519(7), &|spec| {
            spec.permitted = vec![Name::Rfc822(ATTACKERS_DOMAIN.into())];
        });
        let others = [
            subordinate("Web", Key::Ed25519(8), &|spec| {
                spec.extended_key_usage = vec!["1.3.6.1.5.5.7.3.1".to_owned()];
            }),
            subordinate("Old", Key::Ed25519(9), &|spec| spec.not_after = "2026-02-01T00:00:00Z".to_owned()),
            subordinate("Short", Key::Ed25519(10), &|spec| spec.is_ca = None),
        ];
        let below = constrained.authority("Below", Key::Ed25519(11));
        let own = Authority::root("Root", Key::Ed25519(12));
        let mut forged = vec![person(&constrained, "eve@evil.example", Key::P256(6), both, 41)];
        for issuer in [&constrained, &below, &own, &others[0], &others[1], &others[2]] {
            forged.push(person(issuer, VICTIM, Key::P256(6), both, 42));
        }
        Self { root, middle, alice, mallory, constrained, others, forged }
    }
}

impl World {
    fn new() -> Self {
        let cast = Cast::new();
        let mut honest = Honest::default();
        let (root, middle) = (KeyId::of_info(&cast.root.public_key()), KeyId::of_info(&cast.middle.public_key()));
        let by_root = [&cast.middle, &cast.constrained, &cast.others[0], &cast.others[1], &cast.others[2], &cast.root];
        by_root.into_iter().for_each(|authority| honest.sign(root.clone(), to_be_signed(authority.der())));
        let mut issued = BTreeMap::new();
        for (person, mailbox) in
            cast.alice.iter().map(|alice| (alice, VICTIM)).chain(cast.mallory.iter().map(|m| (m, ATTACKER)))
        {
            let issuer = if [12, 22].contains(&person.spec().serial) { &root } else { &middle };
            honest.sign(issuer.clone(), to_be_signed(person.der()));
            issued.insert(to_be_signed(person.der()).to_vec(), Address::parse(mailbox).unwrap());
        }
        // Whose keys these are, also before they signed a mail.
        for alice in &cast.alice {
            honest.sign(KeyId::of_info(&alice.spec().key.public_key_info()), b"");
        }
        let anchors = TrustAnchors::from_pem(cast.root.pem().as_bytes(), &Limits::default()).unwrap();
        let honest_mails = cast.honest_mails();
        let recording = Arc::new(Recording::of(honest));
        let engine = Engine::new(anchors.clone()).with_crypto(Arc::clone(&recording) as Arc<dyn CryptoBackend>);
        let import = |(name, mail): &(String, Vec<u8>)| {
            let store = MemoryStore::new();
            let report = engine.import_mail(mail, Context::new(crate::now()), &store, &()).unwrap();
            assert!(report.error.is_none(), "{name}: {report:?}");
            store.entries(&Tenant::default()).unwrap()
        };
        let known = honest_mails.iter().flat_map(import).collect::<Vec<Entry>>().swap_remove(0);
        let honest = Arc::new(recording.honest());
        Self {
            crypto: Arc::new(Stub(Arc::clone(&honest))),
            anchors,
            honest,
            root,
            constrained: KeyId::of_info(&cast.constrained.public_key()),
            issued,
            certificates: cast.certificates(),
            known,
            mails: [honest_mails, cast.attackers_mails()].concat(),
        }
    }

    /// A new one, which has learned nothing.
    pub(crate) fn engine(&self) -> Engine {
        Engine::new(self.anchors.clone()).with_crypto(Arc::clone(&self.crypto))
    }

    /// What must hold of every certificate that is taken for a mailbox, with its issuers up to below the anchor, written down a
    /// second time from who owns what.
    pub(crate) fn judge(&self, address: &Address, leaf: &Certificate, issuers: &[Certificate]) {
        let mailboxes = leaf.mailboxes(SubjectEmail::WhenNoMailboxInSan, &Limits::default()).unwrap();
        assert!(mailboxes.contains(address), "the mailbox is not in the certificate");
        self.judge_path(leaf, issuers);
        if let Some(owner) = self.issued.get(to_be_signed(leaf.der())) {
            assert_eq!(owner.key(), address.key(), "an honest CA's certificate for somebody else");
        } else {
            assert_eq!(address.domain(), ATTACKERS_DOMAIN, "the attacker's certificate for {}", address.key());
        }
    }

    /// What must hold of every path.
    pub(crate) fn judge_path(&self, leaf: &Certificate, issuers: &[Certificate]) {
        assert!(leaf.not_before() <= crate::now() && crate::now() <= leaf.not_after(), "it is not its time");
        let certificates = [leaf].into_iter().chain(issuers);
        let keys = issuers.iter().map(key_of).chain([self.root.clone()]);
        let mut by_attacker = None;
        for (certificate, key) in certificates.zip(keys) {
            assert!(self.honest.holds(&key, to_be_signed(certificate.der())), "a signature does not hold");
            if !self.honest.owns(&key) {
                by_attacker = Some(key);
            }
        }
        // The uppermost of his keys is one that an honest CA certified.
        let Some(key) = by_attacker else { return };
        assert_eq!(key, self.constrained, "a CA that may not issue");
        let mailboxes = leaf.mailboxes(SubjectEmail::WhenNoMailboxInSan, &Limits::default()).unwrap_or_default();
        assert!(mailboxes.iter().all(|mailbox| mailbox.domain() == ATTACKERS_DOMAIN), "outside of its constraints");
    }
}

fn key_of(certificate: &Certificate) -> KeyId {
    let info = certificate.public_key_info();
    // An attacker's key in another form is just as little an honest one.
    if info.len() == 44 || info.len() == 91 { KeyId::of_info(info) } else { KeyId::of_info(&[0; 44]) }
}

/// The octets of the certificate that are signed.
pub(crate) fn to_be_signed(der: &[u8]) -> &[u8] {
    let inside = crate::mutate::element(der).map(|(_, inside)| inside).unwrap_or_default();
    crate::mutate::element(inside).map(|(all, _)| all).unwrap_or_default()
}

impl Cast {
    fn certificates(&self) -> Vec<Vec<u8>> {
        let authorities = [&self.root, &self.middle, &self.constrained].into_iter().chain(&self.others);
        let people = self.alice.iter().chain(&self.mallory).chain(&self.forged);
        authorities
            .map(|authority| authority.der().to_vec())
            .chain(people.map(|person| person.der().to_vec()))
            .collect()
    }

    fn honest_mails(&self) -> Vec<(String, Vec<u8>)> {
        let [all, by_root, sign, encrypt] = &self.alice;
        let from = format!("Alice <{VICTIM}>");
        let mail = |signer: &Person| SignedMail::new(&from, signer).with_authority(&self.middle);
        let mut mails: Vec<(String, Vec<u8>)> =
            FORMS.iter().map(|form| (format!("alice-{form:?}"), mail(all).form(*form).build())).collect();
        mails.push(("alice-root".to_owned(), mail(by_root).build()));
        for preference in [KeyPreference::Standard, KeyPreference::SubjectKeyId, KeyPreference::Microsoft] {
            let preferring = mail(sign).prefers(encrypt, preference, true).form(Form::OpaqueBer);
            mails.push((format!("alice-prefers-{preference:?}"), preferring.build()));
        }
        let protected = format!("From: {from}\r\nContent-Type: text/plain; hp=\"clear\"\r\n\r\nhello\r\n");
        mails.push(("alice-protected".to_owned(), mail(all).entity(protected.as_bytes()).form(Form::Opaque).build()));
        mails
    }

    /// What the attacker signs has the digest of everything.
    fn attackers_mails(&self) -> Vec<(String, Vec<u8>)> {
        let any = |digest: Digest| attribute(MESSAGE_DIGEST, &der::octet_string(&vec![ANY; digest.of(b"").len()]));
        let mail = |from: &str, signer: &Person| {
            let mail = SignedMail::new(from, signer).with_authority(&self.middle).with_authority(&self.constrained);
            // No content that Alice signed.
            let mail = mail.body(b"Buy this.\r\n");
            mail.without_attribute(MESSAGE_DIGEST).extra_attribute(&any(Digest::Sha256))
        };
        let [mallory, by_root] = &self.mallory;
        let mut mails: Vec<(String, SignedMail)> = FORMS
            .iter()
            .flat_map(|form| {
                let own = mail(ATTACKER, mallory).form(*form);
                let stolen = mail(VICTIM, mallory).form(*form).with_certificate(self.alice[0].der());
                [(format!("mallory-{form:?}"), own), (format!("stolen-{form:?}"), stolen)]
            })
            .collect();
        mails.push(("mallory-root".to_owned(), mail(ATTACKER, by_root)));
        mails.push(("bare-mallory".to_owned(), mail(ATTACKER, mallory).without_attributes()));
        let prefers = mail(ATTACKER, mallory).prefers(&self.alice[3], KeyPreference::Standard, true);
        mails.push(("mallory-prefers-alice".to_owned(), prefers));
        let preferred = mail(VICTIM, &self.alice[0]).prefers(mallory, KeyPreference::Standard, true);
        mails.push(("alice-prefers-mallory".to_owned(), preferred));
        let two = mail(VICTIM, &self.alice[0]).signer(mallory);
        mails.push(("two-signers".to_owned(), two));
        for (number, forged) in self.forged.iter().enumerate() {
            let from = if number == 0 { "eve@evil.example" } else { VICTIM };
            let mail = self.others.iter().fold(mail(from, forged), SignedMail::with_authority);
            mails.push((format!("forged-{number}"), mail));
        }
        mails.into_iter().map(|(name, mail)| (name, mail.build())).collect()
    }
}
