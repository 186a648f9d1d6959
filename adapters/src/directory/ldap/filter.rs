use super::filter_text::parse;
use super::setup::LdapSetupError;
use ldap3_proto::proto::{LdapFilter, LdapMatchingRuleAssertion, LdapSubstringFilter};
use postseal::Address;

/// Which entries belong to an address.
///
/// A filter is a tree of tests before it ever sees an address, and addresses are values in it (RFC 4511 4.5.1.7): there is no
/// text of a filter that an address could end or change.
///
/// ```
/// use postseal_adapters::directory::ldap::LdapAddressFilter;
/// let people = LdapAddressFilter::template("(&(objectClass=person)(|(mail={addr})(uid={local})))")?;
/// assert_ne!(people, LdapAddressFilter::generic());
/// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LdapAddressFilter(Vec<Op>);

impl LdapAddressFilter {
    /// `(mail={addr})`.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::LdapAddressFilter;
    /// assert_eq!(LdapAddressFilter::template("(mail={addr})")?, LdapAddressFilter::generic());
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    pub fn generic() -> Self {
        Self(vec![equality("mail", "")])
    }

    /// `(|(mail={addr})(proxyAddresses=smtp:{addr})(otherMailbox={addr}))`: what Active Directory and Exchange keep the
    /// addresses of a person in.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::LdapAddressFilter;
    /// let text = "(|(mail={addr})(proxyAddresses=smtp:{addr})(otherMailbox={addr}))";
    /// assert_eq!(LdapAddressFilter::template(text)?, LdapAddressFilter::active_directory());
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    pub fn active_directory() -> Self {
        let tests = [equality("mail", ""), equality("proxyAddresses", "smtp:"), equality("otherMailbox", "")];
        Self(tests.into_iter().chain([Op::Or(3)]).collect())
    }

    /// A filter as RFC 4515 writes it, in whose values `{addr}`, `{local}` and `{domain}` stand for the address that is
    /// asked about and its parts. Braces that mean themselves are `\7b` and `\7d`.
    ///
    /// # Errors
    /// [`LdapSetupError::Filter`] when it is none, when it is longer than 4096 octets or nested deeper than 8, and when it
    /// would find the same for everybody: without `{addr}` and `{local}`.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::LdapAddressFilter;
    /// assert!(LdapAddressFilter::template("(&(mail={addr})(!(employeeType=guest)))").is_ok());
    /// let same_for_all = LdapAddressFilter::template("(objectClass=person)").unwrap_err();
    /// assert_eq!(same_for_all.to_string(), "the filter cannot be used: it has no {addr} and no {local}, at octet 0");
    /// ```
    pub fn template(text: &str) -> Result<Self, LdapSetupError> {
        parse(text).map(Self)
    }

    /// The filter for this address. A domain with U-labels is looked for in both its forms: directories keep what somebody
    /// typed. A form that would not be read as this address, because it is too long, is not looked for.
    pub(super) fn about(&self, address: &Address) -> LdapFilter {
        let local = address.as_str().rsplit_once('@').map_or("", |(local, _)| local);
        let (unicode, result) = idna::domain_to_unicode(address.domain());
        let mut forms = vec![self.with(local, address.domain())];
        let is_same = || Address::parse(&format!("{local}@{unicode}")).is_ok_and(|again| again == *address);
        if result.is_ok() && unicode != address.domain() && is_same() {
            forms.push(self.with(local, &unicode));
        }
        one_or(forms)
    }

    fn with(&self, local: &str, domain: &str) -> LdapFilter {
        let mut stack: Vec<LdapFilter> = Vec::new();
        for op in &self.0 {
            let filter = match op {
                Op::And(count) => LdapFilter::And(stack.split_off(stack.len().saturating_sub(*count))),
                Op::Or(count) => LdapFilter::Or(stack.split_off(stack.len().saturating_sub(*count))),
                Op::Not => {
                    let negated = stack.pop().map(Box::new);
                    negated.map_or_else(|| LdapFilter::Or(Vec::new()), LdapFilter::Not)
                }
                Op::Test(attribute, test) => test.with(attribute, local, domain),
            };
            stack.push(filter);
        }
        one_or(stack)
    }
}

/// The only one, or all of them as alternatives.
fn one_or(mut filters: Vec<LdapFilter>) -> LdapFilter {
    match filters.len() {
        1 => filters.pop().unwrap_or_else(|| LdapFilter::Or(Vec::new())),
        _ => LdapFilter::Or(filters),
    }
}

fn equality(attribute: &str, before: &str) -> Op {
    let mut value = Vec::from([Piece::Address]);
    if !before.is_empty() {
        value.insert(0, Piece::Text(before.to_owned()));
    }
    Op::Test(attribute.to_owned(), Test::Equal(value))
}

/// A filter in postfix order: what an operator takes stands before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Op {
    And(usize),
    Or(usize),
    Not,
    Test(String, Test),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Present,
    Equal(Value),
    Approx(Value),
    GreaterOrEqual(Value),
    LessOrEqual(Value),
    /// What it begins with, what comes in between, and what it ends with.
    Substring(Option<Value>, Vec<Value>, Option<Value>),
    Extensible {
        rule: Option<String>,
        dn: bool,
        value: Value,
    },
}

