//! Certificates of recipients in Microsoft Entra ID and Exchange Online.
//!
//! # Whether to use it at all
//!
//! Where a tenant is synchronised with an Active Directory on premises, **ask that one by LDAPS**: it holds everything that
//! Entra Connect copies, over a protocol that has been stable for decades. What Microsoft offers in the cloud is poorer:
//!
//! * **Microsoft Graph has no property for certificates of users or contacts**, neither in v1.0 nor in beta (2026).
//! * The certificates are in the recipients of **Exchange Online**. The interfaces that show them to an application are a
//!   preview whose answers are not documented to have them, and one that is not documented at all. Either may change any day;
//!   [`EntraDirectory::check`] then says so, and no recipient is taken for one without a certificate.
//! * Exchange Web Services, the old documented way, ends in Exchange Online on 2027-04-01 and is not used here.
//! * What Graph does promise are a mailbox's contacts with their extended properties. A tenant that keeps certificates of its
//!   correspondents there has a source that rests on a promise.
//!
//! None of this could be tried on a tenant of Microsoft's: it is built on documentation and on captured answers, and tried on
//! servers that do as those say. Open are above all the text form of certificates in answers of Exchange, whether the preview
//! has them, and which spelling of the contacts' property is right (it can be set).
//!
//! [`EntraSource`] has the promise and the permission of each source in one table.
//!
//! # How it asks
//!
//! * Tokens by client credentials ([`EntraCredential`]), one for Graph and one for Exchange, each sent to its own service over
//!   TLS and nowhere else: no redirects, no next page at another host. A token is used until four fifths of its lifetime, by
//!   all questions; it is in no error, no trace and no debug output.
//! * Several addresses at once: Graph in batches of twenty, Exchange some at a time, all within one deadline
//!   ([`EntraLimits`]).
//! * A refused token is fetched anew once. Services that say "not now" are waited for as long as they ask, or three times with
//!   growing pauses; services that fail again and again are left alone for a while, for this tenant only.
//! * Errors name the host and the code of what it said, never a person: sentences of the servers are not repeated.
//! * Every object must bear the address that was asked for: services find by patterns and display names, too.

mod assertion;
mod breaker;
mod check;
mod cloud;
mod credential;
mod fault;
#[cfg(fuzzing)]
pub mod fuzzing;
mod limits;
mod lookup;
mod machine;
mod odata;
mod person;
mod resolver;
mod response;
mod setup;
mod source;
mod token;
mod wire;
mod wishes;

pub use check::{SourceCheck, Usability};
pub use cloud::Cloud;
pub use credential::{EntraCredential, ManagedIdentity};
pub use limits::EntraLimits;
pub use resolver::EntraDirectory;
pub use setup::EntraError;
pub use source::{EntraSource, ExchangeApi};
