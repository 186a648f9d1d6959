"""The code table and the exceptions."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import NOW, PLAIN, ROOT, engine

import postseal
from postseal import Code, Fault, PostsealError, Unsealed

CLASSES = {
    Fault.API_MISUSE: postseal.ApiMisuse,
    Fault.LIMIT_EXCEEDED: postseal.LimitExceeded,
    Fault.MALFORMED: postseal.Malformed,
    Fault.REFUSED: postseal.Refused,
    Fault.UNAVAILABLE: postseal.Unavailable,
    Fault.UNTRUSTED: postseal.Untrusted,
}


def test_the_table_is_that_of_the_engine() -> None:
    source = (ROOT / "core/src/error/code.rs").read_text()
    rows = re.findall(r'^ {8}(\d+) \w+ "([^"]+)" "([^"]+)";$', source, re.MULTILINE)
    assert len(rows) > 150
    assert [(code.value, code.label, code.sentence) for code in Code] == [(int(n), name, text) for n, name, text in rows]
    assert {code.fault for code in Code} == set(Fault)


def test_the_stub_of_the_codes_is_the_table() -> None:
    script = Path(__file__).parents[1] / "make_codes.py"
    subprocess.run([sys.executable, script, "--check"], check=True)


@pytest.mark.parametrize("fault", Fault)
def test_each_fault_has_its_class(fault: Fault) -> None:
    code = next(code for code in Code if code.fault is fault)
    error = CLASSES[fault](code, 17, "store.db")
    assert (error.code, error.number, error.name, error.fault) == (code, code.value, code.label, fault)
    assert str(error) == f"{code.sentence} At byte 17. (store.db)"
    assert isinstance(error, PostsealError)


def test_errors_survive_pickling_and_copying() -> None:
    with pytest.raises(Unsealed) as caught:
        engine().encrypt(PLAIN, ["alice@goal.example", "bob@goal.example"], now=NOW)
    found = caught.value
    for error in (postseal.Malformed(Code.CMS_MALFORMED, 3), postseal.Unavailable(501, None, "x"), found):
        for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
            assert type(again) is type(error) and again == error and again.code is error.code
            assert str(again) == str(error) and again.offset == error.offset
    assert [report.address for report in pickle.loads(pickle.dumps(found)).recipients] == [
        "alice@goal.example",
        "bob@goal.example",
    ]
    assert pickle.loads(pickle.dumps(Code.STORE_MISSING)) is Code.STORE_MISSING


def test_an_error_knows_no_number_that_the_engine_does_not() -> None:
    with pytest.raises(KeyError):
        postseal.Refused(1)
