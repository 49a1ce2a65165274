"""The gate fails closed: whatever a policy does wrong, or does not answer, is never a pass."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from lib.artifacts import Outcome, State
from lib.errors import GateError
from lib.gate import judge
from lib.gate.scan import load_policies, scan
from lib.gate.sources import read_source
from lib.gate.verdict import verdict_of
from lib.verdict_json import to_json
from policies.base import Judgement, Policy, Violation
from policies.terraform import CannotDecide

STACK = '{"resource": {"aws_sqs_queue": {"raw": {"name": "raw", "kms_master_key_id": "${var.key}"}}}}'


class Answer:
    """Stands in for what one policy yields."""

    def __init__(self, monkeypatch, behaviour):
        self.policy = load_policies()["PG_ENC_SQS"]
        monkeypatch.setattr(type(self.policy), "violations", behaviour)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "cdk.tf.json"
    path.write_text(STACK)
    return read_source(path)


def ask(monkeypatch, source, behaviour):
    policy = Answer(monkeypatch, behaviour).policy
    rules = {policy.id: policy}
    findings, passed = scan(source, rules)
    return verdict_of("s", source, rules, findings, passed)


def crash(_self, _conf):
    raise KeyError("secret value")
    yield


def undecided(_self, _conf):
    raise CannotDecide("kms_master_key_id", "${var.key}")
    yield


def fail_then_crash(_self, _conf):
    yield Violation("name", "raw", "another name")
    raise ValueError("later")


def test_a_crash_is_a_failure_that_names_the_place_and_no_value(monkeypatch, source):
    verdict = ask(monkeypatch, source, crash)
    assert verdict.outcome is Outcome.FAIL
    assert "crashed" in verdict.findings[0].required
    assert "test_scan.py" in verdict.findings[0].got
    assert "secret value" not in to_json(verdict)


def test_what_cannot_be_decided_is_undecided_and_no_pass(monkeypatch, source):
    verdict = ask(monkeypatch, source, undecided)
    assert verdict.outcome is Outcome.UNDECIDED
    assert verdict.outcome.exit_code == 3
    assert verdict.findings[0].state is State.UNDECIDED
    assert verdict.passed == ()


def test_a_failure_before_a_crash_is_kept(monkeypatch, source):
    verdict = ask(monkeypatch, source, fail_then_crash)
    assert {f.argument for f in verdict.findings} == {"name", ""}
    assert verdict.outcome is Outcome.FAIL


def test_a_policy_that_gives_no_answer_ends_without_a_verdict(monkeypatch, source):
    policy = load_policies()["PG_ENC_SQS"]
    monkeypatch.setattr(type(policy), "scan_entity_conf", lambda *_: None)
    with pytest.raises(GateError, match=r"PG_ENC_SQS gave no answer for aws_sqs_queue\.raw"):
        scan(source, {policy.id: policy})


def test_a_stale_answer_is_not_taken_for_a_new_one(monkeypatch, source):
    policy = load_policies()["PG_ENC_SQS"]
    policy.judgement = Judgement((), {})
    monkeypatch.setattr(type(policy), "scan_entity_conf", lambda *_: None)
    with pytest.raises(GateError):
        scan(source, {policy.id: policy})


def test_a_policy_file_that_does_not_load_ends_without_a_verdict(monkeypatch):
    def broken(name):
        raise SyntaxError("bad policy")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(GateError, match="does not load"):
        load_policies()


def test_a_folder_without_policies_ends_without_a_verdict(monkeypatch):
    monkeypatch.setattr(Policy, "catalogue", {})
    monkeypatch.setattr(pkgutil, "iter_modules", lambda _: [])
    with pytest.raises(GateError, match="no policy"):
        load_policies()


def test_the_verdict_lists_what_no_policy_judged(tmp_path):
    path = tmp_path / "x.tf.json"
    path.write_text('{"resource": {"null_resource": {"x": {}}, "aws_sqs_queue": {"raw": {}}}}')
    source, policy = read_source(path), load_policies()["PG_ENC_SQS"]
    verdict = verdict_of("s", source, {policy.id: policy}, *scan(source, {policy.id: policy}))
    assert verdict.uncovered == ("null_resource.x",)
    assert tuple(resource.address for resource in verdict.resources) == ("aws_sqs_queue.raw", "null_resource.x")


def test_the_same_input_gives_the_same_bytes(source):
    rules = load_policies()
    once, again = (to_json(verdict_of("s", source, rules, *scan(source, rules))) for _ in range(2))
    assert once == again


def test_a_verdict_without_a_single_pass_is_no_pass(source):
    assert verdict_of("s", source, {}, (), ()).outcome is Outcome.UNDECIDED


def test_a_module_whose_resources_are_elsewhere_is_undecided(tmp_path):
    path = tmp_path / "x.tf.json"
    path.write_text('{"resource": {"aws_kms_key": {"a": {}}}, "module": {"outside": {"source": "./outside"}}}')
    findings = judge(read_source(path), "s").findings
    named = [f for f in findings if (f.policy_id, f.resource_address) == ("PG_GATE_INPUT", "module.outside")]
    assert [f.state for f in named] == [State.UNDECIDED]
    assert "terraform init" in named[0].fix
