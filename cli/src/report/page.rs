use super::certificates::{Certificates, SOON};
use super::chart::{self, About, grouped};
use super::events::{Events, OUTCOMES};
use super::held::text;
use crate::args::Period;
use crate::output::{day, short};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use postseal::UnixTime;
use std::collections::BTreeMap;

/// Rows of a list; more are counted.
const ROWS: usize = 200;

/// Nothing is loaded and nothing runs, whatever text a certificate carries.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The whole page. `maud` escapes every text; only the style sheet is not escaped, and that is a constant.
pub(super) fn render(
    tenant: &str,
    now: UnixTime,
    period: Period,
    events: &Events<'_>,
    certificates: &Certificates,
) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { "postseal: " (text(tenant)) ", " (day(now)) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                header {
                    h1 { "Certificates of correspondents" }
                    p {
                        "Tenant " strong { bdi { (text(tenant)) } } ", made " (now.to_string()) ". " (covered(period, events))
                    }
                    (faults(events))
                }
                main {
                    (tiles(certificates))
                    (held(certificates))
                    (expiring(certificates))
                    (over_time(events))
                    div.pair {
                        (outcomes("import", "Incoming mail: outcomes by code", "The trace has no import.", &events.import))
                        (outcomes("sealing", "Encryption: outcomes by code", "The trace has no encryption.", &events.encryption))
                    }
                    (ends(certificates))
                    div.pair {
                        (kinds("keys", "Keys in use", "Key", &certificates.keys))
                        (kinds("signatures", "Signatures of issuers", "Algorithm", &certificates.signatures))
                    }
                }
                footer {
                    p {
                        "Counts come from the trace, certificates from the store. "
                        "No certificate that a directory lent is in this page; none was kept."
                    }
                }
            }
        }
    };
    page.into_string()
}

fn section(id: &str, title: &str, content: &Markup) -> Markup {
    html! { section aria-labelledby={ "h-" (id) } { h2 id={ "h-" (id) } { (title) } (content) } }
}

fn covered(period: Period, events: &Events<'_>) -> String {
    let bounds = [("from ", period.since), ("until before ", period.until)];
    let bounds: Vec<_> = bounds.iter().filter_map(|(word, at)| at.map(|at| format!("{word}{at}"))).collect();
    let asked = if bounds.is_empty() { String::new() } else { format!(" Asked for: {}.", bounds.join(", ")) };
    match (events.first, events.last) {
        (Some(first), Some(last)) => {
            let count =
                if events.counted == 1 { "1 event".to_owned() } else { format!("{} events", grouped(events.counted)) };
            format!("The trace has {count}, from {} to {}.{asked}", day(first), day(last))
        }
        _ => format!("The trace has no events of that time and tenant.{asked}"),
    }
}

fn faults(events: &Events<'_>) -> Markup {
    html! {
        @if events.is_missing { p.fault { "There is no trace: counts of events are missing here, and not zero." } }
        @if events.unreadable > 0 {
            p.fault { "Lines of the trace that are no events, and are not counted: " (grouped(events.unreadable)) "." }
        }
    }
}

fn tiles(certificates: &Certificates) -> Markup {
    let count = |number: usize| grouped(u64::try_from(number).unwrap_or(u64::MAX));
    html! {
        dl.tiles {
            div { dt { "Certificates in use" } dd { (grouped(certificates.in_use)) } }
            div { dt { "Addresses" } dd { (grouped(certificates.addresses)) } }
            div.alert[!certificates.held.is_empty()] { dt { "Wait for an operator" } dd { (count(certificates.held.len())) } }
            @for days in SOON { div { dt { "End within " (days) " days" } dd { (count(certificates.over_within(days))) } } }
            div { dt { "Expired, not replaced" } dd { (grouped(certificates.expired())) } }
        }
    }
}

