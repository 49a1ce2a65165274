"""Stage 5 of 8, gate: Terraform JSON -> [Finding] -> Verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from lib.artifacts import Verdict
from lib.errors import GateError
from lib.gate.scan import load_policies, scan
from lib.gate.sources import read_source
from lib.gate.verdict import verdict_of
from lib.gate.waiver_file import Entry
from lib.gate.waivers import apply_waivers


def judge(path: Path, stack: str, waivers: Sequence[Entry] = (), today: date = date.max) -> Verdict:
    """The verdict on one Terraform JSON file. Raises: GateError where none can be reached.

    today: by which waivers are in force; whoever does not say finds them all expired.
    """
    source, rules = read_source(path), load_policies()
    modules = [block.address for block in source.configuration.blocks if block.kind == "module"]
    if modules:
        raise GateError(f"{path}: calls {', '.join(modules)}, whose resources are not in it: judge them in one file")
    findings, passed = scan(source, rules)
    findings, waived = apply_waivers(findings, waivers, rules, today)
    return verdict_of(stack, source, rules, findings, passed, waived=waived)
