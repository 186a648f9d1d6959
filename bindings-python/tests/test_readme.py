"""The examples of the README, as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

TEXT = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"^## (.+?)$|^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
OUTPUTS = {
    "Learn from a mail": "alice-detached.eml imported",
    "Encrypt a mail": "554 no-certificate\nbob@goal.example not-found\ncarol@goal.example not-found\n",
    "A store of your own": "imported already-known\n",
    "A directory of your own": "lent-discarded staff\n('bob@goal.example',) []\n",
    "Without blocking": "imported ('alice@goal.example',)\n",
}


def examples() -> dict[str, str]:
    found, title = dict[str, str](), ""
    for heading, code in BLOCKS:
        if heading:
            title = heading
        else:
            assert title not in found, "one example for each heading"
            found[title] = code
    return found


def test_every_example_is_run() -> None:
    assert set(examples()) == set(OUTPUTS)


def run(code: str, tmp_path: Path) -> str:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    program = tmp_path / "example.py"
    program.write_text(code)
    command = [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", program.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


@pytest.mark.parametrize("title", OUTPUTS)
def test_the_example_runs(title: str, tmp_path: Path) -> None:
    assert OUTPUTS[title] in run(examples()[title], tmp_path)


def test_the_manual_runs(tmp_path: Path) -> None:
    page = ROOT / "docs/start.md"
    if not page.exists():
        pytest.skip("the manual is not part of the source distribution")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    assert run(code, tmp_path) == "imported alice@goal.example\naes256-gcm alice@goal.example\n"
