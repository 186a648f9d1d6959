//! Name constraints (RFC 5280 4.2.1.10, 6.1.3 b and c, RFC 9598 6).

use super::Limits;
use super::budget::Budget;
use crate::cert::{Address, Certificate, GeneralName, comparable_domain, general_name, name};
use crate::der::{Document, Tag, oids};
use crate::error::{Code, Error};

/// The constraints of one CA certificate.
#[derive(Debug, Default)]
struct Constraints<'a> {
    permitted: Vec<Base<'a>>,
    excluded: Vec<Base<'a>>,
}

/// The base of a subtree, read once for all names that are compared with it.
#[derive(Debug)]
struct Base<'a> {
    name: GeneralName<'a>,
    /// Of an rfc822Name.
    mailboxes: Mailboxes,
}

/// The mailboxes of a subtree (RFC 5280 4.2.1.10).
#[derive(Debug)]
enum Mailboxes {
    One(Address),
    /// Those at a host.
    At(String),
    /// Those at the hosts below a domain, with its leading dot.
    Below(String),
    /// An empty base.
    All,
    Unreadable,
}

/// A name of a certificate, read once for all subtrees.
#[derive(Debug)]
struct Subject<'a> {
    name: GeneralName<'a>,
    /// Of an rfc822Name or a SmtpUTF8Mailbox.
    mailbox: Result<Address, Error>,
}

/// Whether a name lies in a subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    Inside,
    /// To some readers only: not permitted by the subtree, and excluded by it. So is a mailbox but for the case of its local
    /// part, which RFC 5280 7.5 has exact and mail systems ignore; every mailbox under an empty constraint, which RFC 5280
    /// 4.2.1.10 does not have; and a directory name that may be the same once its text is prepared.
    Doubtful,
    Outside,
    /// The constraint cannot be read: it permits nothing, and may exclude anything.
    Unreadable,
    /// The constraint is of another form than the name.
    OtherForm,
    /// One of the two cannot be compared; whoever asks must assume the worst.
    Undecidable,
}

