"""The paved path."""

from __future__ import annotations

import gc
import sqlite3
import threading
import time
import weakref
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from conftest import ALICE, BOB, CAROL, MAIL, NOW, PLAIN, SIGNED, TRUST, OwnStore, Trace, engine

import postseal
from postseal import Code, Engine, PostsealError, SqliteStore, Unsealed
from postseal._mail import to_wire


def test_the_mails_of_the_readme_come_out_as_it_says() -> None:
    learning = engine()
    outcomes = {path.stem: learning.import_mail(path.read_bytes(), now=NOW) for path in sorted(MAIL.glob("*.eml"))}
    assert {name: report.outcome for name, report in outcomes.items()} == {
        "alice-detached": "imported",
        "bob-opaque-ber": "imported",
        "carol-ecdsa": "imported",
        "dave-two-certificates": "imported",
        "eve-wrong-from": "refused",
        "tampered-body": "refused",
    }
    alice, tampered = outcomes["alice-detached"], outcomes["tampered-body"]
    assert (alice.address, alice.signature, alice.path, alice.candidate) == (ALICE, "valid", "valid", "signer")
    assert alice.fingerprint is not None and alice.fingerprint.startswith("1371b08bd453") and alice.error is None
    assert alice.not_after == int(datetime(2036, 1, 1, tzinfo=UTC).timestamp())
    assert outcomes["dave-two-certificates"].candidate == "key-preference"
    assert tampered.signature == "invalid" and isinstance(tampered.error, postseal.Untrusted)
    assert tampered.error.code is Code.DIGEST_MISMATCH
    assert learning.import_mail(SIGNED[ALICE], now=NOW).outcome == "already-known"
    assert learning.import_mail(PLAIN, now=NOW).outcome == "not-signed"
    assert [entry.address for entry in learning.entries()] == [ALICE, BOB, CAROL, "dave@goal.example"]


def test_sqlite_keeps_what_was_learned(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    first = Engine.from_text(TRUST, MAIL, store=SqliteStore(path))
    assert first.import_mail(SIGNED[ALICE], now=NOW).outcome == "imported"
    (tmp_path / "postseal.toml").write_text(f'store = "sqlite:store.db"\ntrust = ["{MAIL}/anchors.pem"]\nimport = true')
    second = Engine.from_file(tmp_path / "postseal.toml")
    assert second.import_mail(SIGNED[ALICE], now=NOW).outcome == "already-known"
    # The store can be used by itself, as any other.
    query = postseal.FindStored("default", ["ALICE@goal.example", BOB])
    alice, bob = SqliteStore(path).find(query)
    assert (alice.key, alice.version, bob.version, bob.active) == (ALICE, 1, 0, None)
    assert [entry.address for entry in SqliteStore(path).entries("default")] == [ALICE]
    with pytest.raises(postseal.Unavailable) as caught:
        SqliteStore(tmp_path / "no folder" / "store.db")
    assert caught.value.code is Code.STORE_UNAVAILABLE


def test_a_dry_run_and_tenants_change_nothing_of_others() -> None:
    learning = engine()
    assert learning.import_mail(SIGNED[ALICE], now=NOW, dry_run=True).outcome == "imported"
    assert learning.entries() == []
    assert learning.import_mail(SIGNED[ALICE], now=NOW, tenant="goal").outcome == "imported"
    assert learning.entries() == [] and len(learning.entries(tenant="goal")) == 1
    off = engine(TRUST + "[tenants.quiet]\nimport = false\n[tenants.quiet.routes.in]\nimport = true")
    assert off.import_mail(SIGNED[ALICE], tenant="quiet", now=NOW).outcome == "not-active"
    assert off.import_mail(SIGNED[ALICE], tenant="quiet", route="in", now=NOW).outcome == "imported"


def test_now_is_seconds_an_aware_datetime_or_the_clock() -> None:
    trace = Trace()
    learning = engine(tracer=trace)
    for now in (NOW, float(NOW) + 0.9, datetime.fromtimestamp(NOW, UTC)):
        assert learning.import_mail(SIGNED[ALICE], now=now, dry_run=True).outcome == "imported"
    assert {event.at for event in trace} == {"2026-06-01T00:00:00Z"}
    learning.import_mail(PLAIN)
    assert abs(datetime.fromisoformat(trace[-1].at).timestamp() - time.time()) < 60
    with pytest.raises(ValueError, match="aware"):
        learning.import_mail(PLAIN, now=datetime(2026, 6, 1))
    for wrong in (float("nan"), float("inf"), 2**70):
        with pytest.raises((ValueError, OverflowError)):
            learning.import_mail(PLAIN, now=wrong)
    with pytest.raises(TypeError):
        learning.import_mail(PLAIN, now="now")  # type: ignore[arg-type]


def test_time_that_is_over_defers_and_asks_nobody() -> None:
    store = OwnStore()
    report = engine(store=store).import_mail(SIGNED[ALICE], now=NOW, timeout=0)
    assert report.outcome == "deferred" and isinstance(report.error, postseal.Unavailable) and store.kept == {}
    with pytest.raises(Unsealed) as caught:
        engine().encrypt(PLAIN, ALICE, now=NOW, timeout=0)
    assert caught.value.is_temporary and caught.value.recipients[0].outcome == "unavailable"
    assert engine().import_mail(SIGNED[ALICE], now=NOW, timeout=60).outcome == "imported"
    for wrong in (-1.0, float("nan"), float("inf"), 1e300):
        with pytest.raises((ValueError, OverflowError)):
            engine().import_mail(PLAIN, timeout=wrong)


def test_a_parsed_message_is_refused_with_the_reason_and_the_way_out() -> None:
    for parsed in (message_from_bytes(SIGNED[ALICE]), message_from_bytes(SIGNED[ALICE], policy=SMTP)):
        with pytest.raises(TypeError, match="signature breaks. Pass the bytes"):
            engine().import_mail(parsed)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="signature breaks"):
            engine().import_operation(parsed)  # type: ignore[arg-type]
    assert engine().import_mail(bytearray(SIGNED[ALICE]), now=NOW).outcome == "imported"
    for wrong in ("text", None, 7, memoryview(b"x")):
        with pytest.raises(TypeError):
            engine().import_mail(wrong)  # type: ignore[arg-type]


