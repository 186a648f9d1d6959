"""A plot without any library: for each job a line, for each column a dot where its time lies against OpenSSL 3.0's."""
import html
import math

WIDTH, LEFT, RIGHT, LINE, TOP = 1000, 330, 30, 22, 92
# Shapes differ as well as colours, for those who do not tell the colours apart.
LOOKS = {
    "postseal-full": ("postseal, full", "#0b57d0", "circle"),
    "postseal-warm": ("postseal, warm", "#4f8df7", "circle"),
    "postseal-hot": ("postseal, hot", "#9fc2ff", "circle"),
    "postseal": ("postseal, sealing", "#0b57d0", "circle"),
    "openssl30-tuned": ("OpenSSL 3.0 tuned", "#7a4a00", "diamond"),
    "openssl36": ("OpenSSL 3.6", "#d97706", "square"),
    "openssl36-tuned": ("OpenSSL 3.6 tuned", "#d97706", "diamond"),
    "nss": ("NSS", "#15803d", "triangle"),
    "bouncycastle": ("Bouncy Castle", "#a21caf", "triangle"),
    "go": ("Go", "#0e7490", "square"),
}


def mark(shape, x, y, colour):
    paint = f'fill="{colour}" stroke="#fff" stroke-width="0.8"'
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" {paint}/>'
    points = {
        "square": [(-4.5, -4.5), (4.5, -4.5), (4.5, 4.5), (-4.5, 4.5)],
        "diamond": [(0, -6), (6, 0), (0, 6), (-6, 0)],
        "triangle": [(0, -5.5), (5.5, 4.5), (-5.5, 4.5)],
    }[shape]
    return f'<polygon points="{" ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in points)}" {paint}/>'


def ratios(row):
    """{column: its time through OpenSSL 3.0's}."""
    base = row["columns"].get("openssl30", {}).get("us")
    return {key: cell["us"] / base for key, cell in row["columns"].items() if base and "us" in cell and key in LOOKS}


def legend(keys):
    for number, key in enumerate(keys):
        title, colour, shape = LOOKS[key]
        x, y = 24 + number % 5 * 195, 44 + number // 5 * 20
        yield mark(shape, x, y - 4, colour)
        yield f'<text x="{x + 12}" y="{y}">{html.escape(title)}</text>'


def axis(low, high, bottom, place):
    for exponent in range(math.floor(low), math.ceil(high) + 1):
        for step in (1, 2, 5):
            value = step * 10.0**exponent
            if not low <= math.log10(value) <= high:
                continue
            x, is_base = place(value), value == 1
            yield (f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="{"#444" if is_base else "#ddd"}" '
                   f'stroke-width="{1.5 if is_base else 1}"/>')
            yield f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{value:g}</text>'


def svg(results):
    """The whole file."""
    parts = [("Import", results.get("import", [])), ("Seal", results.get("seal", []))]
    rows = [(title, row, ratios(row)) for title, part in parts for row in part]
    rows = [(title, row, found) for title, row, found in rows if found]
    if not rows:
        return ""
    values = [math.log10(value) for _, _, found in rows for value in [*found.values(), 1.0]]
    low, high = min(values) - 0.08, max(values) + 0.08
    place = lambda value: LEFT + (math.log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)
    bottom = TOP + LINE * (len(rows) + 2)
    used = [key for key in LOOKS if any(key in found for _, _, found in rows)]
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 44}" font-family="sans-serif" font-size="12" fill="#222">',
        f'<rect width="{WIDTH}" height="{bottom + 44}" fill="#fff"/>',
        '<text x="16" y="22" font-size="15" font-weight="bold">Time against OpenSSL 3.0 in the same run (left is faster)</text>',
        *legend(used),
        *axis(low, high, bottom, place),
        f'<text x="{WIDTH / 2}" y="{bottom + 36}" text-anchor="middle">time / time of OpenSSL 3.0, logarithmic</text>',
    ]
    y, last = TOP, None
    for title, row, found in rows:
        y += LINE
        if title != last:
            out.append(f'<text x="16" y="{y - 4}" font-weight="bold">{title}</text>')
            y, last = y + LINE - 6, title
        out.append(f'<text x="{LEFT - 12}" y="{y}" text-anchor="end" font-size="11">{html.escape(row["title"])}</text>')
        out.append(f'<line x1="{LEFT}" y1="{y - 4}" x2="{WIDTH - RIGHT}" y2="{y - 4}" stroke="#eee"/>')
        # postseal is painted last, over the others.
        for key in sorted(found, key=lambda key: key.startswith("postseal")):
            out.append(mark(LOOKS[key][2], place(found[key]), y - 4, LOOKS[key][1]))
    return "\n".join([*out, "</svg>", ""])
