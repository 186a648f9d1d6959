use crate::der::oids;
use core::fmt;
use std::collections::BTreeSet;

/// The identifier of a certificate policy (RFC 5280 4.2.1.4).
///
/// ```
/// use postseal::verify::CertPolicyId;
/// let policy = CertPolicyId::from_dotted("2.16.840.1.101.3.2.1.48.1").ok_or("no identifier")?;
/// assert_eq!(policy.to_string(), "2.16.840.1.101.3.2.1.48.1");
/// assert!(!policy.is_any_policy());
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertPolicyId(Box<[u8]>);

impl CertPolicyId {
    /// From dotted numbers: at least two, each below 2^63, as X.660 has them.
    ///
    /// ```
    /// use postseal::verify::CertPolicyId;
    /// assert!(CertPolicyId::from_dotted("1.2.840").is_some());
    /// for wrong in ["", "1", "1..2", "1.40", "3.1", "1.2.x", "1.+2", "1.02"] {
    ///     assert_eq!(CertPolicyId::from_dotted(wrong), None);
    /// }
    /// ```
    pub fn from_dotted(text: &str) -> Option<Self> {
        let mut arcs = text.split('.').map(arc);
        let (first, second) = (arcs.next()??, arcs.next()??);
        if first > 2 || (first < 2 && second >= 40) {
            return None;
        }
        let mut octets = Vec::new();
        base_128(first.checked_mul(40)?.checked_add(second)?, &mut octets);
        for arc in arcs {
            base_128(arc?, &mut octets);
        }
        Some(Self(octets.into()))
    }

    /// anyPolicy, which stands for every policy (RFC 5280 4.2.1.4).
    ///
    /// ```
    /// assert_eq!(postseal::verify::CertPolicyId::any_policy().to_string(), "2.5.29.32.0");
    /// ```
    pub fn any_policy() -> Self {
        Self::from_octets(oids::ANY_POLICY)
    }

    /// Whether this is anyPolicy.
    ///
    /// ```
    /// assert!(postseal::verify::CertPolicyId::any_policy().is_any_policy());
    /// ```
    pub fn is_any_policy(&self) -> bool {
        *self.0 == *oids::ANY_POLICY
    }

    /// The content octets of the OBJECT IDENTIFIER.
    ///
    /// ```
    /// assert_eq!(postseal::verify::CertPolicyId::any_policy().as_octets(), [0x55, 0x1d, 0x20, 0]);
    /// ```
    pub const fn as_octets(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn from_octets(octets: &[u8]) -> Self {
        Self(octets.into())
    }
}

/// One number as X.660 writes it: digits without a leading zero.
fn arc(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|number| canonical && *number < 1 << 63)
}

/// X.690 8.19.2: seven bits in each octet, the most significant first.
fn base_128(number: u64, octets: &mut Vec<u8>) {
    for shift in (0..10_u32).rev() {
        let rest = number.unbounded_shr(shift.saturating_mul(7));
        if rest > 0 || shift == 0 {
            let more = if shift == 0 { 0 } else { 0x80 };
            octets.push(u8::try_from(rest & 0x7f).unwrap_or_default() | more);
        }
    }
}

/// Dotted; an arc of 2^64 or more, which nobody has, is shown as `?`.
impl fmt::Display for CertPolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number = Some(0_u64);
        let mut first = true;
        for octet in &self.0 {
            let bits = u64::from(octet & 0x7f);
            number = number.and_then(|number| number.checked_mul(128)?.checked_add(bits));
            if octet & 0x80 != 0 {
                continue;
            }
            match (first, number) {
                // X.690 8.19.4: the first two arcs share a number.
                (true, Some(number)) => {
                    let root = number.div_euclid(40).min(2);
                    write!(f, "{root}.{}", number.saturating_sub(root.saturating_mul(40)))?;
                }
                (true, None) => f.write_str("?")?,
                (false, Some(number)) => write!(f, ".{number}")?,
                (false, None) => f.write_str(".?")?,
            }
            (number, first) = (Some(0), false);
        }
        Ok(())
    }
}

impl fmt::Debug for CertPolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertPolicyId({self})")
    }
}

