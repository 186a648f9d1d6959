#!/usr/bin/env python3
"""Fills fuzz/corpus from the attack corpus: mails, their CMS objects, certificates, From fields."""
import base64
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    folders = {name: ROOT / "fuzz/corpus" / name for name in ("mail", "cms", "certificate", "from", "ber")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    mails = [*(ROOT / "corpus/attacks/mail").glob("*.eml"), *(ROOT / "examples/mail").glob("*.eml")]
    for path in mails:
        mail = path.read_bytes()
        if len(mail) > 100_000:
            continue
        (folders["mail"] / path.stem).write_bytes(mail)
        for field in re.findall(rb"(?im)^from:(.*)$", mail):
            (folders["from"] / path.stem).write_bytes(field)
        for block in re.findall(rb"base64[^\n]*(?:\n[^\n]+)*?\r?\n\r?\n([A-Za-z0-9+/=\s]{200,})", mail):
            compact = b"".join(block.split())
            try:
                cms = base64.b64decode(compact[: len(compact) // 4 * 4])
            except ValueError:
                continue
            (folders["cms"] / path.stem).write_bytes(cms)
            (folders["ber"] / path.stem).write_bytes(cms)
    for path in (ROOT / "corpus/attacks/certs").glob("*.der"):
        (folders["certificate"] / path.stem).write_bytes(path.read_bytes())


main()
