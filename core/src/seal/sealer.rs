use super::base64_lines::Base64Lines;
use super::recipients::Envelope;
use super::{ContentEncryption, HeaderProtection};
use crate::cms::{self, Enveloper, Prepared};
use crate::directory::Origin;
use crate::error::{Code, Error};
use crate::mail::{Already, GLANCE, Outgoing, already, header_end};
use crate::random::Random;
use crate::trace::Kind;
use core::{fmt, mem};

/// Makes one message from one mail, in pieces of any size and in constant memory. [`Envelope::sealer`] makes it.
///
/// It owns what directories lent for the message. At its end, also when it is dropped before, that is gone, and the trace
/// says so. A message is whole only when [`Sealer::finish`] has returned; what was put out before is to be thrown away when
/// it does not.
#[derive(Debug)]
pub struct Sealer {
    stage: Stage,
    /// The CMS object on its way to base64; its memory is used again.
    cms: Vec<u8>,
    length: Option<u64>,
    /// Whether the whole message stays in memory.
    at_once: bool,
    taken: u64,
    written: u64,
    content_encryption: ContentEncryption,
    envelope: Envelope,
}

enum Stage {
    /// The header, and a glance at the body, are still coming in.
    Beginning {
        prepared: Box<Prepared>,
        mail: Vec<u8>,
        header: Option<usize>,
        scanned: usize,
        waits: bool,
    },
    Body {
        enveloper: Box<Enveloper>,
        lines: Base64Lines,
    },
    Failed(Error),
}

/// The mail is nobody's but its recipients'.
impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beginning { mail, header, .. } => {
                f.debug_struct("Beginning").field("octets", &mail.len()).field("header", header).finish_non_exhaustive()
            }
            Self::Body { .. } => f.write_str("Body { .. }"),
            Self::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
        }
    }
}

impl Sealer {
    pub(super) fn new(envelope: Envelope, length: Option<u64>, random: &mut dyn Random) -> Result<Self, Error> {
        let (policy, limits) = (&envelope.policy, &envelope.limits);
        let keys = || envelope.recipients.iter().flat_map(|recipient| &recipient.keys);
        let content_encryption = policy.content_encryption(keys().map(|key| key.capabilities.as_ref()), limits)?;
        let recipients: Vec<_> = keys()
            .map(|key| cms::Recipient {
                certificate: &key.certificate,
                identifier: policy.identifier,
                key_transport: policy.key_transport(key.capabilities.as_ref(), limits),
            })
            .collect();
        let prepared = Box::new(Prepared::new(&*envelope.crypto, content_encryption, &recipients, random, limits)?);
        drop(recipients);
        let stage = Stage::Beginning { prepared, mail: Vec::new(), header: None, scanned: 0, waits: false };
        let (cms, at_once, taken, written) = (Vec::new(), false, 0, 0);
        let sealer = Self { stage, cms, length, at_once, taken, written, content_encryption, envelope };
        sealer.tell_use();
        Ok(sealer)
    }

