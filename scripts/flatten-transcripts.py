#!/usr/bin/env python3
"""Writes each transcript of FOLDER as NAME.flat, for languages that read no TOML: `flatten-transcripts.py FOLDER [OUT]`.

One line for each value: key, TAB, value. Keys have dots and indices from 0 (turn.3.answer.entries.0.version), the length of a
list stands under key.#, and \\ \t \n \r in values are escaped. `flatten-transcripts.py --test [FOLDER]` tests itself.
"""
import pathlib
import sys
import tomllib

ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def escape(text):
    return "".join(ESCAPES.get(character, character) for character in text)


def unescape(text):
    back = {value[1]: key for key, value in ESCAPES.items()}
    characters = iter(text)
    return "".join(back[next(characters)] if character == "\\" else character for character in characters)


def flatten(value, key=""):
    """(key, value) of every value in a tree, in its order."""
    dot = f"{key}." if key else ""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from flatten(member, dot + name)
    elif isinstance(value, list):
        yield f"{key}.#", str(len(value))
        for index, member in enumerate(value):
            yield from flatten(member, f"{dot}{index}")
    elif isinstance(value, bool):
        yield key, "true" if value else "false"
    elif isinstance(value, (int, str)):
        yield key, str(value)
    else:
        raise TypeError(f"{key}: {type(value).__name__} stands in no transcript")


def lines(tree):
    return "".join(f"{key}\t{escape(value)}\n" for key, value in flatten(tree))


def unflatten(text):
    """The tree again, all values as text; an empty list is one, an empty table is lost."""
    tree = {}
    for line in text.splitlines():
        key, value = line.split("\t")
        *path, last = key.split(".")
        place = tree
        for name in path:
            place = place.setdefault(name, {})
        place[last] = unescape(value)

    def lists(value):
        if not isinstance(value, dict):
            return value
        if "#" not in value:
            return {name: lists(member) for name, member in value.items()}
        assert len(value) == int(value["#"]) + 1, value.keys()
        return [lists(value[str(index)]) for index in range(int(value["#"]))]

    return lists(tree)


def as_text(value):
    if isinstance(value, dict):
        return {name: as_text(member) for name, member in value.items()}
    if isinstance(value, list):
        return [as_text(member) for member in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def transcripts(folder):
    for path in sorted(folder.glob("*.toml")):
        with path.open("rb") as file:
            yield path.stem, tomllib.load(file)


def test(folder):
    tree = {"a": "x\ty\r\n\\t", "b": [], "c": [{"d": 7}, {"d": True, "e": ["", "é"]}], "f": {"g": -1}}
    expected = (
        "a\tx\\ty\\r\\n\\\\t\nb.#\t0\nc.#\t2\nc.0.d\t7\nc.1.d\ttrue\nc.1.e.#\t2\nc.1.e.0\t\nc.1.e.1\té\nf.g\t-1\n"
    )
    assert lines(tree) == expected, lines(tree)
    assert unflatten(expected) == as_text(tree)
    count = 0
    for name, tree in transcripts(folder):
        text = lines(tree)
        assert unflatten(text) == as_text(tree), name
        keys = [line.split("\t")[0] for line in text.splitlines()]
        assert len(set(keys)) == len(keys), name
        count += 1
    assert count > 0, f"no transcripts in {folder}"
    print(f"{count} transcripts survive the round trip")


def main(arguments):
    if arguments[:1] == ["--test"]:
        here = pathlib.Path(__file__).resolve().parent.parent / "transcripts"
        return test(pathlib.Path(arguments[1]) if arguments[1:] else here)
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    folder = pathlib.Path(arguments[0])
    out = pathlib.Path(arguments[-1])
    out.mkdir(parents=True, exist_ok=True)
    for name, tree in transcripts(folder):
        (out / f"{name}.flat").write_text(lines(tree), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
