//! Encryption: recipients, directories, modes.

use super::common::*;
use crate::form::{DirectoryReply, MisuseKind, Reply};
use crate::record::{Order, Scene};

pub(super) fn scenes() -> Vec<Scene> {
    let alice = issue(&spec(ALICE, 1));
    let bob = issue(&spec(BOB, 2));
    let stored = || vec![Shelf::of(ALICE).imports(&signed(&alice), NOW).entry()];
    let split = format!(
        "{}domains = [\"goal.example\"]\n\n[directory.partners]\nkind = \"http\"\nurl = \"https://partners.example/{{addr}}\"\n",
        STAFF.replace("[\"staff\"]", "[\"staff\", \"partners\"]")
    );
    vec![
        encrypt("encrypt-stored", "A recipient whose certificate is stored.", ENCRYPTS, &[ALICE]).stored(stored()),
        encrypt("encrypt-lent", "A recipient whose certificate a directory lends.", STAFF, &[ALICE]).lends(
            "staff",
            ALICE,
            &[alice.der()],
        ),
        encrypt("encrypt-not-found", "Neither the store nor a directory knows the recipient.", STAFF, &[ALICE]),
        encrypt("encrypt-directory-down", "The directory does not answer.", STAFF, &[ALICE])
            .replies(2, Reply::Unavailable("the directory is gone".to_owned())),
        encrypt("encrypt-store-down", "The store does not answer, and no directory is asked.", STAFF, &[ALICE])
            .replies(1, Reply::Unavailable("the store is gone".to_owned())),
        encrypt(
            "encrypt-two-directories",
            "Two directories at once, answered in the other order.",
            &split,
            &[ALICE, BOB, "dan@partner.example"],
        )
        .stored(stored())
        .lends("staff", BOB, &[bob.der()])
        .says("partners", "dan@partner.example", DirectoryReply::Unavailable("down for dan".to_owned()))
        .with(|scene| scene.order = Order::Last),
        encrypt("encrypt-hidden", "A hidden recipient gets a message of his own.", STAFF, &[ALICE])
            .with(|scene| scene.transcript.hidden = vec![BOB.to_owned()])
            .stored(stored())
            .lends("staff", BOB, &[bob.der()]),
        encrypt(
            "encrypt-foreign-answer",
            "An answer to another operation's question changes nothing.",
            ENCRYPTS,
            &[ALICE],
        )
        .stored(stored())
        .with(|scene| {
            scene.misuse =
                vec![(1, MisuseKind::ForeignAnswer), (1, MisuseKind::AnswerKind), (0, MisuseKind::PollAfterDone)]
        }),
    ]
}
