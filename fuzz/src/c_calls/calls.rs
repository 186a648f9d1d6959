//! The caller: what it holds, and one call after the other.

use super::host::{
    directory_table, fetcher_table, folder, given, loan, returned, side, store_table, take_back, tracer_table,
};
use crate::input::Input;
use core::ffi::{CStr, c_char, c_void};
use core::ptr::{null, null_mut};
use postseal_c::answer::*;
use postseal_c::codes::{POSTSEAL_HANDLE_IN_USE, POSTSEAL_OK};
use postseal_c::directory::postseal_engine_set_directory;
use postseal_c::encryption::*;
use postseal_c::engine::*;
use postseal_c::entry::*;
use postseal_c::error::*;
use postseal_c::fetcher::postseal_engine_set_fetcher;
use postseal_c::import::*;
use postseal_c::operation::*;
use postseal_c::operator::*;
use postseal_c::options::postseal_options;
use postseal_c::plan::*;
use postseal_c::question::*;
use postseal_c::recipient::*;
use postseal_c::store::postseal_engine_set_store;
use postseal_c::tracer::postseal_engine_set_tracer;
use std::ffi::CString;

/// What the caller owns. A freed object is gone from here.
#[derive(Debug, Default)]
pub(super) struct Caller {
    engines: Vec<*mut postseal_engine>,
    operations: Vec<*mut postseal_operation>,
    questions: Vec<*mut postseal_question>,
    answers: Vec<*mut postseal_answer>,
    entries: Vec<*mut postseal_entry>,
    lists: Vec<*mut postseal_entries>,
    plans: Vec<*mut postseal_plan>,
    sealers: Vec<*mut postseal_sealer>,
}

type Err = *mut *mut postseal_error;

/// The object with this number, or NULL.
fn one<T>(objects: &[*mut T], input: &mut Input<'_>) -> *mut T {
    objects.get(usize::from(input.octet())).copied().unwrap_or(null_mut())
}

/// A call that gives no object: its status is that of its error.
fn done(call: impl FnOnce(Err) -> postseal_status) -> postseal_status {
    let mut err = null_mut();
    let status = call(&raw mut err);
    // SAFETY: an error of the library, or NULL, freed once.
    unsafe {
        assert_eq!(postseal_error_number(err), status);
        if status == POSTSEAL_OK {
            assert!(err.is_null());
        } else {
            let (message, sentence) = (text(postseal_error_message(err)), text(postseal_error_sentence(err)));
            assert!(message.starts_with(&sentence) && !text(postseal_error_name(err)).is_empty());
            for index in 0..postseal_error_recipient_count(err) {
                look_at_recipient(postseal_error_recipient(err, index));
            }
        }
        assert!(postseal_error_recipient(err, usize::MAX).is_null());
        postseal_error_free(err);
    }
    status
}

/// A call that gives one: it is there when the call succeeds, and only then.
fn made<T>(call: impl FnOnce(*mut *mut T, Err) -> postseal_status) -> Option<*mut T> {
    let mut object = core::ptr::dangling_mut();
    let status = done(|err| call(&raw mut object, err));
    assert_eq!(status == POSTSEAL_OK, !object.is_null());
    (!object.is_null()).then_some(object)
}

fn text(text: *const c_char) -> String {
    assert!(!text.is_null());
    // SAFETY: a text of the library ends with a NUL.
    unsafe { CStr::from_ptr(text) }.to_str().expect("texts are UTF-8").to_owned()
}

fn is_text(octets: *const c_char) -> bool {
    octets.is_null() || !text(octets).contains('\0')
}

const CONFIGURATIONS: [&CStr; 6] = [
    c"",
    c"trust = [\"root.pem\"]\nimport = true\n",
    c"trust = [\"root.pem\"]\nimport = true\ndirectories = [\"staff\"]\n[directory.staff]\nkind = \"host\"\n",
    c"trust = [\"none.pem\"]\n",
    c"import = 7\n",
    c"\xff",
];

impl Caller {
    pub(super) fn call(&mut self, call: u8, input: &mut Input<'_>) {
        match call % 28 {
            1 => self.new_engine(input),
            2..=5 => self.set(call % 28, input),
            6 => self.import(input),
            7 => self.encrypt(input),
            8 => self.begin_import(input),
            9 => self.begin_encryption(input),
            10 => self.poll(input),
            11 => self.new_answer(input),
            12 => self.fill(input),
            13 => self.answer(input),
            14 => self.carry_out(input),
            15 => self.look(input),
            16 => self.seal(input),
            17 => self.plan(input),
            18 => self.entry(input),
            19 => self.list(input),
            20 => self.decide(input),
            21 => self.begin_sealer(input),
            22 => self.push(input),
            23 => self.finish(input),
            24 => self.apply(input),
            25 | 26 => self.free(input),
            _ => getters_of_null(),
        }
    }

