//! Where revocation is published, and for what: distribution points and the scope of a list (RFC 5280 4.2.1.13, 5.2.5).

use super::reason::ReasonFlags;
use crate::cert::{Certificate, GeneralName, general_name, name};
use crate::der::{Document, Element, Tag, oids, writer};
use crate::error::{Code, Error};
use crate::verify::Limits;

/// The names of a distribution point, in the form that is compared, and those among them that can be fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PointName {
    keys: Vec<Box<[u8]>>,
    urls: Vec<String>,
}

/// One DistributionPoint of a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DistributionPoint {
    pub(crate) name: Option<PointName>,
    /// `None`: all reasons.
    pub(crate) reasons: Option<ReasonFlags>,
    /// The directory names of cRLIssuer, in the form that is compared; `None` when it is the certificate's issuer.
    pub(crate) crl_issuer: Option<PointName>,
}

/// An IssuingDistributionPoint: what a list is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) name: Option<PointName>,
    pub(crate) only_user_certs: bool,
    pub(crate) only_ca_certs: bool,
    pub(crate) only_attribute_certs: bool,
    pub(crate) only_some_reasons: Option<ReasonFlags>,
    pub(crate) indirect: bool,
}

impl PointName {
    /// An encoded Name as a distribution point's name.
    pub(crate) fn directory(encoded: &[u8], limits: &Limits) -> Self {
        Self { keys: vec![directory_key(encoded, limits)], urls: Vec::new() }
    }

    /// Whether the two have a name in common.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.keys.iter().any(|key| other.keys.contains(key))
    }

    /// Whether one of the names is this directory name, given in the form that is compared.
    pub(crate) fn names_directory(&self, key: &[u8]) -> bool {
        self.keys.iter().any(|own| own.split_first() == Some((&0xa4, key)))
    }

    /// The addresses that can be fetched, in order.
    pub(crate) fn urls(&self) -> &[String] {
        &self.urls
    }

    /// GeneralNames, whatever the tag around them.
    fn read(document: &Document<'_>, list: &Element<'_>, limits: &Limits) -> Result<Self, Error> {
        let mut members = document.children(list)?;
        let mut name = Self::default();
        while let Some(member) = members.next()? {
            if name.keys.len() >= limits.names {
                return Err(Code::NamesTooMany.into());
            }
            match general_name(document, &member) {
                GeneralName::Directory(encoded) => name.keys.push(directory_key(encoded, limits)),
                GeneralName::Uri(octets) => {
                    name.keys.push(member.raw().into());
                    name.urls.extend(fetchable(octets));
                }
                _ => name.keys.push(member.raw().into()),
            }
        }
        Ok(name)
    }

    /// DistributionPointName inside its wrapper. A relative name continues the name of whoever issues the list.
    fn read_point(
        document: &Document<'_>,
        wrapper: &Element<'_>,
        crl_issuer: &[u8],
        limits: &Limits,
    ) -> Result<Self, Error> {
        let mut choice = document.children(wrapper)?;
        let point = choice.required()?;
        choice.finish()?;
        match point.tag() {
            Tag(0xa0) => Self::read(document, &point, limits),
            Tag(0xa1) => {
                let issuer = Document::new(crl_issuer, limits);
                let parts = issuer.root()?.expect(Tag::SEQUENCE)?.content();
                let whole = writer::element(Tag::SEQUENCE, &[parts, &writer::element(Tag::SET, &[point.content()])]);
                Ok(Self::directory(&whole, limits))
            }
            _ => Err(Error::from(Code::DerTag).at(point.offset())),
        }
    }
}

fn directory_key(encoded: &[u8], limits: &Limits) -> Box<[u8]> {
    [&[0xa4], name::comparison_key(encoded, limits).as_slice()].concat().into()
}

/// An address for HTTP. Everything else a host might be asked to do with a certificate's word is not done.
fn fetchable(octets: &[u8]) -> Option<String> {
    let text = core::str::from_utf8(octets).ok().filter(|text| text.len() <= 2048)?;
    let plain = text.bytes().all(|octet| octet.is_ascii_graphic());
    let scheme = text.split_once("://")?.0.to_ascii_lowercase();
    (plain && matches!(scheme.as_str(), "http" | "https")).then(|| text.to_owned())
}

impl DistributionPoint {
    /// What a certificate without distribution points has: its issuer's own list (RFC 5280 6.3.3, last paragraph).
    pub(crate) fn implied(issuer: &[u8], limits: &Limits) -> Self {
        Self { name: Some(PointName::directory(issuer, limits)), ..Self::default() }
    }

