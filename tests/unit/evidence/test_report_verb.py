from __future__ import annotations

import pytest

from lib.evidence.runs import keep_run, read_verdict
from lib.reports import RENDERERS, view
from tests.samples import sample


@pytest.fixture
def run(tmp_path):
    return keep_run(tmp_path / "compliance_reports" / "sensor-dev", sample(), {}, lambda *_: {}, 100)[0]


@pytest.mark.parametrize("format_", [*RENDERERS, "json"])
def test_a_format_is_the_same_bytes_as_in_the_run(cli, run, tmp_path, format_):
    name = "verdict.json" if format_ == "json" else view(format_, read_verdict(run))[0]
    assert cli("report", run, "--format", format_, "-o", tmp_path / "out")[0] == 0
    assert (tmp_path / "out").read_bytes() == (run / name).read_bytes()


def test_all_formats_go_into_a_folder(cli, run, tmp_path):
    assert cli("report", "sensor-dev", "--format", "all", "-o", tmp_path / "out")[0] == 0
    there = {path.name: path.read_bytes() for path in run.iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == there


def test_standard_output_is_the_default_and_has_the_text(cli, run):
    code, printed, _ = cli("report")
    assert code == 0
    assert printed.startswith("FAIL  sensor-dev")
    assert cli("report", "--format", "markdown")[1].encode() == (run / "summary.md").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--format", "pdf"], "requires text, json, html"),
        (["--format", "all"], "requires a folder"),
        (["nowhere"], "sensor-dev"),
    ],
)
def test_a_wrong_request_is_told_what_is_required(cli, run, arguments, says):
    code, _, told = cli("report", *arguments)
    assert code == 2
    assert says in " ".join(told.replace("│", " ").split())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "no JSON"),
        ("[]", "schema_version None"),
        ('{"schema_version": 1}', "schema_version 1"),
        ('{"schema_version": 2}', "at outcome"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_verdict_that_cannot_be_read_is_a_message_and_no_traceback(cli, run, content, says):
    (run / "verdict.json").write_text(content)
    code, _, told = cli("report", run)
    assert code == 2
    assert told.startswith("ReportError: ")
    assert says in told
    assert len(told) < 500
