//! How the header of a mail is divided when it is sealed, written down a second time, from RFC 8551 3.1 and RFC 9788, to
//! compare with. It knows only headers that the sealer accepts.

/// What people do not compose (RFC 9787 1.1.1, and what hops write), or what goes to nobody.
const NOT_PROTECTED: [&str; 14] = [
    "received",
    "return-path",
    "delivered-to",
    "x-original-to",
    "dkim-signature",
    "authentication-results",
    "received-spf",
    "arc-seal",
    "arc-message-signature",
    "arc-authentication-results",
    "mime-version",
    "bcc",
    "resent-bcc",
    "hp-outer",
];

/// The part up to and with the first empty line, or everything, and the rest.
pub(crate) fn divide(mail: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    for line in mail.split_inclusive(|octet| *octet == b'\n') {
        end += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            break;
        }
    }
    mail.split_at(end)
}

/// The two headers that a mail becomes, as they must be.
pub(crate) struct Expected {
    pub(crate) inner: Vec<u8>,
    pub(crate) outer: Vec<u8>,
}

impl Expected {
    pub(crate) fn of(header: &[u8], protected: bool, authenticated: bool) -> Self {
        let crlf = header
            .split_inclusive(|octet| *octet == b'\n')
            .next()
            .is_none_or(|line| !line.ends_with(b"\n") || line.ends_with(b"\r\n"));
        let end: &[u8] = if crlf { b"\r\n" } else { b"\n" };
        let (mut inner, mut outer, mut copies) = (Vec::new(), Vec::new(), Vec::new());
        let all = fields(header);
        for (name, raw) in &all {
            let is = |names: &[&str]| names.contains(&name.as_str());
            let confidential = protected && is(&["comments", "keywords"]);
            let outside: &[u8] = if protected && name == "subject" { b"Subject: [...]" } else { raw };
            if name == "content-type" && protected {
                inner.push([*raw, b";", end, b" hp=\"cipher\""].concat());
            } else if name.starts_with("content-") {
                inner.push(raw.to_vec());
            } else if !is(&["mime-version", "bcc", "resent-bcc", "hp-outer"]) {
                let composed = protected && !is(&NOT_PROTECTED);
                composed.then(|| inner.push(raw.to_vec()));
                (composed && !confidential).then(|| copies.push([b"HP-Outer: ", outside].concat()));
                (!confidential).then(|| outer.push(outside.to_vec()));
            }
        }
        if !all.iter().any(|(name, _)| name == "content-type") {
            let marked = [&b"Content-Type: text/plain; charset=us-ascii;"[..], end, b" hp=\"cipher\""].concat();
            let plain = b"Content-Type: text/plain; charset=us-ascii".to_vec();
            inner.push(if protected { marked } else { plain });
        }
        let smime_type = if authenticated { "authEnveloped-data" } else { "enveloped-data" };
        outer.extend([
            b"MIME-Version: 1.0".to_vec(),
            format!("Content-Type: application/pkcs7-mime; smime-type={smime_type};").into_bytes(),
            b" name=\"smime.p7m\"".to_vec(),
            b"Content-Transfer-Encoding: base64".to_vec(),
            b"Content-Disposition: attachment; filename=\"smime.p7m\"".to_vec(),
            Vec::new(),
        ]);
        inner.append(&mut copies);
        inner.push(Vec::new());
        let lines = |lines: Vec<Vec<u8>>| lines.iter().flat_map(|line| [line, end]).flatten().copied().collect();
        Self { inner: lines(inner), outer: lines(outer) }
    }
}

/// Names in lower case, and fields with their folds, without the line end behind them.
fn fields(header: &[u8]) -> Vec<(String, &[u8])> {
    let mut fields = Vec::new();
    let mut start = 0;
    while start < header.len() {
        let mut end = start;
        for line in header[start..].split_inclusive(|octet| *octet == b'\n') {
            if end > start && !line.starts_with(b" ") && !line.starts_with(b"\t") {
                break;
            }
            end += line.len();
        }
        let whole = &header[start..end];
        let raw = whole.strip_suffix(b"\n").map_or(whole, |raw| raw.strip_suffix(b"\r").unwrap_or(raw));
        if let Some(colon) = raw.iter().position(|octet| *octet == b':') {
            let name = String::from_utf8_lossy(&raw[..colon]).to_ascii_lowercase();
            fields.push((name.replace("\r\n", "\n").trim_end_matches([' ', '\t', '\n']).to_owned(), raw));
        }
        start = end;
    }
    fields
}
