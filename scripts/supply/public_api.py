#!/usr/bin/env python3
"""The public interface of the libraries, a line for each item, beside what is kept in docs/api: a change of it is seen in the review of
the change that makes it, and one that takes or changes a line needs a new version as SemVer has it.

    public_api.py           compares
    public_api.py --write   writes docs/api/*.txt
"""
import difflib
import sys

from crates import ROOT
from external_types import LIBRARIES, interface

KEPT = ROOT / "docs/api"


def path(of):
    return of["path"].rsplit("::", 1)[-1] + arguments(of.get("args"))


def arguments(args):
    if not args:
        return ""
    if "parenthesized" in args:
        inside = args["parenthesized"]
        output = f" -> {kind(inside['output'])}" if inside["output"] else ""
        return f"({', '.join(map(kind, inside['inputs']))}){output}"
    if "angle_bracketed" not in args:
        return "(..)"
    inside = args["angle_bracketed"]
    parts = []
    for arg in inside["args"]:
        if not isinstance(arg, dict):
            parts.append("_")
        elif "type" in arg:
            parts.append(kind(arg["type"]))
        else:
            parts.append(arg.get("lifetime") or arg.get("const", {}).get("expr", "_"))
    for constraint in inside["constraints"]:
        binding = constraint["binding"]
        if "equality" in binding:
            equal = binding["equality"]
            parts.append(f"{constraint['name']} = {kind(equal['type']) if 'type' in equal else equal['constant']['expr']}")
        else:
            parts.append(f"{constraint['name']}: {bounds(binding['constraint'])}")
    return f"<{', '.join(parts)}>" if parts else ""


def bounds(of):
    said = []
    for bound in of:
        if "trait_bound" in bound:
            modifier = {"maybe": "?", "maybe_const": "~const "}.get(bound["trait_bound"]["modifier"], "")
            said.append(modifier + path(bound["trait_bound"]["trait"]))
        elif "outlives" in bound:
            said.append(bound["outlives"])
        else:
            said.append("use<..>")
    return " + ".join(said)


def kind(of):
    """A type as it is written."""
    if isinstance(of, str):
        return "_"
    name, inner = next(iter(of.items()))
    if name == "resolved_path":
        return path(inner)
    if name in ("generic", "primitive"):
        return inner
    if name == "tuple":
        return f"({', '.join(map(kind, inner))})"
    if name == "slice":
        return f"[{kind(inner)}]"
    if name == "array":
        return f"[{kind(inner['type'])}; {inner['len']}]"
    if name == "borrowed_ref":
        lifetime = f"{inner['lifetime']} " if inner["lifetime"] else ""
        return f"&{lifetime}{'mut ' if inner['is_mutable'] else ''}{kind(inner['type'])}"
    if name == "raw_pointer":
        return f"*{'mut' if inner['is_mutable'] else 'const'} {kind(inner['type'])}"
    if name == "impl_trait":
        return f"impl {bounds(inner)}"
    if name == "dyn_trait":
        return "dyn " + " + ".join([path(each["trait"]) for each in inner["traits"]] + ([inner["lifetime"]] if inner["lifetime"] else []))
    if name == "qualified_path":
        trait = f" as {path(inner['trait'])}" if inner["trait"] and inner["trait"]["path"] else ""
        return f"<{kind(inner['self_type'])}{trait}>::{inner['name']}"
    if name == "function_pointer":
        return "fn" + signature(inner["sig"])
    raise SystemExit(f"a type that this script does not know: {name}")


def signature(sig):
    inputs = ", ".join(kind(given) for _, given in sig["inputs"])
    return f"({inputs})" + (f" -> {kind(sig['output'])}" if sig["output"] else "")


def generics(of):
    params = []
    for param in of["params"]:
        name, inner = next(iter(param["kind"].items()))
        if name == "type" and inner["is_synthetic"]:
            continue
        limits = bounds(inner["bounds"]) if name == "type" else ""
        params.append(f"const {param['name']}: {kind(inner['type'])}" if name == "const" else param["name"] + (f": {limits}" if limits else ""))
    wheres = []
    for where in of["where_predicates"]:
        if "bound_predicate" in where:
            wheres.append(f"{kind(where['bound_predicate']['type'])}: {bounds(where['bound_predicate']['bounds'])}")
    return (f"<{', '.join(params)}>" if params else ""), (f" where {', '.join(wheres)}" if wheres else "")


