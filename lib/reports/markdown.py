"""The verdict in Markdown, for a comment on a pull request and for the summary of a job.

Whatever an input has a say in goes through `plain` or `code`, so that it can neither link, mention, nor be HTML.
Each list shows its first items and says how many it leaves out; index.html and verdict.json have all.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from lib.artifacts import Finding, Match, Outcome, State, Verdict, Waived
from lib.reports.coverage import Coverage, Status, coverage
from lib.reports.markdown_text import cell, code, plain
from lib.reports.severity import most_severe_first
from lib.reports.text import PASS_WITH_WAIVERS, SENTENCES

FILENAME = "summary.md"
MOST_BYTES = 65_536
"""GitHub's limit for a comment is as many characters; a summary of a job may have sixteen times that."""
MOST_ITEMS = 10
SOON_DAYS = 30
VIEWS = ("index.html", "verdict.json", "controls.csv", "statement-of-applicability.xlsx", "results.sarif", "junit.xml")
TOUCHED = (
    "Touched is not met: a policy that finds nothing is evidence for a part of a control, as a configuration shows it "
    "at one point in time. No control is claimed to be satisfied, and no security level to be achieved."
)
T = TypeVar("T")


def render(verdict: Verdict) -> str:
    """The summary: the verdict first, then what a reviewer decides on, then what the run is evidence for."""
    sections = ["\n".join(lines) for lines in _sections(verdict) if lines]
    kept: list[str] = []
    for section in sections:
        if sum(len(one.encode()) + 2 for one in (*kept, section)) > MOST_BYTES - 200:
            break
        kept.append(section)
    left_out = len(sections) - len(kept)
    if left_out:
        kept.append(f"{_number(left_out, 'section')} left out, since a comment may have {MOST_BYTES:,} characters.")
    return "\n\n".join(kept) + "\n"


def _sections(verdict: Verdict) -> Iterator[Sequence[str]]:
    findings = most_severe_first(verdict.findings)
    undecided = [finding for finding in findings if finding.state is State.UNDECIDED]
    soon = sorted((item for item in verdict.waived if item.days_left <= SOON_DAYS), key=lambda item: item.days_left)
    changed = [f"{name} = {json.dumps(verdict.thresholds.get(name))}" for name in verdict.changed_thresholds]
    left_out = [policy.policy_id for policy in verdict.not_in_profile]
    yield _head(verdict)
    yield _families(verdict)
    yield from _comparison(verdict)
    yield _listed("Most severe findings", findings, _finding)
    yield _listed("Undecided: not a pass", undecided, _undecided)
    yield _listed(f"Waivers that expire within {SOON_DAYS} days", soon, _waiver)
    yield _listed("Thresholds that are not the profile's own", changed, code)
    yield _listed("Resources that no policy judges", verdict.uncovered, code)
    yield _listed("Policies that the profile leaves out", left_out, code)
    yield from _frameworks(verdict)


def _head(verdict: Verdict) -> list[str]:
    passed_with_waivers = verdict.outcome is Outcome.PASS and verdict.waived
    sentence = PASS_WITH_WAIVERS if passed_with_waivers else SENTENCES[verdict.outcome]
    states = Counter(finding.state for finding in verdict.findings)
    silent = sum(not policy.judged for policy in verdict.policies)
    counts = (
        f"{len(verdict.resources)} resources; {len(verdict.policies)} policies, of which {silent} found nothing to "
        f"judge: {len(verdict.passed)} passed, "
        f"{states[State.FAILED]} failed, {states[State.UNDECIDED]} undecided, {len(verdict.waived)} waived."
    )
    ran = f", run {code(verdict.run.id)}" if verdict.run.id else ""
    return [
        f"## Plantguard: {verdict.outcome.value.upper()}",
        "",
        f"**{code(verdict.stack)}: {sentence}.** {counts}",
        "",
        f"Profile {code(verdict.profile)}, {code(verdict.source)} with SHA-256 {code(verdict.source_sha256)}{ran}.",
        "",
        " · ".join(f"[{view}]({view})" for view in VIEWS),
    ]


