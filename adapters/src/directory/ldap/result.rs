//! What result codes mean (RFC 4511 appendix A).

use super::answer::Outcome;
use super::fault::{LdapFault, LdapFaultKind, quoted};

/// Success of a bind or StartTLS, or what is wrong.
pub(super) fn of_bind(outcome: Outcome<'_>, secret: Option<&str>) -> Result<(), LdapFault> {
    let (kind, words) = match outcome.code {
        0 => return Ok(()),
        7 => (LdapFaultKind::Setup, "does not know this kind of authentication"),
        8 | 13 => (LdapFaultKind::Setup, "wants TLS, or a stronger authentication"),
        32 | 34 => (LdapFaultKind::Setup, "does not take the name to authenticate with"),
        48 => (LdapFaultKind::Setup, "does not let this name authenticate in this way"),
        49 => (LdapFaultKind::Setup, "does not accept the credentials"),
        50 => (LdapFaultKind::Setup, "does not let this name in"),
        code => return Err(other(code, outcome.message, secret)),
    };
    Err(LdapFault::new(kind, format_args!("{words}: result {}{}", outcome.code, quoted(outcome.message, secret))))
}

pub(super) fn of_start_tls(outcome: Outcome<'_>, secret: Option<&str>) -> Result<(), LdapFault> {
    let (kind, words) = match outcome.code {
        0 => return Ok(()),
        1 | 2 | 12 | 53 => (LdapFaultKind::Tls, "does not speak StartTLS"),
        code => return Err(other(code, outcome.message, secret)),
    };
    Err(LdapFault::new(kind, format_args!("{words}: result {}{}", outcome.code, quoted(outcome.message, secret))))
}

/// Whether what a search found is all there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    All,
    /// The server stopped at a limit, in these words.
    Part(&'static str),
}

/// How a search ended. What the server says is left out: it may repeat the address that was asked about.
pub(super) fn of_search(code: u32, is_anonymous: bool) -> Result<Extent, LdapFault> {
    let words = match code {
        0 => return Ok(Extent::All),
        3 => return Ok(Extent::Part("stopped at its time limit")),
        4 => return Ok(Extent::Part("stopped at its size limit")),
        11 => return Ok(Extent::Part("stopped at its administrative limit")),
        1 if is_anonymous => "answers nobody who is not authenticated",
        8 | 13 => "wants TLS, or an authentication",
        10 => "holds nothing below the search base and refers to other servers, which are not asked",
        12 | 16 | 17 | 18 => "does not take the filter",
        32 => "has no such search base",
        34 => "does not read the search base as a name",
        50 if is_anonymous => "lets nobody search who is not authenticated",
        50 => "does not let this name search",
        code => return Err(other(code, b"", None)),
    };
    Err(LdapFault::new(LdapFaultKind::Setup, format_args!("{words}: result {code}")))
}

fn other(code: u32, message: &[u8], secret: Option<&str>) -> LdapFault {
    let (kind, words) = match code {
        51 => (LdapFaultKind::Busy, "is busy"),
        52 => (LdapFaultKind::Busy, "is not available"),
        53 => (LdapFaultKind::Busy, "is not willing"),
        2 => (LdapFaultKind::Protocol, "did not understand"),
        // 21 among them: a value that the syntax of an attribute does not allow, which may be one odd address.
        _ => (LdapFaultKind::Refused, "could not do it"),
    };
    LdapFault::new(kind, format_args!("{words}: result {code}{}", quoted(message, secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_an_administrator_must_change_looks_like_nobody_is_there() {
        for code in [8, 10, 12, 13, 16, 17, 18, 32, 34, 50] {
            assert_eq!(of_search(code, false).unwrap_err().kind(), LdapFaultKind::Setup, "{code}");
        }
        assert_eq!(of_search(1, true).unwrap_err().kind(), LdapFaultKind::Setup);
        for code in [51, 52, 53] {
            assert_eq!(of_search(code, true).unwrap_err().kind(), LdapFaultKind::Busy, "{code}");
        }
        for code in [1, 21, 80, 4_096, u32::MAX] {
            assert_eq!(of_search(code, false).unwrap_err().kind(), LdapFaultKind::Refused, "{code}");
        }
        assert_eq!(of_search(4, true), Ok(Extent::Part("stopped at its size limit")));
    }

    #[test]
    fn binds_tell_bad_credentials_from_bad_days() {
        let of = |code| of_bind(Outcome { code, message: b"52e" }, None);
        assert_eq!(of(0), Ok(()));
        for code in [7, 8, 13, 32, 34, 48, 49, 50] {
            assert_eq!(of(code).unwrap_err().kind(), LdapFaultKind::Setup, "{code}");
        }
        for code in [1, 14, 51, 52, 53, 80] {
            assert_ne!(of(code).unwrap_err().kind(), LdapFaultKind::Setup, "{code}");
        }
        assert_eq!(of(49).unwrap_err().to_string(), "does not accept the credentials: result 49 (it says: 52e)");
    }
}