def test_a_configuration_that_cannot_be_used_says_why_and_where(tmp_path: Path) -> None:
    for text, words in (("trust = [", "1"), ("unheard = 1", "unheard"), ('trust = ["no.pem"]', "no.pem")):
        with pytest.raises(postseal.ApiMisuse, match=words) as caught:
            Engine.from_text(text, tmp_path)
        assert caught.value.code is Code.CONFIGURATION_INVALID and words in (caught.value.detail or "")
    with pytest.raises(postseal.ApiMisuse, match="nowhere.toml"):
        Engine.from_file(tmp_path / "nowhere.toml")
    with pytest.raises(postseal.ApiMisuse) as missing:
        Engine.from_text(TRUST, MAIL).import_mail(PLAIN)
    assert missing.value.code is Code.STORE_MISSING
    with pytest.raises(PostsealError):
        Engine.from_text(TRUST, MAIL).encrypt(PLAIN, ALICE)


def test_a_mail_is_encrypted_for_each_envelope(knowing: Engine) -> None:
    encryption = knowing.encrypt(PLAIN, [ALICE, BOB], [CAROL], now=NOW)
    visible, hidden = encryption.messages
    assert (visible.addresses, visible.hidden, hidden.addresses, hidden.hidden) == ((ALICE, BOB), False, (CAROL,), True)
    assert not encryption.left_out and not encryption.is_passed and not encryption.plaintext_allowed
    for sealed in encryption.messages:
        assert b"In confidence" not in sealed.mail and b"Subject: hello" in sealed.mail
        parsed = message_from_bytes(sealed.mail)
        assert parsed.get_content_type() == "application/pkcs7-mime"
        assert parsed["From"] == "eve@goal.example"


def test_what_is_encrypted_passes_where_the_policy_says_so(knowing: Engine) -> None:
    sealed = knowing.encrypt(PLAIN, ALICE, now=NOW).messages[0]
    passing = engine(TRUST + "[encrypt]\npass_encrypted = true")
    encryption = passing.encrypt(sealed.mail, BOB, now=NOW)
    assert encryption.is_passed and encryption.messages == ()
    with pytest.raises(Unsealed) as caught:
        knowing.encrypt(sealed.mail, BOB, now=NOW)
    assert caught.value.code is Code.ALREADY_ENCRYPTED and caught.value.recipients == ()


