use super::tree::{Content, Form};
use super::{Plain, Random, Tree, ber, mail};
use postseal_testkit::factory::{Authority, CertSpec, Form as MailForm, Key, SignedMail};
use std::collections::BTreeSet;

const FORMS: [MailForm; 4] = [MailForm::Detached, MailForm::DetachedBer, MailForm::Opaque, MailForm::OpaqueBer];

fn signed(form: MailForm) -> SignedMail {
    let root = Authority::root("Root", Key::P256(1));
    let alice = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2)));
    SignedMail::new("Alice <alice@goal.example>", &alice).form(form).with_authority(&root)
}

/// Stands for libFuzzer's own mutation.
fn plain(_: &mut [u8], size: usize, _: usize) -> usize {
    size
}

#[test]
fn what_is_read_is_written_again() {
    for form in FORMS {
        let object = signed(form).cms();
        assert_eq!(Tree::read(&object).write(), object);
        // Cut anywhere, or with any octet changed, it stays what it is, too.
        for at in 0..object.len() {
            assert_eq!(Tree::read(&object[..at]).write(), &object[..at]);
            let mut changed = object.clone();
            changed[at] ^= 0x80;
            assert_eq!(Tree::read(&changed).write(), changed, "{at}");
        }
    }
}

#[test]
fn elements_in_strings_are_found() {
    let object = signed(MailForm::Detached).cms();
    let tree = Tree::read(&object);
    let mailbox = |content: &Content| matches!(content, Content::Octets(octets) if octets == b"alice@goal.example");
    let names = tree.nodes.iter().filter(|node| mailbox(&node.content)).map(|node| node.tag.clone());
    assert_eq!(names.collect::<Vec<_>>(), [vec![0x81]], "in the SAN, in the OCTET STRING of an extension");
    assert!(tree.nodes.len() > 150, "{}", tree.nodes.len());
}

#[test]
fn deep_and_wide_objects_end() {
    for object in
        [b"\x30\x80".repeat(50_000), b"\x24\x80".repeat(50_000), b"\x30\x00".repeat(50_000), vec![0xff; 9_000]]
    {
        assert_eq!(Tree::read(&object).write(), object);
    }
}

fn run(mutate: fn(&mut [u8], usize, usize, u32, Plain) -> usize, original: &[u8], seed: u32) -> Vec<u8> {
    let mut data = original.to_vec();
    data.resize(original.len() + 4_096, 0);
    let most = data.len();
    let size = mutate(&mut data, original.len(), most, seed, plain);
    assert!(size <= most);
    data.truncate(size);
    data
}

/// Whether all of it are elements inside of each other.
fn is_well_formed(object: &[u8]) -> bool {
    Tree::read(object).nodes.iter().skip(1).all(|node| !node.tag.is_empty() && !matches!(node.form, Form::Wrong(_)))
}

#[test]
fn mutations_of_objects_differ_and_stay_well_formed() {
    for form in FORMS {
        let object = signed(form).cms();
        let all: Vec<Vec<u8>> = (0..1_000).map(|seed| run(ber, &object, seed)).collect();
        let good = all.iter().filter(|object| is_well_formed(object)).count();
        assert!(good > 700, "{good} of 1000 are well-formed");
        let different: BTreeSet<_> = all.iter().collect();
        assert!(different.len() > 650, "{} of 1000 differ", different.len());
        assert!((0..50).all(|seed| run(ber, &object, seed) == all[seed as usize]), "a seed repeats a mutation");
    }
}

#[test]
fn mutations_of_mails_change_header_and_object() {
    for form in FORMS {
        let original = signed(form).build();
        let (mut headers, mut bodies) = (0, 0);
        for seed in 0..500 {
            let changed = run(mail, &original, seed);
            let head = |mail: &[u8]| mail.windows(4).position(|end| end == b"\r\n\r\n").map(|end| mail[..end].to_vec());
            if head(&changed) != head(&original) {
                headers += 1;
            } else if changed != original {
                bodies += 1;
            }
        }
        assert!(headers > 80 && bodies > 120, "{headers} {bodies}");
    }
}

#[test]
fn what_does_not_fit_is_left_to_libfuzzer() {
    let object = signed(MailForm::Opaque).cms();
    for seed in 0..200 {
        let mut data = object.clone();
        assert!(ber(&mut data, object.len(), object.len(), seed, plain) <= object.len());
        assert!(mail(&mut [], 0, 0, seed, plain) == 0);
    }
}

#[test]
fn random_ranges_are_inside() {
    let mut random = Random::new(7);
    for length in 0..200 {
        let range = random.range(length);
        assert!(range.start <= range.end && range.end <= length);
    }
}
