"""The first sheet: what was assessed, how the workbook is read, and what it does not claim."""

from __future__ import annotations

from collections.abc import Iterator

from xlsxwriter.worksheet import Worksheet

from lib.artifacts import Verdict
from lib.reports.applicability.controls import height, text
from lib.reports.applicability.styles import Styles
from lib.reports.control_rows import NOT_STATED
from lib.reports.coverage import Coverage, Status

TITLE = "Statement of Applicability"
MEANINGS = {
    Status.FAILED: "A policy that is evidence for this control is not fulfilled by at least one resource.",
    Status.UNDECIDED: "Nothing failed, but a value could not be determined. Undecided is not a pass.",
    Status.WAIVED: "What was found is accepted by a named person until a date. Waived is not passed.",
    Status.CONTRADICTED: "A policy of ours asks for what this control advises against, and was fulfilled.",
    Status.NO_FINDING: "The policies that judged something found nothing. Touched is not met.",
    Status.NOT_ASSESSED: "No policy judged anything, so this run says nothing of the control.",
}
CLAIMS = (
    "Touched is not met: a policy is evidence for a part of a control, never for all of it.",
    "It shows design at one point in time. How anything works in operation needs other evidence, over a period.",
    "No security level is claimed: one belongs to a zone and needs every requirement of that level.",
    "The gate does not see controls outside the configuration, or inherited ones; who answers for them is listed.",
)
_SUMMARY = ("Framework", "Version", "Controls listed", *(status.value.capitalize() for status in Status))

_WIDTHS = (28, 76, 15, *(13 for _ in Status))


def write_cover(sheet: Worksheet, verdict: Verdict, covers: tuple[Coverage, ...], styles: Styles) -> None:
    """Title, facts, meanings, limits of the claim, and counts by framework."""
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, text(f"{TITLE}: {verdict.stack}"), styles.title)
    row = _pairs(sheet, 2, "What was assessed", _facts(verdict), styles)
    row = _meanings(sheet, row + 1, styles)
    row = _pairs(sheet, row + 1, "What it does not claim", (("", claim) for claim in CLAIMS), styles)
    row = _summary(sheet, row + 1, covers, styles)
    _pairs(sheet, row + 1, "IEC 62443-3-3", _levels(covers), styles)


def _facts(verdict: Verdict) -> Iterator[tuple[str, str]]:
    run, scope, versions = verdict.run, verdict.scope, verdict.versions
    uncommitted = {None: "no checkout", True: "with changes no commit holds", False: "without uncommitted changes"}
    yield "Outcome", verdict.outcome.value
    yield "Run", run.id
    yield "Started, ended (UTC)", f"{run.started:%Y-%m-%d %H:%M:%S}, {run.ended:%Y-%m-%d %H:%M:%S}"
    yield "Run by", f"{run.actor.name} ({run.actor.kind})" if run.actor.name else ""
    yield "Approved by", run.actor.approver
    yield "Environment, its class", ", ".join(filter(None, (scope.environment, scope.environment_class)))
    yield "Region, account", ", ".join(filter(None, (scope.region, scope.account)))
    yield "Owner", scope.owner
    yield "Input", f"{verdict.source} ({scope.form or NOT_STATED})"
    yield "SHA-256 of the input", verdict.source_sha256
    yield "Commit", f"{scope.commit}, {uncommitted[scope.uncommitted]}" if scope.commit else ""
    yield "Profile", verdict.profile
    yield "SHA-256 of the rule set", versions.rule_set_sha256
    yield "Tools", ", ".join(f"{name} {version}" for name, version in versions.tools.items())
    counts = f"{len(verdict.passed)} passes, {len(verdict.findings)} findings, {len(verdict.waived)} waived"
    yield "Results", f"{len(verdict.resources)} resources, {len(verdict.policies)} policies: {counts}"


def _pairs(sheet: Worksheet, row: int, heading: str, pairs: Iterator[tuple[str, str]], styles: Styles) -> int:
    """The first row after them; nothing is written where there are none."""
    made = list(pairs)
    if made:
        sheet.write_string(row, 0, heading, styles.heading)
        sheet.write_string(row, 1, "", styles.heading)
    for number, (name, value) in enumerate(made, start=row + 1):
        sheet.set_row(number, height(zip((text(name), text(value)), _WIDTHS, strict=False)))
        sheet.write_string(number, 0, text(name), styles.cell)
        sheet.write_string(number, 1, text(value) or NOT_STATED, styles.cell)
    return row + len(made) + 1


def _meanings(sheet: Worksheet, row: int, styles: Styles) -> int:
    row = _pairs(
        sheet, row, "How to read a status", ((status.value, said) for status, said in MEANINGS.items()), styles
    )
    for number, status in enumerate(MEANINGS, start=row - len(MEANINGS)):
        sheet.write_string(number, 0, status.value, styles.status[status])
    return row


def _summary(sheet: Worksheet, row: int, covers: tuple[Coverage, ...], styles: Styles) -> int:
    for column, heading in enumerate(_SUMMARY):
        sheet.write_string(row, column, heading, styles.heading)
    for number, cover in enumerate(covers, start=row + 1):
        version = f"{cover.framework.version}. {cover.framework.applicability} {cover.framework.notes}"
        sheet.set_row(number, height(zip((text(cover.framework.name), text(version)), _WIDTHS, strict=False)))
        sheet.write_string(number, 0, text(cover.framework.name), styles.cell)
        sheet.write_string(number, 1, text(version), styles.cell)
        for column, count in enumerate((len(cover.controls), *map(cover.count, Status)), start=2):
            sheet.write_number(number, column, count, styles.cell)
    return row + len(covers) + 1


def _levels(covers: tuple[Coverage, ...]) -> Iterator[tuple[str, str]]:
    # Beyond level 2 a configuration shows too little to be worth a number.
    for cover in covers:
        for level, touched, listed in cover.levels()[:2]:
            evidence = f"configuration evidence that touches {touched} of the {listed} requirements listed here"
            yield f"SL {level}", f"{evidence}; no level is claimed"
