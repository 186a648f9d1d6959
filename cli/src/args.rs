use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use postseal::UnixTime;
use postseal::seal::{Mode, PRESETS, Preset};
use postseal::store::State;
use postseal::verify::Profile;
use postseal_host::ExportFormat;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Learns S/MIME certificates from signed mail, and encrypts mail with them.
#[derive(Debug, Parser)]
#[command(name = "postseal", version)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, ClapArgs)]
pub(crate) struct Shared {
    /// Configuration (TOML).
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where certificates are kept: sqlite:PATH or postgresql://USER@HOST/DATABASE. [default: sqlite:postseal.db]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// Whose store.
    #[arg(long, global = true, value_name = "NAME", default_value = "default")]
    pub(crate) tenant: String,
    /// The route inside the tenant.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) route: Option<String>,
    /// The clock, for tests and archives. [default: now]
    #[arg(long, global = true, value_name = "RFC3339", value_parser = time)]
    pub(crate) at: Option<UnixTime>,
    /// Trust anchors: a PEM file, or `mozilla` for the shipped set. May be repeated.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) trust: Vec<String>,
    /// CA certificates that help to build paths (PEM). May be repeated.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) intermediates: Vec<PathBuf>,
    /// Revocation lists (PEM or DER). May be repeated.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) crl: Vec<PathBuf>,
    /// What becomes of a certificate whose revocation is unknown: off (nobody looks), soft (it passes) or hard.
    #[arg(long, global = true, value_name = "MODE", value_parser = revocation)]
    pub(crate) revocation: Option<postseal::revocation::Mode>,
    /// Fetch revocation lists and OCSP responses from where certificates say; [fetch] in the configuration says how.
    #[arg(long, global = true)]
    pub(crate) fetch: bool,
    /// The trace. [default: postseal-trace.jsonl beside the store]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// The rules: default, strict or legacy.
    #[arg(long, global = true, value_name = "NAME", value_parser = profile)]
    pub(crate) profile: Option<Profile>,
    /// One JSON object a line instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say more.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify mails and keep the certificates of their senders.
    Import(ImportOptions),
    /// Read mails without deciding: every S/MIME layer, and why it holds or not.
    Inspect(InspectOptions),
    /// Encrypt a mail for its recipients.
    Encrypt(EncryptOptions),
    /// The certificates of a tenant, and operators' decisions.
    Certs(CertsOptions),
    /// The store as a whole.
    Store(StoreOptions),
    /// Read the trace.
    Trace(TraceOptions),
    /// Make a page that shows what was learned, what was refused, and what waits or ends soon.
    Report(ReportOptions),
    /// The configuration.
    Config(ConfigOptions),
    /// The directories.
    Directory(DirectoryOptions),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ImportOptions {
    /// Decide, but change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Show how far it is, on a terminal.
    #[arg(long)]
    pub(crate) progress: bool,
    /// Mails that are verified side by side; what is stored does not depend on it. [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Note in this file which mails are done, and skip those that it names: for long imports that may be interrupted.
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) resume: Option<PathBuf>,
    /// A mail, an mbox, a Maildir or a folder of .eml and .mbox files; `-` is standard input. All of them together are imported in the
    /// order of their delivery.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InspectOptions {
    /// Mails; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct EncryptOptions {
    /// A recipient. May be repeated.
    #[arg(long, value_name = "ADDR")]
    pub(crate) to: Vec<String>,
    /// A recipient whom the others must not see: gets a message of his own, below --out-dir. May be repeated.
    #[arg(long, value_name = "ADDR")]
    pub(crate) bcc: Vec<String>,
    /// What to do about recipients who cannot be reached: all-or-nothing, only-encrypted or if-possible.
    #[arg(long, value_name = "MODE", value_parser = mode)]
    pub(crate) mode: Option<Mode>,
    /// Algorithms for one kind of correspondents: default, outlook-classic, strict-aead, edi-energy or edi-energy-gcm.
    #[arg(long, value_name = "NAME", value_parser = preset)]
    pub(crate) preset: Option<&'static Preset>,
    /// Protect the header fields too (RFC 9788): the outer Subject says "[...]".
    #[arg(long)]
    pub(crate) protect_headers: bool,
    /// Where the message goes; `-` is standard output. [default: -]
    #[arg(long, value_name = "FILE", conflicts_with = "out_dir")]
    pub(crate) out: Option<PathBuf>,
    /// Where the messages go: one file for all --to recipients, more where they read nothing in common, and one for each --bcc.
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: Option<PathBuf>,
    /// Say for each recipient what would be done, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The mail; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CertsOptions {
    #[command(subcommand)]
    pub(crate) command: CertsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertsCommand {
    /// One line for each certificate, or for those that are like all of what is said.
    List(ListOptions),
    /// Candidates that wait for an operator, each beside what is in use, with what differs.
    Held,
    /// Certificates in use that end soon.
    Expiring {
        /// Days that count as soon. May be repeated, for a report with one part for each. [default: 30, 60, 90]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
        days: Vec<u16>,
    },
    /// Remove certificates that ended long ago. Pinned, rejected and disabled ones stay.
    Purge {
        /// Days since their end. [default: as [retention] in the configuration says]
        #[arg(long, value_name = "DAYS")]
        ended: Option<u32>,
        /// Say how many, and remove nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Everything about one certificate.
    Show(Chosen),
    /// Certificates in use for others, of one address or of all.
    Export(ExportOptions),
    /// Use a certificate from a file, after the same checks as one from mail.
    Add {
        /// PEM or DER. In PEM the first certificate is the one to use, the others help to build its path.
        file: PathBuf,
    },
    /// Use a certificate from now on.
    Approve(Chosen),
    /// Never use a certificate for an address, also when it comes again for it. Other addresses of the certificate are not concerned: each is
    /// decided for itself.
    Reject(Chosen),
    /// Use a certificate, whatever mail brings.
    Pin(Chosen),
    /// Stop using a certificate.
    Disable(Chosen),
    /// Forget a certificate. Adding it again brings it back.
    Remove(Chosen),
    /// Take back what was said about a certificate: it is a candidate again, and not used until somebody approves it.
    Hold(Chosen),
}

/// Which certificates; all of what is said must hold.
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct ListOptions {
    /// Of this address.
    #[arg(long, value_name = "ADDR")]
    pub(crate) address: Option<String>,
    /// Of addresses of this domain.
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) domain: Option<String>,
    /// With this text in the subject, in capitals or not.
    #[arg(long, value_name = "TEXT")]
    pub(crate) subject: Option<String>,
    /// With this text in the issuer, in capitals or not.
    #[arg(long, value_name = "TEXT")]
    pub(crate) issuer: Option<String>,
    /// Whose fingerprint begins like this.
    #[arg(long, value_name = "HEX")]
    pub(crate) fingerprint: Option<String>,
    /// In this state: active, superseded, held, rejected, disabled or pinned. May be repeated.
    #[arg(long, value_name = "STATE", value_parser = state)]
    pub(crate) state: Vec<State>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExportOptions {
    /// The address.
    pub(crate) address: Option<String>,
    /// pem, p7c (certs-only CMS), vcard (4.0) or ldif.
    #[arg(long, value_name = "NAME", default_value = "pem", value_parser = export_format)]
    pub(crate) format: ExportFormat,
    /// Where they go; `-` is standard output. [default: -]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Also the certificates of the CAs between them and trust anchors, in pem and p7c.
    #[arg(long)]
    pub(crate) issuers: bool,
    /// Also certificates that are not in use.
    #[arg(long)]
    pub(crate) unused: bool,
    /// In ldif, the entry below which people are. [default: dc=... of each domain]
    #[arg(long, value_name = "DN")]
    pub(crate) base: Option<String>,
}

/// A certificate, by its fingerprint.
#[derive(Debug, ClapArgs)]
pub(crate) struct Chosen {
    /// SHA-256 in hexadecimal; a unique prefix is enough.
    pub(crate) fingerprint: String,
    /// The address that it is filed under, which must be said where that is more than one. What is decided holds for this one only.
    #[arg(long, value_name = "ADDR")]
    pub(crate) address: Option<String>,
}

/// Options that may be repeated choose what is like any of them; different options choose what is like all of them.
#[derive(Debug, ClapArgs)]
pub(crate) struct StoreOptions {
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Copy all tenants' entries into another store. What is there already stays; a copy that was interrupted is begun again.
    Copy(CopyOptions),
    /// Read every entry, and ask the database about its own files. Ends with 1 when something is wrong, with 75 when the store cannot be
    /// reached.
    Check,
}

/// Where a copy goes.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub(crate) struct CopyOptions {
    /// A store: sqlite:PATH or postgresql://USER@HOST/DATABASE.
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
    /// The store of this configuration, where it needs a password.
    #[arg(long, value_name = "FILE")]
    pub(crate) to_config: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TraceOptions {
    /// Go on as events come in, also in a new file after a rotation.
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) period: Period,
    /// Only events about this address. May be repeated.
    #[arg(long, value_name = "ADDR")]
    pub(crate) address: Vec<String>,
    /// Only events about addresses of this domain, without those below it. May be repeated.
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) domain: Vec<String>,
    /// Only events of this name, as `imported` or `refused`. May be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) event: Vec<String>,
    /// Only events with this code, by its name or number. May be repeated.
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Vec<String>,
    /// Only events that name a certificate whose fingerprint begins like this. May be repeated.
    #[arg(long, value_name = "HEX")]
    pub(crate) fingerprint: Vec<String>,
    /// Only events about the mail with this Message-ID, with or without its angle brackets. May be repeated.
    #[arg(long, value_name = "ID")]
    pub(crate) message_id: Vec<String>,
    /// Only what this operator did. May be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Vec<String>,
    /// How events are written: text, json or syslog (structured data of RFC 5424). [default: text, or json with --json]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<TraceFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TraceFormat {
    Text,
    Json,
    Syslog,
}

