//! What an answer says about a person: whether it is about the right one, and his certificates as they are.

use super::fault::{Fault, Kind};
use super::lookup::odd_shape;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postseal::Address;
use serde_json::Value;
use zeroize::Zeroizing;

/// The objects of a list.
pub(super) fn objects(answer: &Value) -> Result<&[Value], Fault> {
    let objects = answer.get("value").and_then(Value::as_array).ok_or_else(odd_shape)?;
    if objects.iter().all(Value::is_object) { Ok(objects) } else { Err(odd_shape()) }
}

/// Whether the object is that of this mailbox. A service may find by patterns, aliases and display names; a user may not.
pub(super) fn bears(object: &Value, address: &Address) -> bool {
    const ONE: [&str; 8] = [
        "mail",
        "userPrincipalName",
        "PrimarySmtpAddress",
        "WindowsEmailAddress",
        "ExternalEmailAddress",
        "UserPrincipalName",
        "WindowsLiveID",
        "address",
    ];
    const MANY: [&str; 3] = ["proxyAddresses", "otherMails", "EmailAddresses"];
    let one = ONE.iter().filter_map(|name| object.get(name)?.as_str());
    let many = MANY.iter().filter_map(|name| object.get(name)?.as_array()).flatten().filter_map(Value::as_str);
    let contact = object.get("emailAddresses").and_then(Value::as_array).into_iter().flatten();
    let contact = contact.filter_map(|entry| entry.get("address")?.as_str());
    one.chain(many).chain(contact).any(|text| is_same(text, address))
}

fn is_same(text: &str, address: &Address) -> bool {
    let text = match text.split_once(':') {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("smtp") => rest,
        _ => text,
    };
    text.eq_ignore_ascii_case(address.as_str()) || Address::parse(text).is_ok_and(|other| other.key() == address.key())
}

/// Octets of certificates, as they came.
#[derive(Default)]
pub(super) struct Values {
    pub(super) octets: Vec<Zeroizing<Vec<u8>>>,
    /// Some are there and were not delivered.
    pub(super) withheld: bool,
    /// There are more than are taken.
    pub(super) is_cut: bool,
}

impl Values {
    /// Takes what a member of an object holds: nothing, one value or several, as text or as octets in numbers.
    pub(super) fn take(&mut self, member: Option<&Value>, most: usize) -> Result<(), Fault> {
        match member {
            None | Some(Value::Null) => Ok(()),
            Some(Value::Array(values)) if !is_octets(values) => {
                values.iter().try_for_each(|value| self.one(value, most))
            }
            Some(value) => self.one(value, most),
        }
    }

    fn one(&mut self, value: &Value, most: usize) -> Result<(), Fault> {
        let octets = match value {
            // What .NET writes where it was not told how to write octets.
            Value::String(text) if text.trim().starts_with("System.Byte") => {
                self.withheld = true;
                return Ok(());
            }
            Value::String(text) => of_text(text),
            Value::Array(numbers) => of_numbers(numbers).ok_or_else(odd_shape)?,
            _ => return Err(odd_shape()),
        };
        if octets.is_empty() {
            return Ok(());
        }
        if self.octets.len() < most {
            self.octets.push(octets);
        } else {
            self.is_cut = true;
        }
        Ok(())
    }

    /// The certificates of a recipient of Exchange. One that has none has empty members: where they are missing altogether,
    /// this interface does not show them, whoever has some.
    pub(super) fn take_recipient(&mut self, object: &Value, most: usize) -> Result<(), Fault> {
        // PKCS #7 comes first: MS-OXLDAP 2.2.5.2.
        let members = ["UserSMimeCertificate", "UserCertificate"].map(|name| object.get(name));
        if members.iter().all(Option::is_none) {
            return Err(Fault::new(Kind::BadRequest, "answers without the properties of certificates"));
        }
        members.into_iter().try_for_each(|member| self.take(member, most))
    }

    pub(super) fn withheld() -> Fault {
        Fault::new(Kind::Withheld, "the server does not deliver the bytes of certificates")
    }
}

fn is_octets(values: &[Value]) -> bool {
    !values.is_empty() && values.iter().all(Value::is_number)
}

fn of_numbers(numbers: &[Value]) -> Option<Zeroizing<Vec<u8>>> {
    // All of the room at once, so that no octets stay behind where it grows.
    let mut octets = Zeroizing::new(Vec::with_capacity(numbers.len()));
    for number in numbers {
        octets.push(number.as_u64().and_then(|number| u8::try_from(number).ok())?);
    }
    Some(octets)
}

/// JSON has no octets: base64 that holds a structure of DER is what is meant. Any other text goes on as it is.
fn of_text(text: &str) -> Zeroizing<Vec<u8>> {
    let mut compact = Zeroizing::new(Vec::with_capacity(text.len()));
    compact.extend(text.bytes().filter(|octet| !octet.is_ascii_whitespace()));
    let decoded = STANDARD.decode(&*compact).ok().map(Zeroizing::new).filter(|octets| octets.first() == Some(&0x30));
    decoded.unwrap_or_else(|| Zeroizing::new(text.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_way_to_write_octets() {
        for (value, count, withheld) in [
            (json!(null), 0, false),
            (json!([]), 0, false),
            (json!("MAMCAQE="), 1, false),
            (json!(["MAMCAQE=", "MAMC\r\nAQE="]), 2, false),
            (json!([48, 3, 2, 1, 1]), 1, false),
            (json!([[48, 3, 2, 1, 1], "MAMCAQE="]), 2, false),
            (json!("System.Byte[]"), 0, true),
            (json!(["System.Byte[]", "MAMCAQE="]), 1, true),
        ] {
            let mut values = Values::default();
            values.take(Some(&value), 64).unwrap();
            assert_eq!((values.octets.len(), values.withheld), (count, withheld), "{value}");
            assert!(values.octets.iter().all(|octets| **octets == [0x30, 3, 2, 1, 1]), "{value}");
        }
        for odd in [json!(7), json!({"a": 1}), json!([true]), json!([300]), json!([-1]), json!([[1.5]])] {
            assert!(Values::default().take(Some(&odd), 64).is_err(), "{odd}");
        }
        let mut few = Values::default();
        few.take(Some(&json!(["MAMCAQE=", "MAMCAQE=", "MAMCAQE="])), 2).unwrap();
        assert_eq!((few.octets.len(), few.is_cut), (2, true));
    }

    #[test]
    fn objects_bear_addresses_in_many_places() {
        let alice = Address::parse("Alice@goal.example").unwrap();
        for object in [
            json!({"mail": "alice@GOAL.example"}),
            json!({"proxyAddresses": ["x500:/o=x", "SMTP:alice@goal.example"]}),
            json!({"emailAddresses": [{"name": "A", "address": "ALICE@goal.example"}]}),
            json!({"ExternalEmailAddress": "SMTP:alice@goal.example"}),
        ] {
            assert!(bears(&object, &alice), "{object}");
        }
        for object in [
            json!({}),
            json!({"mail": 7}),
            json!({"displayName": "alice@goal.example"}),
            json!({"mail": "*@goal.example"}),
        ] {
            assert!(!bears(&object, &alice), "{object}");
        }
    }
}