pub(super) type Value = Vec<Piece>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Address,
    Local,
    Domain,
}

impl Test {
    fn with(&self, attribute: &str, local: &str, domain: &str) -> LdapFilter {
        let fill = |value: &Value| value.iter().map(|piece| piece.with(local, domain)).collect::<String>();
        let name = attribute.to_owned();
        match self {
            Self::Present => LdapFilter::Present(name),
            Self::Equal(value) => LdapFilter::Equality(name, fill(value)),
            Self::Approx(value) => LdapFilter::Approx(name, fill(value)),
            Self::GreaterOrEqual(value) => LdapFilter::GreaterOrEqual(name, fill(value)),
            Self::LessOrEqual(value) => LdapFilter::LessOrEqual(name, fill(value)),
            Self::Substring(initial, any, last) => {
                let any = any.iter().map(fill).collect();
                let (initial, final_) = (initial.as_ref().map(fill), last.as_ref().map(fill));
                LdapFilter::Substring(name, LdapSubstringFilter { initial, any, final_ })
            }
            Self::Extensible { rule, dn, value } => LdapFilter::Extensible(LdapMatchingRuleAssertion {
                matching_rule: rule.clone(),
                type_: Some(name).filter(|name| !name.is_empty()),
                match_value: fill(value),
                dn_attributes: *dn,
            }),
        }
    }
}

impl Piece {
    fn with(&self, local: &str, domain: &str) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Address => format!("{local}@{domain}"),
            Self::Local => local.to_owned(),
            Self::Domain => domain.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(filter: &LdapAddressFilter, address: &str) -> LdapFilter {
        filter.about(&Address::parse(address).unwrap())
    }

    fn equal(name: &str, value: &str) -> LdapFilter {
        LdapFilter::Equality(name.into(), value.into())
    }

    // hardening: P8
    #[test]
    fn an_address_is_a_value_whatever_it_looks_like() {
        for local in ["alice", "*", "\"a)(mail=*\"", "\"\\\\2a\"", "{addr}", "{domain}", "o'brien+x", "\u{fc}ser"] {
            let address = format!("{local}@goal.example");
            assert_eq!(about(&LdapAddressFilter::generic(), &address), equal("mail", &address));
            let expected = LdapFilter::Or(vec![
                equal("mail", &address),
                equal("proxyAddresses", &format!("smtp:{address}")),
                equal("otherMailbox", &address),
            ]);
            assert_eq!(about(&LdapAddressFilter::active_directory(), &address), expected);
        }
    }

    #[test]
    fn a_template_keeps_its_shape() {
        let text = "(&(objectClass=person)(!(ou=x*y*{local}))(|(uid={local})(mail=*@{domain}))(cn:dn:2.4.6:={addr})(sn~=a)(n>=1)(n<=2)(o=*))";
        let filter = LdapAddressFilter::template(text).unwrap();
        let LdapFilter::And(parts) = about(&filter, "Al*)@GOAL.example".replace(")", "").as_str()) else { panic!() };
        let substring = |initial: Option<&str>, any: &[&str], last: &str| LdapSubstringFilter {
            initial: initial.map(str::to_owned),
            any: any.iter().map(|text| (*text).to_owned()).collect(),
            final_: Some(last.to_owned()),
        };
        let expected = [
            equal("objectClass", "person"),
            LdapFilter::Not(Box::new(LdapFilter::Substring("ou".into(), substring(Some("x"), &["y"], "Al*")))),
            LdapFilter::Or(vec![
                equal("uid", "Al*"),
                LdapFilter::Substring("mail".into(), substring(None, &[], "@goal.example")),
            ]),
            LdapFilter::Extensible(LdapMatchingRuleAssertion {
                matching_rule: Some("2.4.6".into()),
                type_: Some("cn".into()),
                match_value: "Al*@goal.example".into(),
                dn_attributes: true,
            }),
            LdapFilter::Approx("sn".into(), "a".into()),
            LdapFilter::GreaterOrEqual("n".into(), "1".into()),
            LdapFilter::LessOrEqual("n".into(), "2".into()),
            LdapFilter::Present("o".into()),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn both_forms_of_a_domain_are_looked_for() {
        for spelled in ["a@b\u{fc}cher.example", "a@xn--bcher-kva.example"] {
            let expected =
                LdapFilter::Or(vec![equal("mail", "a@xn--bcher-kva.example"), equal("mail", "a@b\u{fc}cher.example")]);
            assert_eq!(about(&LdapAddressFilter::generic(), spelled), expected);
        }
    }

    /// Found by the fuzz target `ldap-filter`: 196 octets with A-labels are more than 253 with U-labels.
    // hardening: F3, P8
    #[test]
    fn a_form_of_a_domain_that_is_too_long_is_not_looked_for() {
        let label = "xn--vvvvvvvvvvvvvvvvvqlvvvvvvvvvvvvvpexel";
        let address = |count: usize| format!("a@{}.example", vec![label; count].join("."));
        let values = |count: usize| match about(&LdapAddressFilter::generic(), &address(count)) {
            LdapFilter::Or(both) => both.len(),
            one => usize::from(one == equal("mail", &address(count))),
        };
        assert_eq!([values(3), values(4), values(5)], [2, 2, 1]);
    }
}
