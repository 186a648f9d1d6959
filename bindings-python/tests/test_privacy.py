"""What belongs to persons, and what was lent, is not shown unless it is asked for."""

from __future__ import annotations

import copy
import gc
import io
import logging
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from conftest import ALICE, BOB, NOW, PLAIN, SIGNED, STAFF, OwnDirectory, OwnStore, Trace, engine

import postseal
from postseal import DirectoryReply, Engine, FindStoredQuestion, LentCertificate, Unsealed

Certificates = dict[str, tuple[bytes, tuple[bytes, ...]]]


def test_no_repr_shows_a_person(certificates: Certificates) -> None:
    trace = Trace()
    learning = engine(STAFF, tracer=trace, directories={"staff": OwnDirectory({})})
    operation = learning.import_operation(SIGNED[ALICE], now=NOW)
    question = operation.poll()
    assert isinstance(question, FindStoredQuestion)
    answer = question.answer([postseal.Entry.absent(ALICE)])
    shown = [repr(operation), repr(question), repr(question.query), repr(answer)]
    report = learning.import_mail(SIGNED[ALICE], now=NOW)
    entry = learning.entries()[0]
    encrypted = learning.encrypt(PLAIN, ALICE, now=NOW)
    with pytest.raises(Unsealed) as caught:
        learning.encrypt(PLAIN, BOB, now=NOW)
    things = (report, entry, entry.active, encrypted, caught.value, *caught.value.recipients, *trace, learning)
    shown += [repr(thing) for thing in things]
    shown += [str(caught.value), str(report), str(trace[0])]
    for text in shown:
        assert "goal.example" not in text and "@" not in text, text
    assert report.address == ALICE and entry.address == ALICE and trace[-1].address == BOB


def test_a_lent_certificate_only_goes_in(certificates: Certificates) -> None:
    der, issuers = certificates[ALICE]
    lent = LentCertificate(bytearray(der), issuers=[memoryview(issuer) for issuer in issuers])
    reply = DirectoryReply.found([lent])
    things: tuple[Any, ...] = (lent, reply)
    for thing in things:
        public = [name for name in dir(thing) if not name.startswith("_")]
        assert public in (["from_cms"], ["found", "not_found", "partial", "unavailable"])
        assert repr(thing) == f"<postseal.{type(thing).__name__}>" == str(thing)
        assert not hasattr(thing, "__dict__") and not hasattr(thing, "__buffer__")
        keep: Callable[[Any], object]
        for keep in (pickle.dumps, copy.copy, copy.deepcopy, bytes, memoryview):
            with pytest.raises(TypeError):
                keep(thing)
    # What was spent cannot be spent again.
    with pytest.raises(postseal.ApiMisuse) as caught:
        DirectoryReply.found([lent])
    assert caught.value.code is postseal.Code.HANDLE_IN_USE


def test_what_was_lent_is_nowhere_afterwards(certificates: Certificates) -> None:
    trace, store = Trace(), OwnStore()
    directory = OwnDirectory(certificates)
    sealing = engine(STAFF, store=store, directories={"staff": directory}, tracer=trace)
    encryption = sealing.encrypt(PLAIN, ALICE, now=NOW)
    assert store.kept == {} and encryption.messages[0].addresses == (ALICE,)
    assert trace.names.count("lent-used") == trace.names.count("lent-discarded") == 1
    der = certificates[ALICE][0]
    for event in trace:
        assert not any(isinstance(value, bytes) for value in event.as_json().values())
    assert der not in pickle.dumps(encryption)
    gc.collect()


def test_the_log_has_no_persons_unless_asked() -> None:
    for private in (False, True):
        stream = io.StringIO()
        logger = logging.Logger("postseal-test")
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        logger.addHandler(handler)
        tracer = postseal.logging_tracer(logger, level=logging.WARNING, private=private)
        learning = engine(tracer=tracer)
        learning.import_mail(SIGNED[ALICE].replace(b"Message-ID: <", b"Message-ID: <\xe2\x80\xae", 1), now=NOW)
        lines = stream.getvalue().splitlines()
        assert lines and all(line.startswith('WARNING {"at": "2026-06-01T00:00:00Z", "event": ') for line in lines)
        assert ("alice@goal.example" in stream.getvalue()) is private
        assert "\u202e" not in stream.getvalue()
    quiet = logging.Logger("quiet", level=logging.ERROR)
    quiet.addHandler(logging.StreamHandler(stream := io.StringIO()))
    engine(tracer=postseal.logging_tracer(quiet)).import_mail(SIGNED[ALICE], now=NOW)
    assert stream.getvalue() == ""


def test_what_can_be_kept_can_be_pickled(knowing: Engine) -> None:
    entry = knowing.entries()[0]
    encryption = knowing.encrypt(PLAIN, ALICE, now=NOW)
    report = knowing.import_mail(SIGNED[BOB], now=NOW)
    trace = Trace()
    engine(tracer=trace).import_mail(SIGNED[BOB], now=NOW)
    for thing in (entry, entry.active, encryption, report, *trace):
        assert pickle.loads(pickle.dumps(thing)) == thing
    assert entry.active is not None and entry.active.capabilities is not None
    for thing in (knowing, postseal.WAIT):
        with pytest.raises(TypeError):
            pickle.dumps(thing)
