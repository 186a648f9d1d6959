//! `[program.milter]` in `postseal.toml`: which mail belongs to which tenant and route, and how much there may be of it.

use crate::session::Room;
use postseal::Address;
use postseal::store::Tenant;
use postseal_adapters::fetch::Network;
use postseal_host::{Configuration, ConfigurationError};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Duration;

/// The table as it is written. The README has every key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
struct Table {
    listen: String,
    metrics: Option<SocketAddr>,
    #[serde(default)]
    domains: BTreeMap<String, DomainTable>,
    #[serde(default = "default_outgoing")]
    outgoing: Vec<Criterion>,
    #[serde(default)]
    networks: Vec<String>,
    null_sender: Option<String>,
    #[serde(default = "refuse")]
    unknown_sender: Action,
    #[serde(default = "pass")]
    unknown_recipient: Action,
    #[serde(default = "refuse_to_split")]
    split: Split,
    result_header: Option<String>,
    #[serde(default = "default_connections")]
    connections: u16,
    workers: Option<u16>,
    #[serde(default = "default_message_bytes")]
    message_bytes: u32,
    #[serde(default = "default_header_fields")]
    header_fields: u32,
    #[serde(default = "default_recipients")]
    recipients: u32,
    #[serde(default = "default_message_seconds")]
    message_seconds: u16,
    #[serde(default = "default_idle_seconds")]
    idle_seconds: u16,
    #[serde(default = "default_stop_seconds")]
    stop_seconds: u16,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DomainTable {
    tenant: Option<String>,
    learn: Option<String>,
    outgoing: Option<String>,
    incoming: Option<String>,
}

/// What makes a mail an outgoing one. One of those that are configured is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Criterion {
    /// The client authenticated itself.
    Authenticated,
    /// The client is in one of the networks.
    Networks,
    /// The sender has an address of a tenant; or there is none, or none that can be read, and the mail leaves the tenants' domains.
    /// Anybody can write one: for an MTA that takes no mail from outside.
    Sender,
}

/// What becomes of a mail that belongs to no tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Action {
    /// 550.
    Refuse,
    /// 451.
    Tempfail,
    /// It goes on as it is.
    Pass,
}

/// What becomes of a mail that would have to be several, which a milter cannot make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Split {
    /// 550.
    Refuse,
    /// It goes to the filter behind the queue.
    Filter,
}

/// Where the milter listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listen {
    /// At an address and a port.
    Tcp(SocketAddr),
    /// On a socket of this machine.
    Unix(PathBuf),
}

/// Whose mail the mail of one domain is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Domain {
    /// The tenant.
    pub tenant: Tenant,
    /// The route on which mail to this domain is learned from. Whether it is, its `import` says.
    pub learn: Option<String>,
    /// The route on which mail from this domain goes out. How it is sealed, its `encrypt` says.
    pub outgoing: Option<String>,
    /// The route on which mail to this domain is sealed; without one, it is not.
    pub incoming: Option<String>,
}

/// The settings, checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Where the milter listens.
    pub listen: Listen,
    /// Where the numbers can be read, on this machine only.
    pub metrics: Option<SocketAddr>,
    /// By domain, in the form that addresses are compared in.
    pub domains: BTreeMap<String, Domain>,
    /// What makes a mail an outgoing one.
    pub outgoing: Vec<Criterion>,
    /// Clients of the tenants.
    pub networks: Vec<Network>,
    /// The domain that counts for reports and replies of machines, which have no sender.
    pub null_sender: Option<String>,
    /// For outgoing mail.
    pub unknown_sender: Action,
    /// For incoming mail none of whose recipients belongs to a tenant.
    pub unknown_recipient: Action,
    /// For mail that would have to be several.
    pub split: Split,
    /// The field that says what was done, where one is wanted.
    pub result_header: Option<String>,
    /// Connections at once; others wait.
    pub connections: u16,
    /// Mails that are worked on at once; others wait.
    pub workers: u16,
    /// What is kept of a mail.
    pub room: Room,
    /// For one mail, from its end on.
    pub message_time: Duration,
    /// Between two commands.
    pub idle_time: Duration,
    /// For the mails that are under way when the milter stops.
    pub stop_time: Duration,
}

