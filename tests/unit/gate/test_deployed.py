"""A plan against what is deployed already knows ARNs and ids; beside its sources it is judged as the first one was."""

from __future__ import annotations

import json

from lib.gate import judge
from lib.gate.sources import read_source
from tests.unit.conftest import PROVIDER, TODAY

ARN = "arn:aws:sns:eu-west-1:123456789012:alarms-dev"
ALARM = {
    "alarm_name": "queue-dev",
    "comparison_operator": "GreaterThanThreshold",
    "evaluation_periods": 1,
    "metric_name": "m",
    "namespace": "n",
    "period": 60,
    "statistic": "Sum",
    "threshold": 1,
}
CONFIGURATION = {
    "provider": PROVIDER,
    "resource": {
        "aws_sns_topic": {"alarms": {"name": "alarms-dev"}},
        "aws_cloudwatch_metric_alarm": {"queue": {**ALARM, "alarm_actions": ["${aws_sns_topic.alarms.arn}"]}},
        "aws_elasticache_user": {"login": {"user_id": "l-dev", "authentication_mode": [{"type": "iam"}]}},
    },
}


def entry(type_, name, values, sensitive):
    change = {
        "actions": ["no-op"],
        "before": values,
        "after": values,
        "after_unknown": {},
        "after_sensitive": sensitive,
    }
    return {"address": f"{type_}.{name}", "mode": "managed", "type": type_, "name": name, "change": change}


def findings(tmp_path, actions):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "cdk.tf.json").write_text(json.dumps(CONFIGURATION))
    login = {"user_id": "l-dev", "id": "l-dev", "authentication_mode": [{"type": "iam", "passwords": []}]}
    changes = [
        entry("aws_sns_topic", "alarms", {"name": "alarms-dev", "arn": ARN, "id": ARN}, {}),
        entry("aws_cloudwatch_metric_alarm", "queue", {**ALARM, "alarm_actions": actions, "id": "queue-dev"}, {}),
        entry("aws_elasticache_user", "login", login, {"authentication_mode": [{"passwords": True}]}),
    ]
    document = {"format_version": "1.2", "resource_changes": changes, "configuration": {"root_module": {}}}
    (tmp_path / "plan.json").write_text(json.dumps(document))
    verdict = judge(read_source(tmp_path / "plan.json", tmp_path / "c"), "s", (), TODAY)
    return {(finding.policy_id, finding.argument) for finding in verdict.findings}


def test_an_arn_that_is_known_still_leads_to_the_resource_that_has_it(tmp_path):
    assert not {pair for pair in findings(tmp_path, [ARN]) if pair[0] == "PG_LOG_ALARMS" and pair[1] == "alarm_actions"}


def test_an_arn_of_something_else_is_noticed(tmp_path):
    found = findings(tmp_path, [f"{ARN}-of-others"])
    assert "PG_GATE_INPUT" in {policy for policy, _ in found}


def test_an_empty_secret_is_none(tmp_path):
    found = findings(tmp_path, [ARN])
    assert not {pair for pair in found if "passwords" in pair[1]}
