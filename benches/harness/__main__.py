"""postseal beside its peers on the same work, in one run. `just bench` calls it.

    just bench                      everything, into docs/performance.{md,json,svg}
    just bench growth               memory and growth only; the rest of the file stays
    just bench --quick              a look whether everything works
    just bench --only 'import-*2k'  some jobs (patterns of names, also in `--list`); prints the tables and writes nothing
    just bench --openssl36          builds OpenSSL 3.6 from source first; what was built is kept
"""
import argparse
import collections
import datetime
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys

import jobs
import peers
import plot
import report
import workers

ROOT = peers.BENCHES.parent
DOCS = ROOT / "docs"
KEPT = DOCS / "performance.json"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=["all", "growth"], default="all")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--ms", type=float, default=150, help="CPU milliseconds of a peer in one round of one job")
    parser.add_argument("--quick", action="store_true", help="two short rounds")
    parser.add_argument("--only", nargs="+", metavar="PATTERN")
    parser.add_argument("--peers", nargs="+", choices=peers.ALL, help="postseal is always among them")
    parser.add_argument("--crypto", default="rust", help="who does postseal's arithmetic")
    parser.add_argument("--openssl36", action="store_true")
    parser.add_argument("--list", action="store_true", help="names of the jobs")
    options = parser.parse_args()
    options.warm_up = 1
    if options.quick:
        options.rounds, options.ms, options.warm_up = 2, 15, 0.2
    return options


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()
    except FileNotFoundError:
        return ""


def machine():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return {"processor": names[0] if names else "?", "cores": os.cpu_count(), "load": f"{os.getloadavg()[0]:.1f}"}


def this_run(options):
    commit = output("git", "rev-parse", "--short", "HEAD") or "?"
    changed = "+" if output("git", "status", "--porcelain", "--", "accel", "core", "benches", "testkit", "adapters") else ""
    return {"date": datetime.date.today().isoformat(), "commit": commit + changed, "rounds": options.rounds, "ms": options.ms,
            "quick": options.quick, "crypto": options.crypto}


def build_programs():
    command = ["cargo", "build", "--release", "--quiet", "--manifest-path", str(peers.BENCHES / "Cargo.toml")]
    subprocess.run([*command, "--bin", "worker", "--bin", "workload", "--bin", "growth"], check=True)


def workload(folder):
    """Written once for each version of its generator."""
    sources = sorted([*(peers.BENCHES / "src/bin/workload").glob("*.rs"), *(ROOT / "testkit/src/factory").rglob("*.rs")])
    version = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8]
    data = folder / f"workload-{version}"
    if not (data / "done").exists():
        print("writing the workload", flush=True)
        subprocess.run([peers.target_folder() / "release/workload", data], check=True)
        (data / "done").touch()
    return data


def cells(found):
    """Medians over the rounds."""
    row = {}
    for key, answers in found.items():
        times = [answer["median_ns"] / 1000 for answer in answers if "median_ns" in answer]
        if not times:
            row[key] = {"error": answers[0].get("error", "?")}
            continue
        middle = statistics.median(times)
        row[key] = {"us": round(middle, 2), "spread": round((max(times) - min(times)) / middle, 3),
                    "count": sum(answer.get("n", 0) for answer in answers)}
    return row


def opens(worker, job, data, folder):
    """Whether OpenSSL reads what was sealed last."""
    sealed, opened = folder / "sealed.eml", folder / "opened"
    if "error" in worker.ask(f"dump {sealed}"):
        return False
    keys = data / job.keys
    (folder / "first.pem").write_text((keys / "recipients.pem").read_text().split("-----END")[0] + "-----END CERTIFICATE-----\n")
    command = ["openssl", "cms", "-decrypt", "-in", sealed, "-recip", folder / "first.pem", "-inkey", keys / "key.pem",
               "-binary", "-out", opened]
    done = subprocess.run(command, capture_output=True).returncode == 0
    return done and opened.read_bytes().endswith((data / f"bodies/{job.size}.entity").read_bytes())


def compare(options, results):
    folder = peers.target_folder() / "benches"
    commands, results["skipped"] = peers.build(folder, options)
    data = workload(folder)
    running = workers.start(commands)
    kinds = [("import", jobs.IMPORTS, jobs.IMPORT_COLUMNS), ("seal", jobs.SEALS, jobs.SEAL_COLUMNS),
             ("yardstick", jobs.YARDSTICKS, jobs.YARDSTICK_COLUMNS)]
    for kind, all_jobs, columns in kinds:
        results[kind] = []
        for job in jobs.wanted(all_jobs, options.only):
            print(job.name, flush=True)
            row = cells(workers.rounds(job, columns, running, data, options))
            faults = {key: cell["error"] for key, cell in row.items() if "unsupported" not in cell.get("error", "unsupported")}
            for key, error in faults.items():
                print(f"  {key}: {error}", flush=True)
            if kind == "seal" and job.output in ("smime", "whole") and not opens(running["postseal"], job, data, folder):
                sys.exit(f"{job.name}: OpenSSL does not read what postseal sealed")
            results[kind].append({"job": job.name, "title": job.title, "columns": row})
    results["peers"] = workers.versions(running)
    for worker in running.values():
        worker.close()


def grow(options, results):
    print("memory and growth", flush=True)
    command = [peers.target_folder() / "release/growth", "--crypto", options.crypto]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    kinds = collections.defaultdict(list)
    for row in map(json.loads, lines.splitlines()):
        kinds[row.pop("kind")].append(row)
    results.update(kinds)


def main():
    options = arguments()
    if options.list:
        return print("\n".join(job.name for job in [*jobs.IMPORTS, *jobs.SEALS, *jobs.YARDSTICKS]))
    # Before the load is this program's own.
    results = {"machine": machine(), "run": this_run(options)}
    build_programs()
    if options.part == "all":
        compare(options, results)
    if not options.only:
        grow(options, results)
    missed = report.missed(results)
    if options.part != "all" or options.only or options.peers or options.quick or options.crypto != "rust":
        print("\n" + report.markdown(results) + "\n\nNothing was written: that takes all jobs and peers, and time.")
        sys.exit(missed)
    KEPT.write_text(json.dumps(results, indent=1) + "\n")
    (DOCS / "performance.svg").write_text(plot.svg(results))
    report.insert(DOCS / "performance.md", report.markdown(results))
    print(f"written: {KEPT.relative_to(ROOT)}, performance.svg, performance.md")
    sys.exit(missed)


if __name__ == "__main__":
    main()
