"""The attack corpus, with the verdicts of its index: no wrong import, no good mail missed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from conftest import ROOT, OwnStore

import postseal
from postseal import Engine, Entry

ATTACKS = ROOT / "corpus/attacks"
CASES: list[dict[str, Any]] = [json.loads(line) for line in (ATTACKS / "cases.jsonl").read_text().splitlines()]


def imported(case: dict[str, Any], store: OwnStore) -> tuple[postseal.ImportReport, list[str]]:
    engine = Engine.from_text(f"trust = {json.dumps(case['anchors'])}\nimport = true", ATTACKS, store=store)
    report = engine.import_mail((ATTACKS / case["file"]).read_bytes(), now=datetime.fromisoformat(case["verify_at"]))
    return report, [entry.key for entry in engine.entries() if entry.active is not None]


def test_every_case_on_an_empty_store_has_its_verdict() -> None:
    wrong = list[str]()
    for case in CASES:
        report, active = imported(case, OwnStore())
        right = {
            "may-import": report.outcome == "imported" and len(active) == 1,
            "must-not-import": not active and report.outcome != "imported",
        }.get(case["verdict"], True)
        allowed = case["verdict"] not in ("may-import", "must-not-import") or set(active) <= set(case["import_for"])
        forbidden = set(active) & set(case["must_never_import_for"])
        if not right or not allowed or forbidden:
            wrong.append(f"{case['case']}: {report.outcome} {report.error!r}")
    assert len(CASES) >= 169 and wrong == []


def test_one_shared_store_takes_nothing_wrong() -> None:
    store = OwnStore()
    for case in CASES:
        report, _ = imported(case, store)
        noticed = report.outcome in ("imported", "renewed", "already-known", "held")
        noticed |= report.error is not None and report.error.code is postseal.Code.OLDER_THAN_ACTIVE
        if case["verdict"] in ("may-import", "must-not-import"):
            assert noticed is (case["verdict"] == "may-import"), (case["case"], report)
            if report.outcome in ("imported", "renewed"):
                assert postseal.address_key(report.address or "") in case["import_for"], case["case"]
    entries: list[Entry] = list(store.entries("default"))
    assert entries and all([state for _, state in entry.certs].count("active") <= 1 for entry in entries)
