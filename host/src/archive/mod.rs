//! Mails that lie in files: where each is, in which order, and what is in it.

mod date;
mod mbox;

use mbox::Found;
use postseal::UnixTime;
use postseal::verify::Limits;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Octets of a mail that are looked at for the date of its delivery.
const HEAD_LIMIT: u64 = 64 << 10;

/// The mails of mboxes (RFC 4155), Maildirs, folders and single files, by their places: 40 octets of memory for each, and one mail at a
/// time when it is read.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("mbox");
/// std::fs::write(&path, "From a\nSubject: one\n\none\n\nFrom b\nSubject: two\n\ntwo\n")?;
/// let archive = postseal_host::Archive::of(&[path]);
/// assert_eq!(archive.len(), 2);
/// assert_eq!(archive.read(1)?, b"Subject: two\n\ntwo\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Archive {
    files: Vec<PathBuf>,
    brought: Vec<(String, Vec<u8>)>,
    mails: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    content: Content,
    /// When it was delivered, as far as the mail says; otherwise as the mail before it.
    delivered: Option<UnixTime>,
}

#[derive(Debug)]
enum Content {
    /// A file that is one mail.
    Whole(usize),
    /// The mail with this number of an mbox, counted from 1.
    OfMbox { file: usize, number: u32, octets: Range<u64> },
    /// One that was brought as octets.
    Brought(usize),
    /// An mbox from the mail on where reading it failed.
    Unread(Box<Unread>),
}

#[derive(Debug)]
struct Unread {
    file: usize,
    number: u32,
    error: io::Error,
}

impl Archive {
    /// Looks through these files and folders: a Maildir with its subfolders (Maildir++), a folder of `.eml` and `.mbox` files, an mbox,
    /// or a mail. What cannot be opened counts as a mail, whose reading says why, and so does the rest of an mbox that cannot be read to
    /// its end.
    ///
    /// ```
    /// let archive = postseal_host::Archive::of(&["no-such-file".into()]);
    /// assert_eq!((archive.len(), archive.name(0).as_str()), (1, "no-such-file"));
    /// assert!(archive.read(0).is_err());
    /// ```
    #[must_use]
    pub fn of(paths: &[PathBuf]) -> Self {
        let mut archive = Self::default();
        for path in paths {
            archive.add_path(path);
        }
        archive
    }

    /// With everything of this path behind what is there.
    ///
    /// ```
    /// let mut archive = postseal_host::Archive::default();
    /// archive.add_path("no-such-file".as_ref());
    /// assert_eq!(archive.len(), 1);
    /// ```
    pub fn add_path(&mut self, path: &Path) {
        match files(path) {
            Ok(Some(files)) => files.into_iter().for_each(|file| self.add_file(file)),
            Ok(None) | Err(_) => self.add_file(path.to_owned()),
        }
    }

    /// With this mail behind what is there, as one from standard input.
    ///
    /// ```
    /// let mut archive = postseal_host::Archive::default();
    /// archive.add_mail("-", b"Subject: hello\r\n\r\nhello\r\n".to_vec());
    /// assert_eq!(archive.name(0), "-");
    /// ```
    pub fn add_mail(&mut self, name: &str, mail: Vec<u8>) {
        let delivered = date::of_head(&mail);
        self.mails.push(Place { content: Content::Brought(self.brought.len()), delivered });
        self.brought.push((name.to_owned(), mail));
    }

    fn add_file(&mut self, path: PathBuf) {
        let file = self.files.len();
        // What cannot be read now says so again when it is read.
        let opened = File::open(&path).map(BufReader::new).and_then(|mut reader| {
            let is_mbox = reader.fill_buf()?.starts_with(b"From ");
            Ok((reader, is_mbox))
        });
        self.files.push(path);
        match opened {
            Ok((reader, true)) => self.add_mbox(file, reader),
            Ok((reader, false)) => {
                let mut head = Vec::new();
                let _unreadable = reader.take(HEAD_LIMIT).read_to_end(&mut head);
                self.mails.push(Place { content: Content::Whole(file), delivered: date::of_head(&head) });
            }
            Err(_) => self.mails.push(Place { content: Content::Whole(file), delivered: None }),
        }
    }

