"""Stage 5 of 8, gate: Terraform in any form -> [Finding] -> Verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from lib.artifacts import Verdict
from lib.errors import GateError
from lib.gate.scan import input_findings, load_rules, scan
from lib.gate.scope import scope_of
from lib.gate.sources import Source
from lib.gate.verdict import verdict_of
from lib.gate.versions import versions_of
from lib.gate.waiver_file import Entry
from lib.gate.waivers import apply_waivers
from policies.profiles import PROFILES, SENSOR_PLATFORM, Profile


def judge(
    source: Source,
    stack: str,
    waivers: Sequence[Entry] = (),
    today: date = date.max,
    profile: Profile = SENSOR_PLATFORM,
) -> Verdict:
    """The verdict on one configuration. Raises: GateError where none can be reached.

    today: by which waivers are in force; whoever does not say finds them all expired.
    """
    source = replace(source, configuration=replace(source.configuration, profile=profile))
    rules = load_rules()
    findings, passed = scan(source, rules)
    findings, waived = apply_waivers((*input_findings(source), *findings), waivers, rules, today)
    verdict = verdict_of(stack, source, rules, findings, passed, waived=waived)
    return replace(verdict, scope=scope_of(source), versions=versions_of(source))


def judge_again(source: Source, earlier: Verdict, waivers: Sequence[Entry] = ()) -> Verdict:
    """The verdict on a source by the profile, the thresholds and the day of an earlier one. Raises: GateError."""
    if earlier.profile not in PROFILES:
        raise GateError(f"no profile is called {earlier.profile!r}")
    try:
        profile = Profile.of_thresholds(earlier.profile, earlier.thresholds)
    except TypeError as other:
        raise GateError(f"the thresholds are not those of this version: {other}") from other
    return judge(source, earlier.stack, waivers, earlier.run.started.date(), profile)
