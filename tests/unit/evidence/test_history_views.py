from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from lib.evidence import history_csv, history_page
from lib.evidence.history import history_of
from lib.evidence.runs import keep_run
from tests.samples import HOSTILE, sample
from tests.unit.evidence.test_history import NET, A, B, verdict

TREND = history_of([verdict(0, A, NET), verdict(1, A), verdict(4, B, waived=sample().waived)])


def rows(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_the_page_tells_each_run_the_mean_the_waivers_and_what_is_open():
    page = history_page.render(TREND)
    for part in ("3 runs", "run-0", "run-4", "mean days to fix: 2.5", "RISK-123", "aws_sqs_queue.b"):
        assert part in page
    assert "aws_sqs_queue.a" not in page  # fixed: history-findings.csv has it


def test_the_page_draws_a_line_for_each_family_with_findings():
    page = history_page.render(TREND)
    assert page.count('class="edge flow"') == 2
    assert "ENC 2" in page
    assert "NET 0" in page


def test_a_history_without_findings_draws_nothing_and_says_so():
    page = history_page.render(history_of([verdict(0)]))
    assert "No run that is kept had a finding." in page
    assert "<svg" not in page


def test_the_page_loads_nothing_and_runs_nothing_whatever_the_values():
    found = replace(A, resource_address=HOSTILE, argument=HOSTILE, got=HOSTILE)
    held = replace(sample().waived[0], waiver=replace(sample().waived[0].waiver, owner=HOSTILE, ticket=HOSTILE))
    page = history_page.render(replace(history_of([verdict(0, found, waived=(held,))], [HOSTILE]), stack=HOSTILE))
    assert "default-src 'none'" in page
    for part in ("<script", "<img", "\u202e", "\x00", "\x1b"):
        assert part not in page


def test_a_long_history_shows_its_last_runs_and_points_to_the_table():
    page = history_page.render(history_of([verdict(day, A) for day in range(100)]))
    assert "The last 60 runs; history.csv has all 100." in page
    assert page.count('<th scope="row"><a') == 60


def test_the_tables_have_every_run_and_family_and_every_finding():
    runs, findings = rows(history_csv.runs(TREND)), rows(history_csv.findings(TREND))
    assert len(runs) == sum(len(point.counts) for point in TREND.points)
    assert {row["state"] for row in findings} == {"fixed", "open", "waived"}
    fixed = next(row for row in findings if row["resource"] == "aws_sqs_queue.a")
    assert (fixed["first seen"][:10], fixed["fixed"][:10], fixed["days open"]) == ("2026-03-01", "2026-03-05", "4.0")


def test_no_cell_is_a_formula():
    found = replace(A, resource_address="=cmd|' /C calc'!A0", got="@SUM(1)")
    (row,) = rows(history_csv.findings(history_of([verdict(0, found)])))
    assert row["resource"].startswith("'=")
    assert row["value"].startswith("'@")


@pytest.mark.parametrize("out", [None, "elsewhere"])
def test_the_verb_writes_them_beside_the_runs_or_where_it_is_told(cli, tmp_path, out):
    stack = tmp_path / "compliance_reports" / "sensor-dev"
    keep_run(stack, verdict(0, A), {}, lambda *_: {}, 100)
    code, _, told = cli("report", "--history", *(["-o", tmp_path / out] if out else []))
    place = tmp_path / out if out else stack
    assert code == 0
    assert str(place / "history.html") in told
    assert {path.name for path in place.glob("history*")} == {"history.html", "history.csv", "history-findings.csv"}