    fn new_engine(&mut self, input: &mut Input<'_>) {
        let configuration = CONFIGURATIONS[usize::from(input.octet()) % CONFIGURATIONS.len()];
        let made = made(|engine, err| {
            // SAFETY: two texts, and two places.
            unsafe { postseal_engine_from_text(configuration.as_ptr(), folder().as_ptr(), engine, err) }
        });
        self.engines.extend(made);
    }

    /// Gives an engine a table. Its side comes back when the call fails, unless the table itself could not be read.
    fn set(&mut self, which: u8, input: &mut Input<'_>) {
        let (engine, manner) = (one(&self.engines, input), input.octet());
        let (side, before) = (side(manner), returned());
        let name = if manner & 0x20 == 0 { c"staff".as_ptr() } else { null() };
        // SAFETY: tables with their true sizes or shorter ones, and a side that is given back once.
        let status = done(|err| unsafe {
            match which {
                2 => postseal_engine_set_store(engine, &raw const *&store_table(manner), side, err),
                3 => postseal_engine_set_directory(engine, name, &raw const *&directory_table(manner), side, err),
                4 => postseal_engine_set_fetcher(engine, &raw const *&fetcher_table(manner), side, err),
                _ => postseal_engine_set_tracer(engine, &raw const *&tracer_table(manner), side, err),
            }
        });
        if status != POSTSEAL_OK {
            take_back(side, before);
        }
        assert!(returned() <= given());
    }

    fn import(&mut self, input: &mut Input<'_>) {
        let (engine, options) = (one(&self.engines, input), options(input));
        let mail = mail(input);
        // SAFETY: octets with their length, options with their size, and places.
        let report = made(|report, err| unsafe {
            postseal_import_mail(engine, mail.as_ptr(), mail.len(), &raw const options, report, err)
        });
        let Some(report) = report else { return };
        look_at_report(report);
        // SAFETY: its owner, once.
        unsafe { postseal_report_free(report) };
    }

    fn encrypt(&mut self, input: &mut Input<'_>) {
        let (engine, options) = (one(&self.engines, input), options(input));
        let (visible, hidden) = (recipients(input), recipients(input));
        let mail = mail(input);
        // SAFETY: as above; arrays of texts with their lengths.
        let encryption = made(|encryption, err| unsafe {
            let (visible, seen, hidden, unseen) = (visible.as_ptr(), visible.len(), hidden.as_ptr(), hidden.len());
            postseal_encrypt(
                engine,
                mail.as_ptr(),
                mail.len(),
                visible,
                seen,
                hidden,
                unseen,
                &raw const options,
                encryption,
                err,
            )
        });
        look_at_encryption(encryption);
    }

    fn begin_import(&mut self, input: &mut Input<'_>) {
        let (engine, options, mail) = (one(&self.engines, input), options(input), mail(input));
        // SAFETY: as above.
        let operation = made(|operation, err| unsafe {
            postseal_import_operation(engine, mail.as_ptr(), mail.len(), &raw const options, operation, err)
        });
        self.operations.extend(operation);
    }

    fn begin_encryption(&mut self, input: &mut Input<'_>) {
        let (engine, options) = (one(&self.engines, input), options(input));
        let visible = recipients(input);
        // SAFETY: as above; no mail yet.
        let operation = made(|operation, err| unsafe {
            let (to, count, options) = (visible.as_ptr(), visible.len(), &raw const options);
            postseal_encrypt_operation(engine, null(), 0, to, count, null(), 0, options, operation, err)
        });
        self.operations.extend(operation);
    }

    fn poll(&mut self, input: &mut Input<'_>) {
        let operation = one(&self.operations, input);
        let (mut step, mut question) = (-1, core::ptr::dangling_mut());
        // SAFETY: an operation or NULL, and places.
        let status = done(|err| unsafe { postseal_operation_poll(operation, &raw mut step, &raw mut question, err) });
        let asks = status == POSTSEAL_OK && step == POSTSEAL_STEP_ASK;
        assert_eq!(asks, !question.is_null());
        if asks {
            look_at_question(question);
            self.questions.push(question);
        }
    }