    /// For a caller who keeps the whole message in memory: with the length declared, room for it is made once.
    pub(super) const fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }

    /// How the content is encrypted.
    ///
    /// ```
    /// fn algorithm(sealer: &postseal::seal::Sealer) -> &'static str { sealer.content_encryption().name() }
    /// # let _ = algorithm;
    /// ```
    pub const fn content_encryption(&self) -> ContentEncryption {
        self.content_encryption
    }

    /// The next piece of the mail; what can be put out is appended to `out`.
    ///
    /// # Errors
    /// [`Code::AlreadyEncrypted`]; [`Code::HeaderMalformed`] and the limits of a header; [`Code::LengthMismatch`] when the
    /// mail is longer than declared; [`Code::ContentTooLong`]. After an error the sealer only repeats it.
    ///
    /// ```
    /// use postseal::{Error, seal::Sealer};
    /// fn feed(sealer: &mut Sealer, piece: &[u8], message: &mut Vec<u8>) -> Result<(), Error> {
    ///     sealer.push(piece, message)
    /// }
    /// # let _ = feed;
    /// ```
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let before = out.len();
        let result = self.take(piece, out);
        self.count(before, out);
        result.inspect_err(|error| self.stage = Stage::Failed(*error))
    }

    /// The mail has ended: the rest of the message.
    ///
    /// # Errors
    /// As [`Sealer::push`]; [`Code::LengthMismatch`] when the mail is shorter than declared.
    ///
    /// ```
    /// use postseal::{Error, seal::Sealer};
    /// fn end(sealer: Sealer, message: &mut Vec<u8>) -> Result<(), Error> {
    ///     sealer.finish(message)
    /// }
    /// # let _ = end;
    /// ```
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let before = out.len();
        if let Stage::Failed(error) = &self.stage {
            return Err(*error);
        }
        if self.length.is_some_and(|length| length != self.taken) {
            return Err(Code::LengthMismatch.into());
        }
        self.begin(true, out)?;
        match mem::replace(&mut self.stage, Stage::Failed(Code::PolledWhileFinished.into())) {
            Stage::Body { enveloper, mut lines } => {
                enveloper.finish(&mut self.cms)?;
                lines.push(&self.cms, out);
                lines.finish(out);
            }
            Stage::Failed(error) => return Err(error),
            Stage::Beginning { .. } => return Err(Code::HeaderMalformed.into()),
        }
        self.count(before, out);
        let (content_encryption, octets) = (self.content_encryption, self.written);
        self.tell(Kind::Sealed { content_encryption, recipients: self.envelope.recipients.len(), octets });
        Ok(())
    }

    fn take(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        if let Stage::Failed(error) = &self.stage {
            return Err(*error);
        }
        let size = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.taken = self.taken.saturating_add(size);
        if self.length.is_some_and(|length| self.taken > length) {
            return Err(Code::LengthMismatch.into());
        }
        match &mut self.stage {
            Stage::Body { enveloper, lines } => content(enveloper, lines, &mut self.cms, piece, out),
            Stage::Beginning { mail, .. } => {
                // The first piece may be the whole mail: what is not needed for the header goes on without a copy.
                let room = self.envelope.limits.header_bytes.saturating_add(GLANCE).saturating_sub(mail.len());
                let (head, rest) = piece.split_at_checked(room).unwrap_or((piece, &[]));
                mail.extend_from_slice(head);
                self.begin(false, out)?;
                match &mut self.stage {
                    Stage::Body { enveloper, lines } => content(enveloper, lines, &mut self.cms, rest, out),
                    _ => Ok(()),
                }
            }
            Stage::Failed(error) => Err(*error),
        }
    }

    /// Goes on to the body when the header is complete and the mail is known not to be encrypted.
    fn begin(&mut self, is_all: bool, out: &mut Vec<u8>) -> Result<(), Error> {
        let limits = &self.envelope.limits;
        let Stage::Beginning { mail, header, scanned, waits, .. } = &mut self.stage else { return Ok(()) };
        if header.is_none() {
            *header = header_end(mail, *scanned);
            *scanned = mail.len();
        }
        let end = match *header {
            Some(end) => end,
            // A mail without a body ends with its header.
            None if is_all => mail.len(),
            None if mail.len() > limits.header_bytes => return Err(Code::HeaderBlockTooLarge.into()),
            None => return Ok(()),
        };
        let (header, body) = mail.split_at_checked(end).unwrap_or_default();
        // The header alone did not tell; reading it again for each piece would not either.
        if *waits && !is_all && body.len() < GLANCE {
            return Ok(());
        }
        match already(header, body, is_all, limits)? {
            Some(Already::Plain) => {}
            Some(Already::Claimed | Already::Encrypted) => return Err(Code::AlreadyEncrypted.into()),
            None => {
                *waits = true;
                return Ok(());
            }
        }
        let protect = self.envelope.policy.header_protection == HeaderProtection::Baseline;
        let outgoing = Outgoing::split(header, protect, limits)?;
        if protect && !outgoing.is_protected {
            self.tell(Kind::HeadersNotProtected);
        }
        self.open(&outgoing, out)
    }

    /// Writes the outer header and everything of the object that stands before the content.
    fn open(&mut self, outgoing: &Outgoing, out: &mut Vec<u8>) -> Result<(), Error> {
        let failed = Stage::Failed(Code::HeaderMalformed.into());
        let Stage::Beginning { prepared, mail, header, .. } = mem::replace(&mut self.stage, failed) else {
            return Ok(());
        };
        let end = header.unwrap_or(mail.len());
        let inner = outgoing.inner.len();
        // The content is the mail with its own header taken off and the inner one put on.
        let length = self.length.map(|length| {
            let body = length.saturating_sub(u64::try_from(end).unwrap_or(u64::MAX));
            body.saturating_add(u64::try_from(inner).unwrap_or(u64::MAX))
        });
        let mut enveloper = Box::new(prepared.begin(length, &mut self.cms)?);
        let (columns, line_end) = (self.envelope.policy.columns, outgoing.line_end);
        let header = content_header(self.content_encryption, line_end);
        if self.at_once {
            let text = enveloper.length().and_then(|object| Base64Lines::length(columns, line_end, object));
            let text = text.and_then(|text| usize::try_from(text).ok()).unwrap_or_default();
            out.reserve_exact(outgoing.outer.len().saturating_add(header.len()).saturating_add(text));
        }
        out.extend_from_slice(&outgoing.outer);
        out.extend_from_slice(&header);
        let mut lines = Base64Lines::new(columns, line_end);
        content(&mut enveloper, &mut lines, &mut self.cms, &outgoing.inner, out)?;
        content(&mut enveloper, &mut lines, &mut self.cms, mail.get(end..).unwrap_or_default(), out)?;
        self.stage = Stage::Body { enveloper, lines };
        Ok(())
    }

    fn count(&mut self, before: usize, out: &[u8]) {
        let octets = u64::try_from(out.len().saturating_sub(before)).unwrap_or(u64::MAX);
        self.written = self.written.saturating_add(octets);
    }

    /// Which lent certificates are used, and whether the content goes without authentication.
    fn tell_use(&self) {
        let context = &self.envelope.context;
        for recipient in &self.envelope.recipients {
            let address = recipient.report.address.expose();
            for key in &recipient.keys {
                if let Origin::Directory(directory) = &key.origin {
                    let (directory, fingerprint) = (directory.clone(), key.certificate.fingerprint());
                    let kind = Kind::LentUsed { directory, fingerprint };
                    context.tracer.event(&context.event(Some(address.clone()), kind));
                }
            }
        }
        if !self.content_encryption.is_authenticated() {
            self.tell(Kind::CbcFallback { content_encryption: self.content_encryption });
        }
    }

    fn tell(&self, kind: Kind) {
        let context = &self.envelope.context;
        context.tracer.event(&context.event(None, kind));
    }
}

