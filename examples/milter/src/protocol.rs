//! The milter protocol, version 6, as Postfix and Sendmail speak it: a packet is a length, a letter and data.
//!
//! Written here, because the crate `miltr-server` hands out header fields as text with what is not UTF-8 replaced, and knows nothing
//! of the order of commands. There are octets here, and an order.

use std::io::{Error, ErrorKind, Result};
use std::net::IpAddr;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The version that is spoken.
pub const VERSION: u32 = 6;

/// Longest packet that is read. A part of a body has 65 535 octets at the most, and a header field in Postfix as many as
/// `header_size_limit` says, 102 400 if nobody changed it.
const LONGEST_PACKET: u32 = 1 << 20;

/// What a part of a new body may have: a packet of 65 535 octets is what every MTA reads.
const BODY_PART: usize = 65_000;

/// What the milter may do to a mail, if the MTA lets it: `SMFIF_ADDHDRS`, `SMFIF_CHGBODY`, `SMFIF_CHGHDRS`. It needs all three.
pub const ACTIONS: u32 = 0x01 | 0x02 | 0x10;

/// Field values come with the space before them, and go back so (`SMFIP_HDR_LEADSPC`).
pub const LEADING_SPACE: u32 = 0x0010_0000;

/// Steps that nobody needs to tell: `SMFIP_NOHELO`, `SMFIP_NOUNKNOWN`, `SMFIP_NODATA`.
const UNNEEDED_STEPS: u32 = 0x02 | 0x100 | 0x200;

/// One packet of the MTA.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has no more")]
pub enum Command {
    /// What the MTA offers: version, actions, steps that can be left out or changed.
    Negotiate {
        /// Of the protocol.
        version: u32,
        /// What a milter may do to a mail.
        actions: u32,
        /// What it may ask of the conversation.
        steps: u32,
    },
    /// Names and values that belong to the command that follows.
    Macros(Vec<(Vec<u8>, Vec<u8>)>),
    /// A client connected; its address, if it has one.
    Connect(Option<IpAddr>),
    /// MAIL FROM, with its brackets and without its parameters.
    Mail(Vec<u8>),
    /// RCPT TO, with its brackets and without its parameters.
    Recipient(Vec<u8>),
    /// One field; a folded value has LF.
    Header(Vec<u8>, Vec<u8>),
    /// The header ends.
    EndOfHeader,
    /// A part of the body.
    Body(Vec<u8>),
    /// The mail ends, perhaps with the last part of its body.
    EndOfMessage(Vec<u8>),
    /// The mail is given up; the connection stays.
    Abort,
    /// The MTA goes.
    Quit,
    /// The client goes, and another one comes on the same connection.
    QuitAndReuse,
    /// HELO, DATA and commands that the MTA does not know: an answer is awaited, and nothing is said by them.
    Other,
}

impl Command {
    /// Reads the next packet; `None` where the MTA hung up between two.
    ///
    /// # Errors
    /// Those of the connection; `InvalidData` for what is no packet of the protocol.
    pub async fn read(reader: &mut (impl AsyncRead + Unpin)) -> Result<Option<Self>> {
        let length = match reader.read_u32().await {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            length => length?,
        };
        if length == 0 || length > LONGEST_PACKET {
            return Err(invalid("the length of a packet"));
        }
        // Grows with what comes, not with what is announced.
        let mut packet = Vec::new();
        reader.take(u64::from(length)).read_to_end(&mut packet).await?;
        if u64::try_from(packet.len()).ok() != Some(u64::from(length)) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Self::parse(&packet).map(Some)
    }

