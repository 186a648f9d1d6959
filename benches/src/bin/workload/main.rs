//! The same mail for everybody: `workload FOLDER`. Keys, names, numbers and bodies follow from one seed.
//!
//! A root, eight CAs under it that issue in turn, and people under them. `rsa`: the root has RSA-4096, everybody else
//! RSA-2048. `ec`: everybody has P-256. There are as many keys as senders; the thousand recipients take them in turn.
//!
//! * `FLAVOUR/`: `root.pem`, `authorities.pem`, `recipients.pem` with `recipients.txt`, `key.pem` of the first
//!   recipient.
//! * `FLAVOUR-FORM-SIZE/`: signed mails, `list.txt` (path TAB sender) and `primers.txt`, for each a small mail of
//!   another sender with the same CA. FORM is `detached`, `opaque` or `ber`, as a streaming signer writes it, in
//!   segments of 4096 octets.
//! * `bodies/SIZE.entity`: what is sealed.

mod certificates;
mod keys;
mod mails;

use certificates::{Authority, Person};
use keys::{Flavour, SecretKey};
use mails::{Form, entity, signed};
use postseal_testkit::factory::pem;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

const CAS: usize = 8;
const SENDERS: usize = 128;
const RECIPIENTS: usize = 1000;

/// Name, octets, how many mails of each form, and whether with RSA only: of large mails it is the octets that count.
const SIZES: [(&str, usize, usize, bool); 4] = [
    ("2k", 2 << 10, SENDERS, false),
    ("50k", 50 << 10, 32, false),
    ("1m", 1 << 20, 8, false),
    // Four, so that each comes from memory when it is its turn again.
    ("25m", 25 << 20, 4, true),
];

struct World {
    flavour: Flavour,
    root: Authority,
    cas: Vec<Authority>,
    people: Vec<Person>,
}

impl World {
    fn new(flavour: Flavour) -> Self {
        let root = Authority::root(flavour, SecretKey::new(flavour, true, "root"));
        let keys = |what: &str, count| {
            in_parallel(count, |number| SecretKey::new(flavour, false, &format!("{what} {number}")))
        };
        let cas: Vec<Authority> =
            keys("ca", CAS).into_iter().enumerate().map(|(number, key)| root.authority(number, key)).collect();
        let keys = keys("person", SENDERS);
        let person = |number: usize| cas[number % CAS].person(number, &keys[number % SENDERS]);
        Self { flavour, people: in_parallel(RECIPIENTS, person), root, cas }
    }

    fn write(&self, folder: &Path) {
        let folder = folder.join(self.flavour.name());
        fs::create_dir_all(&folder).unwrap();
        let bundle = |ders: Vec<&[u8]>| ders.into_iter().map(pem).collect::<String>();
        let write = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
        write("root.pem", pem(&self.root.der));
        write("authorities.pem", bundle(self.cas.iter().map(|ca| &*ca.der).collect()));
        write("recipients.pem", bundle(self.people.iter().map(|person| &*person.der).collect()));
        write("recipients.txt", self.people.iter().map(|person| format!("{}\n", person.address)).collect());
        write("key.pem", self.people[0].key.pem());
    }

    fn mails(&self, folder: &Path, form: Form, (size, octets, count, _): (&str, usize, usize, bool)) {
        let name = self.flavour.name();
        let path = |size: &str, number: usize| -> PathBuf {
            folder.join(format!("{name}-{}-{size}/{number:03}.eml", form.name()))
        };
        let list = path(size, 0).with_file_name("list.txt");
        fs::create_dir_all(list.parent().unwrap()).unwrap();
        in_parallel(count, |number| {
            let sender = &self.people[number];
            let mail = signed(form, sender, &self.cas[number % CAS], &entity(octets, &format!("{name} {number}")));
            fs::write(path(size, number), mail).unwrap();
        });
        let senders =
            (0..count).map(|number| format!("{}\t{}\n", path(size, number).display(), self.people[number].address));
        fs::write(&list, senders.collect::<String>()).unwrap();
        // Somebody else's mail by way of the same CA, and a small one.
        let primers = (0..count).map(|number| format!("{}\n", path("2k", (number + CAS) % SENDERS).display()));
        fs::write(list.with_file_name("primers.txt"), primers.collect::<String>()).unwrap();
    }
}

/// The results in order.
fn in_parallel<T: Send>(count: usize, make: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut made: Vec<(usize, T)> = thread::scope(|scope| {
        let work = |first| {
            let make = &make;
            scope
                .spawn(move || (first..count).step_by(threads).map(|number| (number, make(number))).collect::<Vec<_>>())
        };
        let working: Vec<_> = (0..threads).map(work).collect();
        working.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    made.sort_by_key(|(number, _)| *number);
    made.into_iter().map(|(_, made)| made).collect()
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("workload FOLDER"));
    fs::create_dir_all(folder.join("bodies")).unwrap();
    let folder = folder.canonicalize().unwrap();
    for (name, octets, ..) in SIZES {
        fs::write(folder.join(format!("bodies/{name}.entity")), entity(octets, "sealed")).unwrap();
    }
    for flavour in [Flavour::Rsa, Flavour::Ec] {
        let world = World::new(flavour);
        world.write(&folder);
        for size in SIZES.into_iter().filter(|size| !size.3 || flavour == Flavour::Rsa) {
            [Form::Detached, Form::Opaque, Form::Ber].into_iter().for_each(|form| world.mails(&folder, form, size));
        }
        eprintln!("{}: written", flavour.name());
    }
}
