#!/usr/bin/env python3
"""Makes docs/first-minute.svg, the picture of the README, from what the command really prints: first-minute.py POSTSEAL"""

import html
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMANDS = (
    "postseal import --trust examples/mail/anchors.pem examples/mail",
    "printf 'Subject: hello\\n\\nin confidence\\n' > hello.eml",
    "postseal encrypt --trust examples/mail/anchors.pem --to alice@goal.example --out sealed.eml hello.eml",
    "postseal trace --address alice@goal.example --event recipient-found --event sealed",
)
WIDTH, LINE, TOP, LEFT = 118, 19, 34, 16
GREEN, RED, GREY, WHITE, PROMPT = "#7ee787", "#ff7b72", "#8b949e", "#e6edf3", "#79c0ff"


def colour(line: str) -> str:
    return GREEN if ": imported" in line or ": found" in line else RED if ": refused" in line else WHITE


def main() -> None:
    postseal = Path(sys.argv[1]).resolve()
    lines: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(ROOT / "examples", Path(folder) / "examples")
        environment = os.environ | {"PATH": f"{postseal.parent}:{os.environ['PATH']}"}
        for command in COMMANDS:
            lines.append((f"$ {command}", PROMPT))
            run = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=True)
            for line in (run.stdout + run.stderr).splitlines():
                cut = line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
                lines.append((cut, colour(line)))
    width, height = LEFT * 2 + WIDTH * 8, TOP + LINE * len(lines) + 12
    rows = "".join(
        f'<text x="{LEFT}" y="{TOP + 12 + LINE * number}" fill="{fill}" xml:space="preserve">{html.escape(line)}</text>\n'
        for number, (line, fill) in enumerate(lines)
    )
    dots = "".join(f'<circle cx="{18 + 18 * n}" cy="16" r="5" fill="{GREY}"/>' for n in range(3))
    (ROOT / "docs/first-minute.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">\n'
        "<title>The first minute: mails are imported or refused, and one is encrypted</title>\n"
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n{dots}\n{rows}</svg>\n'
    )


main()
