use super::EntraError;
use super::odata;
use std::fmt;

/// Where in a tenant certificates are looked for.
///
/// | source | rests on | permission of the application |
/// |---|---|---|
/// | [`exchange_recipients`](Self::exchange_recipients), `AdminApiV2` | a documented **preview** of Microsoft; that its answers have the certificates is **not documented** | `Exchange.ManageAsAppV2`, and a role such as View-Only Recipients |
/// | [`exchange_recipients`](Self::exchange_recipients), `InvokeCommand` | what Microsoft's own PowerShell module calls: **undocumented**, may change any day | `Exchange.ManageAsApp`, and the same role |
/// | [`mailbox_contacts`](Self::mailbox_contacts) | Graph v1.0, **generally available**; the spelling of the property's id is not documented | `Contacts.Read`, restricted to that mailbox |
/// | [`graph_property`](Self::graph_property) | Graph v1.0, **generally available**, for properties of the tenant's own; directory extensions hold no more than 256 characters a value, too few for a certificate of RSA | `User.Read.All`, `OrgContact.Read.All` for contacts |
///
/// ```
/// use postseal_adapters::directory::entra::EntraSource;
/// let source = EntraSource::mailbox_contacts("smime-directory@goal.example")?;
/// assert_eq!(source.to_string(), "mailbox-contacts");
/// # Ok::<(), postseal_adapters::directory::entra::EntraError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntraSource(pub(super) Place);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Exchange { api: ExchangeApi },
    Contacts { mailbox: String, property: String },
    Property { names: Vec<String>, with_contacts: bool },
}

/// How Exchange Online is asked about its recipients.
///
/// ```
/// use postseal_adapters::directory::entra::{EntraSource, ExchangeApi};
/// let source = EntraSource::exchange_recipients(ExchangeApi::InvokeCommand);
/// assert_eq!(source.to_string(), "exchange-recipients:invoke-command");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExchangeApi {
    /// The Admin API v2.0: a documented preview, which knows mailboxes and no contacts.
    AdminApiV2,
    /// What Microsoft's PowerShell module calls: mailboxes, mail contacts and mail users. Undocumented.
    InvokeCommand,
}

impl EntraSource {
    /// Mailboxes, mail contacts and mail users of Exchange Online: here is what Entra Connect writes, and what
    /// `Set-MailContact -UserCertificate` sets.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::{EntraSource, ExchangeApi};
    /// let source = EntraSource::exchange_recipients(ExchangeApi::AdminApiV2);
    /// assert_eq!(source.to_string(), "exchange-recipients:admin-api-v2");
    /// ```
    #[must_use]
    pub const fn exchange_recipients(api: ExchangeApi) -> Self {
        Self(Place::Exchange { api })
    }

    /// Personal contacts in one mailbox that is kept for this, where Outlook files the certificates of correspondents.
    ///
    /// # Errors
    /// [`EntraError::Name`] when this is the name of no mailbox.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::EntraSource;
    /// assert!(EntraSource::mailbox_contacts("smime-directory@goal.example").is_ok());
    /// assert!(EntraSource::mailbox_contacts("..").is_err());
    /// ```
    pub fn mailbox_contacts(mailbox: &str) -> Result<Self, EntraError> {
        let (mailbox, property) = (segment(mailbox)?, "BinaryArray 0x3A70".to_owned());
        Ok(Self(Place::Contacts { mailbox, property }))
    }

    /// The extended property of [contacts](Self::mailbox_contacts) that has the certificates, if it is not
    /// `BinaryArray 0x3A70` (PidTagUserX509Certificate). Other sources have none.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::EntraSource;
    /// let source = EntraSource::mailbox_contacts("smime@goal.example")?.with_property("BinaryArray 0x3A701102");
    /// # let _ = source;
    /// # Ok::<(), postseal_adapters::directory::entra::EntraError>(())
    /// ```
    #[must_use]
    pub fn with_property(mut self, id: &str) -> Self {
        if let Place::Contacts { property, .. } = &mut self.0 {
            id.clone_into(property);
        }
        self
    }

    /// Properties of users under these names, tried together: what a tenant has agreed on with itself, or what Graph may have
    /// one day.
    ///
    /// # Errors
    /// [`EntraError::Name`] when there is none, or one is no name.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::EntraSource;
    /// assert!(EntraSource::graph_property(&["extension_8d3c7f0a_smime"]).is_ok());
    /// assert!(EntraSource::graph_property(&["id,mail"]).is_err());
    /// ```
    pub fn graph_property(names: &[&str]) -> Result<Self, EntraError> {
        let is_name = |name: &&str| {
            let octets = name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_');
            octets && !name.is_empty() && name.len() <= 200
        };
        if names.is_empty() || !names.iter().all(is_name) {
            return Err(EntraError::Name);
        }
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Ok(Self(Place::Property { names, with_contacts: false }))
    }

    /// Also looks for a [property](Self::graph_property) among the contacts of the organisation. Other sources have none.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::EntraSource;
    /// let source = EntraSource::graph_property(&["smime"])?.with_organisation_contacts();
    /// # let _ = source;
    /// # Ok::<(), postseal_adapters::directory::entra::EntraError>(())
    /// ```
    #[must_use]
    pub const fn with_organisation_contacts(mut self) -> Self {
        if let Place::Property { with_contacts, .. } = &mut self.0 {
            *with_contacts = true;
        }
        self
    }
}

impl fmt::Display for EntraSource {
    /// Its name in reports.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Place::Exchange { api: ExchangeApi::AdminApiV2 } => "exchange-recipients:admin-api-v2",
            Place::Exchange { api: ExchangeApi::InvokeCommand } => "exchange-recipients:invoke-command",
            Place::Contacts { .. } => "mailbox-contacts",
            Place::Property { .. } => "graph-property",
        })
    }
}

/// Something that is one segment of a path, encoded.
pub(super) fn segment(text: &str) -> Result<String, EntraError> {
    let is_step = text.is_empty() || text == "." || text == "..";
    let is_odd = text.len() > 320 || text.chars().any(char::is_control) || odata::encode(text).len() > 1_000;
    if is_step || is_odd { Err(EntraError::Name) } else { Ok(text.to_owned()) }
}