/// Checks all names of `certificate` against encoded NameConstraints: those of a CA above it in the path, or the caller's.
pub(super) fn check(
    constraints: &[u8],
    certificate: &Certificate,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<(), Error> {
    // Both are read before anything is compared.
    budget.spend_comparison(constraints.len().saturating_add(certificate.der().len()))?;
    let document = Document::definite(constraints, limits);
    let constraints = read(&document, limits).map_err(undecidable)?;
    let subject_email: Vec<_> = name::email_addresses(certificate.subject(), limits)
        .map_err(|_| Error::from(Code::NameConstraintUndecidable))?;
    let mut names = certificate
        .subject_alt_names(limits)
        .map_err(|_| Error::from(Code::NameConstraintUndecidable))?
        .unwrap_or_default();
    // An emailAddress in the subject is a mailbox to many programs, whether or not there is a SAN.
    names.extend(subject_email.into_iter().map(GeneralName::Rfc822));
    if certificate.subject() != [0x30, 0] {
        names.push(GeneralName::Directory(certificate.subject()));
    }
    names.into_iter().map(Subject::new).try_for_each(|name| constraints.allow(&name, limits, budget))
}

/// The constraints are readable, or nobody can say what they allow.
pub(super) fn check_readable(certificate: &Certificate, limits: &Limits) -> Result<(), Error> {
    let Some(extension) = certificate.extension(oids::NAME_CONSTRAINTS) else { return Ok(()) };
    read(&Document::definite(extension.value, limits), limits).map(|_| ()).map_err(undecidable)
}

fn undecidable(error: Error) -> Error {
    if error.code() == Code::NamesTooMany { error } else { Code::NameConstraintUndecidable.into() }
}

impl<'a> Base<'a> {
    fn new(name: GeneralName<'a>) -> Self {
        let mailboxes = match name {
            GeneralName::Rfc822(octets) => Mailboxes::read(octets),
            _ => Mailboxes::Unreadable,
        };
        Self { name, mailboxes }
    }
}

impl Mailboxes {
    /// A mailbox, a host, or (with a leading dot) all hosts of a domain but not the domain itself. A host with a leading at
    /// sign, which RFC 5280 does not have, is what CAs wrote who meant the host.
    fn read(base: &[u8]) -> Self {
        let Ok(base) = core::str::from_utf8(base) else { return Self::Unreadable };
        if base.is_empty() {
            return Self::All;
        }
        let (is_domain, host) = match base.split_at_checked(1) {
            Some((".", domain)) => (true, domain),
            Some(("@", host)) => (false, host),
            _ if base.contains('@') => return Address::parse(base).map_or(Self::Unreadable, Self::One),
            _ => (false, base),
        };
        // What is no domain is near none, and may have been meant for any.
        match comparable_domain(host) {
            Ok(domain) if host.is_ascii() && is_domain => Self::Below(format!(".{domain}")),
            Ok(host) if base.is_ascii() => Self::At(host),
            _ => Self::Unreadable,
        }
    }
}

impl<'a> Subject<'a> {
    fn new(name: GeneralName<'a>) -> Self {
        let mailbox = match name {
            GeneralName::Rfc822(octets) => Address::from_rfc822_name(octets),
            GeneralName::SmtpUtf8Mailbox(octets) => Address::from_smtp_utf8_mailbox(octets),
            _ => Err(Code::AddressMalformed.into()),
        };
        Self { name, mailbox }
    }
}

impl Constraints<'_> {
    fn allow(&self, name: &Subject<'_>, limits: &Limits, budget: &mut Budget) -> Result<(), Error> {
        let mut of_same_form = false;
        let mut permitted = false;
        for base in &self.permitted {
            budget.spend_comparison(octets(&base.name).saturating_add(octets(&name.name)))?;
            match compare(base, name, limits) {
                Match::Inside => (of_same_form, permitted) = (true, true),
                Match::Outside | Match::Doubtful | Match::Unreadable => of_same_form = true,
                Match::OtherForm => {}
                Match::Undecidable => return Err(Code::NameConstraintUndecidable.into()),
            }
        }
        if of_same_form && !permitted {
            return Err(Code::NameNotPermitted.into());
        }
        for base in &self.excluded {
            budget.spend_comparison(octets(&base.name).saturating_add(octets(&name.name)))?;
            match compare(base, name, limits) {
                Match::Inside | Match::Doubtful => return Err(Code::NameExcluded.into()),
                Match::Undecidable | Match::Unreadable => return Err(Code::NameConstraintUndecidable.into()),
                Match::Outside | Match::OtherForm => {}
            }
        }
        Ok(())
    }
}

/// Subtrees in one list for each name that a certificate may have: a company has hundreds of domains, and three forms for each.
const SUBTREES: usize = 16;

/// `NameConstraints ::= SEQUENCE { permittedSubtrees [0], excludedSubtrees [1] }`. The minimum is 0 and there is no
/// maximum (RFC 5280 4.2.1.10); anything else cannot be decided.
fn read<'a>(document: &Document<'a>, limits: &Limits) -> Result<Constraints<'a>, Error> {
    let mut fields = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
    let mut constraints = Constraints::default();
    for (number, list) in [(0, &mut constraints.permitted), (1, &mut constraints.excluded)] {
        let Some(subtrees) = fields.optional(Tag::context_constructed(number))? else { continue };
        let mut members = document.children(&subtrees)?;
        // GeneralSubtrees has at least one; what an empty list means, nobody can say.
        if members.peek().is_none() {
            return Err(Code::NameConstraintUndecidable.into());
        }
        while let Some(subtree) = members.next()? {
            if list.len() >= limits.names.saturating_mul(SUBTREES) {
                return Err(Code::NamesTooMany.into());
            }
            let mut parts = document.children(&subtree.expect(Tag::SEQUENCE)?)?;
            list.push(Base::new(general_name(document, &parts.required()?)));
            if let Some(minimum) = parts.optional(Tag::context(0))?
                && minimum.content().iter().any(|octet| *octet != 0)
            {
                return Err(Code::NameConstraintUndecidable.into());
            }
            parts.finish()?;
        }
    }
    fields.finish()?;
    Ok(constraints)
}

