//! The page that `postseal report` makes, as a real HTML parser reads it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

use postseal::store::Tenant;
use postseal::trace::{Event, Kind, Tracer};
use postseal::{Address, UnixTime, directory::DirectoryId};
use postseal_adapters::trace::JsonLines;
use postseal_testkit::factory::{Authority, CertSpec, Key, Person, SignedMail};
use scraper::{Html, Selector};
use std::fs;

mod place;
use place::{Place, complains, stderr};

/// Markup, quotes, a line, a NUL, an escape of a terminal, and text that turns round.
const HOSTILE: &str =
    "</td></table><script>alert(1)</script><img src=x onerror=alert(1)>'\"&amp;\r\n\0\u{1b}[2J\u{202e}\u{2028}]]>-->";
const TENANT: &str = "</title><script>alert(2)</script>'\"&";

fn text(page: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    let found = page.select(&selector).map(|element| element.text().collect::<Vec<_>>().join(" "));
    found.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn report(place: &Place, options: &[&str]) -> (String, Html) {
    let output = place.run(&[&["report", "--out", "report.html", "--at", "2026-06-01T00:00:00Z"], options].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let source = fs::read_to_string(place.path("report.html")).unwrap();
    let page = Html::parse_document(&source);
    assert_eq!(page.errors, Vec::<std::borrow::Cow<'_, str>>::new());
    (source, page)
}

/// What a page must never have, whatever is in it.
fn check(source: &str, page: &Html) {
    const ELEMENTS: &str = "html head meta title style body header main footer section article h1 h2 h3 p strong bdi span div dl dt dd \
                            ul li figure svg desc text line rect details summary table thead tbody tr th td code";
    const ATTRIBUTES: &str = "lang charset name content http-equiv class id role scope aria-labelledby aria-hidden width height x y x1 x2 \
                              y1 y2 dy rx text-anchor";
    for element in page.select(&Selector::parse("*").unwrap()) {
        let element = element.value();
        assert!(ELEMENTS.split_whitespace().any(|name| name == element.name()), "{}", element.name());
        for (name, value) in element.attrs() {
            assert!(ATTRIBUTES.split_whitespace().any(|known| known == name), "{name}");
            assert!(!value.contains(['<', '>', '"', '&']), "{value}");
        }
    }
    let policy = page.select(&Selector::parse("meta[http-equiv=Content-Security-Policy]").unwrap()).next().unwrap();
    assert_eq!(policy.attr("content"), Some("default-src 'none'; style-src 'unsafe-inline'"));
    for word in ["http:", "https:", "//", "url(", "@import"] {
        assert!(!source.contains(word), "{word}");
    }
    let is_bad =
        |character: char| character.is_control() && character != '\n' || "\u{202e}\u{2028}\u{fffd}".contains(character);
    assert!(!source.contains(is_bad));
    // Every chart has a name, a sentence, and its numbers.
    for chart in page.select(&Selector::parse("svg[role=img]").unwrap()) {
        for id in chart.attr("aria-labelledby").unwrap().split(' ') {
            assert_eq!(text(page, &format!("#{id}")).len(), 1, "{id}");
        }
    }
    assert_eq!(text(page, "svg[role=img]").len(), text(page, "figure details table").len());
}

fn hostile_person(root: &Authority, address: &str, key: Key, serial: u64) -> Person {
    let mut spec = CertSpec::mailbox(address, key);
    (spec.subject, spec.serial) = (HOSTILE.to_owned(), serial);
    spec.not_after = "2026-07-15T00:00:00Z".to_owned();
    root.issue(&spec)
}

fn import(place: &Place, at: &str, mail: &[u8]) {
    let file = place.write("mail.eml", mail).display().to_string();
    let output = place.run(&["import", "--tenant", TENANT, "--trust", "roots.pem", "--at", at, &file]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn nothing_gets_out_of_its_element_and_the_numbers_are_those_of_the_trace() {
    let place = Place::new();
    let (root, other) = (Authority::root("Root", Key::P256(1)), Authority::root(HOSTILE, Key::P384(2)));
    place.write("roots.pem", format!("{}{}", root.pem(), other.pem()).as_bytes());
    let address = "o'neil&co`{}@goal.example";
    let first = hostile_person(&root, address, Key::P256(3), 7);
    let second = hostile_person(&other, address, Key::Rsa(0), 8);
    import(&place, "2026-05-01T10:00:00Z", &SignedMail::new(address, &first).build());
    import(&place, "2026-05-03T10:00:00Z", &SignedMail::new(address, &second).build());
    import(&place, "2026-05-03T11:00:00Z", &SignedMail::new("eve@goal.example", &first).build());
    import(&place, "2026-05-04T10:00:00Z", b"Subject: x\r\n\r\nx\r\n");
    let tracer = JsonLines::open(&place.path("postseal-trace.jsonl")).unwrap();
    let lent = Kind::LentUsed { directory: DirectoryId::new("staff"), fingerprint: "cd".repeat(32).parse().unwrap() };
    let at = UnixTime::from_rfc3339("2026-05-04T10:00:00Z").unwrap();
    tracer.event(&Event::by_operator(at, Tenant::new(TENANT), Address::parse(address).unwrap(), lent));

    let (source, page) = report(&place, &["--tenant", TENANT]);
    check(&source, &page);
    assert!(text(&page, "header strong")[0].contains(TENANT));
    assert_eq!(text(&page, "article.held h3"), [address]);
    let rows = text(&page, "article.held tbody tr");
    assert!(
        rows.iter().any(|row| row.starts_with("Subject") && row.matches("<script>alert(1)</script>").count() == 2),
        "{rows:?}"
    );
    assert!(rows.iter().any(|row| row.starts_with("Issuer differs")), "{rows:?}");
    assert!(
        rows.iter().any(|row| row.starts_with("Key differs") && row.contains("ec-p256") && row.ends_with("rsa-2048"))
    );
    assert!(rows.iter().any(|row| row.starts_with("Signed with") && row.ends_with("ecdsa-sha384")), "{rows:?}");
    assert!(text(&page, "article.held")[0].contains("its key is another one, it comes from another issuer"));
    assert!(!source.contains("cdcdcd"), "nothing of a lent certificate");

    assert_eq!(
        text(&page, "section[aria-labelledby=h-time] tbody tr"),
        ["2026-05-01 1 0 0 0", "2026-05-02 0 0 0 0", "2026-05-03 0 1 1 0", "2026-05-04 0 0 0 0"]
    );
    let outcomes = text(&page, "section[aria-labelledby=h-import] tbody tr");
    assert!(
        outcomes.contains(&"imported 1".to_owned()) && outcomes.iter().any(|row| row.starts_with("refused: ")),
        "{outcomes:?}"
    );
    assert_eq!(text(&page, "section[aria-labelledby=h-keys] tbody tr"), ["ec-p256 1"]);
    assert_eq!(text(&page, "section[aria-labelledby=h-signatures] tbody tr"), ["ecdsa-sha256 1"]);
    assert!(text(&page, "section[aria-labelledby=h-ends] tbody tr").contains(&"2026-07 1 0".to_owned()));
    assert_eq!(text(&page, "section[aria-labelledby=h-expiring] tbody tr").len(), 1);
    let tiles = text(&page, "dl.tiles dd");
    assert_eq!(tiles, ["1", "1", "1", "0", "1", "1", "0"]);

    // The period is that of the trace; what is stored is stored.
    let (_, page) =
        report(&place, &["--tenant", TENANT, "--since", "2026-05-02T00:00:00Z", "--until", "2026-05-04T00:00:00Z"]);
    assert_eq!(text(&page, "section[aria-labelledby=h-time] tbody tr"), ["2026-05-03 0 1 1 0"]);
    assert_eq!(text(&page, "dl.tiles dd"), tiles);
    let (source, page) = report(&place, &["--tenant", "other"]);
    check(&source, &page);
    assert!(!source.contains("neil") && text(&page, "article.held").is_empty());
}

#[test]
fn without_anything_the_page_says_so() {
    let place = Place::new();
    let (source, page) = report(&place, &[]);
    check(&source, &page);
    assert_eq!(text(&page, "p.fault"), ["There is no trace: counts of events are missing here, and not zero."]);
    assert!(text(&page, "p.empty").len() >= 7 && text(&page, "svg").is_empty());
    assert_eq!(fs::read_dir(place.path("")).unwrap().count(), 1, "only the page was made");
}

#[test]
fn unreadable_lines_are_told_on_the_page_and_a_page_that_cannot_be_written_is_an_error() {
    let place = Place::new();
    place.write("postseal-trace.jsonl", b"torn\n");
    let output = place.run(&["report", "--out", "report.html"]);
    assert!(output.status.success() && stderr(&output).contains("1 line is no event"));
    let (_, page) = report(&place, &[]);
    assert!(text(&page, "p.fault")[0].ends_with("not counted: 1."));
    complains(
        &place.run(&["report", "--trace", "missing.jsonl", "--out", "no/such/report.html"]),
        1,
        &["no/such/report.html"],
    );
}
