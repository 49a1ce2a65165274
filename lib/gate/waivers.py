"""Which findings someone answers for today, and what is wrong with the waivers; pure.

A wrong waiver is a finding of its own (PG_GATE_WAIVER) and holds nothing, so one that expires closes the gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from difflib import get_close_matches

from lib.artifacts import Finding, State, Subject, Waived, Waiver
from lib.gate.waiver_file import REQUIRED, Entry, Problem, safe, shaped
from policies.base import CRASHED, Policy

LONGEST_DAYS = 365
RULE = Subject(
    policy_id="PG_GATE_WAIVER",
    subject="GATE.waiver",
    family="GATE",
    severity="HIGH",
    name="Ensure every waiver is exact, approved, in force and needed",
    judged=0,
    passed=0,
)
"""What waivers are held to. It is no policy of the rule set, so no waiver can name it."""
UNMATCHED = "remove the waiver if what it held is fixed, or correct it if its address has changed"
EXPIRED = "remove the waiver and meet the policy, or have the risk accepted anew, with new dates"


def apply_waivers(
    findings: tuple[Finding, ...], waivers: Sequence[Entry], rules: Mapping[str, Policy], today: date
) -> tuple[tuple[Finding, ...], tuple[Waived, ...]]:
    """The findings that no waiver in force holds, followed by those about the waivers; and the waived ones."""
    held: dict[tuple[str, str, str], Waiver] = {}
    about: list[Finding] = []
    earlier: dict[tuple[str, str, str], Entry] = {}
    for entry in waivers:
        waiver, wrong = shaped(entry)
        if waiver:
            key = (waiver.policy, waiver.address, waiver.argument)
            problems = [*_dates(waiver, today), *_people(waiver), *_reach(waiver, findings, rules)]
            if key in earlier:
                problems.append(_repeated(waiver, earlier[key]))
            if not problems:
                held[key] = waiver
            earlier.setdefault(key, entry)
            wrong = tuple(problems)
        about.extend(_finding(entry, problem) for problem in wrong)
    holders = [(finding, _holder(finding, held)) for finding in findings]
    waived = (Waived(replace(f, state=State.WAIVED), f.state, by, (by.expires - today).days) for f, by in holders if by)
    return (*(finding for finding, by in holders if not by), *about), tuple(waived)


def _holder(finding: Finding, held: Mapping[tuple[str, str, str], Waiver]) -> Waiver | None:
    if _crashed(finding):
        return None
    where = (finding.policy_id, finding.resource_address)
    return held.get((*where, finding.argument)) or held.get((*where, ""))


def _crashed(finding: Finding) -> bool:
    """A crash is no answer: nobody knows what they would be accepting."""
    return finding.required == CRASHED.format(finding.policy_id)


def _dates(waiver: Waiver, today: date) -> Iterator[Problem]:
    length = (waiver.expires - waiver.created).days
    if length <= 0:
        yield Problem("expires", str(waiver.expires), f"a day after created = {waiver.created}")
    if length > LONGEST_DAYS:
        yield Problem("expires", str(waiver.expires), f"at most {LONGEST_DAYS} days after created = {waiver.created}")
    if waiver.created > today:
        yield Problem("created", str(waiver.created), f"a day that has begun; today is {today}")
    if waiver.expires < today:
        yield Problem("expires", str(waiver.expires), f"a day that is not over: expired, today is {today}", EXPIRED)


def _people(waiver: Waiver) -> Iterator[Problem]:
    if waiver.approver.casefold() == waiver.owner.casefold():
        yield Problem("approver", waiver.approver, REQUIRED["approver"])


def _reach(waiver: Waiver, findings: tuple[Finding, ...], rules: Mapping[str, Policy]) -> Iterator[Problem]:
    """Whether the waiver may hold something that this run found, and does."""
    policy = rules.get(waiver.policy)
    if policy is None:
        near = get_close_matches(waiver.policy, rules, n=1)
        yield Problem("policy", waiver.policy, REQUIRED["policy"] + (f"; the nearest is {near[0]}" if near else ""))
        return
    if not type(policy).waivable:
        remedy = f"remove the waiver; {type(policy).fix}"
        yield Problem("policy", waiver.policy, "a policy that may be waived: this one never is", remedy)
    there = {
        finding.argument
        for finding in findings
        if (finding.policy_id, finding.resource_address) == (waiver.policy, waiver.address) and not _crashed(finding)
    }
    if not there:
        requires = f"an address where {waiver.policy} finds something: unmatched"
        yield Problem("address", waiver.address, requires, UNMATCHED)
    elif waiver.argument and waiver.argument not in there:
        named = ", ".join(sorted(filter(None, there))) or "none, so leave the key out"
        yield Problem("argument", waiver.argument, f"an argument found there ({named}): unmatched", UNMATCHED)


def _repeated(waiver: Waiver, earlier: Entry) -> Problem:
    line = earlier.lines.get("", 0)
    place = f"; the first is at line {line}" if line else ""
    return Problem("policy", waiver.policy, f"one entry for a policy, an address and an argument{place}")


def _finding(entry: Entry, problem: Problem) -> Finding:
    return Finding(
        policy_id=RULE.policy_id,
        subject=RULE.subject,
        family=RULE.family,
        severity=RULE.severity,
        state=State.FAILED,
        resource_address=".".join(["waiver", *(safe(entry.values.get(key, "?")) for key in ("policy", "address"))]),
        construct_path="",
        file=entry.file,
        line=entry.lines.get(problem.key, entry.lines.get("", 0)),
        argument=problem.key,
        got=problem.got,
        required=problem.requires,
        fix=problem.fix,
        controls={},
    )
