"""Every adopted native policy is proved able to fire, through the real gate, and none of its silences is a pass."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import ClassVar

import pytest
from checkov.common.models.enums import CheckResult

from lib.artifacts import State
from lib.errors import GateError
from lib.gate import judge
from lib.gate.adopted import Adopted, _evidence, load_adopted
from lib.gate.catalogue import explanation
from lib.gate.scan import load_policies, load_rules, scan
from lib.gate.sources import read_source

FOLDER = Path(__file__).parent / "adopted"
RULES = load_adopted()
IDS = sorted(RULES)
FRAMEWORKS = {"aws-fsbp", "aws-securityhub", "nist-800-53-r5"}
FAMILIES = {policy.family for policy in load_policies().values()}


def judged(path: Path):
    rule = RULES[path.parent.name]
    source = read_source(path)
    findings, passed = scan(source, {rule.id: rule})
    return [block for block in source.configuration.blocks if rule.judges(block)], findings, passed


@pytest.mark.parametrize("id_", IDS)
def test_accepts_the_good_example(id_):
    blocks, findings, passed = judged(FOLDER / id_ / "good.tf.json")
    assert [(f.resource_address, f.argument, f.got) for f in findings] == []
    assert {item.resource_address for item in passed} == {block.address for block in blocks} != set()


@pytest.mark.parametrize("id_", IDS)
def test_fires_on_every_bad_example_and_says_undecided_where_it_cannot_know(id_):
    blocks, findings, passed = judged(FOLDER / id_ / "bad.tf.json")
    assert passed == ()
    states = {f.resource_address: f.state for f in findings}
    expected = {
        block.address: State.UNDECIDED if block.name.startswith("undecided_") else State.FAILED for block in blocks
    }
    assert states == expected
    assert State.FAILED in states.values()


@pytest.mark.parametrize("id_", IDS)
def test_a_finding_has_our_facts(id_):
    for finding in judged(FOLDER / id_ / "bad.tf.json")[1]:
        assert finding.policy_id == id_
        assert finding.severity in ("CRITICAL", "HIGH", "MEDIUM", "LOW")
        assert finding.fix == type(RULES[id_]).fix or finding.state is State.UNDECIDED
        assert finding.controls
        assert finding.got
        assert finding.required


def test_every_entry_has_both_examples_and_every_example_an_entry():
    assert {path.name for path in FOLDER.iterdir()} == set(RULES)
    for id_ in RULES:
        assert {path.name for path in (FOLDER / id_).iterdir()} == {"good.tf.json", "bad.tf.json"}


@pytest.mark.parametrize("id_", IDS)
def test_states_every_fact(id_):
    cls = type(RULES[id_])
    assert re.fullmatch(r"CKV_AWS_\d+", id_)
    assert RULES[id_].family in FAMILIES
    assert set(cls.controls) <= FRAMEWORKS
    assert len(cls.__doc__ or "") > 40
    assert cls.name in explanation(RULES[id_])


def test_an_id_that_checkov_no_longer_has_ends_without_a_verdict(tmp_path):
    file = tmp_path / "adopted.toml"
    file.write_text('[CKV_AWS_99999]\nfamily="ENC"\nseverity="LOW"\nwhy="w"\nfix="f"\ncontrols={x=["y"]}\n')
    with pytest.raises(GateError, match="Checkov has no resource policy CKV_AWS_99999"):
        load_adopted(file)


@pytest.mark.parametrize(
    "entry",
    [
        'severity="LOW"', 'family="ENC"\nseverity="SEVERE"\nwhy="w"\nfix="f"\ncontrols={x=["y"]}',
        'family="ENC"\nseverity="LOW"\nwhy="w"\nfix="f"\ncontrols={x=["y"]}\nseverty="LOW"',
        'family="ENC"\nseverity="LOW"\nwhy="w"\nfix="f"\ncontrols={x=["y"]}\nprofiles=["generc"]', "= broken",
        'family="ENC"\nseverity="LOW"\nwhy="w"\nfix="f"\ncontrols={x=["y"]}\nconfidence="sure"',
    ],
)  # fmt: skip
def test_an_incomplete_entry_ends_without_a_verdict(tmp_path, entry):
    file = tmp_path / "adopted.toml"
    file.write_text(f"[CKV_AWS_3]\n{entry}\n")
    with pytest.raises(GateError):
        load_adopted(file)


def states(tmp_path, arguments, id_="CKV_AWS_3", type_="aws_ebs_volume", **others):
    path = tmp_path / "x.tf.json"
    path.write_text(json.dumps({"resource": {type_: {"a": arguments}}, **others}))
    findings, passed = scan(read_source(path), {id_: RULES[id_]})
    return [f.state for f in findings] + [State.PASSED for _ in passed]


class Stub:
    """A native policy that answers as it is told."""

    evaluated_keys: tuple[str, ...] = ()

    def __init__(self, answer):
        self.answer = answer

    def get_evaluated_keys(self):
        return []

    def scan_entity_conf(self, conf, _type):
        return self.answer(conf)


def answers(monkeypatch, tmp_path, answer, arguments=None):
    monkeypatch.setattr(type(RULES["CKV_AWS_3"]), "native", Stub(answer))
    return states(tmp_path, arguments or {"encrypted": True})


def crash(_conf):
    raise KeyError("inside Checkov")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (lambda _: CheckResult.PASSED, State.PASSED), (lambda _: (CheckResult.PASSED, {}), State.PASSED),
        (lambda _: CheckResult.FAILED, State.FAILED), (lambda _: CheckResult.UNKNOWN, State.UNDECIDED),
        (lambda _: None, State.UNDECIDED), (lambda _: CheckResult.SKIPPED, State.UNDECIDED), (crash, State.UNDECIDED),
    ],
)  # fmt: skip
def test_only_a_pass_is_a_pass(monkeypatch, tmp_path, answer, state):
    assert answers(monkeypatch, tmp_path, answer) == [state]


def test_an_undecided_value_that_is_read_ends_the_judgement_even_where_checkov_swallows_the_error(
    monkeypatch, tmp_path
):
    def swallows(conf):
        try:
            return CheckResult.PASSED if conf["size"][0] == 1 else CheckResult.FAILED
        except Exception:
            return CheckResult.PASSED

    assert answers(monkeypatch, tmp_path, swallows, {"size": "${var.size}"}) == [State.UNDECIDED]


def test_an_undecided_value_that_is_not_read_does_not_matter(tmp_path):
    assert states(tmp_path, {"encrypted": True, "size": "${var.size}"}) == [State.PASSED]


def test_a_dynamic_block_that_is_read_is_undecided(tmp_path):
    dynamic = {"ebs_block_device": [{"for_each": "${var.disks}", "content": [{"encrypted": True}]}]}
    given = {"root_block_device": {"encrypted": True}, "dynamic": dynamic}
    assert states(tmp_path, given, "CKV_AWS_8", "aws_instance") == [State.UNDECIDED]


def test_whether_a_block_has_an_instance_is_no_question_for_a_native_policy(tmp_path):
    assert states(tmp_path, {"encrypted": True, "count": "${var.on ? 1 : 0}"}) == [State.PASSED]


def test_a_list_of_no_blocks_is_no_block(tmp_path):
    given = {"cluster_name": "m", "encryption_info": []}
    assert states(tmp_path, given, "CKV_AWS_81", "aws_msk_cluster") == [State.FAILED]


def test_a_block_that_a_variable_holds_is_judged_by_the_variables_default(tmp_path):
    options = {"metadata_options": "${var.options}"}
    known = {"variable": {"options": {"default": {"http_tokens": "optional"}}}}
    assert states(tmp_path, options, "CKV_AWS_79", "aws_instance", **known) == [State.FAILED]
    assert states(tmp_path, options, "CKV_AWS_79", "aws_instance") == [State.UNDECIDED]


def test_variables_with_a_default_and_locals_are_decided(tmp_path):
    variable = {"variable": {"on": {"default": True}}}
    assert states(tmp_path, {"encrypted": "${var.on}"}, **variable) == [State.PASSED]
    assert states(tmp_path, {"encrypted": "${local.on}"}, locals={"on": False}) == [State.FAILED]


def test_what_an_adopted_policy_reads_may_not_be_ignored_by_terraform(tmp_path):
    given = {"encrypted": True, "lifecycle": {"ignore_changes": ["encrypted"]}}
    assert states(tmp_path, given) == [State.FAILED]


def test_the_answer_about_one_configuration_is_none_about_the_next(monkeypatch, tmp_path):
    class Cached(Stub):
        answer_cache: ClassVar[dict[str, CheckResult]] = {}

        def scan_entity_conf(self, conf, _type):
            answer = CheckResult.PASSED if conf["encrypted"][0] else CheckResult.FAILED
            return self.answer_cache.setdefault("first", answer)

    monkeypatch.setattr(type(RULES["CKV_AWS_3"]), "native", Cached(None))
    assert states(tmp_path, {"encrypted": True}) == [State.PASSED]
    assert states(tmp_path, {"encrypted": False}) == [State.FAILED]


def test_the_verdict_counts_them_as_policies(tmp_path):
    path = tmp_path / "x.tf.json"
    path.write_text('{"resource": {"aws_ebs_volume": {"a": {"encrypted": true}}}}')
    verdict = judge(read_source(path), "s")
    volume = next(policy for policy in verdict.policies if policy.policy_id == "CKV_AWS_3")
    assert (volume.judged, volume.passed, volume.family) == (1, 1, "ENC")


def test_custom_policies_come_first_and_keep_their_ids():
    assert list(load_rules())[: len(load_policies())] == list(load_policies())
    assert all(isinstance(rule, Adopted) == rule.id.startswith("CKV_") for rule in load_rules().values())


def test_evidence_hides_credentials_and_shows_what_only_sounds_like_one(tmp_path):
    path = tmp_path / "x.tf.json"
    options = {"metadata_options": {"http_tokens": "optional"}}
    path.write_text(json.dumps({"resource": {"aws_instance": {"a": options}}}))
    findings, _ = scan(read_source(path), {"CKV_AWS_79": RULES["CKV_AWS_79"]})
    assert findings[0].got == "optional"
    assert _evidence("master_password", {"master_password": "hunter2"}) == "(not shown)"
    assert _evidence("user_data", {"user_data": "export KEY=hunter2"}) == "(not shown)"