    fn new_answer(&mut self, input: &mut Input<'_>) {
        let question = one(&self.questions, input);
        // SAFETY: a question or NULL, and places.
        self.answers.extend(made(|answer, err| unsafe { postseal_answer_new(question, answer, err) }));
    }

    fn fill(&mut self, input: &mut Input<'_>) {
        let answer = one(&self.answers, input);
        let (how, index) = (input.octet(), usize::from(input.octet()));
        let entry = one(&self.entries, input);
        let octets = if how % 10 == 5 || how % 10 == 8 { input.sized() } else { &[] };
        let why = if index < 200 { c"down".as_ptr() } else { c"\xff".as_ptr() };
        // SAFETY: objects or NULL, texts, octets with their lengths.
        done(|err| unsafe {
            match how % 10 {
                0 => postseal_answer_entry(answer, entry, err),
                1 => postseal_answer_stored(answer, err),
                2 => postseal_answer_conflict(answer, entry, err),
                3 => postseal_answer_not_found(answer, index, err),
                4 => postseal_answer_found(answer, index, &raw const *&loan(how), err),
                5 => postseal_answer_found_cms(answer, index, octets.as_ptr(), octets.len(), err),
                6 => postseal_answer_not_answered(answer, index, why, err),
                7 => postseal_answer_found(answer, index, null(), err),
                8 => postseal_answer_body(answer, octets.as_ptr(), octets.len(), err),
                _ => postseal_answer_unavailable(answer, why, err),
            }
        });
    }

    fn answer(&mut self, input: &mut Input<'_>) {
        let (operation, answer) = (one(&self.operations, input), one(&self.answers, input));
        // SAFETY: objects or NULL.
        done(|err| unsafe { postseal_operation_answer(operation, answer, err) });
    }

    fn carry_out(&mut self, input: &mut Input<'_>) {
        let (operation, engine) = (one(&self.operations, input), one(&self.engines, input));
        let options = options(input);
        // SAFETY: objects or NULL, options with their size.
        done(|err| unsafe { postseal_operation_carry_out(operation, engine, &raw const options, err) });
    }

    fn look(&mut self, input: &mut Input<'_>) {
        let operation = one(&self.operations, input);
        // SAFETY: an operation or NULL; what is borrowed is looked at at once.
        unsafe {
            let report = postseal_operation_report(operation);
            if !report.is_null() {
                look_at_report(report);
            }
            let count = postseal_operation_recipient_count(operation);
            (0..count).for_each(|index| look_at_recipient(postseal_operation_recipient(operation, index)));
            assert!(postseal_operation_recipient(operation, count).is_null());
        }
    }

    fn seal(&mut self, input: &mut Input<'_>) {
        let (operation, mail) = (one(&self.operations, input), mail(input));
        // SAFETY: an operation or NULL, octets, places.
        let seal = || {
            made(|encryption, err| unsafe {
                postseal_operation_seal(operation, mail.as_ptr(), mail.len(), encryption, err)
            })
        };
        look_at_encryption(seal());
    }

    fn plan(&mut self, input: &mut Input<'_>) {
        let operation = one(&self.operations, input);
        // SAFETY: an operation or NULL, places.
        let Some(plan) = made(|plan, err| unsafe { postseal_operation_plan(operation, plan, err) }) else { return };
        // SAFETY: its owner; what is borrowed is looked at at once.
        unsafe {
            for message in 0..=postseal_plan_message_count(plan) {
                let count = postseal_plan_address_count(plan, message);
                assert!((0..count).all(|index| is_text(postseal_plan_address(plan, message, index))));
                assert!(postseal_plan_address(plan, message, count).is_null());
                let _ = postseal_plan_hidden(plan, message);
            }
            let left_out = postseal_plan_left_out_count(plan);
            (0..left_out).for_each(|index| look_at_recipient(postseal_plan_left_out(plan, index)));
            let _ = (postseal_plan_plaintext_allowed(plan), postseal_plan_is_passed(plan));
        }
        self.plans.push(plan);
    }

