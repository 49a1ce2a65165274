"""A baseline tells what changed since an earlier verdict, and decides nothing."""

from __future__ import annotations

import json

import pytest

from lib.errors import GateError
from lib.gate.baseline import compare, read_baseline
from lib.verdict_json import to_json

EARLIER = {"schema_version": 1, "stack": "s", "source_sha256": "0", "findings": []}


@pytest.fixture
def against(tmp_path, judged):
    """A verdict compared with one that is written and read back."""

    def comparison(verdict, earlier):
        (tmp_path / "verdict.json").write_text(to_json(earlier))
        return compare(verdict, read_baseline(tmp_path / "verdict.json"))

    return comparison


def counts(comparison):
    return len(comparison.new), len(comparison.fixed), len(comparison.unchanged)


def test_tells_new_fixed_and_unchanged(stack, judged, against):
    plain, short = judged(stack()), judged(stack(retention_in_days=30))
    assert counts(against(short, plain)) == (1, 0, 1)
    assert counts(against(plain, short)) == (0, 1, 1)
    assert against(short, plain).new[0].policy_id == "PG_LOG_RETENTION"


def test_another_value_is_another_finding(stack, judged, against):
    comparison = against(judged(stack(retention_in_days=30)), judged(stack(retention_in_days=7)))
    assert counts(comparison) == (1, 1, 1)


def test_another_file_and_moved_lines_make_nothing_new(stack, judged, against):
    comparison = against(judged(stack("moved.tf.json", indent=4)), judged(stack()))
    assert counts(comparison) == (0, 0, 1)


def test_a_waiver_fixes_nothing(stack, judged, against, entry):
    comparison = against(judged(stack(), entry()), judged(stack()))
    assert counts(comparison) == (0, 0, 1)
    comparison = against(judged(stack()), judged(stack(), entry()))
    assert counts(comparison) == (0, 0, 1)


def test_an_expired_waiver_is_new(stack, judged, against, entry):
    comparison = against(judged(stack(), entry(expires="2026-02-01")), judged(stack()))
    assert [match.policy_id for match in comparison.new] == ["PG_GATE_WAIVER"]


def test_a_second_finding_like_an_old_one_is_new(stack, judged, against):
    from dataclasses import replace

    verdict = judged(stack())
    comparison = against(replace(verdict, findings=verdict.findings * 2), verdict)
    assert counts(comparison) == (1, 0, 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "No such file"),
        ("", "Invalid JSON"),
        ("[" * 100_000, "Invalid JSON"),
        (b"\xff{}", "Invalid JSON"),
        ("[]", "object"),
        ("{}", "schema_version"),
        (json.dumps({**EARLIER, "schema_version": 3}), "schema_version"),
        (json.dumps({**EARLIER, "schema_version": "1"}), "schema_version"),
        (json.dumps({**EARLIER, "findings": {}}), "findings"),
        (json.dumps({**EARLIER, "findings": [{"policy_id": "PG_ENC_SQS"}]}), r"findings\.0\.resource_address"),
        (json.dumps({**EARLIER, "waived": [{}]}), r"waived\.0\.finding"),
    ],
)
def test_what_is_no_earlier_verdict_gives_no_verdict(tmp_path, text, reason):
    file = tmp_path / "verdict.json"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(GateError, match=rf"(?s)verdict\.json: .*{reason}.*requires a verdict\.json"):
        read_baseline(file)


def test_the_refusal_of_a_baseline_shows_none_of_its_values(tmp_path):
    (tmp_path / "verdict.json").write_text(json.dumps({**EARLIER, "stack": {"password": "hunter2hunter2"}}))
    with pytest.raises(GateError) as refused:
        read_baseline(tmp_path / "verdict.json")
    assert "hunter2" not in str(refused.value)


def test_the_gate_compares_with_the_verdict_that_it_is_about_to_replace(gate, stack, tmp_path):
    path, printed = stack(), tmp_path / "out.txt"
    earlier = tmp_path / "compliance_reports" / path.parent.name / "latest" / "verdict.json"
    gate(path)
    stack(retention_in_days=30)
    code, _, _ = gate(path, "--baseline", earlier, "-o", printed)
    assert code == 1
    assert "1 new, 0 fixed, 1 unchanged" in printed.read_text()
    assert "NEW FAILED PG_LOG_RETENTION" in printed.read_text()
    assert "NEW FAILED PG_ENC_LOGS" not in printed.read_text()
    assert json.loads(earlier.read_text())["baseline"]["new"][0]["policy_id"] == "PG_LOG_RETENTION"


def test_what_was_found_before_still_closes_the_gate(gate, stack, tmp_path):
    path = stack()
    gate(path, "--format", "json", "-o", tmp_path / "earlier.json")
    code, out, _ = gate(path, "--baseline", tmp_path / "earlier.json", "--format", "json")
    assert code == 1
    compared = json.loads(out)["baseline"]
    assert (compared["new"], compared["fixed"], len(compared["unchanged"])) == ([], [], 1)


def test_text_names_what_is_fixed(gate, stack, tmp_path):
    path = stack(retention_in_days=30)
    gate(path, "--format", "json", "-o", tmp_path / "earlier.json")
    stack()
    gate(path, "--baseline", tmp_path / "earlier.json", "-o", tmp_path / "out.txt")
    assert "fixed: PG_LOG_RETENTION aws_cloudwatch_log_group.raw" in (tmp_path / "out.txt").read_text()


def test_a_baseline_that_cannot_be_read_ends_the_gate_with_3(gate, stack, tmp_path):
    code, out, err = gate(stack(), "--baseline", tmp_path / "absent.json")
    assert (code, out) == (3, "")
    assert "absent.json" in err


def test_without_a_baseline_the_verdict_says_so(stack, judged):
    assert json.loads(to_json(judged(stack())))["baseline"] is None
