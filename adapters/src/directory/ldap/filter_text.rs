//! Filters as text (RFC 4515), read once, when a directory is set up.

use super::filter::{Op, Piece, Test, Value};
use super::setup::LdapSetupError;

/// Octets of a filter, and how deep it may be nested: what administrators write has some hundred and three.
const LONGEST: usize = 4_096;
const DEEPEST: usize = 8;

pub(super) fn parse(text: &str) -> Result<Vec<Op>, LdapSetupError> {
    let mut reader = Reader { text: text.as_bytes(), at: 0 };
    if text.len() > LONGEST {
        return Err(reader.fault("it is longer than 4096 octets"));
    }
    let mut ops = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    loop {
        reader.expect(b'(', "`(` is missing")?;
        match reader.peek() {
            Some(operator @ (b'&' | b'|' | b'!')) => {
                reader.skip();
                open.push(Open { operator, count: 0 });
                if open.len() >= DEEPEST {
                    return Err(reader.fault("it is nested deeper than 8"));
                }
                continue;
            }
            _ => ops.push(reader.test()?),
        }
        reader.expect(b')', "`)` is missing")?;
        close(&mut reader, &mut open, &mut ops)?;
        if open.is_empty() {
            break;
        }
    }
    if reader.peek().is_some() {
        return Err(reader.fault("something follows its end"));
    }
    if ops.iter().any(is_personal) {
        Ok(ops)
    } else {
        Err(LdapSetupError::Filter { reason: "it has no {addr} and no {local}", at: 0 })
    }
}

/// An operator whose end was not reached, and the filters that it has so far.
struct Open {
    operator: u8,
    count: usize,
}

/// After a whole filter: it belongs to the innermost operator, and ends it when `)` follows.
fn close(reader: &mut Reader<'_>, open: &mut Vec<Open>, ops: &mut Vec<Op>) -> Result<(), LdapSetupError> {
    while let Some(innermost) = open.last_mut() {
        innermost.count = innermost.count.saturating_add(1);
        if reader.peek() == Some(b'(') {
            return Ok(());
        }
        reader.expect(b')', "`)` is missing")?;
        ops.push(match (innermost.operator, innermost.count) {
            (b'&', count) => Op::And(count),
            (b'|', count) => Op::Or(count),
            (_, 1) => Op::Not,
            _ => return Err(reader.fault("`!` takes one filter")),
        });
        open.pop();
    }
    Ok(())
}

