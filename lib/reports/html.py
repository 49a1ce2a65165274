"""The verdict as one self-contained page: no script, no network, readable on a phone and on paper."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape

from lib.artifacts import State, Verdict

FILENAME = "index.html"


def render(verdict: Verdict) -> str:
    """The page; every value in it is escaped."""
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=select_autoescape(("html",)), trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["evidence"] = _evidence
    new = frozenset(verdict.baseline.new) if verdict.baseline else frozenset()
    return environment.get_template("index.html").render(verdict=verdict, families=_families(verdict), new=new)


def _families(verdict: Verdict) -> list[dict[str, object]]:
    states = Counter((finding.family, finding.state) for finding in verdict.findings)
    policies = Counter(policy.family for policy in verdict.policies)
    passed = Counter(item.family for item in verdict.passed)
    waived = Counter(item.finding.family for item in verdict.waived)
    return [
        {
            "name": family,
            "policies": policies[family],
            "passed": passed[family],
            "failed": states[family, State.FAILED],
            "undecided": states[family, State.UNDECIDED],
            "waived": waived[family],
        }
        for family in dict.fromkeys(policy.family for policy in verdict.policies)
    ]


def _evidence(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
