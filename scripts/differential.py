#!/usr/bin/env python3
"""Runs postseal's import and `openssl cms -verify` over both corpora; every difference must be explained.

OpenSSL answers "the signature holds and the path is good for S/MIME signing"; postseal answers "this certificate may be kept".
`vectors/differential.toml` explains by code what postseal refuses and OpenSSL accepts, with the number of mails in each corpus, and by
name what only postseal accepts.
"""
import collections
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import tomllib
from datetime import datetime

ROOT = pathlib.Path(__file__).resolve().parent.parent
POSTSEAL = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "debug/postseal"


def openssl(mail, anchors, at):
    seconds = str(int(datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()))
    command = ["openssl", "cms", "-verify", "-in", mail, "-purpose", "smimesign", "-attime", seconds, "-out", "/dev/null", "-no-CApath"]
    command += ["-CAfile", anchors] if anchors else ["-no-CAfile"]
    return subprocess.run(command, capture_output=True).returncode == 0


def postseal(mail, anchors, at, profile):
    command = [POSTSEAL, "import", "--dry-run", "--json", "--profile", profile, "--at", at, "--trust", anchors, mail]
    output = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return json.loads(output) if output else {"outcome": "unreadable", "code": "unreadable"}


def attacks(scratch):
    folder = ROOT / "corpus/attacks"
    for row in map(json.loads, (folder / "cases.jsonl").read_text().splitlines()):
        anchors = scratch / "anchors.pem"
        anchors.write_text("\n".join((folder / file).read_text() for file in row["anchors"]))
        yield "attacks/" + row["case"], folder / row["file"], anchors, row["verify_at"], "default"


def real_mail():
    folder = ROOT / "../shared/corpus/mail"
    if not (folder / "cases.jsonl").exists():
        print("SKIPPED: ../shared/corpus/mail is not here; only the attack corpus was compared")
        return
    for row in map(json.loads, (folder / "cases.jsonl").read_text().splitlines()):
        if row["container"] == "mail" and row["trust_anchors"] and row["verification_time"]:
            yield row["id"], folder / row["file"], folder / row["trust_anchors"], row["verification_time"], "legacy"


def main():
    explained = tomllib.loads((ROOT / "vectors/differential.toml").read_text())
    by_name = {row["id"]: row["reason"] for row in explained["accepted"]}
    unused = set(by_name)
    counts, unexplained, corpora = {}, [], set()
    refused = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        for name, mail, anchors, at, profile in itertools.chain(attacks(pathlib.Path(scratch)), real_mail()):
            corpus = "attacks" if name.startswith("attacks/") else "mail"
            corpora.add(corpus)
            theirs, ours = openssl(mail, anchors, at), postseal(mail, anchors, at, profile)
            accepted = ours["outcome"] == "imported"
            code = ours["code"] or ours["outcome"]
            if accepted and theirs:
                key = "both accept"
            elif accepted:
                key = "only postseal accepts"
                unused.discard(name)
                if name not in by_name:
                    unexplained.append(f"{name}: only postseal accepts")
            elif theirs:
                key = "only OpenSSL accepts"
                refused[code, corpus].append(name)
            else:
                key = "both refuse"
            counts[key] = counts.get(key, 0) + 1
    expected = {(row["code"], corpus): row.get(corpus, 0) for row in explained["refused"] for corpus in corpora}
    for code, corpus in sorted(set(refused) | set(expected)):
        names, wanted = refused[code, corpus], expected.get((code, corpus), 0)
        if len(names) != wanted:
            unexplained.append(f"only OpenSSL accepts, {code}: {len(names)} instead of {wanted} of {corpus}: {', '.join(names)}")
    print(", ".join(f"{key} {count}" for key, count in sorted(counts.items())))
    print("\n".join(unexplained + [f"no longer needed: {name}" for name in sorted(unused)]))
    return 1 if unexplained or unused else 0


sys.exit(main())