fn held(certificates: &Certificates) -> Markup {
    let rest = certificates.held.len().saturating_sub(ROWS);
    let content = html! {
        @if certificates.held.is_empty() { p.empty { "No candidate waits for a decision." } }
        @for held in certificates.held.iter().take(ROWS) { (held.render()) }
        @if rest > 0 { p.hint { "And " (rest) " more: " code { "postseal certs list" } "." } }
    };
    section("held", "Candidates that wait for an operator", &content)
}

fn expiring(certificates: &Certificates) -> Markup {
    let rest = certificates.expiring.len().saturating_sub(ROWS);
    let most = SOON.into_iter().max().unwrap_or_default();
    let content = html! {
        @if certificates.expiring.is_empty() { p.empty { "No certificate in use ends within " (most) " days." } } @else {
            div.wide { table {
                thead { tr {
                    th scope="col" { "Ends" } th.within scope="col" { "Within" }
                    th scope="col" { "Address" } th scope="col" { "Fingerprint" }
                } }
                tbody { @for (address, certificate) in certificates.expiring.iter().take(ROWS) {
                    @let end = certificate.not_after();
                    tr {
                        td.date { (day(end)) }
                        @let within = SOON.into_iter().find(|days| end <= certificates.now.plus_days(*days));
                        td.within { (within.unwrap_or(most)) " days" }
                        td { bdi { (text(address.as_str())) } }
                        td { code { (short(&certificate.fingerprint())) } }
                    }
                } }
            } }
            @if rest > 0 { p.hint { "And " (rest) " more." } }
        }
    };
    section("expiring", "In use, and over soon", &content)
}

fn over_time(events: &Events<'_>) -> Markup {
    let (unit, columns) = events.columns();
    let about = About {
        id: "time",
        title: "What became of certificates over time",
        sentence: format!(
            "Stacked columns, one for each {unit}: learned, held, refused and deferred. The numbers are in the table below."
        ),
        unit,
    };
    let is_empty = columns.iter().all(|(_, counts)| counts.iter().all(|count| *count == 0));
    let content = html! {
        @if is_empty { p.empty { "The trace has no certificate that was learned, held or refused." } } @else {
            p.hint { "Events for each " (unit) " (UTC). Learned: imported, renewed, or added by an operator." }
            (chart::columns(&about, OUTCOMES, &columns))
        }
    };
    section("time", "Imports over time", &content)
}

fn outcomes(id: &str, title: &str, nothing: &str, counts: &BTreeMap<String, u64>) -> Markup {
    let sentence = "Bars from the most frequent outcome down. The numbers are in the table below.".to_owned();
    let about = About { id, title, sentence, unit: "Outcome" };
    let content = html! {
        @if counts.is_empty() { p.empty { (nothing) } } @else { (chart::bars(&about, rows(counts))) }
    };
    section(id, title, &content)
}

fn ends(certificates: &Certificates) -> Markup {
    let about = About {
        id: "ends",
        title: "Certificates in use by the month of their end",
        sentence: "One column for those that are over, one for each of the next 24 months, one for later.".to_owned(),
        unit: "Month",
    };
    let content = html! {
        @if certificates.ends.is_empty() { p.empty { "No certificate is in use." } } @else {
            (chart::columns(&about, ["valid", "expired"], &certificates.ends))
        }
    };
    section("ends", "In use, by month of expiry", &content)
}

fn kinds(id: &str, title: &str, unit: &str, counts: &BTreeMap<String, u64>) -> Markup {
    let sentence =
        "Certificates in use, from the most frequent kind down. The numbers are in the table below.".to_owned();
    let about = About { id, title, sentence, unit };
    let content = html! {
        @if counts.is_empty() { p.empty { "No certificate is in use." } } @else { (chart::bars(&about, rows(counts))) }
    };
    section(id, title, &content)
}

fn rows(counts: &BTreeMap<String, u64>) -> Vec<(String, [u64; 1])> {
    counts.iter().map(|(name, count)| (name.clone(), [*count])).collect()
}