    fn parse(packet: &[u8]) -> Result<Self> {
        let (letter, data) = packet.split_first().ok_or_else(|| invalid("an empty packet"))?;
        Ok(match letter {
            b'O' => {
                let mut numbers = data.chunks_exact(4).map(number);
                let mut next = || numbers.next().ok_or_else(|| invalid("a negotiation"));
                Self::Negotiate { version: next()?, actions: next()?, steps: next()? }
            }
            b'D' => Self::Macros(macros(data.get(1..).unwrap_or_default())?),
            b'C' => Self::Connect(client(data)?),
            b'M' => Self::Mail(text(data)?.0.to_vec()),
            b'R' => Self::Recipient(text(data)?.0.to_vec()),
            b'L' => {
                let (name, rest) = text(data)?;
                Self::Header(name.to_vec(), text(rest)?.0.to_vec())
            }
            b'N' => Self::EndOfHeader,
            b'B' => Self::Body(data.to_vec()),
            b'E' => Self::EndOfMessage(data.to_vec()),
            b'A' => Self::Abort,
            b'Q' => Self::Quit,
            b'K' => Self::QuitAndReuse,
            b'H' | b'T' | b'U' => Self::Other,
            _ => return Err(invalid("an unknown command")),
        })
    }
}

fn invalid(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}

fn number(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |number, octet| number << 8 | u32::from(*octet))
}

/// A string and what follows its NUL.
fn text(data: &[u8]) -> Result<(&[u8], &[u8])> {
    let end = data.iter().position(|octet| *octet == 0).ok_or_else(|| invalid("a string without an end"))?;
    let (text, rest) = data.split_at_checked(end).unwrap_or_default();
    Ok((text, rest.get(1..).unwrap_or_default()))
}

fn macros(mut data: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut macros = Vec::new();
    while !data.is_empty() {
        let (name, rest) = text(data)?;
        let (value, rest) = text(rest)?;
        macros.push((name.to_vec(), value.to_vec()));
        data = rest;
    }
    Ok(macros)
}

/// The name, the family, the port and the address of a client. A socket of this machine and an unknown client have none.
fn client(data: &[u8]) -> Result<Option<IpAddr>> {
    let (_, rest) = text(data)?;
    let (family, rest) = rest.split_first().ok_or_else(|| invalid("a client without a family"))?;
    if !matches!(family, b'4' | b'6') {
        return Ok(None);
    }
    let address = text(rest.get(2..).unwrap_or_default())?.0;
    let address = std::str::from_utf8(address).unwrap_or_default();
    Ok(address.strip_prefix("IPv6:").unwrap_or(address).parse().ok())
}

/// One packet for the MTA.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has more, and this program needs these")]
pub enum Reply {
    /// What the milter will do, and how it wants to be told.
    Negotiated {
        /// As the MTA offered them.
        steps: u32,
    },
    /// Go on; at the end of a mail: let it pass with what was changed.
    Continue,
    /// Refuse with this line of SMTP: a code, an enhanced code, words.
    Refuse(String),
    /// A new field after all others.
    AddHeader(Vec<u8>, Vec<u8>),
    /// Another value for the so many-th field of a name, from 1; an empty one removes it.
    ChangeHeader(u32, Vec<u8>, Vec<u8>),
    /// A part of the new body.
    Body(Vec<u8>),
}

impl Reply {
    /// A new body in parts.
    pub fn body(body: &[u8]) -> impl Iterator<Item = Self> {
        body.chunks(BODY_PART).map(|part| Self::Body(part.to_vec()))
    }