/// What a caller brings to the validation of a path beside the path, the time and the anchors (RFC 5280 6.1.1 c and e
/// to i).
///
/// The default asks for nothing: any policy will do, and none is needed unless a CA of the path demands one.
///
/// ```
/// use postseal::verify::{CertPolicyId, PathInputs};
/// let mut inputs = PathInputs::default();
/// inputs.initial_explicit_policy = true;
/// inputs.user_initial_policy_set = CertPolicyId::from_dotted("2.16.840.1.101.3.2.1.48.1").map(|only| [only].into());
/// assert!(!inputs.initial_policy_mapping_inhibit && !inputs.initial_any_policy_inhibit);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathInputs {
    /// The policies that the caller takes, user-initial-policy-set (6.1.1 c). `None`, or a set with anyPolicy, takes all.
    /// It decides only where a policy is required: by `initial_explicit_policy`, or by a CA.
    pub user_initial_policy_set: Option<BTreeSet<CertPolicyId>>,
    /// No CA may map policies, initial-policy-mapping-inhibit (6.1.1 e).
    pub initial_policy_mapping_inhibit: bool,
    /// The path must be valid for one of the policies in the set, initial-explicit-policy (6.1.1 f).
    pub initial_explicit_policy: bool,
    /// anyPolicy in a certificate stands for nothing, initial-any-policy-inhibit (6.1.1 g).
    pub initial_any_policy_inhibit: bool,
    /// An encoded NameConstraints (4.2.1.10): initial-permitted-subtrees and initial-excluded-subtrees (6.1.1 h and i). Every
    /// certificate below the anchor is held to it as to the constraints of a CA; one that cannot be read lets none pass.
    pub initial_name_constraints: Option<Box<[u8]>>,
    /// The anchor's certificate constrains the paths below it, as if it were a CA's of the path (RFC 5937 3.2). Its
    /// certificatePolicies and `user_initial_policy_set` are intersected; its policyConstraints and inhibitAnyPolicy count
    /// from the first certificate below it; a critical extension that is unknown, one that cannot be read, or an extended key
    /// usage without e-mail (RFC 8550 4.4.4) lets no path end there.
    ///
    /// Without it RFC 5280 6.1.1 d holds: all that is taken no notice of. Name constraints and the path length of an anchor
    /// always count, and so does its validity: whoever wrote them into a root meant them.
    ///
    /// ```
    /// let mut inputs = postseal::verify::PathInputs::default();
    /// assert!(!inputs.trust_anchor_constraints, "RFC 5280 does not ask for it");
    /// inputs.trust_anchor_constraints = true;
    /// ```
    pub trust_anchor_constraints: bool,
}

/// The inputs of every decision of the engine.
pub(crate) static NO_DEMANDS: PathInputs = PathInputs {
    user_initial_policy_set: None,
    initial_policy_mapping_inhibit: false,
    initial_explicit_policy: false,
    initial_any_policy_inhibit: false,
    initial_name_constraints: None,
    trust_anchor_constraints: false,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_written_and_read_back() {
        for (dotted, octets) in [
            ("0.0", b"\x00".as_slice()),
            ("0.39", b"\x27"),
            ("1.0", b"\x28"),
            ("2.0", b"\x50"),
            ("2.999.3", b"\x88\x37\x03"),
            ("1.2.840.113549", b"\x2a\x86\x48\x86\xf7\x0d"),
            ("1.2.128.16383.16384", b"\x2a\x81\x00\xff\x7f\x81\x80\x00"),
            ("1.2.9223372036854775807", b"\x2a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
        ] {
            let policy = CertPolicyId::from_dotted(dotted).unwrap();
            assert_eq!((policy.as_octets(), policy.to_string().as_str()), (octets, dotted));
        }
        assert_eq!(CertPolicyId::from_dotted("1.2.9223372036854775808"), None);
        let beyond = [b"\x2a".as_slice(), &[0xff; 12], b"\x7f\x05"].concat();
        assert_eq!(CertPolicyId::from_octets(&beyond).to_string(), "1.2.?.5");
        assert_eq!(NO_DEMANDS, PathInputs::default());
    }
}