    fn entry(&mut self, input: &mut Input<'_>) {
        let (entry, how) = (one(&self.entries, input), input.octet());
        if how & 1 == 0 {
            let address = ["alice@goal.example", "bob@goal.example", "no address", ""][usize::from(how >> 1) % 4];
            let address = CString::new(address).unwrap();
            let version = u64::from(input.octet());
            // SAFETY: a text, places.
            let made = made(|entry, err| unsafe { postseal_entry_new(address.as_ptr(), version, entry, err) });
            self.entries.extend(made);
            return;
        }
        let loan = loan(how);
        let key = [how; 32];
        let mut cert = postseal_stored_cert {
            struct_size: size_of::<postseal_stored_cert>(),
            state: i32::from(input.octet() % 9),
            source: i32::from(input.octet() % 4),
            der: loan.der,
            issuers: &raw const loan.der,
            issuers_len: usize::from(how >> 7),
            issuer_key: if how & 2 == 0 { key.as_ptr() } else { null() },
            capabilities: loan.capabilities,
            capabilities_are_dated: i32::from(how & 4),
            reserved: i32::from(how & 8),
            capabilities_signed_at: i64::MIN,
            imported_at: i64::MAX,
        };
        // SAFETY: an entry or NULL, structs with their size, a place.
        unsafe {
            done(|err| postseal_entry_add(entry, &raw const cert, err));
            let count = postseal_entry_cert_count(entry);
            for index in 0..=count.min(40) {
                let status = done(|err| postseal_entry_cert(entry, index, &raw mut cert, err));
                assert_eq!(status == POSTSEAL_OK, index < count);
                assert_eq!(postseal_entry_fingerprint(entry, index).is_null(), index >= count);
                let (mut from, mut to) = (0, 0);
                assert_eq!(postseal_entry_validity(entry, index, &raw mut from, &raw mut to), index < count);
            }
        }
    }

    fn list(&mut self, input: &mut Input<'_>) {
        let engine = one(&self.engines, input);
        let tenant = [null(), c"goal".as_ptr(), c"\xff".as_ptr()][usize::from(input.octet()) % 3];
        // SAFETY: an engine or NULL, a text or NULL, places.
        self.lists.extend(made(|list, err| unsafe { postseal_engine_entries(engine, tenant, list, err) }));
    }

    fn decide(&mut self, input: &mut Input<'_>) {
        let (engine, list, decision) = (one(&self.engines, input), one(&self.lists, input), input.octet());
        // SAFETY: objects or NULL; what is borrowed is used at once.
        unsafe {
            let entry = postseal_entries_entry(list, 0);
            let fingerprint = postseal_entry_fingerprint(entry, 0);
            let fingerprint = if decision & 0x80 == 0 { fingerprint } else { c"00".as_ptr() };
            done(|err| {
                let decision = i32::from(decision & 0x0f);
                postseal_engine_decide(engine, null(), entry, fingerprint, decision, c"operator".as_ptr(), 7, err)
            });
        }
    }

    fn begin_sealer(&mut self, input: &mut Input<'_>) {
        let (plan, message) = (one(&self.plans, input), usize::from(input.octet()));
        let length = [i64::from(input.octet()), -1][usize::from(message >> 7)];
        // SAFETY: a plan or NULL, places.
        let sealer = made(|sealer, err| unsafe { postseal_plan_sealer(plan, message & 0x7f, length, sealer, err) });
        self.sealers.extend(sealer);
    }

    fn push(&mut self, input: &mut Input<'_>) {
        let (sealer, mut written) = (one(&self.sealers, input), Written::new(input.octet()));
        let piece = mail(input);
        // SAFETY: a sealer or NULL, octets, a callback with its own side.
        done(|err| unsafe {
            postseal_sealer_push(sealer, piece.as_ptr(), piece.len(), Some(write), written.side(), err)
        });
    }

    fn finish(&mut self, input: &mut Input<'_>) {
        let (sealer, mut written) = (one(&self.sealers, input), Written::new(1));
        // SAFETY: as above.
        unsafe {
            let name = postseal_sealer_content_encryption(sealer);
            assert_eq!(name.is_null(), sealer.is_null());
            done(|err| postseal_sealer_finish(sealer, Some(write), written.side(), err));
            if !sealer.is_null() {
                let again = done(|err| postseal_sealer_finish(sealer, Some(write), written.side(), err));
                assert_eq!(again, POSTSEAL_HANDLE_IN_USE, "it finished twice");
            }
        }
    }

    fn apply(&mut self, input: &mut Input<'_>) {
        let (question, entry) = (one(&self.questions, input), one(&self.entries, input));
        // SAFETY: objects or NULL; the change is borrowed from the question.
        let after =
            made(|after, err| unsafe { postseal_change_apply(postseal_question_change(question), entry, after, err) });
        self.entries.extend(after);
    }