    fn add_mbox(&mut self, file: usize, reader: BufReader<impl Read>) {
        let mails = &mut self.mails;
        let indexed = mbox::index(reader, &mut |Found { number, octets, head }| {
            let delivered = date::of_head(head);
            mails.push(Place { content: Content::OfMbox { file, number, octets }, delivered });
        });
        if let Err((number, error)) = indexed {
            let unread = Unread { file, number, error };
            mails.push(Place { content: Content::Unread(Box::new(unread)), delivered: None });
        }
    }

    /// In the order of their delivery: the uppermost Received field (RFC 5321 4.4), which the receiving server wrote, otherwise the
    /// Date field. A mail without either stays behind the one before it.
    ///
    /// ```
    /// let mut archive = postseal_host::Archive::default();
    /// archive.add_mail("late", b"Date: Fri, 1 May 2026 12:00:00 +0000\r\n\r\n".to_vec());
    /// archive.add_mail("early", b"Date: Thu, 30 Apr 2026 12:00:00 +0000\r\n\r\n".to_vec());
    /// assert_eq!(archive.in_order_of_delivery().name(0), "early");
    /// ```
    #[must_use]
    pub fn in_order_of_delivery(mut self) -> Self {
        let mut last = None;
        for mail in &mut self.mails {
            mail.delivered = mail.delivered.or(last);
            last = mail.delivered;
        }
        self.mails.sort_by_key(|mail| mail.delivered);
        self
    }

    /// How many mails.
    ///
    /// ```
    /// assert_eq!(postseal_host::Archive::default().len(), 0);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.mails.len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// assert!(postseal_host::Archive::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mails.is_empty()
    }

    /// The name of a mail for people: its file, and its number in an mbox.
    ///
    /// ```
    /// assert_eq!(postseal_host::Archive::default().name(7), "");
    /// ```
    #[must_use]
    pub fn name(&self, at: usize) -> String {
        let path = |file: &usize| self.files.get(*file).map(|path| path.display().to_string()).unwrap_or_default();
        match self.mails.get(at).map(|mail| &mail.content) {
            Some(Content::Whole(file)) => path(file),
            Some(Content::OfMbox { file, number, .. }) => format!("{}#{number}", path(file)),
            Some(Content::Unread(unread)) => format!("{}#{}", path(&unread.file), unread.number),
            Some(Content::Brought(at)) => self.brought.get(*at).map(|(name, _)| name.clone()).unwrap_or_default(),
            None => String::new(),
        }
    }

    /// The octets of a mail, within the default limits.
    ///
    /// # Errors
    /// As [`Archive::read_within`].
    ///
    /// ```
    /// assert!(postseal_host::Archive::default().read(7).is_err());
    /// ```
    pub fn read(&self, at: usize) -> io::Result<Vec<u8>> {
        self.read_within(at, &Limits::default())
    }

    /// The octets of a mail. Of one that is larger than [`Limits::message_bytes`] there are more than that, and not all: an engine with
    /// these limits says that it is too large.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::InvalidData`] for a file that is no mail; [`io::ErrorKind::NotFound`] for a number that
    /// there is none of.
    ///
    /// ```
    /// # use postseal::verify::Limits;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("hello.eml");
    /// std::fs::write(&path, "Subject: hello\n\nhello\n")?;
    /// let mut limits = Limits::default();
    /// limits.message_bytes = 9;
    /// assert_eq!(postseal_host::Archive::of(&[path]).read_within(0, &limits)?, b"Subject: h");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read_within(&self, at: usize, limits: &Limits) -> io::Result<Vec<u8>> {
        // One octet more than the engine accepts, so that it says what is wrong.
        let most = limits.message_bytes.saturating_add(1);
        let place = self.mails.get(at).ok_or(io::ErrorKind::NotFound)?;
        let mail = match &place.content {
            Content::Whole(file) => read_up_to(most, File::open(self.file(*file)?)?)?,
            Content::OfMbox { file, octets, .. } => {
                let mut opened = File::open(self.file(*file)?)?;
                opened.seek(SeekFrom::Start(octets.start))?;
                let stored = opened.take(octets.end.saturating_sub(octets.start));
                let mut mail = mbox::unquoted(&read_up_to(mbox::quoted_length(most), stored)?);
                mail.truncate(most);
                mail
            }
            Content::Brought(at) => self.brought.get(*at).map(|(_, mail)| mail.clone()).unwrap_or_default(),
            Content::Unread(unread) => return Err(io::Error::new(unread.error.kind(), unread.error.to_string())),
        };
        check_is_mail(&mail)?;
        Ok(mail)
    }

    fn file(&self, at: usize) -> io::Result<&Path> {
        Ok(self.files.get(at).ok_or(io::ErrorKind::NotFound)?)
    }
}