fn compare(base: &Base<'_>, name: &Subject<'_>, limits: &Limits) -> Match {
    use GeneralName::{Directory, Dns, Ip, Other, Rfc822, SmtpUtf8Mailbox, Undecodable, Uri};
    match (&base.name, &name.name) {
        // RFC 9598 6: constraints on rfc822Name apply to SmtpUTF8Mailbox; a whole mailbox never matches one.
        (Rfc822(_), Rfc822(_) | SmtpUtf8Mailbox(_)) => mailbox(&base.mailboxes, name.mailbox.as_ref()),
        (Dns(base), Dns(name)) => dns(base, name),
        (Ip(base), Ip(name)) => ip(base, name),
        (Uri(base), Uri(name)) => uri(base, name),
        (Directory(base), Directory(name)) => match name::is_within(name, base, limits) {
            Ok(name::Within::Yes) => Match::Inside,
            Ok(name::Within::Perhaps) => Match::Doubtful,
            Ok(name::Within::No) => Match::Outside,
            Err(_) => Match::Undecidable,
        },
        // A constraint on an other name, an X.400 address, an EDI party or an identifier cannot
        // be compared here; it matters where a name of that form stands.
        (Other(base), Other(name)) if base == name => Match::Undecidable,
        (Undecodable(_), _) => Match::Undecidable,
        // The form of an other name is its type; an undecodable one may be a SmtpUTF8Mailbox.
        (Rfc822(_), Undecodable(0)) => Match::Undecidable,
        (base, Undecodable(tag)) if form(base) == *tag => Match::Undecidable,
        (Other(0), SmtpUtf8Mailbox(_)) | (SmtpUtf8Mailbox(_), SmtpUtf8Mailbox(_) | Other(0)) => Match::Undecidable,
        _ => Match::OtherForm,
    }
}

const fn octets(name: &GeneralName<'_>) -> usize {
    use GeneralName::{Directory, Dns, Ip, Other, Rfc822, SmtpUtf8Mailbox, Undecodable, Uri};
    match name {
        Rfc822(octets) | SmtpUtf8Mailbox(octets) | Dns(octets) | Directory(octets) | Ip(octets) | Uri(octets) => {
            octets.len()
        }
        Other(_) | Undecodable(_) => 0,
    }
}

const fn form(name: &GeneralName<'_>) -> u8 {
    match name {
        GeneralName::SmtpUtf8Mailbox(_) => 0,
        GeneralName::Rfc822(_) => 1,
        GeneralName::Dns(_) => 2,
        GeneralName::Directory(_) => 4,
        GeneralName::Uri(_) => 6,
        GeneralName::Ip(_) => 7,
        GeneralName::Other(tag) | GeneralName::Undecodable(tag) => *tag,
    }
}

fn mailbox(base: &Mailboxes, name: Result<&Address, &Error>) -> Match {
    let Ok(name) = name else { return Match::Undecidable };
    let inside = match base {
        Mailboxes::One(base) if base == name && base.local_part() != name.local_part() => return Match::Doubtful,
        Mailboxes::One(base) => base == name,
        Mailboxes::At(host) => name.domain() == host,
        Mailboxes::Below(domain) => name.domain().ends_with(domain),
        Mailboxes::All => return Match::Doubtful,
        Mailboxes::Unreadable => return Match::Unreadable,
    };
    if inside { Match::Inside } else { Match::Outside }
}