    /// Frees one object, which is gone then: in any order, the engine before its operations, a plan before its sealers.
    fn free(&mut self, input: &mut Input<'_>) {
        let (which, index) = (input.octet(), usize::from(input.octet()));
        // SAFETY: its owner, once: it is taken out of its list.
        unsafe {
            match which % 8 {
                0 => take(&mut self.engines, index).map(|object| postseal_engine_free(object)),
                1 => take(&mut self.operations, index).map(|object| postseal_operation_free(object)),
                2 => take(&mut self.questions, index).map(|object| postseal_question_free(object)),
                3 => take(&mut self.answers, index).map(|object| postseal_answer_free(object)),
                4 => take(&mut self.entries, index).map(|object| postseal_entry_free(object)),
                5 => take(&mut self.lists, index).map(|object| postseal_entries_free(object)),
                6 => take(&mut self.plans, index).map(|object| postseal_plan_free(object)),
                _ => take(&mut self.sealers, index).map(|object| postseal_sealer_free(object)),
            };
        }
    }

    pub(super) fn free_all(&mut self) {
        // SAFETY: their owner, once.
        unsafe {
            self.engines.drain(..).for_each(|object| postseal_engine_free(object));
            self.sealers.drain(..).for_each(|object| postseal_sealer_free(object));
            self.answers.drain(..).for_each(|object| postseal_answer_free(object));
            self.questions.drain(..).for_each(|object| postseal_question_free(object));
            self.operations.drain(..).for_each(|object| postseal_operation_free(object));
            self.entries.drain(..).for_each(|object| postseal_entry_free(object));
            self.lists.drain(..).for_each(|object| postseal_entries_free(object));
            self.plans.drain(..).for_each(|object| postseal_plan_free(object));
        }
    }
}

fn take<T>(objects: &mut Vec<*mut T>, index: usize) -> Option<*mut T> {
    (index < objects.len()).then(|| objects.remove(index))
}

/// A mail of Alice, or what the input says.
fn mail<'a>(input: &mut Input<'a>) -> &'a [u8] {
    let mails = crate::signed::alice().2;
    match usize::from(input.octet()) {
        0 => &[],
        which if which < 128 => &mails[which % mails.len()].1,
        _ => input.sized(),
    }
}

fn recipients(input: &mut Input<'_>) -> Vec<*const c_char> {
    const ALL: [&CStr; 4] = [c"alice@goal.example", c"bob@goal.example", c"no address", c"\xff@goal.example"];
    let which = input.octet();
    (0..which & 3).map(|number| ALL[usize::from((which >> 2) + number) % ALL.len()].as_ptr()).collect()
}

fn options(input: &mut Input<'_>) -> postseal_options {
    let how = input.octet();
    postseal_options {
        struct_size: if how & 0x80 == 0 { size_of::<postseal_options>() } else { usize::from(how & 0x1f) },
        tenant: if how & 1 == 0 { null() } else { c"goal".as_ptr() },
        route: if how & 2 == 0 { null() } else { c"relay".as_ptr() },
        now: crate::now().seconds(),
        dry_run: i32::from(how & 4),
        reserved: i32::from(how & 8),
        timeout_ms: 0,
        expired: None,
        expired_userdata: null_mut(),
        ocsp_nonce: null(),
    }
}

/// What comes out of a sealer; its callback may fail.
struct Written(u8, usize);

impl Written {
    fn new(manner: u8) -> Self {
        Self(manner, 0)
    }

    fn side(&mut self) -> *mut c_void {
        (&raw mut *self).cast()
    }
}

unsafe extern "C" fn write(userdata: *mut c_void, data: *const u8, len: usize) -> i32 {
    // SAFETY: the side of the call, and octets of the library with their length.
    unsafe {
        let written = &mut *userdata.cast::<Written>();
        assert!(!data.is_null() || len == 0);
        written.1 += if len == 0 { 0 } else { core::slice::from_raw_parts(data, len).len() };
        i32::from(written.0 & 7 == 7)
    }
}

