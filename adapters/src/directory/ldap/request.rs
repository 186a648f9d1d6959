//! What is asked, written by `ldap3_proto`.

use super::fault::{LdapFault, LdapFaultKind};
use super::limits::LdapLimits;
use super::setup::Credentials;
use bytes::BytesMut;
use ldap3_proto::LdapCodec;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapExtendedRequest, LdapFilter, LdapMsg, LdapOp,
    LdapSearchRequest, LdapSearchScope, SaslCredentials,
};
use tokio_util::codec::Encoder;
use zeroize::Zeroizing;

/// Asked for with and without `;binary`: OpenLDAP leaves out `userSMIMECertificate` when asked for it with the option, and
/// Active Directory all that is asked for only with it.
const ATTRIBUTES: [&str; 4] =
    ["userCertificate", "userSMIMECertificate", "userCertificate;binary", "userSMIMECertificate;binary"];

const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

pub(super) fn written(id: u32, op: LdapOp) -> Result<Zeroizing<Vec<u8>>, LdapFault> {
    let fault = || LdapFault::new(LdapFaultKind::Protocol, "a request could not be written");
    let msgid = i32::try_from(id).map_err(|_| fault())?;
    let mut octets = BytesMut::new();
    LdapCodec::default().encode(LdapMsg { msgid, op, ctrl: Vec::new() }, &mut octets).map_err(|_| fault())?;
    Ok(Zeroizing::new(octets.into()))
}

pub(super) fn start_tls() -> LdapOp {
    LdapOp::ExtendedRequest(LdapExtendedRequest { name: START_TLS.to_owned(), value: None })
}

/// Nothing for an anonymous client: a connection is one before it is bound (RFC 4513 5.1).
pub(super) fn bind(credentials: &Credentials) -> Option<LdapOp> {
    let (dn, cred) = match credentials {
        Credentials::Anonymous => return None,
        Credentials::Simple { name, password } => (name.clone(), LdapBindCred::Simple(password.as_str().to_owned())),
        Credentials::External(_) => {
            let credentials = SaslCredentials { mechanism: "EXTERNAL".to_owned(), credentials: Vec::new() };
            (String::new(), LdapBindCred::SASL(credentials))
        }
    };
    Some(LdapOp::BindRequest(LdapBindRequest { version: 3, dn, cred }))
}

pub(super) fn search(base: &str, filter: LdapFilter, limits: &LdapLimits) -> LdapOp {
    LdapOp::SearchRequest(LdapSearchRequest {
        base: base.to_owned(),
        scope: LdapSearchScope::Subtree,
        aliases: LdapDerefAliases::Never,
        sizelimit: i32::from(limits.size_limit),
        timelimit: limits.time_limit(),
        typesonly: false,
        filter,
        attrs: ATTRIBUTES.map(str::to_owned).to_vec(),
    })
}
