"""There is no ungated way in: what cdktf's own CLI runs writes no stack that the gate refuses."""

from __future__ import annotations

import pytest

from tests.unit.test_main import run

pytestmark = pytest.mark.slow


def test_a_stack_that_the_gate_refuses_is_not_written_and_its_findings_are_shown(tmp_path):
    ended = run("synth", "--outdir", tmp_path / "out", PLANTGUARD_THRESHOLD_LOG_RETENTION_DAYS="3653")
    assert ended.returncode == 1
    assert "PG_LOG_" in ended.stderr
    assert "nothing was written" in ended.stderr
    assert not (tmp_path / "out").exists()


def test_thresholds_that_are_weaker_write_nothing_unless_they_are_allowed(tmp_path):
    weaker = {"PLANTGUARD_THRESHOLD_ROTATION_DAYS": "90"}
    ended = run("synth", "--outdir", tmp_path / "out", **weaker)
    assert (ended.returncode, "rotation_days" in ended.stderr) == (1, True)
    assert not (tmp_path / "out").exists()
    assert run("synth", "--outdir", tmp_path / "out", "--allow-changed-thresholds", **weaker).returncode == 0
    assert (tmp_path / "out" / "manifest.json").exists()