fn read_up_to(most: usize, reader: impl Read) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    reader.take(u64::try_from(most).unwrap_or(u64::MAX)).read_to_end(&mut octets)?;
    Ok(octets)
}

/// The files of a Maildir or folder in the order of their names; `None` for a file.
fn files(path: &Path) -> io::Result<Option<Vec<PathBuf>>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(None);
    }
    if !is_maildir(path) {
        let is_mail = |path: &Path| {
            let extension = path.extension().unwrap_or_default();
            extension.eq_ignore_ascii_case("eml") || extension.eq_ignore_ascii_case("mbox")
        };
        return Ok(Some(files_of(path, &is_mail)?));
    }
    let mut folders = vec![path.to_owned()];
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let below = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") && is_maildir(&below) {
            folders.push(below);
        }
    }
    folders.sort();
    let mut all = Vec::new();
    for folder in folders.iter().flat_map(|folder| [folder.join("cur"), folder.join("new")]) {
        all.extend(files_of(&folder, &|_| true)?);
    }
    Ok(Some(all))
}

fn is_maildir(path: &Path) -> bool {
    path.join("cur").is_dir() && path.join("new").is_dir()
}

fn files_of(folder: &Path, is_mail: &dyn Fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if is_mail(&path) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What is empty, or does not begin with a header field, is no mail.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] with words for people.
///
/// ```
/// assert!(postseal_host::check_is_mail(b"\x7fELF").is_err());
/// assert!(postseal_host::check_is_mail(b"Subject: hello\r\n").is_ok());
/// ```
pub fn check_is_mail(mail: &[u8]) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Ends with an error and not with its end.
    struct Failing<'a>(&'a [u8]);

    impl Read for Failing<'_> {
        fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
            match self.0.read(octets)? {
                0 => Err(io::Error::other("the disk failed")),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn where_an_mbox_cannot_be_read_any_further_is_a_mail_that_says_why() {
        for (mbox, failed) in [
            (b"From a\nA: 1\n\nFrom b\nB: 2\n\nFrom c\nC:".as_slice(), 3),
            (b"From a\nA: 1\n\nFrom b\nB: 2\n\n", 2),
            (b"From a", 1),
        ] {
            let mut archive = Archive { files: vec!["mbox".into()], ..Archive::default() };
            archive.add_mbox(0, BufReader::new(Failing(mbox)));
            let names: Vec<String> = (0..archive.len()).map(|at| archive.name(at)).collect();
            assert_eq!(names, (1..=failed).map(|number| format!("mbox#{number}")).collect::<Vec<_>>());
            assert_eq!(archive.read(archive.len().saturating_sub(1)).unwrap_err().to_string(), "the disk failed");
        }
    }
}
