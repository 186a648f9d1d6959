//! The header is not signed: whatever stands in it, the address that is stored is one of the certificate's.

use super::*;
use postseal_testkit::factory::{Form, SignedMail};
use proptest::prelude::*;
use proptest::sample::select;

/// White space and comments, as RFC 5322 3.2.2 allows them between tokens.
fn cfws() -> impl Strategy<Value = String> {
    let comment = "[a-z@<>,;: ]{0,8}".prop_map(|text| format!("({text})"));
    prop_oneof![
        4 => Just(String::new()),
        2 => Just(" ".to_owned()),
        1 => Just("\r\n ".to_owned()),
        1 => comment,
    ]
}

/// A display name: a phrase, a quoted string that may look like an address, or an encoded word (RFC 2047).
fn display_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z]{1,8}( [A-Za-z]{1,8}){0,2}",
        "[a-z@<>,;:. ]{0,12}".prop_map(|text| format!("\"{text}\"")),
        Just("\"victim@goal.example\"".to_owned()),
        Just("=?utf-8?B?dmljdGltQGdvYWwuZXhhbXBsZQ==?=".to_owned()),
    ]
}

/// White space alone: parsers disagree about comments inside of the angle brackets, so that those are refused.
fn fws() -> impl Strategy<Value = &'static str> {
    select(vec!["", " ", "\r\n "])
}

/// One mailbox in any spelling (RFC 5322 3.4): `address` with its letters in either case.
fn mailbox(address: &'static str) -> impl Strategy<Value = String> {
    let spelled = prop::collection::vec(any::<bool>(), address.len()).prop_map(move |upper| {
        let letters = address.chars().zip(upper);
        letters.map(|(letter, upper)| if upper { letter.to_ascii_uppercase() } else { letter }).collect::<String>()
    });
    (display_name(), cfws(), fws(), cfws(), spelled, any::<bool>()).prop_map(
        |(name, before, inside, after, address, is_bare)| {
            if is_bare {
                format!("{before}{address}{after}")
            } else {
                format!("{name}{before}<{inside}{address}{inside}>{after}")
            }
        },
    )
}

/// What an attacker may write, and what it imitates: several, groups, routes, pieces out of place, control characters.
fn hostile() -> impl Strategy<Value = String> {
    let victim = || mailbox("victim@goal.example");
    let own = || mailbox("alice@goal.example");
    prop_oneof![
        own(),
        victim(),
        (own(), victim()).prop_map(|(own, victim)| format!("{own}, {victim}")),
        (victim(), own()).prop_map(|(victim, own)| format!("{victim}, {own}")),
        (own(), victim()).prop_map(|(own, victim)| format!("{own}\r\nFrom: {victim}")),
        (victim(), own()).prop_map(|(victim, own)| format!("{victim}\r\nfrom : {own}")),
        (own(), victim()).prop_map(|(own, victim)| format!("group: {own}, {victim};")),
        own().prop_map(|own| format!("victim@goal.example {own}")),
        own().prop_map(|own| format!("{own} <victim@goal.example>")),
        Just("<@victim.example:alice@goal.example>".to_owned()),
        Just("\"victim@goal.example\"@goal.example".to_owned()),
        Just("alice@goal.example\0@victim.example".to_owned()),
        Just("victim@goal.example(<alice@goal.example>)".to_owned()),
        "[ -~]{0,60}",
        "(\\PC|[\\x00-\\x1f]){0,40}",
    ]
}

fn signed(from: &str, form: Form) -> Vec<u8> {
    SignedMail::new(from, &alice()).form(form).build()
}

// hardening: D5
#[test]
fn every_spelling_of_the_signers_mailbox_is_imported() {
    let engine = engine();
    runner("spelling", 200)
        .run(&mailbox("alice@goal.example"), |from| {
            let report = import(&engine, &signed(&from, Form::Detached), at(NOW));
            prop_assert_eq!(report.outcome, Outcome::Imported, "{:?}", report.error);
            let address = report.address.unwrap();
            prop_assert_eq!(address.expose().key(), ALICE);
            Ok(())
        })
        .unwrap();
}

// hardening: D5
#[test]
fn nothing_in_from_stores_for_anybody_else() {
    let engine = engine();
    let forms = [Form::Detached, Form::Opaque];
    let mut imported = 0;
    let counted = std::cell::RefCell::new(&mut imported);
    runner("hostile", 400)
        .run(&(hostile(), select(forms.to_vec())), |(from, form)| {
            // `import` itself compares what is stored with the certificate.
            let report = import(&engine, &signed(&from, form), at(NOW));
            if report.outcome == Outcome::Imported {
                let address = report.address.unwrap();
                prop_assert_eq!(address.expose().key(), ALICE);
                **counted.borrow_mut() += 1;
            }
            Ok(())
        })
        .unwrap();
    assert!(imported > 0, "the signer's own mailbox is among them");
}

/// Fields beside From, also those that other programs take for an author.
// hardening: D5
#[test]
fn no_other_field_changes_the_verdict() {
    let engine = engine();
    let names = [
        "Sender",
        "Reply-To",
        "Resent-From",
        "Resent-Sender",
        "Return-Path",
        "Date",
        "To",
        "Cc",
        "X-From",
        "Apparently-From",
        "List-Id",
        "Authentication-Results",
        "X-Original-From",
        "Comments",
    ];
    let value = prop_oneof![mailbox("victim@goal.example"), "[!-~]{1,40}"];
    let fields = prop::collection::vec((select(names.to_vec()), value), 0..8);
    let plain = import(&engine, &signed(FROM, Form::Detached), at(NOW));
    runner("fields", 120)
        .run(&(fields, any::<bool>()), |(fields, in_front)| {
            let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            let mail = if in_front {
                let head: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
                [head.into_bytes(), signed(FROM, Form::Detached)].concat()
            } else {
                let mail = SignedMail::new(FROM, &alice());
                lines.iter().fold(mail, |mail, line| mail.header(line)).build()
            };
            prop_assert_eq!(&import(&engine, &mail, at(NOW)), &plain);
            Ok(())
        })
        .unwrap();
}
