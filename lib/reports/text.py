"""The verdict for a person at a terminal: a table by family, then one block a finding, the most severe first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from lib.artifacts import Finding, Outcome, State, Verdict, Waived

COLOURS = {
    Outcome.PASS: "bold green",
    Outcome.FAIL: "bold red",
    Outcome.UNDECIDED: "bold yellow",
    State.FAILED: "red",
    State.UNDECIDED: "yellow",
    State.WAIVED: "cyan",
}
SENTENCES = {
    Outcome.PASS: "every policy is met by every resource it judges",
    Outcome.FAIL: "refused: see the findings",
    Outcome.UNDECIDED: "nothing failed, but the gate could not decide everything; undecided is not a pass",
}
PASS_WITH_WAIVERS = "no finding but the waived ones; waived is not passed"


def print_verdict(verdict: Verdict, console: Console) -> None:
    """Prints the whole verdict."""
    console.print(Group(*_parts(verdict)), soft_wrap=False)


def _parts(verdict: Verdict) -> Iterator[RenderableType]:
    passed_with_waivers = verdict.outcome is Outcome.PASS and verdict.waived
    sentence = PASS_WITH_WAIVERS if passed_with_waivers else SENTENCES[verdict.outcome]
    yield Text.assemble((verdict.outcome.value.upper(), COLOURS[verdict.outcome]), f"  {verdict.stack}: {sentence}")
    waived = f", {len(verdict.waived)} waived" if verdict.waived else ""
    yield Text(
        f"{len(verdict.resources)} resources, {len(verdict.policies)} policies, {len(verdict.passed)} passed, "
        f"{len(verdict.findings)} findings{waived}; {verdict.source} sha256:{verdict.source_sha256}"
    )
    yield Text(f"profile {verdict.profile}{_changes(verdict)}")
    if verdict.not_in_profile:
        left_out = ", ".join(policy.policy_id for policy in verdict.not_in_profile)
        yield Text(f"not in this profile: {left_out}", style="yellow")
    yield from _comparison(verdict)
    yield _families(verdict)
    if verdict.uncovered:
        yield Text(f"judged by no policy: {', '.join(verdict.uncovered)}", style="yellow")
    new = set(verdict.baseline.new) if verdict.baseline else set()
    for finding in verdict.findings:
        yield Text()
        yield _block(finding, new=finding.match in new)
    for item in verdict.waived:
        yield Text()
        yield _block(item.finding, new=item.finding.match in new)
        yield _waiver(item)


def _comparison(verdict: Verdict) -> Iterator[RenderableType]:
    against = verdict.baseline
    if against:
        counts = f"{len(against.new)} new, {len(against.fixed)} fixed, {len(against.unchanged)} unchanged"
        yield Text(f"against {against.stack} sha256:{against.source_sha256[:16]}: {counts}")
        for match in against.fixed:
            yield Text(f"  fixed: {match.policy_id} {match.resource_address} {match.argument}", style="green")


def _waiver(item: Waived) -> Text:
    waiver, days = item.waiver, f"{item.days_left} day{'s' if item.days_left != 1 else ''} left"
    return Text(
        f"  waived ({item.was.value} without it) until {waiver.expires}, {days}: {waiver.reason}\n"
        f"  owner {waiver.owner}, approved by {waiver.approver} on {waiver.created}, {waiver.ticket}\n"
        f"  meanwhile: {waiver.compensating_control}"
    )


def _changes(verdict: Verdict) -> str:
    """The thresholds that are not the profile's own."""
    changed = ", ".join(f"{name} = {json.dumps(verdict.thresholds[name])}" for name in verdict.changed_thresholds)
    return f", with {changed}" if changed else ", its own thresholds"


def _families(verdict: Verdict) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("family")
    headings = ("policies", "passed", "failed", "undecided", *(("waived",) if verdict.waived else ()))
    for heading in headings:
        table.add_column(heading, justify="right")
    states = Counter((finding.family, finding.state) for finding in verdict.findings)
    policies = Counter(policy.family for policy in verdict.policies)
    passed = Counter(item.family for item in verdict.passed)
    waived = Counter(item.finding.family for item in verdict.waived)
    for family in dict.fromkeys(policy.family for policy in verdict.policies):
        cells = [policies[family], passed[family], states[family, State.FAILED], states[family, State.UNDECIDED]]
        table.add_row(family, *map(str, [*cells, waived[family]][: len(headings)]))
    return table


def _block(finding: Finding, *, new: bool) -> Group:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    path = f" ({finding.construct_path})" if finding.construct_path else ""
    controls = ", ".join(f"{framework} {' '.join(ids)}" for framework, ids in list(finding.controls.items())[:3])
    head = Text.assemble(
        ("NEW " if new else "", "bold magenta"),
        (finding.state.value.upper(), COLOURS[finding.state]),
        (f" {finding.policy_id} ", "bold"),
        f"{finding.severity} {finding.resource_address}{path} {place}",
    )
    argument = f"{finding.argument} is " if finding.argument else "got "
    return Group(
        head,
        Text.from_markup(f"  {escape(argument + finding.got)}, requires {escape(finding.required)}"),
        Text(f"  fix: {finding.fix}" + (f"   [{controls}]" if controls else ""), style="dim"),
    )
