"""How much longer a call takes through Python than in Rust: one import and one seal of a mail of 50 KB, in turns, in one run.

    cargo build --release -p postseal-python --example overhead
    pip install ./bindings-python
    python bindings-python/bench/overhead.py target/release/examples/overhead
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from postseal import Engine

NOW = 1780272000
ROUNDS = 300
COUNT = 5


def main(program: str) -> int:
    """Prints the times and their ratio; 1 when one is over 1.05."""
    with tempfile.TemporaryDirectory() as folder:
        pipe = subprocess.PIPE
        with subprocess.Popen([program, folder], stdin=pipe, stdout=pipe, text=True) as rust:
            assert rust.stdout is not None and rust.stdout.readline().strip() == "imported"
            engine = Engine.from_file(Path(folder) / "postseal.toml")
            mail, plain = (Path(folder) / "mail.eml").read_bytes(), (Path(folder) / "plain.eml").read_bytes()
            assert engine.import_mail(mail, now=NOW).outcome == "already-known"
            works: dict[str, Callable[[], object]] = {
                "import": lambda: engine.import_mail(mail, now=NOW),
                "seal": lambda: engine.encrypt(plain, "alice@goal.example", now=NOW),
            }
            return max([compare(name, work, rust) for name, work in works.items()])


def compare(name: str, work: Callable[[], object], rust: subprocess.Popen[str]) -> int:
    """One kind of work on both sides, in turns, so that the machine's moods are shared."""
    assert rust.stdin is not None and rust.stdout is not None
    sides: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        rust.stdin.write(f"{name} {COUNT}\n")
        rust.stdin.flush()
        sides[0].append(float(rust.stdout.readline()))
        start = time.perf_counter()
        for _ in range(COUNT):
            work()
        sides[1].append(time.perf_counter() - start)
    # Other work on the machine only adds: the fastest tenth is what the call itself takes.
    in_rust, in_python = (statistics.quantiles(side, n=10)[0] / COUNT * 1e6 for side in sides)
    ratio = in_python / in_rust
    print(f"{name}: Rust {in_rust:.0f} us, Python {in_python:.0f} us, ratio {ratio:.3f}")
    return int(ratio > 1.05)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