fn default_outgoing() -> Vec<Criterion> {
    vec![Criterion::Authenticated]
}

const fn refuse() -> Action {
    Action::Refuse
}

const fn pass() -> Action {
    Action::Pass
}

const fn refuse_to_split() -> Split {
    Split::Refuse
}

/// Postfix: `default_process_limit`.
const fn default_connections() -> u16 {
    100
}

/// The engine's own default for a mail.
const fn default_message_bytes() -> u32 {
    52_428_800
}

/// As `postseal::verify::Limits`.
const fn default_header_fields() -> u32 {
    1_000
}

/// Postfix: `smtpd_recipient_limit`.
const fn default_recipients() -> u32 {
    1_000
}

/// Much less than Postfix waits at the end of a mail: `milter_content_timeout` is 300 s.
const fn default_message_seconds() -> u16 {
    60
}

/// As libmilter. Between the recipients and the header, Postfix says nothing until the whole mail has arrived, and its `smtpd_timeout`
/// bounds each read from the client, not the whole: a slow upload takes as long as it takes.
const fn default_idle_seconds() -> u16 {
    7_210
}

const fn default_stop_seconds() -> u16 {
    20
}

impl Table {
    /// What can be said of each value by itself: the key, and what is wrong.
    fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let is_own = |name: &String| name.strip_prefix("X-Postseal-").is_some_and(is_field_name);
        let numbers = [
            ("connections", u32::from(self.connections)),
            ("workers", self.workers.map_or(1, u32::from)),
            ("message_bytes", self.message_bytes),
            ("header_fields", self.header_fields),
            ("recipients", self.recipients),
            ("message_seconds", u32::from(self.message_seconds)),
            ("idle_seconds", u32::from(self.idle_seconds)),
        ];
        if let Some((key, _)) = numbers.into_iter().find(|(_, number)| *number == 0) {
            return Err((key, "nothing would be left"));
        }
        if self.outgoing.contains(&Criterion::Networks) == self.networks.is_empty() {
            return Err(("networks", "`outgoing = [\"networks\"]` and `networks` go together"));
        }
        if !self.result_header.iter().all(is_own) {
            return Err(("result_header", "the name begins with X-Postseal-: such fields are removed when they come"));
        }
        if self.metrics.is_some_and(|address| !address.ip().is_loopback()) {
            return Err(("metrics", "only an address of this machine"));
        }
        Ok(())
    }
}

impl Settings {
    /// Reads a configuration file with its `[program.milter]`.
    ///
    /// # Errors
    /// With the file, the line and what is wrong, as [`Configuration::read`].
    pub fn read(path: &Path) -> Result<(Configuration, Self), ConfigurationError> {
        let (configuration, table) = Configuration::read_for(path, "milter")?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let settings = Self::of(table, folder, &configuration)?;
        Ok((configuration, settings))
    }

