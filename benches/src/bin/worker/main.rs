//! postseal behind the line protocol of the harness, as every peer is: one command in a line, one JSON object back.
//!
//! `worker --crypto rust`, then:
//!
//! * `load_verify LIST ROOT`: mails (path TAB sender) into memory, anchors parsed. Beside the list lies `primers.txt`.
//! * `verify MODE MS MOST`: imports them in turn for so many milliseconds or so often. `full`: the engine knows its
//!   anchors and nothing else. `warm`: it has seen a mail with the same CA certificates. `hot`: it and the store have
//!   seen this sender. `sha256`: only the digest of the same octets.
//! * `load_encrypt ENTITY RECIPIENTS`: what is sealed, and certificates (PEM). Beside them lie `recipients.txt`,
//!   `root.pem`, `authorities.pem`.
//! * `encrypt cbc|gcm COUNT v15|oaep OUTPUT MS MOST`: `smime`: a whole mail in memory. `sink-stream`: in pieces that
//!   are thrown away. `whole`: recipients are found and checked, too. `raw`: only the cipher over the same octets.
//! * `dump FILE`: the last sealed mail. `quit`.

mod import;
mod seal;

use import::Import;
use postseal_benches::Crypto;
use seal::Seal;
use std::io::{BufRead as _, Write as _};
use std::time::Duration;

/// What the harness has loaded.
struct Worker {
    crypto: Crypto,
    import: Option<Import>,
    seal: Option<Seal>,
}

impl Worker {
    fn answer(&mut self, command: &[&str]) -> Result<String, String> {
        let none = "nothing is loaded";
        Ok(match *command {
            ["load_verify", list, root] => {
                let import = self.import.insert(Import::load(self.crypto, list, root)?);
                format!(r#"{{"ok":"{}"}}"#, import.count())
            }
            ["load_encrypt", entity, recipients] => {
                let seal = self.seal.insert(Seal::load(self.crypto, entity, recipients)?);
                format!(r#"{{"ok":"{}"}}"#, seal.count())
            }
            ["verify", mode, ms, most] => {
                let import = self.import.as_mut().ok_or(none)?;
                import.run(mode.parse()?, time(ms)?, number(most)?).json()
            }
            ["encrypt", cipher, count, padding, output, ms, most] => {
                let seal = self.seal.as_mut().ok_or(none)?;
                seal.run(cipher, number(count)?, padding, output.parse()?, (time(ms)?, number(most)?))?.json()
            }
            ["dump", file] => {
                std::fs::write(file, self.seal.as_ref().ok_or(none)?.last()).map_err(|error| error.to_string())?;
                r#"{"ok":"written"}"#.to_owned()
            }
            _ => return Err(format!("no such command: {}", command.join(" "))),
        })
    }
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("no number: {text}"))
}

fn time(ms: &str) -> Result<Duration, String> {
    let ms: f64 = ms.parse().map_err(|_| format!("no number: {ms}"))?;
    Duration::try_from_secs_f64(ms / 1e3).map_err(|error| error.to_string())
}

fn main() {
    let crypto = Crypto::from_arguments().unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(2);
    });
    let mut worker = Worker { crypto, import: None, seal: None };
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let command: Vec<&str> = line.split_whitespace().collect();
        if command == ["quit"] {
            return;
        }
        let answer = worker.answer(&command).unwrap_or_else(|error| format!(r#"{{"error":{error:?}}}"#));
        writeln!(output, "{answer}").and_then(|()| output.flush()).unwrap();
    }
}