/// An address and a mask of contiguous bits (RFC 5280 4.2.1.10, RFC 4632); addresses of the other family lie outside.
fn ip(base: &[u8], name: &[u8]) -> Match {
    let Some((address, mask)) = base.split_at_checked(base.len().div_euclid(2)) else { return Match::Undecidable };
    let bits: Vec<bool> = mask.iter().flat_map(|octet| (0..8_u8).map(move |bit| octet & (0x80 >> bit) != 0)).collect();
    let contiguous = bits.is_sorted_by(|a, b| a >= b);
    if !matches!(name.len(), 4 | 16) || !matches!(base.len(), 8 | 32) || !contiguous {
        return Match::Undecidable;
    }
    let masked = |(name, (address, mask)): (&u8, (&u8, &u8))| name & mask == address & mask;
    let inside = name.len() == address.len() && name.iter().zip(address.iter().zip(mask)).all(masked);
    if inside { Match::Inside } else { Match::Outside }
}

/// A name that ends with the labels of the constraint (RFC 5280 4.2.1.10). A leading dot, which RFC 5280 does not have,
/// means the names below.
fn dns(base: &[u8], name: &[u8]) -> Match {
    let text =
        |octets| core::str::from_utf8(octets).ok().filter(|text: &&str| text.is_ascii()).map(str::to_ascii_lowercase);
    let (Some(base), Some(name)) = (text(base), text(name)) else { return Match::Undecidable };
    let suffix = if base.starts_with('.') { base.clone() } else { format!(".{base}") };
    if base.is_empty() || name == base || name.ends_with(&suffix) { Match::Inside } else { Match::Outside }
}

/// The host of a URI: itself, or with a leading dot the hosts below (RFC 5280 4.2.1.10). A URI whose host is no domain name
/// cannot be compared, and must not pass.
fn uri(base: &[u8], name: &[u8]) -> Match {
    let host = |text: &str| {
        let label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
        };
        // A last label of digits is that of an IPv4 address, in any of its notations.
        let number = text.rsplit('.').next().is_none_or(|last| last.starts_with(|first: char| first.is_ascii_digit()));
        (text.split('.').all(label) && !number).then(|| text.to_ascii_lowercase())
    };
    let base = core::str::from_utf8(base).ok();
    let (domain, base) = match base.and_then(|base| base.strip_prefix('.')) {
        Some(below) => (true, Some(below)),
        None => (false, base),
    };
    let name = core::str::from_utf8(name).ok().and_then(authority);
    let (Some(base), Some(name)) = (base.and_then(host), name.and_then(host)) else { return Match::Undecidable };
    let inside = if domain { name.ends_with(&format!(".{base}")) } else { name == base };
    if inside { Match::Inside } else { Match::Outside }
}