    /// As [`Settings::read`], of a text that stands in a file of this folder.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn parse(text: &str, folder: &Path) -> Result<(Configuration, Self), ConfigurationError> {
        let (configuration, table) = Configuration::parse_for(text, folder, "milter")?;
        let settings = Self::of(table, folder, &configuration)?;
        Ok((configuration, settings))
    }

    fn of(table: Table, folder: &Path, configuration: &Configuration) -> Result<Self, ConfigurationError> {
        let wrong = |key: &str, words: &str| configuration.wrong(&["program", "milter", key], words);
        table.check().map_err(|(key, words)| wrong(key, words))?;
        let networks = table.networks.iter().map(|text| text.parse());
        let networks = networks.collect::<Result<Vec<_>, _>>();
        let networks = networks.map_err(|_| wrong("networks", "a network is written as 10.1.0.0/16"))?;
        let listen = listen(&table.listen, folder);
        let domains = domains(table.domains, configuration)?;
        let null_sender = table.null_sender.map(|name| domain_of(&name).filter(|name| domains.contains_key(name)));
        if null_sender == Some(None) {
            return Err(wrong("null_sender", "it is not one of the domains"));
        }
        let octets = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let processors = || available_parallelism().map_or(1, |count| u16::try_from(count.get()).unwrap_or(u16::MAX));
        Ok(Self {
            listen: listen.ok_or_else(|| wrong("listen", "neither ADDRESS:PORT nor unix:PATH"))?,
            metrics: table.metrics,
            domains,
            outgoing: table.outgoing,
            networks,
            null_sender: null_sender.flatten(),
            unknown_sender: table.unknown_sender,
            unknown_recipient: table.unknown_recipient,
            split: table.split,
            result_header: table.result_header,
            connections: table.connections,
            workers: table.workers.unwrap_or_else(processors),
            room: Room {
                message_bytes: octets(table.message_bytes),
                header_fields: octets(table.header_fields),
                recipients: octets(table.recipients),
            },
            message_time: Duration::from_secs(table.message_seconds.into()),
            idle_time: Duration::from_secs(table.idle_seconds.into()),
            stop_time: Duration::from_secs(table.stop_seconds.into()),
        })
    }

    /// Whether the client is one of the tenants'.
    #[must_use]
    pub fn is_in_networks(&self, client: Option<IpAddr>) -> bool {
        client.is_some_and(|client| self.networks.iter().any(|network| network.contains(client)))
    }

    /// The settings of the domain of this address.
    #[must_use]
    pub fn domain(&self, address: &Address) -> Option<&Domain> {
        self.domains.get(address.domain())
    }
}

fn listen(text: &str, folder: &Path) -> Option<Listen> {
    match text.strip_prefix("unix:") {
        Some("") => None,
        Some(path) => Some(Listen::Unix(folder.join(path))),
        None => text.parse().ok().map(Listen::Tcp),
    }
}

fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
}

/// In the form that addresses are compared in.
fn domain_of(name: &str) -> Option<String> {
    Address::parse(&format!("postmaster@{name}")).ok().map(|address| address.domain().to_owned())
}

