"""How the workbook looks; a status is told by its word, and its colour only helps to find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from lib.reports.coverage import Status

Paint: TypeAlias = tuple[str, str]
"""Fill and letters, at least 7:1 apart."""

PAINTS: dict[Status, Paint] = {
    Status.FAILED: ("#F8D0CC", "#5F0F0A"),
    Status.UNDECIDED: ("#FFE8B3", "#4A3200"),
    Status.WAIVED: ("#D6E4F7", "#10305A"),
    Status.CONTRADICTED: ("#E6D9F2", "#3C1A5B"),
    Status.NO_FINDING: ("#E4EFE6", "#1B3D22"),
    Status.NOT_ASSESSED: ("#EDEDED", "#333333"),
}
_CELL = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
# Without the prefix a text that begins with = becomes a formula as soon as somebody edits its cell.
_TEXT = {"quote_prefix": True}


@dataclass(frozen=True)
class Styles:
    """Formats of one workbook."""

    title: Format
    heading: Format
    plain: Format
    cell: Format
    link: Format
    status: dict[Status, Format]

    @classmethod
    def of(cls, workbook: Workbook) -> Styles:
        """Those of a new workbook."""
        head = {**_CELL, "bold": True, "bg_color": "#1F3A4D", "font_color": "#FFFFFF"}
        return cls(
            title=workbook.add_format({"bold": True, "font_size": 16, **_TEXT}),
            heading=workbook.add_format({**head, **_TEXT}),
            plain=workbook.add_format({"text_wrap": True, "valign": "top", **_TEXT}),
            cell=workbook.add_format({**_CELL, **_TEXT}),
            link=workbook.add_format({**_CELL, **_TEXT, "font_color": "#0B4F8A", "underline": 1}),
            status={
                status: workbook.add_format({**_CELL, **_TEXT, "bold": True, "bg_color": fill, "font_color": letters})
                for status, (fill, letters) in PAINTS.items()
            },
        )
