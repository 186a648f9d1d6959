//! RSA public operations with AVX-512-IFMA: RSAVP1 and RSAEP (RFC 8017 5.1.1, 5.2.2) for moduli of 2048, 3072 and 4096
//! bits.
//!
//! One operation at a time with [`Modulus::power`], or eight side by side with [`power_many`]. Whoever calls has
//! another way where a modulus cannot be prepared here: on a machine without these instructions, and for other sizes.
//!
//! ```
//! use postseal_accel::Modulus;
//!
//! let modulus = [0xff; 256];
//! let base = [vec![0; 255], vec![3]].concat();
//! match Modulus::new(&modulus) {
//!     Some(prepared) => {
//!         let power = prepared.power(&base, 5).expect("the base is smaller than the modulus");
//!         assert_eq!((power.len(), power[255]), (256, 243));
//!     }
//!     None => assert!(!postseal_accel::available()), // computed some other way
//! }
//! ```
//!
//! Numbers are big-endian octets. Bases may be secret: time and memory accesses depend on moduli and exponents only,
//! and what is computed on the way is zeroized. Moduli are zeroized when they are dropped.
#![deny(unsafe_op_in_unsafe_fn)]

mod modulus;
mod words;

#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(not(target_arch = "x86_64"))]
#[path = "none.rs"]
mod ifma;

pub use modulus::{Modulus, power_many};

/// Whether this machine has the instructions.
///
/// ```
/// let modulus = postseal_accel::Modulus::new(&[0xff; 256]);
/// assert_eq!(modulus.is_some(), postseal_accel::available());
/// ```
#[must_use]
pub fn available() -> bool {
    ifma::Ifma::detect().is_some()
}