/// A tenant or a route that is not configured would silently get the settings of everybody: it is an error.
fn domains(
    tables: BTreeMap<String, DomainTable>,
    configuration: &Configuration,
) -> Result<BTreeMap<String, Domain>, ConfigurationError> {
    let tenants: BTreeMap<Tenant, Vec<&str>> = configuration.tenants().collect();
    let mut domains = BTreeMap::new();
    for (name, table) in tables {
        let wrong = |key: &str, words: &str| configuration.wrong(&["program", "milter", "domains", &name, key], words);
        let tenant = table.tenant.as_deref().map_or_else(Tenant::default, Tenant::new);
        if table.tenant.is_some() && !tenants.contains_key(&tenant) {
            return Err(wrong("tenant", "there is no such table in [tenants]"));
        }
        let routes = tenants.get(&tenant).map(Vec::as_slice).unwrap_or_default();
        for (key, route) in [("learn", &table.learn), ("outgoing", &table.outgoing), ("incoming", &table.incoming)] {
            if route.as_deref().is_some_and(|route| !routes.contains(&route)) {
                return Err(wrong(key, "the tenant has no such route"));
            }
        }
        // They stand in a header field for the filter.
        let is_plain = |name: &str| name.bytes().all(|octet| octet.is_ascii_graphic() && !b";=".contains(&octet));
        let names = [&table.tenant, &table.learn, &table.outgoing, &table.incoming];
        if !names.into_iter().flatten().all(|name| is_plain(name)) {
            return Err(wrong("", "names of tenants and routes are ASCII here, without spaces, `;` and `=`"));
        }
        let domain = domain_of(&name).ok_or_else(|| wrong("", "not a domain"))?;
        let settings = Domain { tenant, learn: table.learn, outgoing: table.outgoing, incoming: table.incoming };
        if domains.insert(domain, settings).is_some() {
            return Err(wrong("", "the domain stands twice"));
        }
    }
    Ok(domains)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[tenants.goal.routes.outbound]\n[program.milter]\nlisten = \"127.0.0.1:8895\"\n";

    fn error(lines: &str) -> String {
        Settings::parse(&format!("{GOOD}{lines}"), "".as_ref()).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn domains_have_tenants_and_routes() {
        let text = "null_sender = \"goal.example\"\n[program.milter.domains]\n\"Goal.example\" = { tenant = \"goal\", outgoing = \"outbound\" }\n\
                    \"b\u{fc}cher.example\" = {}\n";
        let (_, settings) = Settings::parse(&format!("{GOOD}{text}"), "".as_ref()).unwrap();
        let of = |text: &str| settings.domain(&Address::parse(text).unwrap());
        assert_eq!(of("x@GOAL.example").unwrap().outgoing.as_deref(), Some("outbound"));
        assert_eq!(of("x@xn--bcher-kva.example").unwrap().tenant, Tenant::default());
        assert!(of("x@sub.goal.example").is_none());
        assert_eq!(settings.null_sender.as_deref(), Some("goal.example"));
        assert_eq!(settings.outgoing, [Criterion::Authenticated]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let domain = "[program.milter.domains]\n\"goal.example\" = ";
        for (lines, words) in [
            ("split = \"maybe\"".to_owned(), "configuration:4: unknown variant `maybe`, expected `refuse` or `filter`"),
            ("port = 1".to_owned(), "configuration:4: unknown field `port`"),
            ("workers = 0".to_owned(), "configuration:4: [program.milter] workers: nothing would be left"),
            (
                "outgoing = [\"networks\"]\nnetworks = [\"home\"]".to_owned(),
                "configuration:5: [program.milter] networks: a network",
            ),
            ("networks = [\"10.0.0.0/8\"]".to_owned(), "configuration:4: [program.milter] networks: `outgoing"),
            ("metrics = \"192.0.2.1:80\"".to_owned(), "configuration:4: [program.milter] metrics: only"),
            ("result_header = \"X-Other\"".to_owned(), "configuration:4: [program.milter] result_header: the name"),
            ("null_sender = \"goal.example\"".to_owned(), "configuration:4: [program.milter] null_sender: it is not"),
            (
                format!("{domain}{{ tenant = \"gaol\" }}"),
                "configuration:5: [program.milter.domains.goal.example] tenant: there is no",
            ),
            (
                format!("{domain}{{ tenant = \"goal\", learn = \"in\" }}"),
                "configuration:5: [program.milter.domains.goal.example] learn: the tenant",
            ),
            (
                format!("{domain}{{ outgoing = \"outbound\" }}"),
                "configuration:5: [program.milter.domains.goal.example] outgoing: the tenant",
            ),
        ] {
            assert!(error(&lines).starts_with(words), "{lines}: {}", error(&lines));
        }
        let text = "[program.milter]\nlisten = \"here\"";
        let told = Settings::parse(text, "".as_ref()).map(|_| ()).unwrap_err().to_string();
        assert_eq!(told, "configuration:2: [program.milter] listen: neither ADDRESS:PORT nor unix:PATH");
        let told = Settings::parse("import = true", "".as_ref()).map(|_| ()).unwrap_err().to_string();
        assert_eq!(told, "configuration: there is no [program.milter]");
    }

    #[test]
    fn the_readme_says_every_key_and_every_default() {
        let readme = include_str!("../README.md");
        let example = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let tenants =
            "[tenants.goal.routes.outbound]\n[tenants.soft.routes]\ninbound = {}\noutbound = {}\ndelivery = {}\n";
        let (_, said) = Settings::parse(&format!("{tenants}{example}"), "".as_ref()).unwrap();
        let optional = ["metrics", "null_sender", "result_header", "workers"];
        let lines = example.lines().filter(|line| !optional.iter().any(|key| line.starts_with(key)));
        let kept: Vec<&str> = lines.collect();
        let domains = kept.iter().position(|line| line.starts_with("[program.milter.domains]")).unwrap();
        let bare = [&["[program.milter]", "listen = \"127.0.0.1:8895\""], &kept[domains..]].concat().join("\n");
        let (_, unsaid) = Settings::parse(&format!("{tenants}{bare}"), "".as_ref()).unwrap();
        let (_, kept) = Settings::parse(&format!("{tenants}{}", kept.join("\n")), "".as_ref()).unwrap();
        assert_eq!(format!("{kept:?}"), format!("{unsaid:?}"));
        assert_eq!(said.null_sender.as_deref(), Some("goal.example"));
    }
}
