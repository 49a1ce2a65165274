from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lib.artifacts import Outcome, State
from lib.errors import ReportError
from lib.evidence.history import history_of, read_history
from lib.evidence.runs import keep_run
from tests.samples import POLICIES, finding, sample

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
A, B, C = (
    finding(POLICIES[2], State.FAILED, f"aws_sqs_queue.{name}", "kms_master_key_id", "absent", "a key")
    for name in "abc"
)
NET = finding(POLICIES[3], State.FAILED, "aws_security_group.x", "ingress", "0.0.0.0/0", "a source inside the VPC")


def verdict(day, *findings, waived=()):
    when = START + timedelta(days=day)
    outcome = Outcome.FAIL if findings else Outcome.PASS
    run = replace(sample().run, id=f"run-{day}", started=when, ended=when)
    return replace(sample(), outcome=outcome, findings=findings, waived=waived, run=run)


def test_each_run_tells_what_is_new_and_what_is_fixed_since_the_one_before():
    found = history_of([verdict(0, A, B), verdict(1, B, C), verdict(2)])
    assert [(point.new, point.fixed) for point in found.points] == [(2, 0), (1, 1), (0, 2)]
    assert [point.outcome for point in found.points] == [Outcome.FAIL, Outcome.FAIL, Outcome.PASS]


def test_days_to_fix_run_from_the_first_sight_to_the_first_run_without_it():
    found = history_of([verdict(0, A, B), verdict(1, B), verdict(5)])
    assert found.mean_days_to_fix() == pytest.approx((1 + 5) / 2)


def test_what_comes_back_is_open_anew():
    found = history_of([verdict(0, A), verdict(1), verdict(2, A)])
    assert [(one.seen, one.fixed) for one in found.findings] == [
        (START, START + timedelta(days=1)),
        (START + timedelta(days=2), None),
    ]


def test_the_mean_is_by_family_and_nothing_fixed_has_none():
    found = history_of([verdict(0, A, NET), verdict(4, NET)])
    assert found.mean_days_to_fix("ENC") == pytest.approx(4)
    assert found.mean_days_to_fix("NET") is None
    assert history_of([verdict(0, A)]).mean_days_to_fix() is None


def test_what_is_waived_stays_open():
    held = sample().waived[0]
    found = history_of([verdict(0, replace(held.finding, state=State.FAILED)), verdict(1, waived=(held,))])
    (one,) = found.findings
    assert (one.fixed, one.waived, one.days(START + timedelta(days=1))) == (None, True, pytest.approx(1))
    assert found.waived == (held,)


def test_a_run_that_cannot_be_read_is_named_and_the_others_are_told(tmp_path):
    stack = tmp_path / "s"
    for day in (0, 1):
        keep_run(stack, verdict(day, A), {}, lambda *_: {}, 100)
    next(stack.glob("20260301*/verdict.json")).write_text("{")
    found = read_history(stack)
    assert len(found.points) == 1
    assert "20260301" in found.unreadable[0]


def test_a_stack_without_a_run_has_no_history(tmp_path):
    with pytest.raises(ReportError, match="requires a run"):
        read_history(tmp_path)
    with pytest.raises(ValueError, match="no run"):
        history_of([])
