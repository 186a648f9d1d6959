//! Learning a certificate from a signed mail.

use crate::argument::{self, object, octets, place};
use crate::engine::postseal_engine;
use crate::error::{postseal_error, postseal_status};
use crate::guard::{call, free, get};
use crate::options::{Options, postseal_options};
use crate::text::{Text, address_of, pointer, shown, text};
use crate::values::{self, number_of};
use core::ffi::c_char;
use core::ptr;
use postseal::import::Report;

/// What became of one mail, and how far the proof went. Free it with `postseal_report_free`.
#[derive(Debug)]
pub struct postseal_report {
    report: Report,
    message_id: Option<Text>,
    address: Option<Text>,
    fingerprint: Option<Text>,
    unavailable: Option<Text>,
    error: Option<postseal_error>,
}

impl From<Report> for postseal_report {
    fn from(report: Report) -> Self {
        Self {
            message_id: report.message_id.as_ref().map(|id| text(id.expose())),
            address: report.address.as_ref().map(|address| text(address.expose().as_str())),
            fingerprint: report.fingerprint.map(shown),
            unavailable: report.unavailable.as_ref().map(shown),
            error: report.error.map(Into::into),
            report,
        }
    }
}

/// Learns from one mail as it was received: verifies it, and stores the certificate of its author. Blocks while the store
/// works.
///
/// What is wrong with the mail, or with a store that does not answer, is in the report. POSTSEAL_STORE_MISSING: the engine
/// has no store.
///
/// Example: `examples/c/learn.c`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_import_mail(
    engine: *const postseal_engine,
    mail: *const u8,
    mail_len: usize,
    options: *const postseal_options,
    report: *mut *mut postseal_report,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (report, engine, mail, options) =
            unsafe { (place(report)?, object(engine)?, octets(mail, mail_len)?, Options::read(options)?) };
        report.give(engine.host().import_mail(mail, options.for_import(), &options.expired())?.into());
        Ok(())
    })
}

/// What became of the mail, a `POSTSEAL_OUTCOME_*`; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_report_outcome(report: *const postseal_report) -> i32 {
    get(report, 0, |report| number_of(values::OUTCOMES, report.report.outcome))
}

/// The Message-ID, escaped and cut; NULL without one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_report_message_id(report: *const postseal_report) -> *const c_char {
    get(report, ptr::null(), |report| pointer(report.message_id.as_ref()))
}

/// The mailbox of the certificate, once From and certificate agree on it; NULL before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_report_address(report: *const postseal_report) -> *const c_char {
    get(report, ptr::null(), |report| pointer(report.address.as_ref()))
}

/// SHA-256 of the candidate, or of the signer's certificate when it did not get that far, as 64 hexadecimal digits; or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_report_fingerprint(report: *const postseal_report) -> *const c_char {
    get(report, ptr::null(), |report| pointer(report.fingerprint.as_ref()))
}

/// Whether there is such a certificate, and the start of its validity in `*seconds` (since 1970 UTC) unless that is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_report_not_before(report: *const postseal_report, seconds: *mut i64) -> bool {
    get(report, false, |report| argument::put(seconds, report.report.not_before.map(postseal::UnixTime::seconds)))
}

/// As `postseal_report_not_before`, the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_report_not_after(report: *const postseal_report, seconds: *mut i64) -> bool {
    get(report, false, |report| argument::put(seconds, report.report.not_after.map(postseal::UnixTime::seconds)))
}

/// Whether the signature of the mail holds, a `POSTSEAL_VERDICT_*`; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_report_signature(report: *const postseal_report) -> i32 {
    get(report, 0, |report| number_of(values::VERDICTS, report.report.signature))
}

/// Whether a path to a trust anchor holds, a `POSTSEAL_VERDICT_*`; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_report_path(report: *const postseal_report) -> i32 {
    get(report, 0, |report| number_of(values::VERDICTS, report.report.path))
}

/// Which certificate of the mail is the candidate, a `POSTSEAL_CANDIDATE_*`; 0 when it did not get that far.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_report_candidate(report: *const postseal_report) -> i32 {
    get(report, 0, |report| report.report.candidate.map_or(0, |candidate| number_of(values::CANDIDATES, candidate)))
}

/// Why it was refused, held or deferred, borrowed from the report; or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_report_error(report: *const postseal_report) -> *const postseal_error {
    get(report, ptr::null(), |report| address_of(report.error.as_ref()))
}

/// What the store said when it did not answer; or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_report_unavailable(report: *const postseal_report) -> *const c_char {
    get(report, ptr::null(), |report| pointer(report.unavailable.as_ref()))
}

/// Frees a report. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_report_free(report: *mut postseal_report) {
    // SAFETY: as the header says.
    unsafe { free(report) };
}