    fn read(document: &Document<'_>, point: &Element<'_>, issuer: &[u8], limits: &Limits) -> Result<Self, Error> {
        let mut fields = document.children(&point.expect(Tag::SEQUENCE)?)?;
        let name = fields.optional(Tag::context_constructed(0))?;
        let reasons = fields.optional(Tag::context(1))?.map(ReasonFlags::read).transpose()?;
        let crl_issuer = fields.optional(Tag::context_constructed(2))?;
        fields.finish()?;
        let named = match &crl_issuer {
            Some(names) => first_directory(document, names)?,
            None => None,
        };
        let relative_to = named.unwrap_or(issuer);
        let name = name.map(|name| PointName::read_point(document, &name, relative_to, limits)).transpose()?;
        let crl_issuer = crl_issuer.map(|names| PointName::read(document, &names, limits)).transpose()?;
        Ok(Self { name, reasons, crl_issuer })
    }
}

fn first_directory<'a>(document: &Document<'a>, names: &Element<'a>) -> Result<Option<&'a [u8]>, Error> {
    let mut members = document.children(names)?;
    while let Some(member) = members.next()? {
        if let GeneralName::Directory(encoded) = general_name(document, &member) {
            return Ok(Some(encoded));
        }
    }
    Ok(None)
}

impl Scope {
    /// From an encoded IssuingDistributionPoint of a list that `issuer` issues.
    pub(crate) fn read(value: &[u8], issuer: &[u8], limits: &Limits) -> Result<Self, Error> {
        let document = Document::new(value, limits);
        let mut fields = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
        let name = fields.optional(Tag::context_constructed(0))?;
        let name = name.map(|name| PointName::read_point(&document, &name, issuer, limits)).transpose()?;
        let only_user_certs = flag(fields.optional(Tag::context(1))?)?;
        let only_ca_certs = flag(fields.optional(Tag::context(2))?)?;
        let only_some_reasons = fields.optional(Tag::context(3))?.map(ReasonFlags::read).transpose()?;
        let indirect = flag(fields.optional(Tag::context(4))?)?;
        let only_attribute_certs = flag(fields.optional(Tag::context(5))?)?;
        fields.finish()?;
        Ok(Self { name, only_user_certs, only_ca_certs, only_attribute_certs, only_some_reasons, indirect })
    }
}

/// `[n] IMPLICIT BOOLEAN DEFAULT FALSE`.
fn flag(element: Option<Element<'_>>) -> Result<bool, Error> {
    match element.map(|element| (element.offset(), element.content())) {
        None => Ok(false),
        Some((_, [octet])) => Ok(*octet != 0),
        Some((offset, _)) => Err(Error::from(Code::DerValue).at(offset)),
    }
}

impl Certificate {
    /// CRLDistributionPoints (RFC 5280 4.2.1.13).
    pub(crate) fn distribution_points(&self, limits: &Limits) -> Result<Vec<DistributionPoint>, Error> {
        self.extension(oids::CRL_DISTRIBUTION_POINTS)
            .map_or(Ok(Vec::new()), |extension| distribution_points(extension.value, self.issuer(), limits))
    }

    /// FreshestCRL (RFC 5280 4.2.1.15): where lists of what changed are.
    pub(crate) fn freshest(&self, limits: &Limits) -> Result<Vec<DistributionPoint>, Error> {
        self.extension(oids::FRESHEST_CRL)
            .map_or(Ok(Vec::new()), |extension| distribution_points(extension.value, self.issuer(), limits))
    }

    /// The addresses of AuthorityInfoAccess that serve `method` (RFC 5280 4.2.2.1); what cannot be read serves nothing.
    pub(crate) fn access_locations(&self, method: &[u8], limits: &Limits) -> Vec<String> {
        let Some(extension) = self.extension(oids::AUTHORITY_INFO_ACCESS) else { return Vec::new() };
        let document = Document::definite(extension.value, limits);
        let mut urls = Vec::new();
        let mut read = || {
            let mut descriptions = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
            while let Some(description) = descriptions.next()? {
                let mut fields = document.children(&description.expect(Tag::SEQUENCE)?)?;
                let serves = fields.expect(Tag::OBJECT_IDENTIFIER)?.content() == method;
                let location = fields.required()?;
                if let (true, GeneralName::Uri(octets)) = (serves, general_name(&document, &location)) {
                    urls.extend(fetchable(octets));
                }
            }
            Ok::<(), Error>(())
        };
        if read().is_err() { Vec::new() } else { urls }
    }
}

/// An encoded CRLDistributionPoints.
fn distribution_points(value: &[u8], issuer: &[u8], limits: &Limits) -> Result<Vec<DistributionPoint>, Error> {
    let document = Document::new(value, limits);
    let read = || {
        let mut list = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
        let mut points = Vec::new();
        while let Some(point) = list.next()? {
            if points.len() >= limits.names {
                return Err(Error::from(Code::NamesTooMany));
            }
            points.push(DistributionPoint::read(&document, &point, issuer, limits)?);
        }
        Ok(points)
    };
    read().map_err(|error| match error.code() {
        Code::NamesTooMany => error,
        _ => Code::ExtensionMalformed.into(),
    })
}