/// From when to when.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct Period {
    /// Only events at this time or later.
    #[arg(long, value_name = "RFC3339", value_parser = time)]
    pub(crate) since: Option<UnixTime>,
    /// Only events before this time.
    #[arg(long, value_name = "RFC3339", value_parser = time)]
    pub(crate) until: Option<UnixTime>,
}

impl Period {
    pub(crate) fn holds(&self, at: UnixTime) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReportOptions {
    /// Where the page goes: one HTML file, which names persons and needs nothing else. `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) period: Period,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DirectoryOptions {
    #[command(subcommand)]
    pub(crate) command: DirectoryCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DirectoryCommand {
    /// Try each directory: whether it can be reached, lets postseal in, and would show certificates.
    Check {
        /// Only these.
        names: Vec<String>,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ConfigOptions {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Parse the configuration and say what it means.
    Check {
        /// Print the whole configuration as TOML instead, with every default.
        #[arg(long)]
        defaults: bool,
    },
    /// Print the JSON Schema of the configuration, for editors.
    Schema,
}

fn time(text: &str) -> Result<UnixTime, String> {
    UnixTime::from_rfc3339(text).ok_or_else(|| "not a date and time of RFC 3339, as 2026-06-01T00:00:00Z".to_owned())
}

fn state(text: &str) -> Result<State, String> {
    let names = || State::ALL.map(State::name).join(", ");
    State::from_name(text).ok_or_else(|| format!("not a state: {}", names()))
}

fn mode(text: &str) -> Result<Mode, String> {
    let known = Mode::from_name(text).filter(|mode| *mode != Mode::Never);
    known.ok_or_else(|| "not a mode: all-or-nothing, only-encrypted or if-possible".to_owned())
}

fn revocation(text: &str) -> Result<postseal::revocation::Mode, String> {
    postseal::revocation::Mode::from_name(text).ok_or_else(|| "not a mode of revocation: off, soft or hard".to_owned())
}

fn preset(text: &str) -> Result<&'static Preset, String> {
    let names = || PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
    Preset::from_name(text).ok_or_else(|| format!("not a preset: {}", names()))
}

fn export_format(text: &str) -> Result<ExportFormat, String> {
    let names = || ExportFormat::ALL.map(ExportFormat::name).join(", ");
    ExportFormat::from_name(text).ok_or_else(|| format!("not a format: {}", names()))
}

fn profile(text: &str) -> Result<Profile, String> {
    Profile::from_name(text).ok_or_else(|| "not a profile: default, strict or legacy".to_owned())
}
