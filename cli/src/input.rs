//! Where mails come from: a file, an mbox, a Maildir, a folder of `.eml` files, standard input.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Most bytes of one mail that are read: one more than the engine accepts, so that the engine says what is wrong.
const MAIL_LIMIT: u64 = (50 << 20) + 1;

/// One mail, or why there is none, with its name for people.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) mail: io::Result<Vec<u8>>,
}

/// Calls `each` with every mail of `path`. Only one mail is in memory at a time.
pub(crate) fn for_each(path: &Path, each: &mut dyn FnMut(Input)) {
    let name = path.display().to_string();
    if name == "-" {
        return each(Input { name, mail: read_all(io::stdin()) });
    }
    match files(path) {
        Ok(None) => file(path, each),
        Ok(Some(files)) => files.iter().for_each(|path| file(path, each)),
        Err(error) => each(Input { name, mail: Err(error) }),
    }
}

/// The files of a Maildir or folder in the order of their names; `None` for a file.
fn files(path: &Path) -> io::Result<Option<Vec<PathBuf>>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(None);
    }
    let maildir = path.join("cur").is_dir() && path.join("new").is_dir();
    let folders = if maildir { vec![path.join("cur"), path.join("new")] } else { vec![path.to_owned()] };
    let mut files = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let is_mail = maildir || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("eml"));
            if is_mail && path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(Some(files))
}

fn file(path: &Path, each: &mut dyn FnMut(Input)) {
    let name = path.display().to_string();
    let open = || -> io::Result<(BufReader<File>, bool)> {
        let mut reader = BufReader::new(File::open(path)?);
        let is_mbox = reader.fill_buf()?.starts_with(b"From ");
        Ok((reader, is_mbox))
    };
    match open() {
        Ok((reader, true)) => mbox(&name, reader, each),
        Ok((reader, false)) => each(Input { name, mail: read_all(reader) }),
        Err(error) => each(Input { name, mail: Err(error) }),
    }
}

/// A mail by itself; what is empty, or does not begin with a header field, is none.
fn read_all(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    reader.take(MAIL_LIMIT).read_to_end(&mut mail)?;
    check_is_mail(&mail)?;
    Ok(mail)
}

pub(crate) fn check_is_mail(mail: &[u8]) -> io::Result<()> {
    if mail.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is empty"));
    }
    let line = mail.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let name = line.split(|octet| *octet == b':').next().unwrap_or_default();
    let is_field = name.len() < line.len() && !name.is_empty() && name.iter().all(|octet| matches!(octet, 32..=126));
    // An empty first line is a mail without header fields.
    if is_field || line.trim_ascii().is_empty() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "the file is no mail: it does not begin with a header field"))
}

/// Splits an mbox (RFC 4155) at `From ` lines that follow an empty line, and takes the `>` from quoted ones (mboxrd).
fn mbox(name: &str, mut reader: BufReader<File>, each: &mut dyn FnMut(Input)) {
    let mut mail = Vec::new();
    let mut number = 0_usize;
    let mut after_empty = true;
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.by_ref().take(MAIL_LIMIT).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return each(Input { name: name.to_owned(), mail: Err(error) }),
        }
        if after_empty && line.starts_with(b"From ") {
            if number > 0 {
                deliver(name, number, &mut mail, each);
            }
            number = number.saturating_add(1);
        } else if mail.len() < usize::try_from(MAIL_LIMIT).unwrap_or(usize::MAX) {
            mail.extend_from_slice(unquoted(&line));
        }
        after_empty = matches!(line.as_slice(), b"\n" | b"\r\n");
    }
    deliver(name, number, &mut mail, each);
}

fn deliver(name: &str, number: usize, mail: &mut Vec<u8>, each: &mut dyn FnMut(Input)) {
    let mail = std::mem::take(mail);
    // The empty line before the next `From ` line belongs to the mbox.
    let body = mail.strip_suffix(b"\r\n").or_else(|| mail.strip_suffix(b"\n")).unwrap_or(&mail).to_vec();
    each(Input { name: format!("{name}#{number}"), mail: check_is_mail(&body).map(|()| body) });
}

fn unquoted(line: &[u8]) -> &[u8] {
    let quotes = line.iter().take_while(|octet| **octet == b'>').count();
    let is_quoted = quotes > 0 && line.get(quotes..).is_some_and(|rest| rest.starts_with(b"From "));
    if is_quoted { line.get(1..).unwrap_or_default() } else { line }
}