class Interface:
    def __init__(self, description):
        self.index = description["index"]
        self.paths = description["paths"]
        self.lines = set()

    def said(self, item, at):
        """An item as a line, with what is in it."""
        name, inner = next(iter(item["inner"].items()))
        here = f"{at}::{item['name']}" if item["name"] else at
        hidden = "#[non_exhaustive] " if "non_exhaustive" in str(item["attrs"]) else ""
        if name == "module":
            for each in inner["items"]:
                self.visit(each, here if at else item["name"])
        elif name == "use":
            target = self.index.get(str(inner["id"]))
            if not target:
                self.lines.add(f"use {at}::{inner['name']} = {inner['source']}")
            elif not inner["is_glob"]:
                self.said(target | {"name": inner["name"]}, at)
            else:
                for each in target["inner"].get("module", {}).get("items", []):
                    self.visit(each, at)
        elif name in ("struct", "enum", "union", "trait"):
            params, wheres = generics(inner["generics"])
            parents = f": {bounds(inner['bounds'])}" if name == "trait" and inner["bounds"] else ""
            self.lines.add(f"{hidden}{name} {here}{params}{parents}{wheres}")
            fields = inner.get("variants", []) if name == "enum" else inner.get("items", []) if name == "trait" else fields_of(inner)
            for each in fields:
                self.visit(each, here)
            for each in inner.get("impls", []):
                self.implementation(each, here)
        elif name == "variant":
            self.lines.add(f"{hidden}variant {here}")
            form = inner["kind"]
            for each in fields_of(inner) if isinstance(form, dict) else []:
                self.visit(each, here)
        elif name == "struct_field":
            self.lines.add(f"field {here}: {kind(inner)}")
        elif name == "function":
            params, wheres = generics(inner["generics"])
            head = "".join(f"{word} " for word in ("const", "unsafe", "async") if inner["header"][f"is_{word}"])
            self.lines.add(f"{head}fn {here}{params}{signature(inner['sig'])}{wheres}")
        elif name in ("constant", "static"):
            self.lines.add(f"{name} {here}: {kind(inner['type'])}")
        elif name in ("type_alias", "assoc_type"):
            self.lines.add(f"type {here}{' = ' + kind(inner['type']) if inner['type'] else ''}")
        elif name == "assoc_const":
            self.lines.add(f"const {here}: {kind(inner['type'])}")
        elif name == "macro":
            self.lines.add(f"macro {here}")

    def visit(self, identity, at):
        item = self.index.get(str(identity))
        if item and item["visibility"] in ("public", "default"):
            self.said(item, at)

    def implementation(self, identity, of):
        item = self.index.get(str(identity))
        if not item:
            return
        inner = item["inner"]["impl"]
        # Blanket ones are another crate's; automatic ones, as Send, are said by other tools better.
        if inner["is_synthetic"] or inner["blanket_impl"] is not None:
            return
        if inner["trait"] and inner["trait"]["path"].endswith("StructuralPartialEq"):
            return
        if inner["trait"]:
            self.lines.add(f"impl {path(inner['trait'])} for {of}")
        else:
            for each in inner["items"]:
                self.visit(each, of)


def fields_of(inner):
    form = inner["kind"]
    if not isinstance(form, dict):
        return []
    plain = form.get("plain") or form.get("struct")
    return plain["fields"] if plain else [each for each in form["tuple"] if each is not None]


def lines_of(description):
    found = Interface(description)
    root = found.index[str(description["root"])]
    found.said(root, "")
    return sorted(found.lines)


def main():
    changed = False
    for library in LIBRARIES:
        text = "\n".join(lines_of(interface(library))) + "\n"
        kept = KEPT / f"{library}.txt"
        if sys.argv[1:] == ["--write"]:
            KEPT.mkdir(exist_ok=True)
            kept.write_text(text)
            continue
        difference = difflib.unified_diff(kept.read_text().splitlines(), text.splitlines(), str(kept.relative_to(ROOT)), "now", lineterm="", n=0)
        for line in difference:
            print(line)
            changed = True
    if changed:
        sys.exit("the public interface changed: `just public-api --write`, and the version with it where a line went or changed")


if __name__ == "__main__":
    main()
