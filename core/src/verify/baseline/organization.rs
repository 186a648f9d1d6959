//! The identity of a Legal Entity (S/MIME BR 7.1.4.2.2 d, Appendix A.1; ISO 17442-1).

use super::subscriber::{Subscriber, values};
use crate::der::{Tag, oids};

/// The officially assigned codes of ISO 3166-1, one after the other.
const COUNTRIES: &str = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCU\
CVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJP\
KEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPH\
PKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVG\
VIVNVUWFWSYEYTZAZMZW";

pub(super) fn is_country(code: &str) -> bool {
    let [first, second] = code.as_bytes() else { return false };
    COUNTRIES.as_bytes().as_chunks::<2>().0.contains(&[*first, *second])
}

struct Identifier<'a> {
    scheme: &'a str,
    country: &'a str,
    subdivision: Option<&'a str>,
    reference: Option<&'a str>,
}

/// The leftmost hyphen ends the scheme; a reference may have others.
fn read(text: &str) -> Option<Identifier<'_>> {
    let (head, reference) = text.split_once('-').map_or((text, None), |(head, reference)| (head, Some(reference)));
    let (head, subdivision) = head.split_once('+').map_or((head, None), |(head, place)| (head, Some(place)));
    let (scheme, country) = head.split_at_checked(3)?;
    Some(Identifier { scheme, country, subdivision, reference })
}

impl Identifier<'_> {
    fn is_right(&self) -> bool {
        let worldwide = matches!(self.scheme, "LEI" | "INT");
        let country = match (self.scheme, self.country) {
            ("LEI" | "INT", country) => country == "XG",
            // The prefixes of Article 215 of Directive 2006/112/EC that are no codes of ISO 3166-1.
            ("VAT", "EL" | "XI") => true,
            (_, country) => is_country(country) || country == "XX",
        };
        let reference = match (self.scheme, self.reference) {
            ("NTR" | "VAT" | "PSD", Some(reference)) => !reference.is_empty(),
            ("LEI", Some(reference)) => is_lei(reference),
            ("GOV" | "INT", reference) => reference.is_none(),
            _ => false,
        };
        let subdivision = self.subdivision.is_none_or(|place| {
            !worldwide && matches!(place.len(), 1..=3) && place.bytes().all(|octet| octet.is_ascii_alphanumeric())
        });
        country && reference && subdivision
    }

    fn is_of(&self, country: &str) -> bool {
        match (self.scheme, self.country) {
            ("LEI" | "INT", _) => true,
            ("VAT", "EL") => country == "GR",
            ("VAT", "XI") => country == "GB",
            (_, own) => own == country,
        }
    }
}

pub(super) fn identifier(subscriber: &Subscriber<'_>) -> bool {
    let identifiers = |kind: &[u8]| kind == oids::ORGANIZATION_IDENTIFIER;
    subscriber.names().flatten().filter(|attribute| identifiers(attribute.kind)).any(|attribute| {
        let is_string = matches!(attribute.tag, Tag::PRINTABLE_STRING | Tag::UTF8_STRING);
        !is_string || !read(&attribute.text()).is_some_and(|identifier| identifier.is_right())
    })
}

pub(super) fn country(subscriber: &Subscriber<'_>) -> bool {
    subscriber.names().any(|name| {
        let countries: Vec<_> = values(name, oids::COUNTRY_NAME).collect();
        values(name, oids::ORGANIZATION_IDENTIFIER).any(|text| {
            let identifier = read(&text);
            identifier.is_some_and(|identifier| !countries.iter().all(|country| identifier.is_of(country)))
        })
    })
}

/// Twenty characters, of which the last two make the whole 1 modulo 97 (ISO 17442-1, ISO/IEC 7064).
pub(super) fn is_lei(text: &str) -> bool {
    let remainder = text.chars().try_fold(0_u32, |remainder, character| {
        let digit = character.to_digit(36).filter(|_| !character.is_ascii_lowercase())?;
        let shift = if digit < 10 { 10 } else { 100 };
        remainder.checked_mul(shift)?.checked_add(digit).map(|value| value.rem_euclid(97))
    });
    text.len() == 20 && remainder == Some(1)
}