fn look_at_report(report: *const postseal_report) {
    let mut seconds = 0;
    // SAFETY: a report of the library, a place.
    unsafe {
        assert!((1..=8).contains(&postseal_report_outcome(report)));
        let texts = [
            postseal_report_message_id(report),
            postseal_report_address(report),
            postseal_report_fingerprint(report),
            postseal_report_unavailable(report),
        ];
        assert!(texts.into_iter().all(is_text));
        let _ = (postseal_report_not_before(report, &raw mut seconds), postseal_report_not_after(report, null_mut()));
        assert!(
            (1..=3).contains(&postseal_report_signature(report)) && (1..=3).contains(&postseal_report_path(report))
        );
        let _ = (postseal_report_candidate(report), postseal_error_number(postseal_report_error(report)));
    }
}

fn look_at_recipient(recipient: *const postseal_recipient) {
    // SAFETY: a recipient of the library; what is borrowed from it is looked at at once.
    unsafe {
        assert!(is_text(postseal_recipient_address(recipient)) && is_text(postseal_recipient_unavailable(recipient)));
        for index in 0..=postseal_recipient_found_count(recipient) {
            assert!(is_text(postseal_recipient_found_source(recipient, index)));
            assert!(is_text(postseal_recipient_found_fingerprint(recipient, index)));
        }
        for index in 0..=postseal_recipient_rejected_count(recipient) {
            assert!(is_text(postseal_recipient_rejected_source(recipient, index)));
            assert!(is_text(postseal_recipient_rejected_fingerprint(recipient, index)));
            let _ = postseal_error_number(postseal_recipient_rejected_error(recipient, index));
        }
        let _ = (postseal_recipient_outcome(recipient), postseal_recipient_hidden(recipient));
        let _ = (postseal_recipient_needs_operator(recipient), postseal_recipient_may_get_plaintext(recipient));
    }
}

fn look_at_question(question: *const postseal_question) {
    let mut len = 0;
    // SAFETY: a question of the caller.
    unsafe {
        let count = postseal_question_address_count(question);
        assert!((0..=count).all(|index| is_text(postseal_question_address(question, index))));
        assert!(postseal_question_address(question, count).is_null());
        assert!(is_text(postseal_question_tenant(question)) && is_text(postseal_question_directory(question)));
        let request = postseal_question_request(question, &raw mut len);
        assert!(!request.is_null() || len == 0);
        let change = postseal_question_change(question);
        let _ = (postseal_change_kind(change), postseal_change_decision(change), postseal_question_limit(question));
        assert!(is_text(postseal_change_fingerprint(change)) && is_text(postseal_question_at(question)));
    }
}

fn look_at_encryption(encryption: Option<*mut postseal_encryption>) {
    let Some(encryption) = encryption else { return };
    // SAFETY: the caller's; what is borrowed is looked at at once.
    unsafe {
        for index in 0..postseal_encryption_message_count(encryption) {
            let message = postseal_encryption_message(encryption, index);
            let mut len = 0;
            let mail = postseal_message_mail(message, &raw mut len);
            assert!(!mail.is_null() && len > 0);
            let octets = core::slice::from_raw_parts(mail, len);
            assert!(octets.windows(8).any(|octets| octets == b"pkcs7-mi"), "no message of S/MIME");
            assert!(is_text(postseal_message_content_encryption(message)));
            let count = postseal_message_address_count(message);
            assert!((0..=count).all(|index| is_text(postseal_message_address(message, index))));
            let _ = postseal_message_hidden(message);
        }
        let left_out = postseal_encryption_left_out_count(encryption);
        (0..left_out).for_each(|index| look_at_recipient(postseal_encryption_left_out(encryption, index)));
        let _ = (postseal_encryption_plaintext_allowed(encryption), postseal_encryption_is_passed(encryption));
        postseal_encryption_free(encryption);
    }
}

/// "A getter says NULL, 0 or false for NULL", and NULL can always be freed.
fn getters_of_null() {
    // SAFETY: NULL is allowed everywhere here.
    unsafe {
        look_at_recipient(null());
        look_at_question(null());
        assert!(postseal_encryption_message(null(), 0).is_null() && postseal_entries_entry(null(), 0).is_null());
        assert!(postseal_operation_report(null()).is_null() && postseal_plan_left_out(null(), 0).is_null());
        assert_eq!((postseal_entry_version(null()), postseal_entries_count(null())), (0, 0));
        assert_eq!(postseal_report_outcome(null()), 0);
        postseal_engine_free(null_mut());
        postseal_report_free(null_mut());
        postseal_encryption_free(null_mut());
        postseal_entries_free(null_mut());
        postseal_answer_free(null_mut());
    }
}
