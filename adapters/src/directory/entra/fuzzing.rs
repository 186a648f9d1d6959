//! What fuzz targets call inside the directory. Only built by a fuzzer.

use super::cloud::Cloud;
use super::limits::EntraLimits;
use super::lookup::{Lookup, Plan};
use super::response::{Judgement, judge};
use super::source::{EntraSource, ExchangeApi};
use super::{token, wishes};
use http::Response;
use postseal::Address;
use postseal::directory::DirectoryReply;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// Asks every source about an address and gives it these answers, each with its status; and reads each as a token and as a batch.
/// What is asked goes to Graph and Exchange only, and comes to an end.
pub fn lookup(address: &Address, answers: &[(u16, &[u8])]) -> DirectoryReply {
    let contacts = EntraSource::mailbox_contacts("smime-directory@goal.example");
    let property = EntraSource::graph_property(&["extension_0123456789abcdef0123456789abcdef_smime"]);
    let exchange = [ExchangeApi::AdminApiV2, ExchangeApi::InvokeCommand].map(EntraSource::exchange_recipients);
    let graph = [contacts.ok(), property.ok().map(EntraSource::with_organisation_contacts)];
    let sources: Vec<EntraSource> = exchange.into_iter().chain(graph.into_iter().flatten()).collect();
    assert_eq!(sources.len(), 4);
    let limits = EntraLimits::default();
    let certificates = postseal::verify::Limits::default();
    let plan = Plan { cloud: Cloud::global(), tenant: "goal.example".to_owned(), sources, limits, certificates };
    let plan = Arc::new(plan);
    let mut lookup = Lookup::new(plan, address.clone());
    let now = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1_780_000_000)).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut answers = answers.iter();
    for _ in 0..400 {
        let Some(ask) = lookup.next() else { return lookup.into_reply() };
        let hosts = ["https://graph.microsoft.com/", "https://outlook.office365.com/"];
        assert!(hosts.iter().any(|host| ask.url.starts_with(host)), "a token goes to {}", ask.url);
        let Some((status, body)) = answers.next() else {
            lookup.late();
            continue;
        };
        let body = Zeroizing::new(body.to_vec());
        let mut response =
            Response::builder().header("content-type", "application/json").body(body).unwrap_or_default();
        *response.status_mut() = http::StatusCode::from_u16(*status).unwrap_or_default();
        let _ = (token::read(&response), token::refusal(&response, now));
        match judge(&response, now) {
            Judgement::Json(mut answer) => {
                lookup.answer(&answer);
                let judgements = wishes::split(&mut answer, 3, now);
                assert_eq!(judgements.len(), 3);
            }
            Judgement::Missing => lookup.missing(),
            Judgement::Unauthorised(fault) | Judgement::Later(fault, _) | Judgement::Refused(fault) => {
                lookup.refused(fault)
            }
        }
    }
    panic!("it asks for ever")
}