/// Content into the object, the object into base64.
fn content(
    enveloper: &mut Enveloper,
    lines: &mut Base64Lines,
    cms: &mut Vec<u8>,
    mut piece: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    /// Octets that are encrypted at a time, so that a large piece needs no second buffer of its size.
    const STEP: usize = 64 << 10;
    loop {
        let (step, rest) = piece.split_at_checked(STEP).unwrap_or((piece, &[]));
        enveloper.push(step, cms)?;
        lines.push(cms, out);
        cms.clear();
        if rest.is_empty() {
            return Ok(());
        }
        piece = rest;
    }
}

/// The fields of the encrypted entity (RFC 8551 3.2.2, 3.3, 3.4), and the empty line.
fn content_header(content_encryption: ContentEncryption, line_end: &[u8]) -> Vec<u8> {
    let smime_type = if content_encryption.is_authenticated() { "authEnveloped-data" } else { "enveloped-data" };
    let content_type = format!("Content-Type: application/pkcs7-mime; smime-type={smime_type};");
    let lines: [&[u8]; 6] = [
        b"MIME-Version: 1.0",
        content_type.as_bytes(),
        b" name=\"smime.p7m\"",
        b"Content-Transfer-Encoding: base64",
        b"Content-Disposition: attachment; filename=\"smime.p7m\"",
        b"",
    ];
    lines.into_iter().flat_map(|line| [line, line_end]).flatten().copied().collect()
}