/// The host of an authority, without user and port (RFC 3986 3.2).
fn authority(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once(':')?;
    let named = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
    // To a browser a backslash is a slash: what others read another host from is not compared.
    let plain = uri.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'\\');
    if !plain || !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) || !scheme.bytes().all(named) {
        return None;
    }
    let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next()?;
    let host = match authority.split_once('@') {
        Some((_, host)) => host,
        None => authority,
    };
    match host.split_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => Some(host),
        Some(_) => None,
        None => Some(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::writer;
    use GeneralName::{Directory, Dns, Ip, Other, Rfc822, SmtpUtf8Mailbox, Undecodable, Uri};

    fn matches(base: GeneralName<'_>, name: GeneralName<'_>) -> Match {
        compare(&Base::new(base), &Subject::new(name), &Limits::default())
    }

    #[test]
    fn a_mailbox_constraint_is_a_mailbox_a_host_or_the_hosts_of_a_domain() {
        for (base, name, expected) in [
            ("alice@goal.example", "alice@GOAL.example", Match::Inside),
            ("alice@goal.example", "Alice@goal.example", Match::Doubtful),
            ("alice@goal.example", "bob@goal.example", Match::Outside),
            ("goal.example", "bob@goal.example", Match::Inside),
            ("GOAL.example", "bob@goal.example", Match::Inside),
            ("goal.example", "bob@mail.goal.example", Match::Outside),
            ("goal.example", "bob@evilgoal.example", Match::Outside),
            (".goal.example", "bob@mail.goal.example", Match::Inside),
            (".goal.example", "bob@goal.example", Match::Outside),
            (".goal.example", "bob@evil-goal.example", Match::Outside),
            ("", "bob@goal.example", Match::Doubtful),
            (".", "bob@goal.example", Match::Unreadable),
            ("@goal.example", "bob@goal.example", Match::Inside),
            ("@goal.example", "bob@mail.goal.example", Match::Outside),
            ("@", "bob@goal.example", Match::Unreadable),
            ("*@goal.example", "bob@goal.example", Match::Outside),
            ("goal.example.", "bob@goal.example", Match::Unreadable),
            (" goal.example", "bob@goal.example", Match::Unreadable),
            ("*.goal.example", "bob@goal.example", Match::Unreadable),
            ("http://goal.example", "bob@goal.example", Match::Unreadable),
            ("<goal.example>", "bob@goal.example", Match::Unreadable),
            ("goal.example\0", "bob@goal.example", Match::Unreadable),
            ("goal..example", "bob@goal.example", Match::Unreadable),
            ("a@b@c", "bob@goal.example", Match::Unreadable),
            ("g\u{f6}al.example", "bob@goal.example", Match::Unreadable),
            ("goal.example", "bob@goal.example ", Match::Undecidable),
        ] {
            assert_eq!(matches(Rfc822(base.as_bytes()), Rfc822(name.as_bytes())), expected, "{base} {name}");
        }
        let smtp = SmtpUtf8Mailbox("zoë@goal.example".as_bytes());
        assert_eq!(matches(Rfc822(b"goal.example"), smtp), Match::Inside);
        assert_eq!(matches(Rfc822(b"other.example"), smtp), Match::Outside);
    }

    #[test]
    fn hosts_and_addresses_are_compared_by_their_own_rules() {
        for (base, name, expected) in [
            ("goal.example", "www.Goal.example", Match::Inside),
            ("goal.example", "goal.example", Match::Inside),
            ("goal.example", "evilgoal.example", Match::Outside),
            ("goal.example", "example", Match::Outside),
            (".goal.example", "www.goal.example", Match::Inside),
            (".goal.example", "goal.example", Match::Outside),
            ("", "goal.example", Match::Inside),
            ("g\u{f6}al.example", "goal.example", Match::Undecidable),
        ] {
            assert_eq!(matches(Dns(base.as_bytes()), Dns(name.as_bytes())), expected, "{base} {name}");
        }
        assert_eq!(matches(Ip(&[10, 0, 0, 0, 255, 0, 0, 0]), Ip(&[10, 1, 2, 3])), Match::Inside);
        assert_eq!(matches(Ip(&[10, 0, 0, 0, 255, 0, 0, 0]), Ip(&[11, 1, 2, 3])), Match::Outside);
        assert_eq!(matches(Ip(&[10, 0, 0, 0, 255, 0, 0, 0]), Ip(&[0; 16])), Match::Outside);
        assert_eq!(matches(Ip(&[10, 0, 0, 0, 255, 0, 255, 0]), Ip(&[10, 1, 2, 3])), Match::Undecidable);
        for (base, name) in
            [(&[0; 7][..], &[10, 1, 2, 3][..]), (&[0; 16], &[0; 8]), (&[0; 8], &[0; 5]), (&[0; 10], &[0; 4])]
        {
            assert_eq!(matches(Ip(base), Ip(name)), Match::Undecidable, "{base:?} {name:?}");
        }
        assert_eq!(matches(Ip(&[0; 32]), Ip(&[7; 16])), Match::Inside);
    }

    #[test]
    fn what_cannot_be_compared_fails_only_where_it_applies() {
        assert_eq!(matches(Other(5), Other(5)), Match::Undecidable);
        assert_eq!(matches(Other(5), Other(8)), Match::OtherForm);
        assert_eq!(matches(Uri(b"goal.example"), Undecodable(6)), Match::Undecidable);
        assert_eq!(matches(Rfc822(b"goal.example"), Undecodable(0)), Match::Undecidable);
        let smtp = SmtpUtf8Mailbox("zoë@goal.example".as_bytes());
        for (base, name) in [(Other(0), smtp), (smtp, smtp), (smtp, Other(0)), (smtp, Undecodable(0))] {
            assert_eq!(matches(base, name), Match::Undecidable, "{base:?} {name:?}");
        }
        assert_eq!(matches(smtp, Rfc822(b"a@goal.example")), Match::OtherForm);
        let bases =
            [Rfc822(b"a.example"), Dns(b"a.example"), Other(3), Directory(&[0x30, 0]), Other(5), Uri(b"a.example")];
        for (tag, base) in (1..).zip(bases).chain([(7, Ip(&[0; 8])), (8, Other(8))]) {
            for other in 1..=8 {
                let expected = if tag == other { Match::Undecidable } else { Match::OtherForm };
                assert_eq!(matches(base, Undecodable(other)), expected, "{base:?} {other}");
            }
        }
        assert_eq!(matches(Rfc822(b"goal.example"), Undecodable(4)), Match::OtherForm);
        assert_eq!(matches(Directory(&[0x30, 0]), Undecodable(4)), Match::Undecidable);
        assert_eq!(matches(Dns(b"goal.example"), Rfc822(b"a@goal.example")), Match::OtherForm);
        assert_eq!(matches(Undecodable(9), Rfc822(b"a@goal.example")), Match::Undecidable);
    }

    #[test]
    fn long_names_cost_more_comparisons() {
        let long = [b'a'; 640];
        for name in [Rfc822(&long), SmtpUtf8Mailbox(&long), Dns(&long), Directory(&long), Ip(&long), Uri(&long)] {
            assert_eq!(octets(&name), 640, "{name:?}");
        }
        assert_eq!((octets(&Other(8)), octets(&Undecodable(8))), (0, 0));
        for (permitted, excluded) in [(vec![Dns(&long)], vec![]), (vec![], vec![Dns(&long)])] {
            let list = |names: Vec<_>| names.into_iter().map(Base::new).collect();
            let constraints = Constraints { permitted: list(permitted), excluded: list(excluded) };
            for (name_comparisons, expected) in [(20, Err(Code::NameBudget)), (21, Ok(()))] {
                let limits = Limits { name_comparisons, ..Limits::default() };
                let result = constraints.allow(&Subject::new(Rfc822(&long)), &limits, &mut Budget::new(&limits));
                assert_eq!(result.map_err(|error| error.code()), expected);
            }
        }
    }

    /// The bases of encoded NameConstraints, each subtree with more octets behind its base.
    fn bases(lists: &[(u8, &[&[u8]])], limits: &Limits) -> Result<[usize; 2], Code> {
        let subtree = |more: &&[u8]| writer::element(Tag::SEQUENCE, &[b"\x82\x0cgoal.example", more]);
        let list = |(number, subtrees): &(u8, &[&[u8]])| {
            let subtrees: Vec<u8> = subtrees.iter().flat_map(subtree).collect();
            writer::element(Tag::context_constructed(*number), &[&subtrees])
        };
        let lists: Vec<u8> = lists.iter().flat_map(list).collect();
        let encoded = writer::element(Tag::SEQUENCE, &[&lists]);
        let constraints = read(&Document::new(&encoded, limits), limits).map_err(|error| error.code())?;
        Ok([constraints.permitted.len(), constraints.excluded.len()])
    }

    #[test]
    fn a_subtree_begins_at_zero_and_ends_nowhere() {
        let limits = Limits::default();
        let (plain, minimum_zero, minimum_one, maximum): (&[u8], &[u8], &[u8], &[u8]) =
            (b"", b"\x80\x01\x00", b"\x80\x01\x01", b"\x81\x01\x00");
        assert_eq!(bases(&[(0, &[plain, minimum_zero]), (1, &[plain])], &limits), Ok([2, 1]));
        assert_eq!(bases(&[(1, &[minimum_zero])], &limits), Ok([0, 1]));
        for number in [0, 1] {
            assert_eq!(bases(&[(number, &[minimum_one])], &limits), Err(Code::NameConstraintUndecidable));
            assert_eq!(bases(&[(number, &[])], &limits), Err(Code::NameConstraintUndecidable));
            assert!(bases(&[(number, &[plain, maximum])], &limits).is_err());
        }
        assert!(bases(&[(1, &[plain]), (0, &[plain])], &limits).is_err());
        let one = Limits { names: 1, ..Limits::default() };
        assert_eq!(bases(&[(0, &[plain; 16]), (1, &[plain; 16])], &one), Ok([16, 16]));
        assert_eq!(bases(&[(0, &[plain; 17])], &one), Err(Code::NamesTooMany));
    }

    #[test]
    fn a_uri_is_compared_by_its_host() {
        for (base, name, expected) in [
            ("goal.example", "http://goal.example/crl", Match::Inside),
            ("goal.example", "HTTP://Goal.Example", Match::Inside),
            ("goal.example", "ldap://user:pass@goal.example:389/?q", Match::Inside),
            ("goal.example", "http://goal.example?a", Match::Inside),
            ("goal.example", "http://goal.example:", Match::Inside),
            ("goal.example", "http://www.goal.example/", Match::Outside),
            ("goal.example", "http://evilgoal.example/", Match::Outside),
            ("goal.example", "http://evil.example/@goal.example", Match::Outside),
            ("goal.example", "http://evil.example#@goal.example", Match::Outside),
            ("goal.example", "http://goal.example@evil.example/", Match::Outside),
            (".goal.example", "http://www.goal.example/", Match::Inside),
            (".goal.example", "http://a.b.goal.example/", Match::Inside),
            (".goal.example", "http://goal.example/", Match::Outside),
            (".goal.example", "http://evilgoal.example/", Match::Outside),
            ("goal.example", "urn:oid:1.2.3", Match::Undecidable),
            ("goal.example", "mailto:a@goal.example", Match::Undecidable),
            ("goal.example", "http:///goal.example", Match::Undecidable),
            ("goal.example", "//goal.example", Match::Undecidable),
            ("goal.example", "1http://goal.example", Match::Undecidable),
            ("goal.example", "ht_tp://goal.example", Match::Undecidable),
            ("goal.example", "://goal.example", Match::Undecidable),
            ("goal.example", "http://a@b@goal.example/", Match::Undecidable),
            ("goal.example", "http://evil.example\\@goal.example/", Match::Undecidable),
            ("goal.example", "http://goal.example:80:80/", Match::Undecidable),
            ("goal.example", "http://192.0.2.1/", Match::Undecidable),
            ("goal.example", "http://0x7f000001/", Match::Undecidable),
            ("goal.example", "http://[2001:db8::1]/", Match::Undecidable),
            ("goal.example", "http://goal.example./", Match::Undecidable),
            ("goal.example", "http://go%61l.example/", Match::Undecidable),
            ("goal.example", "http://g\u{f6}al.example/", Match::Undecidable),
            ("http://goal.example", "http://goal.example/", Match::Undecidable),
            ("", "http://goal.example/", Match::Undecidable),
            (".", "http://goal.example/", Match::Undecidable),
        ] {
            assert_eq!(matches(Uri(base.as_bytes()), Uri(name.as_bytes())), expected, "{base} {name}");
        }
    }
}
