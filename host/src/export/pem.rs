use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postseal::cert::Certificate;
use postseal::trace::escape;
use std::io::{self, Write};

/// RFC 7468 5, after a line of explanatory text (5.2) that says whose it is.
pub(super) fn write(out: &mut impl Write, whose: &str, certificate: &Certificate) -> io::Result<()> {
    // Some readers look for the boundaries anywhere in a line.
    let whose = escape(whose).replace("-----", "\\u{2d}----");
    writeln!(out, "# {whose} {}", certificate.fingerprint())?;
    out.write_all(b"-----BEGIN CERTIFICATE-----\n")?;
    for line in STANDARD.encode(certificate.der()).as_bytes().chunks(64) {
        out.write_all(line)?;
        out.write_all(b"\n")?;
    }
    out.write_all(b"-----END CERTIFICATE-----\n")
}
