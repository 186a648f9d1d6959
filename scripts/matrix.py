#!/usr/bin/env python3
"""Seals every cell of the matrix and lets each peer open it; the plaintext must be exactly the one that was sealed.

    scripts/matrix.py [--sizes 1,102400,20971520] [--peers openssl,nss,...]

A cell that no peer can open is listed; one that a peer should open and does not fails the run. The peers are those of
`scripts/peers` (`scripts/peers/install.sh` installs them)."""
import argparse
import collections
import hashlib
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
OPEN = ROOT / "scripts/peers/open.py"


def seal(folder, size):
    command = ["cargo", "run", "-q", "--release", "-p", "postseal-testkit", "--example", "seal-matrix", "--", folder, str(size)]
    subprocess.run(command, cwd=ROOT, check=True)
    return [line.split("\t") for line in (pathlib.Path(folder) / "manifest.tsv").read_text().splitlines()]


def open_all(peer, folder, rows):
    """One batch for a peer: (exit code, message) for each row."""
    lines, outs = [], []
    for number, (_, _, _, reader, name, _) in enumerate(rows):
        out = f"{folder}/out-{number}"
        outs.append(out)
        lines.append(f"{folder}/{name} {folder}/{reader}.key.pem {folder}/{reader}.cert.pem {out}")
    batch = pathlib.Path(folder) / "batch"
    batch.write_text("\n".join(lines) + "\n")
    done = subprocess.run([sys.executable, OPEN, peer, "--batch", batch], capture_output=True, text=True)
    results = [line.split("\t", 2) for line in done.stdout.splitlines()]
    if len(results) != len(rows):
        sys.exit(f"{peer}: {len(results)} answers to {len(rows)} messages\n{done.stderr}")
    return list(zip(outs, [(int(code), message) for code, _, message in (result + [""] * (3 - len(result)) for result in results)]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="1,102400,20971520")
    parser.add_argument("--peers")
    options = parser.parse_args()
    known = subprocess.run([sys.executable, OPEN, "--peers"], capture_output=True, text=True, check=True).stdout.splitlines()
    installed = [line.split()[0] for line in known if line.strip() and "not installed" not in line]
    peers = options.peers.split(",") if options.peers else installed
    passed, failed, unsupported = 0, 0, 0
    openers = collections.defaultdict(set)
    for size in [int(size) for size in options.sizes.split(",")]:
        with tempfile.TemporaryDirectory() as folder:
            rows = seal(folder, size)
            # One file at a time on the disk: the large ones are opened row by row.
            step = len(rows) if size < 1 << 20 else 20
            for peer in peers:
                for start in range(0, len(rows), step):
                    part = rows[start : start + step]
                    for row, (out, (code, message)) in zip(part, open_all(peer, folder, part)):
                        cell = f"{row[0]} {row[1]} {row[2]} as {row[3]}"
                        path = pathlib.Path(out)
                        same = code == 0 and hashlib.sha256(path.read_bytes()).hexdigest() == row[5]
                        path.unlink(missing_ok=True)
                        if same:
                            passed += 1
                            openers[cell, size].add(peer)
                        elif code == 3:
                            unsupported += 1
                        else:
                            failed += 1
                            print(f"FAILED {peer}: {cell}, {size} bytes: {message or 'another plaintext'}")
            for row in rows:
                openers.setdefault((f"{row[0]} {row[1]} {row[2]} as {row[3]}", size), set())
    kinds = collections.defaultdict(set)
    for (cell, _), who in openers.items():
        kinds[" ".join(cell.split(" ")[:2]) + " as " + cell.split(" as ")[1]] |= who
    for kind in sorted(kinds):
        print(f"{kind:40} {', '.join(sorted(kinds[kind])) or 'NOBODY'}")
    nobody = [cell for cell, who in openers.items() if not who]
    alone = [cell for cell, who in openers.items() if len(who) == 1]
    print(f"{len(openers)} cells, {len(peers)} peers: {len(nobody)} opened by nobody, {len(alone)} by one peer only")
    print(f"{passed} passed, {failed} failed, {unsupported} skipped")
    return 1 if failed or nobody else 0


sys.exit(main())
