use crate::output::{day, short};
use maud::{Markup, html};
use postseal::cert::StoredCert;
use postseal::store::{Entry, State};
use postseal::{Address, Certificate, Code, UnixTime};

/// What a line says of a certificate.
type Said = fn(&StoredCert) -> String;

/// Whether a candidate differs in it from the certificate in use.
type Differ = fn(&StoredCert, &StoredCert) -> bool;

/// A certificate that waits for an operator, and what is used until then.
pub(super) struct Held {
    address: Address,
    candidate: StoredCert,
    used: Option<(StoredCert, State)>,
}

impl Held {
    pub(super) fn of(entry: &Entry) -> Vec<Self> {
        let is_used = |state: State| matches!(state, State::Active | State::Pinned);
        let used = entry.certs.iter().find(|(_, state)| is_used(*state));
        let waiting = entry.certs.iter().filter(|(_, state)| *state == State::Held);
        let held = |(candidate, _): &(StoredCert, State)| Self {
            address: entry.address.clone(),
            candidate: candidate.clone(),
            used: used.cloned(),
        };
        waiting.map(held).collect()
    }

    /// When it came.
    pub(super) const fn since(&self) -> UnixTime {
        self.candidate.imported_at
    }

    /// Both side by side; what differs is marked, in words as well.
    pub(super) fn render(&self) -> Markup {
        let prefix = short(&self.candidate.certificate.fingerprint());
        html! {
            article.held {
                h3 { bdi { (text(self.address.as_str())) } }
                p { "Waits since " (day(self.candidate.imported_at)) ". " (self.why()) }
                table {
                    thead { tr { th scope="col" {} th scope="col" { "In use" } th scope="col" { "Candidate" } } }
                    tbody { @for (name, differs, used, candidate) in self.rows() {
                        tr.differs[differs] {
                            th scope="row" { (name) @if differs { span.mark { " differs" } } }
                            td { bdi { (used) } }
                            td { bdi { (candidate) } }
                        }
                    } }
                }
                p.hint {
                    code { "postseal certs approve " (prefix) } " uses the candidate from now on, "
                    code { "postseal certs reject " (prefix) } " refuses it for ever."
                }
            }
        }
    }

    /// What the store shows of the reason: which lines lead from the one to the other, and which do not.
    fn why(&self) -> String {
        let Some((used, state)) = &self.used else {
            let code = Code::AddressDecided;
            return format!("{}: {}", code.name(), code.sentence());
        };
        let (old, new) = (&used.certificate, &self.candidate.certificate);
        let mut reasons = Vec::new();
        if old.public_key_info() != new.public_key_info() {
            reasons.push("its key is another one");
        }
        if used.issuer_key != self.candidate.issuer_key {
            reasons.push("it comes from another issuer");
        }
        if old.subject() != new.subject() {
            reasons.push("its subject is another one");
        }
        if *state == State::Pinned {
            reasons.push("an operator pinned the one in use");
        }
        if reasons.is_empty() {
            reasons.push("the one in use is not near its end");
        }
        let code = Code::CertificateConflict;
        format!("{}: {} In detail: {}.", code.name(), code.sentence(), reasons.join(", "))
    }

    /// What a line is called, whether both differ in a way that says something, and what it has for both.
    fn rows(&self) -> Vec<(&'static str, bool, String, String)> {
        let rows: [(&str, Said, Differ); 7] = [
            ("Fingerprint", |stored| stored.certificate.fingerprint().to_string(), |_, _| false),
            (
                "Subject",
                |stored| stored.certificate.subject_text(),
                |used, new| used.certificate.subject() != new.certificate.subject(),
            ),
            ("Issuer", |stored| stored.certificate.issuer_text(), |used, new| used.issuer_key != new.issuer_key),
            ("Validity", |stored| validity(&stored.certificate), |_, _| false),
            // Two keys of one kind are two keys.
            (
                "Key",
                |stored| stored.certificate.key_text(),
                |used, new| used.certificate.public_key_info() != new.certificate.public_key_info(),
            ),
            ("Signed with", |stored| stored.certificate.signature_text(), |_, _| false),
            ("Stored", |stored| format!("{}, {}", day(stored.imported_at), stored.source.name()), |_, _| false),
        ];
        let both = |(name, said, differ): (&'static str, Said, Differ)| {
            let used = self.used.as_ref().map_or_else(|| "none".to_owned(), |(used, _)| said(used));
            let differs = self.used.as_ref().is_some_and(|(used, _)| differ(used, &self.candidate));
            (name, differs, text(&used), text(&said(&self.candidate)))
        };
        rows.into_iter().map(both).collect()
    }
}

fn validity(certificate: &Certificate) -> String {
    format!("{} to {}", day(certificate.not_before()), day(certificate.not_after()))
}

/// Text from a certificate without what hides or turns its direction. What is markup in it becomes text when it is written.
pub(super) fn text(text: &str) -> String {
    postseal_adapters::trace::plain(text).into_owned()
}
