"""The Statement of Applicability: a workbook that opens as it should, with text that is nothing but text."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from lib.artifacts import Control, Verdict
from lib.reports import applicability
from lib.reports.applicability.controls import COLUMNS, height, sheet_name
from lib.reports.applicability.cover import MEANINGS
from lib.reports.applicability.styles import PAINTS
from lib.reports.cells import CUT, LIMIT
from lib.reports.coverage import Status
from tests.samples import HOSTILE, hostile, sample

NIST_SHEET = "NIST SP 800-53"


def workbook(verdict: Verdict) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(applicability.render(verdict)))


def table(sheet: Worksheet) -> dict[str, dict[str, str]]:
    """Control id -> heading -> what its cell shows."""
    header, *lines = sheet.iter_rows(values_only=True)
    return {line[0]: {str(name): value or "" for name, value in zip(header, line, strict=True)} for line in lines}


def texts(made: Workbook) -> list[str]:
    return [str(cell.value) for sheet in made for row in sheet.iter_rows() for cell in row if cell.value]


def test_there_is_a_cover_and_a_sheet_for_each_framework() -> None:
    names = ["Cover", "ISO-IEC 27001 Annex A", "IEC 62443-3-3", NIST_SHEET, "PCI DSS"]
    assert workbook(sample()).sheetnames == names


def test_every_control_has_a_row_with_status_evidence_and_what_stays_unseen() -> None:
    rows = table(workbook(sample())[NIST_SHEET])
    nist = next(of for of in sample().frameworks if of.name == NIST_SHEET)
    assert list(rows) == [control.id for control in nist.controls]
    assert rows["SC-28"]["Status"] == "failed"
    assert rows["SC-28"]["Evidence"].splitlines() == [
        "PG_ENC_LOGS: accepts 1 of 2",
        "PG_ENC_SQS: accepts 1 of 2",
        "2 passed, 1 failed, 0 undecided, 1 waived",
    ]
    assert rows["IA-5(1)"]["What the gate cannot see"].startswith("Whether a rotation has succeeded: ")
    assert rows["CA-7"]["Evidence"].startswith("Running the gate: Results feed the compliance review")


def test_a_control_with_only_silent_policies_is_not_assessed() -> None:
    row = table(workbook(sample())[NIST_SHEET])["SC-8"]
    assert (row["Status"], row["Confidence"]) == ("not assessed", "")
    assert row["Evidence"] == "Judged nothing: PG_TLS_IOT\nNo policy of this run looked at it."


def test_what_does_not_apply_says_why() -> None:
    row = table(workbook(sample())["PCI DSS"])["1.3.1"]
    assert (row["Applicable"], row["Why"]) == ("no", "no card data")


def test_evidence_links_to_the_page_of_the_control() -> None:
    sheet = workbook(sample())["IEC 62443-3-3"]
    column = [name for name, _, _ in COLUMNS].index("Evidence link") + 1
    link = sheet.cell(3, column).hyperlink
    assert (link.target, link.location) == ("index.html", "/control/iec-62443-3-3/SR%201.5")


def test_a_table_can_be_filtered_and_printed_with_its_header() -> None:
    sheet = workbook(sample())[NIST_SHEET]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:K11"
    assert (sheet.print_title_rows, sheet.page_setup.orientation) == ("$1:$1", "landscape")
    assert (
        sheet.page_setup.fitToWidth or 1,
        sheet.page_setup.fitToHeight,
        sheet.sheet_properties.pageSetUpPr.fitToPage,
    ) == (1, 0, True)
    assert sheet.oddFooter.right.text == "Page &P of &N"
    assert sheet.data_validations.dataValidation[0].formula1 == '"yes,no"'


def test_a_status_is_told_by_its_word_and_its_colour() -> None:
    rows = workbook(sample())[NIST_SHEET].iter_rows(min_row=2)
    shown = {row[5].value: row[5].fill.fgColor.rgb.removeprefix("FF") for row in rows}
    assert shown == {status.value: PAINTS[status][0].removeprefix("#") for status in Status if status in shown}


@pytest.mark.parametrize("status", Status)
def test_letters_stand_out_from_the_fill_of_every_status(status: Status) -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    fill, letters = map(luminance, PAINTS[status])
    assert (fill + 0.05) / (letters + 0.05) >= 7


def test_the_cover_tells_scope_run_and_every_status() -> None:
    shown = texts(workbook(sample()))
    assert {"123456789012", "eu-west-1"} <= set(", ".join(shown).split(", "))
    assert {sample().run.id, sample().source_sha256, "cd" * 32, *(status.value for status in Status)} <= set(shown)
    assert set(MEANINGS) == set(Status)


def test_no_security_level_is_claimed() -> None:
    shown = texts(workbook(sample()))
    evidence = "configuration evidence that touches 3 of the 5 requirements listed here; no level is claimed"
    assert evidence in shown
    assert not {"SL 3", "SL 4"} & set(shown)


@pytest.mark.parametrize(
    "text", [HOSTILE, "=1+1", "@SUM(A1)", "x" * 100_000, "\x00\ud800\ufffe\u202e", "http://x.example/"]
)
def test_hostile_text_is_a_text_cell_never_a_formula_or_a_link(text: str) -> None:
    frameworks = tuple(
        replace(of, name=f"{text}{of.name}", controls=(Control(f"{text}1", text, why=text), *of.controls))
        for of in sample().frameworks
    )
    scope = replace(hostile(text).scope, environment=text, owner=text)
    made = workbook(replace(hostile(text), stack=text, frameworks=frameworks, scope=scope))
    cells = [cell for sheet in made for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert {cell.quotePrefix for cell in cells if cell.data_type == "s"} == {True}
    assert {cell.hyperlink.target for cell in cells if cell.hyperlink} == {"index.html"}
    assert not [cell for cell in cells if isinstance(cell.value, str) and set(cell.value) & set("\x00\x1b\u202e")]


def test_a_text_that_no_cell_holds_is_cut_with_a_sentence() -> None:
    cells = texts(workbook(hostile("\U0001f600" * 100_000)))
    assert [cell for cell in cells if cell.endswith(CUT)]
    assert max(len(cell.encode("utf-16-le")) // 2 for cell in cells) <= LIMIT


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("ISO/IEC [27001]: *?\\", "ISO-IEC -27001- -"),
        ("x" * 40, "x" * 31),
        ("'quoted'", "quoted"),
        ("", "Framework"),
        ("History", "History (2)"),
        ("COVER", "COVER (2)"),
    ],
)
def test_a_sheet_has_a_name_that_excel_allows(wanted: str, expected: str) -> None:
    assert sheet_name(wanted, {"cover"}) == expected


def test_sheets_that_would_share_a_name_are_numbered() -> None:
    taken: set[str] = set()
    assert [sheet_name("x" * 40, taken) for _ in range(3)] == ["x" * 31, "x" * 27 + " (2)", "x" * 27 + " (3)"]


def test_a_row_is_as_high_as_its_longest_cell_up_to_what_excel_allows() -> None:
    assert height([("short", 10), ("x" * 25, 10), ("a\nb", 10)]) == 45
    assert height([("x" * 100_000, 10)]) == 409


def test_the_workbook_is_of_the_time_at_which_the_run_ended() -> None:
    made = workbook(sample())
    assert made.properties.created == made.properties.modified == sample().run.ended.replace(tzinfo=None)
    with zipfile.ZipFile(io.BytesIO(applicability.render(sample()))) as parts:
        assert {part.date_time[0] for part in parts.infolist()} == {1980}


def test_another_process_elsewhere_on_earth_writes_the_same_bytes() -> None:
    code = "import sys; from lib.reports import applicability as a; from tests.samples import sample; "
    code += "sys.stdout.buffer.write(a.render(sample()))"
    zone = {**os.environ, "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"}
    root = Path(__file__).parents[3]
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=zone, cwd=root).stdout
    assert made == applicability.render(sample())