def _families(verdict: Verdict) -> list[str]:
    states = Counter((finding.family, finding.state) for finding in verdict.findings)
    policies = Counter(policy.family for policy in verdict.policies)
    passed = Counter(item.family for item in verdict.passed)
    waived = Counter(item.finding.family for item in verdict.waived)
    rows = (
        (family, policies[family], passed[family], states[family, State.FAILED], states[family, State.UNDECIDED])
        for family in sorted(policies)
    )
    return _table(
        ("family", "policies", "passed", "failed", "undecided", "waived"),
        ([code(family), *map(str, counts), str(waived[family])] for family, *counts in rows),
    )


def _comparison(verdict: Verdict) -> Iterator[Sequence[str]]:
    against = verdict.baseline
    if against:
        of = f"{code(against.stack)} with SHA-256 {code(against.source_sha256)}"
        counts = f"{len(against.new)} new, {len(against.fixed)} fixed, {len(against.unchanged)} unchanged"
        yield ["### Against the baseline", "", f"{counts}; compared with {of}."]
        yield _listed("New", against.new, _match)
        yield _listed("Fixed", against.fixed, _match)


def _frameworks(verdict: Verdict) -> Iterator[Sequence[str]]:
    covered = coverage(verdict)
    if not covered:
        return
    statuses = tuple(Status)
    heads = ("framework", "controls known", "touched", *statuses, "declared not applicable")
    yield ["### Frameworks", "", TOUCHED]
    yield _table(heads, (_framework(one, statuses) for one in covered))
    for one in covered:  # of IEC 62443-3-3; beyond SL 2 a configuration shows next to nothing
        levels = ", ".join(f"{touched} of {total} at SL {level}" for level, touched, total in one.levels()[:2])
        if levels:
            yield [f"{code(one.framework.name)}: touches {levels}, counting the requirements known here."]


def _framework(one: Coverage, statuses: Iterable[Status]) -> list[str]:
    framework, elsewhere = one.framework, sum(not each.control.applicable for each in one.controls)
    counts = (len(one.controls), len(one.touched), *(one.count(status) for status in statuses), elsewhere)
    return [code(f"{framework.name} {framework.version}"), *map(str, counts)]


def _finding(finding: Finding) -> str:
    path = f", {code(finding.construct_path)}" if finding.construct_path else ""
    return (
        f"{finding.severity} {finding.state.value} {code(finding.policy_id)} at {code(finding.resource_address)} "
        f"({_place(finding)}{path}): {_got(finding)}, requires {plain(finding.required)}. Fix: {plain(finding.fix)}"
    )


def _undecided(finding: Finding) -> str:
    return f"{code(finding.policy_id)} at {code(finding.resource_address)} ({_place(finding)}): {_got(finding)}"


def _place(finding: Finding) -> str:
    return code(f"{finding.file}:{finding.line}" if finding.line else finding.file)


def _got(finding: Finding) -> str:
    return f"{code(finding.argument)} is {code(finding.got)}" if finding.argument else f"got {code(finding.got)}"


def _match(match: Match) -> str:
    return f"{code(match.policy_id)} at {code(match.resource_address)} {code(match.argument)}".rstrip()


def _waiver(item: Waived) -> str:
    waiver, finding = item.waiver, item.finding
    return (
        f"{code(finding.policy_id)} at {code(finding.resource_address)} until {waiver.expires}, "
        f"{_number(item.days_left, 'day')} left: {plain(waiver.reason)}. Owner {code(waiver.owner)}, "
        f"approved by {code(waiver.approver)}, {code(waiver.ticket)}"
    )


def _listed(title: str, items: Sequence[T], line: Callable[[T], str]) -> list[str]:
    """The first items under a title, and how many more there are; nothing where there are none."""
    more = [f"- and {len(items) - MOST_ITEMS} more"] if len(items) > MOST_ITEMS else []
    return [f"### {title}", "", *(f"- {line(item)}" for item in items[:MOST_ITEMS]), *more] if items else []


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    ruler = ["---", *("---:" for _ in heads[1:])]
    return [f"| {' | '.join(cell(value) for value in row)} |" for row in (heads, ruler, *rows)]


def _number(count: int, of: str) -> str:
    return f"{count} {of}" if count == 1 else f"{count} {of}s"