fn is_personal(op: &Op) -> bool {
    let has = |value: &Value| value.iter().any(|piece| matches!(piece, Piece::Address | Piece::Local));
    match op {
        Op::And(_) | Op::Or(_) | Op::Not | Op::Test(_, Test::Present) => false,
        Op::Test(_, Test::Substring(initial, any, last)) => initial.iter().chain(any).chain(last).any(has),
        Op::Test(
            _,
            Test::Equal(value)
            | Test::Approx(value)
            | Test::GreaterOrEqual(value)
            | Test::LessOrEqual(value)
            | Test::Extensible { value, .. },
        ) => has(value),
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn fault(&self, reason: &'static str) -> LdapSetupError {
        LdapSetupError::Filter { reason, at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn expect(&mut self, octet: u8, reason: &'static str) -> Result<(), LdapSetupError> {
        if self.peek() != Some(octet) {
            return Err(self.fault(reason));
        }
        self.skip();
        Ok(())
    }

    /// What stands here as long as it is made of these octets.
    fn take_while(&mut self, allowed: fn(u8) -> bool) -> String {
        let mut taken = String::new();
        while let Some(octet) = self.peek().filter(|octet| octet.is_ascii() && allowed(*octet)) {
            taken.push(char::from(octet));
            self.skip();
        }
        taken
    }

    /// `item` of RFC 4515 section 3.
    fn test(&mut self) -> Result<Op, LdapSetupError> {
        let is_description = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b';' | b'_');
        let attribute = self.take_while(is_description);
        if self.peek() == Some(b':') {
            return self.extensible(attribute);
        }
        if attribute.is_empty() {
            return Err(self.fault("an attribute is missing"));
        }
        let operator = self.peek();
        self.skip();
        if operator == Some(b'=') {
            return Ok(Op::Test(attribute, self.equality()?));
        }
        self.expect(b'=', "`=` is missing")?;
        let value = self.one_value()?;
        match operator {
            Some(b'~') => Ok(Op::Test(attribute, Test::Approx(value))),
            Some(b'>') => Ok(Op::Test(attribute, Test::GreaterOrEqual(value))),
            Some(b'<') => Ok(Op::Test(attribute, Test::LessOrEqual(value))),
            _ => Err(self.fault("`=` is missing")),
        }
    }

    fn extensible(&mut self, attribute: String) -> Result<Op, LdapSetupError> {
        let (mut dn, mut rule) = (false, None);
        loop {
            self.expect(b':', "`:` is missing")?;
            if self.peek() == Some(b'=') {
                self.skip();
                break;
            }
            let name = self.take_while(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.'));
            match name.as_str() {
                "" => return Err(self.fault("a matching rule is missing")),
                "dn" | "DN" if !dn && rule.is_none() => dn = true,
                _ if rule.is_none() => rule = Some(name),
                _ => return Err(self.fault("there is a second matching rule")),
            }
        }
        if attribute.is_empty() && rule.is_none() {
            return Err(self.fault("an attribute is missing"));
        }
        Ok(Op::Test(attribute, Test::Extensible { rule, dn, value: self.one_value()? }))
    }

    /// After `=`: a value, parts of one, or `*`.
    fn equality(&mut self) -> Result<Test, LdapSetupError> {
        let mut parts = vec![self.value()?];
        while self.peek() == Some(b'*') {
            self.skip();
            parts.push(self.value()?);
        }
        let last = parts.pop().unwrap_or_default();
        if parts.is_empty() {
            return if last.is_empty() { Err(self.fault("a value is missing")) } else { Ok(Test::Equal(last)) };
        }
        let first = parts.remove(0);
        if parts.iter().any(Vec::is_empty) {
            return Err(self.fault("nothing stands between two `*`"));
        }
        if first.is_empty() && last.is_empty() && parts.is_empty() {
            return Ok(Test::Present);
        }
        let some = |value: Value| if value.is_empty() { None } else { Some(value) };
        Ok(Test::Substring(some(first), parts, some(last)))
    }

    fn one_value(&mut self) -> Result<Value, LdapSetupError> {
        let value = self.value()?;
        if self.peek() == Some(b'*') {
            return Err(self.fault("`*` means nothing here"));
        }
        if value.is_empty() { Err(self.fault("a value is missing")) } else { Ok(value) }
    }

    /// `assertionvalue` of RFC 4515 section 3, with placeholders.
    fn value(&mut self) -> Result<Value, LdapSetupError> {
        let (mut pieces, mut octets) = (Vec::new(), Vec::new());
        loop {
            match self.peek() {
                None | Some(b')' | b'*') => break,
                Some(0 | b'(' | b'}') => return Err(self.fault("this has to be escaped")),
                Some(b'{') => {
                    self.flush(&mut octets, &mut pieces)?;
                    pieces.push(self.placeholder()?);
                }
                Some(b'\\') => octets.push(self.escaped()?),
                Some(octet) => {
                    octets.push(octet);
                    self.skip();
                }
            }
        }
        self.flush(&mut octets, &mut pieces)?;
        Ok(pieces)
    }

    fn flush(&self, octets: &mut Vec<u8>, pieces: &mut Value) -> Result<(), LdapSetupError> {
        if !octets.is_empty() {
            let text = String::from_utf8(core::mem::take(octets));
            pieces.push(Piece::Text(text.map_err(|_| self.fault("a value is no UTF-8"))?));
        }
        Ok(())
    }

    fn placeholder(&mut self) -> Result<Piece, LdapSetupError> {
        let start = self.at;
        self.skip();
        let name = self.take_while(|octet| octet.is_ascii_alphanumeric());
        let piece = match name.as_str() {
            "addr" => Piece::Address,
            "local" => Piece::Local,
            "domain" => Piece::Domain,
            _ => return Err(LdapSetupError::Filter { reason: "there is no such placeholder", at: start }),
        };
        self.expect(b'}', "`}` is missing")?;
        Ok(piece)
    }

    fn escaped(&mut self) -> Result<u8, LdapSetupError> {
        let mut digit = || {
            self.skip();
            self.peek().and_then(|octet| char::from(octet).to_digit(16))
        };
        let octet = digit().zip(digit()).and_then(|(high, low)| {
            high.checked_mul(16).and_then(|high| high.checked_add(low)).and_then(|octet| u8::try_from(octet).ok())
        });
        self.skip();
        octet.ok_or_else(|| self.fault("`\\` is not followed by two hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_filter_is_refused_with_its_place() {
        for (text, reason) in [
            ("", "`(` is missing"),
            ("mail={addr}", "`(` is missing"),
            ("(mail={addr}", "`)` is missing"),
            ("(mail={addr}))", "something follows its end"),
            ("(mail={addr})(cn=x)", "something follows its end"),
            ("(&)", "`(` is missing"),
            ("(&(mail={addr})", "`)` is missing"),
            ("(!(mail={addr})(cn=x))", "`!` takes one filter"),
            ("(={addr})", "an attribute is missing"),
            ("(:={addr})", "an attribute is missing"),
            ("(mail)", "`=` is missing"),
            ("(mail>{addr})", "`=` is missing"),
            ("(m@il={addr})", "`=` is missing"),
            ("(mail=)", "a value is missing"),
            ("(mail~={addr}*)", "`*` means nothing here"),
            ("(mail={addr}**x)", "nothing stands between two `*`"),
            ("(mail={mail})", "there is no such placeholder"),
            ("(mail={addr)", "`}` is missing"),
            ("(mail=}{addr})", "this has to be escaped"),
            ("(mail=({addr})", "this has to be escaped"),
            ("(mail=\\4{addr})", "`\\` is not followed by two hexadecimal digits"),
            ("(mail=\\ff{addr})", "a value is no UTF-8"),
            ("(cn:a:b:={addr})", "there is a second matching rule"),
            ("(cn::={addr})", "a matching rule is missing"),
            ("(mail=*)", "it has no {addr} and no {local}"),
            ("(mail={domain})", "it has no {addr} and no {local}"),
        ] {
            let Err(LdapSetupError::Filter { reason: said, .. }) = parse(text) else { panic!("{text}") };
            assert_eq!(said, reason, "{text}");
        }
    }

    #[test]
    fn depth_and_length_are_limited() {
        let nested = |depth: usize| format!("{}(mail={{addr}}){}", "(!".repeat(depth), ")".repeat(depth));
        assert!(parse(&nested(7)).is_ok());
        assert!(parse(&nested(8)).is_err() && parse(&nested(1_000)).is_err());
        assert!(parse(&"(".repeat(4_000)).is_err());
        assert!(parse(&format!("(mail={{addr}}{})", "x".repeat(4_096))).is_err());
    }

    #[test]
    fn escapes_are_octets() {
        let expected = Test::Equal(vec![Piece::Text("{*)\u{fc}".into()), Piece::Address]);
        assert_eq!(parse("(mail=\\7B\\2a\\29\\c3\\bc{addr})").unwrap(), [Op::Test("mail".into(), expected)]);
    }

    #[test]
    fn nothing_makes_it_panic() {
        let mut state = 1_u32;
        let letters = b"(((()))&|!=*\\{}addr:localm~<>2a;.\xc3\xbc";
        for _ in 0..50_000 {
            let mut text = Vec::new();
            for _ in 0..24 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push(letters[usize::try_from(state >> 16).unwrap() % letters.len()]);
            }
            let _ = parse(&String::from_utf8_lossy(&text));
        }
    }
}
