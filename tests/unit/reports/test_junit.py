from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
from xmlschema import XMLSchema

from lib.artifacts import State, Verdict
from lib.reports import junit
from tests.samples import UNTOUCHED, hostile, large, passing, sample

SCHEMA = XMLSchema(Path(__file__).parents[2] / "golden" / "schemas" / "junit-10.xsd")


def parsed(verdict: Verdict) -> Element:
    return fromstring(junit.render(verdict).encode())


def case(verdict: Verdict, name: str) -> Element:
    (found,) = [each for each in parsed(verdict).iter("testcase") if each.get("name") == name]
    return found


@pytest.mark.parametrize(
    "made",
    [sample, passing, hostile, lambda: hostile("x" * 100_000), lambda: large(200)],
    ids=["sample", "passing", "hostile", "long", "large"],
)
def test_keeps_to_the_schema_that_jenkins_uses(made: Callable[[], Verdict]):
    SCHEMA.validate(junit.render(made()))


def test_the_schema_would_notice_a_wrong_element():
    assert not SCHEMA.is_valid(junit.render(sample()).replace("<skipped", "<waived").replace("</skipped", "</waived"))


def test_there_is_one_case_for_each_policy_and_resource_and_one_for_each_silent_policy():
    verdict = sample()
    found = [*verdict.findings, *(item.finding for item in verdict.waived), *verdict.passed]
    names = {f"{item.policy_id} {item.resource_address}" for item in found} | {"PG_TLS_IOT"}
    shown = [each.get("name") for each in parsed(verdict).iter("testcase")]
    assert sorted(shown) == sorted(names)


def test_failed_is_a_failure_that_says_what_it_requires_where_and_the_fix():
    failure = case(sample(), "PG_ENC_SQS aws_sqs_queue.raw").find("failure")
    assert failure is not None
    assert failure.get("message") == "HIGH: kms_master_key_id is absent, requires a customer managed key"
    for told in ("cdk.tf.json:87", "fix: How PG_ENC_SQS is met.", "SC-28(1)"):
        assert told in (failure.text or "")


def test_undecided_is_an_error():
    assert case(sample(), "PG_DES_CLASS_GUARD aws_db_instance.readings").find("error") is not None


def test_waived_is_skipped_and_names_who_answers_for_it_until_when():
    skipped = case(sample(), "PG_ENC_LOGS aws_cloudwatch_log_group.pilot").find("skipped")
    assert skipped is not None
    for told in ("waived until 2026-04-01", "ciso@example.com", "RISK-123", "the pilot line holds no readings"):
        assert told in (skipped.text or "")


def test_a_policy_that_judged_nothing_is_skipped_for_absence_is_not_green():
    skipped = case(sample(), "PG_TLS_IOT").find("skipped")
    assert skipped is not None
    assert (skipped.get("message") or "").startswith("nothing to judge")


def test_a_pass_shows_its_evidence():
    passed = case(sample(), "PG_DES_KMS_WINDOW aws_kms_key.data")
    assert passed.findtext("system-out") == '{"deletion_window_in_days": 7}'


def test_the_worst_of_several_findings_at_a_resource_is_what_its_case_shows():
    failed = sample().findings[1]
    undecided = replace(failed, state=State.UNDECIDED, argument="kms_data_key_reuse_period_seconds")
    both = replace(sample(), findings=(undecided, failed, replace(failed, argument="policy")))
    (shown,) = case(both, "PG_ENC_SQS aws_sqs_queue.raw")
    assert shown.tag == "failure"
    assert "policy is absent" in (shown.text or "")


@pytest.mark.parametrize("made", [sample, lambda: large(100)], ids=["sample", "large"])
def test_the_counts_are_those_of_the_cases(made: Callable[[], Verdict]):
    root = parsed(made())
    for element in (root, *root.findall("testsuite")):
        counted = {name: str(len(list(element.iter(tag)))) for name, tag in (
            ("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))}  # fmt: skip
        assert {name: element.get(name, counted[name]) for name in counted} == counted


def test_each_suite_carries_what_ties_it_to_its_run():
    for suite in parsed(sample()).iter("testsuite"):
        told = {each.get("name"): each.get("value") for each in suite.iter("property")}
        assert (told["run"], told["source_sha256"]) == (sample().run.id, "ab" * 32)
        assert told["policies_not_in_profile"] == "PG_NAM_SUFFIX"


def test_characters_that_xml_forbids_are_shown():
    text = junit.render(hostile("\x00\x1b\ud800\uffff\u202e"))
    assert "\\u{0000}\\u{001B}\\u{D800}\\u{FFFF}\\u{202E}" in text


def test_a_run_that_nobody_stamped_claims_no_time():
    assert "timestamp" not in junit.render(replace(sample(), run=UNTOUCHED))
