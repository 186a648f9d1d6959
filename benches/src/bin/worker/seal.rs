use aes::Aes256;
use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Nonce};
use cbc::cipher::{BlockModeEncrypt as _, KeyIvInit as _};
use postseal::Address;
use postseal::seal::{ContentEncryption, KeyTransportRule, Policy, Recipients};
use postseal::verify::{Limits, TrustAnchors};
use postseal_adapters::OsRandom;
use postseal_benches::{Crypto, Samples, SealTo, measure, policy};
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// How much of a mail a host hands over at once when it streams.
const PIECE: usize = 64 << 10;

/// Stays outside; what follows it is what peers encrypt.
const HEADER: &[u8] = b"From: sender@bench.example\r\nTo: office@bench.example\r\nMIME-Version: 1.0\r\n";

/// Where the sealed mail goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Output {
    Memory,
    Sink,
    /// To memory, with finding and checking the recipients.
    Whole,
    /// Nothing but the cipher, in place.
    Raw,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "smime" | "smime-stream" => Ok(Self::Memory),
            "sink-stream" => Ok(Self::Sink),
            "whole" => Ok(Self::Whole),
            "raw" => Ok(Self::Raw),
            other => Err(format!("unsupported: {other}")),
        }
    }
}

/// A mail to seal and whom for.
pub struct Seal {
    mail: Vec<u8>,
    recipients: SealTo,
    last: Vec<u8>,
}

impl Seal {
    pub fn load(crypto: Crypto, entity: &str, recipients: &str) -> Result<Self, String> {
        let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        let path = Path::new(recipients);
        let beside = |name: &str| read(&path.with_file_name(name));
        let ders = certificates(&read(path)?)?;
        let addresses = String::from_utf8(beside("recipients.txt")?).map_err(|error| error.to_string())?;
        let addresses: Result<Vec<Address>, _> = addresses.lines().map(Address::parse).collect();
        let addresses = addresses.map_err(|error| error.to_string())?;
        let issuers = certificates(&beside("authorities.pem")?)?;
        let anchors = TrustAnchors::from_pem(&beside("root.pem")?, &Limits::default());
        let anchors = anchors.map_err(|error| error.to_string())?;
        let lent = addresses.into_iter().zip(ders).collect();
        let recipients = SealTo::new(crypto, anchors, &issuers, lent);
        Ok(Self { mail: [HEADER, &read(Path::new(entity))?].concat(), recipients, last: Vec::new() })
    }

    pub fn count(&self) -> usize {
        self.recipients.count()
    }

    /// The mail that was sealed last.
    pub fn last(&self) -> &[u8] {
        &self.last
    }

    pub fn run(
        &mut self,
        cipher: &str,
        count: usize,
        padding: &str,
        output: Output,
        (time, most): (Duration, usize),
    ) -> Result<Samples, String> {
        if output == Output::Raw {
            return self.cipher_alone(cipher, time, most);
        }
        let policy = policy_of(cipher, padding)?;
        let Self { mail, recipients, last } = self;
        let resolve = || recipients.resolve(count, policy.clone());
        Ok(match output {
            Output::Whole => measure(time, most, |_| (), |_, ()| to_memory(resolve(), mail, last)),
            Output::Sink => measure(time, most, |_| resolve(), |_, found| to_a_sink(found, mail)),
            _ => measure(time, most, |_| resolve(), |_, found| to_memory(found, mail, last)),
        })
    }

    /// The crates that postseal's own backend is made of, over the same octets.
    fn cipher_alone(&self, cipher: &str, time: Duration, most: usize) -> Result<Samples, String> {
        let mut buffer = self.mail[HEADER.len()..].to_vec();
        let whole_blocks = buffer.len() / 16 * 16;
        Ok(match cipher {
            "cbc" => {
                let (blocks, _) = aes::Block::slice_as_chunks_mut(&mut buffer[..whole_blocks]);
                measure(
                    time,
                    most,
                    |_| cbc::Encryptor::<Aes256>::new(&[7; 32].into(), &[9; 16].into()),
                    |_, mut cbc| cbc.encrypt_blocks(black_box(&mut *blocks)),
                )
            }
            "gcm" => measure(
                time,
                most,
                |_| Aes256Gcm::new(&[7; 32].into()),
                |_, gcm| {
                    let nonce = Nonce::try_from(&[9; 12][..]).unwrap();
                    black_box(gcm.encrypt_inout_detached(&nonce, b"", buffer.as_mut_slice().into()).unwrap());
                },
            ),
            other => return Err(format!("no such cipher: {other}")),
        })
    }
}

fn policy_of(cipher: &str, padding: &str) -> Result<Policy, String> {
    let content = match cipher {
        "cbc" => ContentEncryption::Aes256Cbc,
        "gcm" => ContentEncryption::Aes256Gcm,
        other => return Err(format!("no such cipher: {other}")),
    };
    let key_transport = match padding {
        "v15" => KeyTransportRule::Pkcs1,
        "oaep" => KeyTransportRule::OaepSha256,
        other => return Err(format!("no such padding: {other}")),
    };
    Ok(policy(content, key_transport))
}

/// Into memory that is used again and again, as peers do.
fn to_memory(recipients: Recipients, mail: &[u8], sealed: &mut Vec<u8>) {
    sealed.clear();
    let envelope = recipients.envelopes().remove(0);
    let mut sealer = envelope.sealer(u64::try_from(mail.len()).ok(), &mut OsRandom).unwrap();
    sealer.push(mail, sealed).unwrap();
    sealer.finish(sealed).unwrap();
}

fn to_a_sink(recipients: Recipients, mail: &[u8]) {
    let envelope = recipients.envelopes().remove(0);
    let mut sealer = envelope.sealer(u64::try_from(mail.len()).ok(), &mut OsRandom).unwrap();
    let mut sink = Vec::new();
    for piece in mail.chunks(PIECE) {
        sealer.push(piece, &mut sink).unwrap();
        black_box(&mut sink).clear();
    }
    sealer.finish(&mut sink).unwrap();
    black_box(sink);
}

/// The DER of every block of a PEM file.
fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    use base64::Engine as _;
    let text = std::str::from_utf8(pem).map_err(|error| error.to_string())?;
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let decode = |block: &str| {
        let lines = block.split("-----END").next().unwrap_or_default().split_whitespace();
        base64::engine::general_purpose::STANDARD.decode(lines.collect::<String>()).map_err(|error| error.to_string())
    };
    blocks.map(decode).collect()
}
