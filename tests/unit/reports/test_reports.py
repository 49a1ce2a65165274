from __future__ import annotations

from dataclasses import replace
from datetime import date

from rich.cells import cell_len
from rich.console import Console

from lib.artifacts import Comparison, Finding, Match, Outcome, Passed, State, Subject, Verdict, Waived, Waiver
from lib.reports.text import print_verdict

HOSTILE = "<script>alert(1)</script>[bold]\u202e"


def verdict(state: State | None = State.FAILED) -> Verdict:
    finding = Finding(
        policy_id="PG_ENC_SQS", subject="ENC.sqs", family="ENC", severity="MEDIUM", state=state or State.FAILED,
        resource_address=f"aws_sqs_queue.{HOSTILE}", construct_path="sensor/ingest/raw", file="cdk.tf.json", line=212,
        argument="kms_master_key_id", got=HOSTILE, required="a customer managed key", fix="pass key=",
        controls={"nist-800-53-r5": ("SC-13",)},
    )  # fmt: skip
    passed = Passed("PG_ENC_SQS", "ENC.sqs", "ENC", "MEDIUM", "aws_sqs_queue.good", "", {"kms_master_key_id": HOSTILE})
    outcome = {None: Outcome.PASS, State.FAILED: Outcome.FAIL, State.UNDECIDED: Outcome.UNDECIDED}[state]
    return Verdict(
        outcome=outcome, stack="sensor-dev", source="cdk.tf.json", source_sha256="0" * 64,
        profile="generic", thresholds={"rotation_days": 14, "log_retention_days": 365},
        changed_thresholds=("rotation_days",),
        findings=(finding,) if state else (), passed=(passed,),
        policies=(Subject("PG_ENC_SQS", "ENC.sqs", "ENC", "MEDIUM", "Ensure queue is encrypted", 2, 1),),
        not_in_profile=(Subject("PG_NAM_SUFFIX", "NAM.suffix", "NAM", "MEDIUM", "Ensure names end", 0, 0),),
        resources=("aws_sqs_queue.good",), uncovered=("null_resource.x",),
    )  # fmt: skip


def with_waiver() -> Verdict:
    """One new waived finding and a fixed one; every text is hostile."""
    waiver = Waiver(
        policy="PG_ENC_SQS", address=HOSTILE, argument="", reason=HOSTILE, owner=HOSTILE, approver=HOSTILE,
        ticket=HOSTILE, created=date(2026, 1, 1), expires=date(2026, 1, 3), compensating_control=HOSTILE,
    )  # fmt: skip
    judged = verdict()
    finding = replace(judged.findings[0], state=State.WAIVED)
    fixed = Match("PG_ENC_RDS", HOSTILE, HOSTILE, HOSTILE)
    return replace(
        judged, outcome=Outcome.PASS, findings=(), waived=(Waived(finding, State.FAILED, waiver, 1),),
        baseline=Comparison(HOSTILE, "1" * 64, new=(finding.match,), fixed=(fixed,), unchanged=()),
    )  # fmt: skip


def printed(judged: Verdict, width: int = 120) -> str:
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        print_verdict(judged, console)
    return captured.get()


def test_a_finding_says_where_what_it_got_what_it_requires_and_the_fix():
    text = printed(verdict())
    for part in (
        "FAILED PG_ENC_SQS MEDIUM",
        "cdk.tf.json:212",
        "requires a customer managed key",
        "fix: pass key=",
        "SC-13",
    ):
        assert part in text


def test_text_keeps_markup_in_values_as_text():
    assert "[bold]" in printed(verdict())


def test_text_names_each_outcome():
    assert printed(verdict(None)).startswith("PASS ")
    assert printed(verdict()).startswith("FAIL ")
    assert printed(verdict(State.UNDECIDED)).startswith("UNDECIDED ")


def test_text_fits_a_narrow_terminal():
    for judged in (verdict(), with_waiver()):
        assert max(map(cell_len, printed(judged, width=40).splitlines())) <= 40


def test_text_shows_who_answers_for_what_is_waived_and_how_long():
    text = printed(with_waiver())
    for part in ("NEW WAIVED PG_ENC_SQS", "1 waived", "until 2026-01-03, 1 day left", "failed without it", "[bold]"):
        assert part in text
    assert "every policy is met" not in text


def test_text_counts_what_changed_since_the_baseline():
    assert "1 new, 1 fixed, 0 unchanged" in printed(with_waiver())
    assert "fixed: PG_ENC_RDS" in printed(with_waiver())
    assert "unchanged" not in printed(verdict())


def test_text_names_the_profile_each_changed_threshold_and_what_was_left_out():
    assert "profile generic, with rotation_days = 14" in printed(verdict())
    assert "not in this profile: PG_NAM_SUFFIX" in printed(verdict())
