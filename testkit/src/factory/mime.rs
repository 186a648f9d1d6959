use super::mail::{Form, SignedMail, TransferEncoding};
use base64::Engine as _;

/// A piece of the mail.
enum Piece {
    /// Text: its line ends are those of the mail.
    Text(Vec<u8>),
    /// Octets that nothing may change.
    Octets(Vec<u8>),
}

impl SignedMail {
    /// The whole mail.
    ///
    /// # Panics
    /// When a signer's key does not have the digest that is asked for.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
    /// # let alice = Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// assert!(SignedMail::new("a@goal.example", &alice).build().ends_with(b"--signed--\r\n"));
    /// ```
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let mut pieces = vec![Piece::Text(self.head().into_bytes())];
        match self.form {
            Form::Opaque | Form::OpaqueBer => pieces.extend(self.opaque()),
            Form::Detached | Form::DetachedBer => pieces.extend(self.multipart()),
        }
        let render = |piece| match piece {
            Piece::Text(text) if self.line_feeds => with_line_feeds(&text),
            Piece::Text(octets) | Piece::Octets(octets) => octets,
        };
        pieces.into_iter().flat_map(render).collect()
    }

    fn head(&self) -> String {
        let headers: String = self.headers.iter().map(|line| format!("{line}\r\n")).collect();
        format!(
            "From: {}\r\nTo: archive@goal.example\r\nSubject: {}\r\nDate: Fri, 01 May 2026 12:00:00 +0000\r\n\
             Message-ID: <{}@goal.example>\r\n{headers}MIME-Version: 1.0\r\n",
            self.from, self.subject, self.signers[0].spec.serial
        )
    }

    fn opaque(&self) -> Vec<Piece> {
        let smime_type = self.smime_type.as_deref().unwrap_or("signed-data");
        let smime_type = if smime_type.is_empty() { String::new() } else { format!(" smime-type={smime_type};") };
        let header = format!(
            "Content-Type: application/pkcs7-mime;{smime_type} name=\"smime.p7m\"\r\n\
             Content-Transfer-Encoding: {}\r\n\r\n",
            self.transfer_encoding.name()
        );
        vec![Piece::Text(header.into_bytes()), self.encoded_cms()]
    }

    fn multipart(&self) -> Vec<Piece> {
        let digests: Vec<&str> = self.digests().into_iter().map(|digest| digest.micalg()).collect();
        let micalg = self.micalg.clone().unwrap_or_else(|| digests.join(","));
        let micalg = if micalg.contains(',') { format!("\"{micalg}\"") } else { micalg };
        let protocol = self.protocol.as_deref().unwrap_or("application/pkcs7-signature");
        let open = format!(
            "Content-Type: multipart/signed; protocol=\"{protocol}\"; micalg={micalg};\r\n boundary=\"signed\"\r\n\r\n\
             This is a cryptographically signed message in MIME format.\r\n\r\n--signed\r\n"
        );
        let signature = format!(
            "\r\n--signed\r\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n\
             Content-Transfer-Encoding: {}\r\nContent-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n",
            self.transfer_encoding.name()
        );
        vec![
            Piece::Text(open.into_bytes()),
            Piece::Text(self.signed_entity()),
            Piece::Text(signature.into_bytes()),
            self.encoded_cms(),
            Piece::Text(b"\r\n--signed--\r\n".to_vec()),
        ]
    }

    fn encoded_cms(&self) -> Piece {
        let cms = self.cms();
        match self.transfer_encoding {
            TransferEncoding::Base64 => Piece::Text(base64_lines(&cms).into_bytes()),
            TransferEncoding::QuotedPrintable => Piece::Text(quoted_printable(&cms).into_bytes()),
            TransferEncoding::Binary | TransferEncoding::SevenBit => Piece::Octets(cms),
        }
    }
}

/// Octets, for a text need not be UTF-8.
fn with_line_feeds(text: &[u8]) -> Vec<u8> {
    let is_kept = |(at, octet): &(usize, &u8)| **octet != b'\r' || text.get(at + 1) != Some(&b'\n');
    text.iter().enumerate().filter(is_kept).map(|(_, octet)| *octet).collect()
}

fn base64_lines(octets: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(octets);
    text.as_bytes().chunks(64).map(|line| format!("{}\r\n", String::from_utf8_lossy(line))).collect()
}

/// Every octet escaped, with soft line breaks only (RFC 2045 6.7).
fn quoted_printable(octets: &[u8]) -> String {
    let line = |octets: &[u8]| octets.iter().map(|octet| format!("={octet:02X}")).collect::<String>();
    octets.chunks(24).map(line).collect::<Vec<_>>().join("=\r\n")
}
