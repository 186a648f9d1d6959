//! Any set of certificates, and the path that is found in it.

use crate::input::{Input, octets};
use crate::memory::bounded;
use crate::world::world;
use postseal::verify::{Limits, Path, Profile};
use postseal::{Certificate, Engine, Error};

/// More would let the limits of a search decide.
const FEW: usize = 4;
/// The certificates are copies of those of the world, which the input only names.
const BOUND: usize = 4_096;

/// Certificates as the input says: known ones, known ones with some octets changed, any octets. A path consists of signatures that
/// hold, and of CAs that may issue; the order of what may help does not matter; and what true arithmetic finds is found with the
/// stub, too.
pub fn path(bytes: &[u8]) {
    let world = world();
    let mut input = Input::new(bytes);
    let flags = input.octet();
    let profile = [Profile::Default, Profile::Legacy, Profile::Strict][usize::from(flags & 3) % 3];
    let count = 1 + usize::from(input.octet()) % 24;
    let certificates: Vec<Certificate> = (0..count)
        .filter_map(|_| Certificate::from_der(&octets(&mut input, &world.certificates), &Limits::default()).ok())
        .collect();
    let Some((leaf, pool)) = certificates.split_first() else { return };
    let search = |engine: Engine, pool: &[Certificate]| -> Result<Path, Error> {
        let found = engine.with_profile(profile).find_path(leaf, pool, crate::now());
        if let Ok(path) = &found {
            assert_eq!(path.leaf(), leaf);
            assert!(path.intermediates().iter().all(|issuer| pool.contains(issuer)), "an issuer from nowhere");
            assert!(world.anchors.certificates().any(|anchor| anchor == path.anchor()));
            world.judge_path(leaf, path.intermediates());
        }
        found
    };
    let found = bounded(bytes.len(), BOUND, || search(world.engine(), pool));
    if pool.len() <= FEW {
        let reversed: Vec<Certificate> = pool.iter().rev().cloned().collect();
        let other = search(world.engine(), &reversed);
        assert_eq!(found.is_ok(), other.is_ok(), "the order decides: {:?}, {:?}", found.err(), other.err());
    }
    if flags & 4 != 0 {
        let truly = search(Engine::new(world.anchors.clone()), pool);
        assert!(pool.len() > FEW || truly.is_err() || found.is_ok(), "only with true signatures: {:?}", found.err());
    }
}