    /// The octets of the packet.
    #[must_use]
    pub fn packet(&self) -> Vec<u8> {
        let (letter, data): (u8, Vec<u8>) = match self {
            Self::Negotiated { steps } => {
                let steps = steps & (UNNEEDED_STEPS | LEADING_SPACE);
                (b'O', [VERSION, ACTIONS, steps].map(u32::to_be_bytes).concat())
            }
            Self::Continue => (b'c', Vec::new()),
            Self::Refuse(line) => (b'y', [line.as_bytes(), b"\0"].concat()),
            Self::AddHeader(name, value) => (b'h', [name, b"\0".as_slice(), value, b"\0"].concat()),
            Self::ChangeHeader(index, name, value) => {
                (b'm', [&index.to_be_bytes(), name.as_slice(), b"\0", value, b"\0"].concat())
            }
            Self::Body(part) => (b'b', part.clone()),
        };
        let length = u32::try_from(data.len().saturating_add(1)).unwrap_or(u32::MAX);
        [&length.to_be_bytes(), [letter].as_slice(), &data].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8]) -> Result<Option<Command>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(Command::read(&mut &*octets))
    }

    fn packet(data: &[u8]) -> Vec<u8> {
        [&u32::try_from(data.len()).unwrap().to_be_bytes(), data].concat()
    }

    #[test]
    fn every_command_is_read() {
        let v4 = Some("192.0.2.1".parse().unwrap());
        for (data, command) in [
            (
                &b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"[..],
                Command::Negotiate { version: 6, actions: 511, steps: 0x1f_ffff },
            ),
            (
                b"DMi\0A1\0{auth_authen}\0bob\0",
                Command::Macros(vec![(b"i".into(), b"A1".into()), (b"{auth_authen}".into(), b"bob".into())]),
            ),
            (b"DC", Command::Macros(vec![])),
            (b"Cmx.example\x004\x04\xd2192.0.2.1\0", Command::Connect(v4)),
            (b"Cmx.example\x006\x04\xd2IPv6:::1\0", Command::Connect(Some("::1".parse().unwrap()))),
            (b"Clocalhost\0L\0\0/run/x\0", Command::Connect(None)),
            (b"Cunknown\0U", Command::Connect(None)),
            (b"M<a@goal.example>\0SIZE=3\0", Command::Mail(b"<a@goal.example>".into())),
            (b"R<b@goal.example>\0", Command::Recipient(b"<b@goal.example>".into())),
            (b"LSubject\0 \xe4\n\tb\0", Command::Header(b"Subject".into(), b" \xe4\n\tb".into())),
            (b"N", Command::EndOfHeader),
            (b"B\0\r\n", Command::Body(b"\0\r\n".into())),
            (b"E", Command::EndOfMessage(vec![])),
            (b"A", Command::Abort),
            (b"Q", Command::Quit),
            (b"K", Command::QuitAndReuse),
            (b"Hmx.example\0", Command::Other),
            (b"T", Command::Other),
            (b"UFOO\0", Command::Other),
        ] {
            assert_eq!(read(&packet(data)).unwrap(), Some(command));
        }
    }

    #[test]
    fn what_is_no_packet_is_an_error_and_no_memory_is_taken_for_what_is_announced() {
        assert!(read(b"").unwrap().is_none());
        for octets in [&b"\0\0\0\0"[..], b"\xff\xff\xff\xffB", b"\0\x10\0\0Bx", b"\0\0\0\x02B"] {
            assert!(read(octets).is_err(), "{octets:02x?}");
        }
        for data in [
            &b"x"[..],
            b"O\0\0\0\x06",
            b"DMi\0A1",
            b"DMi\0",
            b"Cmx",
            b"Cmx\0",
            b"Cmx\x004\0\x19192.0.2.1",
            b"M<a>",
            b"LSubject\0 a",
            b"L",
        ] {
            assert!(read(&packet(data)).is_err(), "{data:02x?}");
        }
    }

    #[test]
    fn replies_are_packets() {
        for (reply, octets) in [
            (Reply::Continue, &b"\0\0\0\x01c"[..]),
            (Reply::Refuse("451 4.3.0 x".into()), b"\0\0\0\x0dy451 4.3.0 x\0"),
            (Reply::AddHeader(b"A".into(), b" b".into()), b"\0\0\0\x06hA\0 b\0"),
            (Reply::ChangeHeader(2, b"A".into(), Vec::new()), b"\0\0\0\x08m\0\0\0\x02A\0\0"),
            (Reply::Body(b"x".into()), b"\0\0\0\x02bx"),
            (Reply::Negotiated { steps: 0x1f_ffff }, b"\0\0\0\x0dO\0\0\0\x06\0\0\0\x13\0\x10\x03\x02"),
        ] {
            assert_eq!(reply.packet(), octets);
        }
        let parts: Vec<_> = Reply::body(&[b'x'; 200_000]).collect();
        assert!(parts.len() == 4 && parts.iter().all(|part| part.packet().len() <= 65_535));
    }
}