def test_a_message_of_the_standard_library_is_encrypted(knowing: Engine) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "eve@goal.example", ALICE, "Grüße"
    message.set_content("häh\n")
    sealed = knowing.encrypt(message, ALICE, now=NOW).messages[0]
    assert b"\n" not in sealed.mail.replace(b"\r\n", b"") and b"=?utf-8?" in sealed.mail
    # A message that came from the wire goes out as it was.
    assert to_wire(message_from_bytes(PLAIN, policy=SMTP)) == PLAIN


def test_who_cannot_be_reached_is_named(knowing: Engine) -> None:
    with pytest.raises(Unsealed) as caught:
        knowing.encrypt(PLAIN, [ALICE, "nobody@other.example"], now=NOW)
    error = caught.value
    assert error.code is Code.NO_CERTIFICATE and not error.is_temporary and isinstance(error, PostsealError)
    (nobody,) = error.recipients
    assert (nobody.address, nobody.outcome, nobody.may_get_plaintext) == ("nobody@other.example", "not-found", True)
    assert str(error).endswith("One recipient cannot be reached.")
    with pytest.raises(Unsealed) as empty:
        knowing.encrypt(PLAIN, [], now=NOW)
    assert empty.value.code is Code.RECIPIENTS_MISSING
    with pytest.raises(postseal.Malformed):
        knowing.encrypt(PLAIN, "no address", now=NOW)
    with pytest.raises(TypeError):
        knowing.encrypt(PLAIN, [7], now=NOW)  # type: ignore[list-item]


def test_a_route_that_may_send_plaintext_leaves_out() -> None:
    sealing = engine(TRUST + '[encrypt]\nmode = "if-possible"')
    sealing.import_mail(SIGNED[ALICE], now=NOW)
    encryption = sealing.encrypt(PLAIN, [ALICE, BOB], now=NOW)
    assert encryption.messages[0].addresses == (ALICE,) and encryption.plaintext_allowed
    assert [(report.address, report.outcome) for report in encryption.left_out] == [(BOB, "not-found")]
    certificate = sealing.encrypt(PLAIN, ALICE, now=NOW + 20 * 365 * 86400)
    (expired,) = certificate.left_out
    assert expired.outcome == "unusable" and expired.rejected[0].source == "store"
    assert expired.rejected[0].error == expired.error and expired.error is not None


def test_an_operator_decides(knowing: Engine) -> None:
    trace = Trace()
    alice = knowing.entries()[0]
    assert alice.active is not None
    fingerprint = alice.active.fingerprint
    knowing.decide(alice, fingerprint, "reject", by="root", now=NOW)
    after = knowing.entries()[0]
    assert after.version == 2 and after.certs[0][1] == "rejected" and after.active is None
    report = knowing.import_mail(SIGNED[ALICE], now=NOW)
    assert report.outcome == "refused" and report.error is not None
    with pytest.raises(postseal.Unavailable) as stale:
        knowing.decide(alice, fingerprint, "approve", by="root", now=NOW)
    assert stale.value.code is Code.STORE_CONTENDED
    with pytest.raises(postseal.ApiMisuse) as unknown:
        knowing.decide(after, fingerprint, "bless", by="root")  # type: ignore[arg-type]
    assert unknown.value.code is Code.VALUE_UNKNOWN
    with pytest.raises(postseal.ApiMisuse) as malformed:
        knowing.decide(after, "00", "approve", by="root")
    assert malformed.value.code is Code.FINGERPRINT_MALFORMED
    assert trace == []


def test_spellings_of_one_mailbox_have_one_key() -> None:
    assert postseal.address_key("Alice@GOAL.Example") == postseal.address_key("alice@goal.example")
    with pytest.raises(postseal.Malformed):
        postseal.address_key("no address")


def test_other_threads_run_while_the_engine_works(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    learning = engine(store=SqliteStore(path))
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    # The store waits for this thread, which can only run when the engine has let go of the interpreter.
    release = threading.Timer(0.2, lambda: other.execute("COMMIT"))
    release.start()
    assert learning.import_mail(SIGNED[ALICE], now=NOW).outcome == "imported"
    release.join()
    other.close()


def test_an_engine_in_a_circle_is_collected() -> None:
    class Circle(OwnStore):
        owner: Engine | None = None

    store = Circle()
    store.owner = engine(store=store)
    gone = weakref.ref(store)
    del store
    gc.collect()
    assert gone() is None
