"""The tables in Markdown, and where they go."""
import statistics

import goals
import jobs

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def shown(us):
    """A time in microseconds; milliseconds from ten on."""
    if us >= 10_000:
        return f"{us / 1000:.1f} ms" if us < 100_000 else f"{us / 1000:.0f} ms"
    return f"{us:.0f}" if us >= 100 else f"{us:.1f}"


def cell(row, key):
    """A time, and what it is of OpenSSL 3.0's."""
    found, base = row["columns"].get(key, {}), row["columns"].get("openssl30", {})
    if "us" not in found:
        return "" if "unsupported" in found.get("error", "unsupported") else "fails"
    if key == "openssl30" or "us" not in base:
        return shown(found["us"])
    return f"{shown(found['us'])} ({found['us'] / base['us']:.2f})"


def table(rows, columns, what):
    """One row for each job; columns without anything are left out."""
    used = [(key, title) for key, title, *_ in columns if any(cell(row, key) for row in rows)]
    yield f"| {what} | " + " | ".join(title for _, title in used) + " |"
    yield "|---|" + "--:|" * len(used)
    for row in rows:
        yield f"| {row['title']} | " + " | ".join(cell(row, key) for key, _ in used) + " |"


def goal_table(results):
    yield "| ratio | now | goal | |"
    yield "|---|--:|--:|---|"
    for what, ratio, most in goals.ratios(results):
        verdict = ("", "not measured") if ratio is None else (f"{ratio:.2f}", "met" if ratio <= most else "missed")
        yield f"| {what} | {verdict[0]} | {most} | {verdict[1]} |"


def memory_table(rows):
    yield "| work | input, octets | most beyond it, KB | goal, KB | |"
    yield "|---|--:|--:|--:|---|"
    for row in rows:
        goal = f"{goals.MEMORY // goals.KB} | {'met' if row['peak'] < goals.MEMORY else 'missed'}" if goals.is_bounded(row) else " | "
        yield f"| {row['what']} | {row['input']} | {row['peak'] / goals.KB:.0f} | {goal} |"


def growth_table(rows):
    yield "| work | n | time(n) | time(2n) | ratio | goal | |"
    yield "|---|--:|--:|--:|--:|--:|---|"
    for row in rows:
        verdict = "met" if row["ratio"] < goals.GROWTH else "missed"
        yield (f"| {row['what']} | {row['count']} | {shown(row['once_us'])} | {shown(row['twice_us'])} | {row['ratio']:.2f} | "
               f"{goals.GROWTH} | {verdict} |")


def missed(results):
    """What takes more memory than it may, or grows faster, in words; nothing when all is met."""
    memory = [row["what"] for row in results.get("memory", []) if goals.is_bounded(row) and row["peak"] >= goals.MEMORY]
    growth = [row["what"] for row in results.get("growth", []) if row["ratio"] >= goals.GROWTH]
    return "missed: " + ", ".join(memory + growth) if memory or growth else None


def spread(results):
    """Over the rounds, of all cells: (median, worst) of (most - least) / median."""
    cells = [c["spread"] for part in ("import", "seal", "yardstick") for row in results.get(part, []) for c in row["columns"].values()
             if "spread" in c]
    return (statistics.median(cells), max(cells)) if cells else None


def head(results):
    machine, run = results["machine"], results["run"]
    yield (f"{run['date']}, commit {run['commit']}, {machine['processor']}, {machine['cores']} cores, load {machine['load']} at the "
           f"start; {run['rounds']} rounds, postseal with crypto `{run['crypto']}`."
           + (" **A quick run: to see that it works, and for no conclusion.**" if run["quick"] else ""))
    if results.get("peers"):
        yield "Peers: " + ", ".join(results["peers"].values()) + "."
    for name, why in results.get("skipped", {}).items():
        yield f"Skipped: {name}: {why}."
    middle = spread(results)
    if middle:
        yield f"Spread over the rounds: median {middle[0]:.0%}, worst {middle[1]:.0%}."


def markdown(results):
    """All between the marks."""
    parts = ["\n".join(head(results))]
    add = lambda title, rows: parts.append(f"### {title}\n\n" + "\n".join(rows))
    if results.get("import"):
        parts.append("![Time against OpenSSL 3.0](performance.svg)")
        add("Import, us", table(results["import"], jobs.IMPORT_COLUMNS, "mail"))
    if results.get("seal"):
        add("Seal, us", table(results["seal"], jobs.SEAL_COLUMNS, "message"))
    if results.get("yardstick"):
        add("Yardsticks, us", table(results["yardstick"], jobs.YARDSTICK_COLUMNS, "work"))
        add("Goals", goal_table(results))
    if results.get("memory"):
        add("Memory", memory_table(results["memory"]))
    if results.get("growth"):
        add("Growth", growth_table(results["growth"]))
    return "\n\n".join(parts)


def insert(path, text):
    """Puts it between the marks of a document."""
    document = path.read_text()
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
