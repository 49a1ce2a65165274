"""The controls as CSV: complete, readable by Excel, and dead as text."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from lib.artifacts import Control, Verdict
from lib.reports import controls_csv
from lib.reports.cells import CUT, LIMIT, cut, inert
from tests.samples import HOSTILE, hostile, sample


def rows(verdict: Verdict) -> list[dict[str, str]]:
    made = controls_csv.render(verdict).removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(made, newline=""), strict=True))


def with_controls(*controls: Control) -> Verdict:
    return replace(sample(), frameworks=(replace(sample().frameworks[0], controls=controls),))


def test_every_control_of_every_framework_has_one_row() -> None:
    expected = [(of.id, control.id) for of in sample().frameworks for control in of.controls]
    assert [(row["framework"], row["control"]) for row in rows(sample())] == expected


def test_excel_reads_it_as_utf_8_with_lines_of_its_own_kind() -> None:
    made = controls_csv.render(sample())
    assert made.encode().startswith(b"\xef\xbb\xbf")
    assert made.count("\n") == made.count("\r\n") == len(rows(sample())) + 1


def test_a_row_counts_what_was_found_and_leads_to_the_page() -> None:
    (row,) = [row for row in rows(sample()) if row["control"] == "SC-28"]
    assert row["policies_run"] == "PG_ENC_LOGS, PG_ENC_SQS"
    assert [row[name] for name in ("status", "passes", "failed", "undecided", "waived")] == [
        "failed",
        "2",
        "1",
        "0",
        "1",
    ]
    assert row["evidence"] == "index.html#/control/nist-800-53-r5/SC-28"
    assert row["confidence"] == "medium"


def test_a_control_with_only_silent_policies_is_not_assessed() -> None:
    (row,) = [row for row in rows(sample()) if row["control"] == "SC-8"]
    assert (row["status"], row["policies_run"], row["policies_silent"]) == ("not assessed", "", "PG_TLS_IOT")


def test_a_waived_control_is_told_as_waived() -> None:
    assert {row["status"] for row in rows(sample()) if row["control"] == "AU-9(3)"} == {"waived"}


def test_a_link_is_written_as_a_browser_encodes_it() -> None:
    (row,) = rows(with_controls(Control("SR 4.1/RE(1) ü#?", "")))
    assert row["evidence"] == "index.html#/control/iso27001-2022/SR%204.1%2FRE(1)%20%C3%BC%23%3F"


@pytest.mark.parametrize(
    ("responsibility", "owner"),
    [
        ("ours", "plant-operations@example.com"),
        ("shared", "plant-operations@example.com"),
        ("aws", "AWS"),
        ("outside", "to be assigned by the organisation"),
    ],
)
def test_the_owner_follows_from_whose_the_control_is(responsibility: str, owner: str) -> None:
    assert rows(with_controls(Control("A.1", "", responsibility)))[0]["owner"] == owner


def test_an_owner_that_nobody_states_is_told_as_such() -> None:
    nobody = replace(sample(), scope=replace(sample().scope, owner=""))
    assert {row["owner"] for row in rows(nobody)} == {"not stated", "to be assigned by the organisation"}


@pytest.mark.parametrize(
    "first",
    ["=", "+", "-", "@", "\t=", "\r@", " =", "\u00a0+", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212", "\n-"],
)
def test_a_cell_never_begins_like_a_formula(first: str) -> None:
    (row,) = rows(with_controls(Control("A.1", f"{first}cmd|'/c calc'!A1")))
    assert row["title"][0] in "'\\"  # an apostrophe, or the mark of what cannot be seen


@pytest.mark.parametrize("text", ["x;=1+1", "x; @SUM(1)", "x;;+1", "x;\t=1", "x;\uff1d1"])
def test_no_formula_follows_a_semicolon_where_excel_splits_at_those(text: str) -> None:
    made = inert(text)
    assert all(not part.strip().startswith(("=", "+", "-", "@", "\uff1d")) for part in made.split(";"))


@pytest.mark.parametrize("text", ["SC-28", "a - b", "mail@example.com", ""])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize("text", [HOSTILE, "x" * 100_000, "\x00\ud800\u202e", '","\r\n"='])
def test_hostile_text_keeps_to_its_cell(text: str) -> None:
    hostile_row = Control(f"A.1{text}", text, why=text)
    made = rows(replace(with_controls(hostile_row), scope=hostile(text).scope))
    assert len(made) == 1
    assert set(made[0]) == set(controls_csv.COLUMNS)
    assert not [value for value in made[0].values() if any(char < " " or char == "\u202e" for char in value)]
    controls_csv.render(replace(with_controls(hostile_row))).encode()


def test_a_long_text_is_cut_with_a_sentence_that_says_so() -> None:
    made = cut("\U0001f600" * LIMIT)
    assert made.endswith(CUT)
    assert len(made.encode("utf-16-le")) // 2 <= LIMIT
    assert cut("x" * LIMIT) == "x" * LIMIT
