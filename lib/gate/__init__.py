"""Stage 5 of 8, gate: Terraform in any form -> [Finding] -> Verdict."""

from __future__ import annotations

from lib.artifacts import Verdict
from lib.gate.scan import input_findings, load_policies, scan
from lib.gate.sources import Source
from lib.gate.verdict import verdict_of


def judge(source: Source, stack: str) -> Verdict:
    """The verdict on one configuration. Raises: GateError where none can be reached."""
    rules = load_policies()
    findings, passed = scan(source, rules)
    return verdict_of(stack, source, rules, (*input_findings(source), *findings), passed)
