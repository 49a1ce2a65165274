"""Stage 5 of 8, gate: Terraform JSON -> [Finding] -> Verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lib.artifacts import Verdict
from lib.errors import GateError
from lib.gate.scan import load_rules, scan
from lib.gate.sources import read_source
from lib.gate.verdict import verdict_of
from policies.profiles import SENSOR_PLATFORM, Profile


def judge(path: Path, stack: str, profile: Profile = SENSOR_PLATFORM) -> Verdict:
    """The verdict on one Terraform JSON file. Raises: GateError where none can be reached."""
    source, rules = read_source(path), load_rules()
    source = replace(source, configuration=replace(source.configuration, profile=profile))
    modules = [block.address for block in source.configuration.blocks if block.kind == "module"]
    if modules:
        raise GateError(f"{path}: calls {', '.join(modules)}, whose resources are not in it: judge them in one file")
    return verdict_of(stack, source, rules, *scan(source, rules))
