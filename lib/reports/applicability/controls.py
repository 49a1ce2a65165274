"""One sheet per framework: a row for every control of it that we know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from xlsxwriter.url import Url
from xlsxwriter.worksheet import Worksheet

from lib.reports.applicability.styles import Styles
from lib.reports.cells import cut, one_line
from lib.reports.control_rows import ControlRow, listed

NAME_LIMIT = 31
LINK_LIMIT = 2_000
"""Excel takes 2,080 characters."""
LINE_POINTS = 15.0
APPLICABLE = ("yes", "no")


def text(*lines: str) -> str:
    """A cell of these lines."""
    return cut("\n".join(one_line(line) for line in lines))


def evidence(row: ControlRow) -> Iterator[str]:
    """Which policies looked, what they gave, and which had nothing to look at."""
    one = row.assessment
    for policy in one.policies:
        yield f"{policy.policy_id}: accepts {policy.passed} of {policy.judged}"
    if one.policies:
        yield f"{row.passes} passed, {row.failed} failed, {row.undecided} undecided, {row.waived} waived"
    if one.contradicting:
        yield f"Contradicted by: {listed(policy.policy_id for policy in one.contradicting)}"
    if one.silent:
        yield f"Judged nothing: {listed(policy.policy_id for policy in one.silent)}"
    if one.practices:
        yield f"Running the gate: {listed(practice.title for practice in one.practices)}"
    if not (one.policies or one.contradicting):
        yield "No policy of this run looked at it."


def unseen(row: ControlRow) -> Iterator[str]:
    """What no result of the gate shows of this control."""
    for limit in row.assessment.limits:
        yield f"{limit.about}: {limit.reason} Needed: {limit.evidence}."
    if not (row.assessment.policies or row.assessment.contradicting):
        yield "All of it: nothing of this control was looked at."
    elif not row.assessment.limits:
        yield "Whether it works in operation."


COLUMNS: tuple[tuple[str, int, Callable[[ControlRow], str]], ...] = (
    ("Control", 12, lambda row: text(row.control.id)),
    ("Title", 28, lambda row: text(row.control.title)),
    ("Applicable", 11, lambda row: APPLICABLE[not row.control.applicable]),
    ("Why", 20, lambda row: text(row.control.why)),
    ("Responsibility", 14, lambda row: text(row.control.responsibility)),
    ("Status", 13, lambda row: row.status.value),
    ("Evidence", 38, lambda row: text(*evidence(row))),
    ("Evidence link", 13, lambda _: "the page"),
    ("What the gate cannot see", 38, lambda row: text(*unseen(row))),
    ("Owner", 22, lambda row: text(row.owner)),
    ("Confidence", 12, lambda row: text(row.assessment.confidence)),
)


def write_controls(sheet: Worksheet, rows: tuple[ControlRow, ...], styles: Styles) -> None:
    """The table, with a header that stays and a filter."""
    for column, (heading, width, _) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, styles.heading)
    for number, row in enumerate(rows, start=1):
        _write_row(sheet, number, row, styles)
    last = max(len(rows), 1)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, last, len(COLUMNS) - 1)
    sheet.data_validation(1, 2, last, 2, {"validate": "list", "source": list(APPLICABLE)})


def _write_row(sheet: Worksheet, number: int, row: ControlRow, styles: Styles) -> None:
    values = [of(row) for _, _, of in COLUMNS]
    sheet.set_row(number, height(zip(values, (width for _, width, _ in COLUMNS), strict=True)))
    for column, value in enumerate(values):
        heading = COLUMNS[column][0]
        if heading == "Evidence link" and len(row.href) <= LINK_LIMIT:
            sheet.write_url(number, column, _link(row.href, value), styles.link)
        else:
            sheet.write_string(number, column, value, styles.status[row.status] if heading == "Status" else styles.cell)


def _link(href: str, shown: str) -> Url:
    """A link to a place in a page beside the workbook."""
    page, _, place = href.partition("#")
    made = Url(f"external:{page}")
    made.text = shown
    made._anchor = place  # given with the page, each / of it would become the \ of a path
    return made


def height(cells: Iterable[tuple[str, int]]) -> float:
    """The height in points at which every cell (text, width in characters) is seen whole, up to what Excel allows.

    Excel would find it by itself; LibreOffice and viewers do not.
    """
    rows = max(sum(max(1, -(-len(part) // width)) for part in shown.split("\n")) for shown, width in cells)
    return min(LINE_POINTS * rows, 409.0)


def sheet_name(wanted: str, taken: set[str]) -> str:
    r"""A name as Excel allows it: 31 characters, none of []:*?/\, no apostrophe at an end, each once. taken: grows."""
    legal = re.sub(r"[\[\]:*?/\\]+", "-", one_line(wanted)).strip("' ") or "Framework"
    number = 1
    while True:
        suffix = f" ({number})" if number > 1 else ""
        made = legal[: NAME_LIMIT - len(suffix)].rstrip("' ") + suffix
        if made.lower() not in taken | {"history"}:
            taken.add(made.lower())
            return made
        number += 1
