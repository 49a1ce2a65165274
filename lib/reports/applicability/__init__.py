"""The Statement of Applicability as a workbook: a cover, then one sheet per framework."""

from __future__ import annotations

import io

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from lib.artifacts import Verdict
from lib.reports.applicability.controls import sheet_name, write_controls
from lib.reports.applicability.cover import TITLE, write_cover
from lib.reports.applicability.styles import Styles
from lib.reports.control_rows import control_rows

FILENAME = "statement-of-applicability.xlsx"
_A4 = 9
# Whatever a text looks like, it stays a text.
_TEXT_ONLY = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def render(verdict: Verdict) -> bytes:
    """The workbook; it says that it was made when the run ended, so that the same verdict gives the same bytes."""
    made = io.BytesIO()
    with Workbook(made, {"in_memory": True, **_TEXT_ONLY}) as workbook:
        workbook.set_properties({"title": TITLE, "created": verdict.run.ended})
        styles = Styles.of(workbook)
        frameworks = control_rows(verdict)
        cover = workbook.add_worksheet("Cover")
        write_cover(cover, verdict, tuple(cover for cover, _ in frameworks), styles)
        _printed(cover)
        taken = {"cover"}
        for coverage, rows in frameworks:
            sheet = workbook.add_worksheet(sheet_name(coverage.framework.name, taken))
            write_controls(sheet, rows, styles)
            _printed(sheet)
            sheet.repeat_rows(0)
    return made.getvalue()


def _printed(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.4, right=0.4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&RPage &P of &N")
