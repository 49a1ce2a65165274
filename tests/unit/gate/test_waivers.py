"""Waived is neither passed nor forgotten, and a waiver that is wrong in any way closes the gate."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from lib.artifacts import Outcome, State
from lib.errors import GateError
from lib.gate.scan import load_policies
from lib.gate.sources import read_source
from lib.gate.waiver_file import read_waivers
from lib.gate.waivers import apply_waivers
from lib.reports import html
from lib.verdict_json import to_json
from policies.base import Violation

TODAY = date(2026, 3, 1)
CANARY = "Zk93canaryPLAIN51xqQ7"


def about_waivers(verdict):
    return [finding for finding in verdict.findings if finding.policy_id == "PG_GATE_WAIVER"]


def test_a_waived_finding_is_neither_a_finding_nor_passed(stack, judged, entry):
    verdict = judged(stack(), entry())
    assert verdict.outcome is Outcome.PASS
    assert verdict.findings == ()
    assert "PG_ENC_LOGS" not in {item.policy_id for item in verdict.passed}
    (item,) = verdict.waived
    assert (item.finding.policy_id, item.finding.state, item.was) == ("PG_ENC_LOGS", State.WAIVED, State.FAILED)
    assert (item.days_left, item.waiver.owner) == (31, "plant-operations@example.com")


def test_what_is_waived_counts_as_judged_and_not_as_passed(stack, judged, entry):
    verdict = judged(stack(), entry())
    policy = next(policy for policy in verdict.policies if policy.policy_id == "PG_ENC_LOGS")
    assert (policy.judged, policy.passed) == (1, 0)
    assert verdict.uncovered == ()


def test_what_is_undecided_can_be_waived(stack, judged, entry):
    path = stack(kms_key_id="${var.key}")
    assert judged(path).outcome is Outcome.UNDECIDED
    verdict = judged(path, entry(), entry(policy='"PG_REG_ARN_REGION"'))
    assert verdict.outcome is Outcome.PASS
    assert {item.was for item in verdict.waived} == {State.UNDECIDED}


def test_a_waiver_holds_for_its_own_argument_only(stack, judged, entry):
    verdict = judged(stack(), entry(argument='"kms_key_id"'))
    assert verdict.outcome is Outcome.PASS
    verdict = judged(stack(), entry(argument='"name"'))
    assert [finding.policy_id for finding in verdict.findings] == ["PG_GATE_WAIVER", "PG_ENC_LOGS"]
    assert "kms_key_id" in verdict.findings[0].required


def test_a_waiver_holds_for_its_own_policy_only(stack, judged, entry):
    verdict = judged(stack(retention_in_days=30), entry())
    assert [finding.policy_id for finding in verdict.findings] == ["PG_LOG_RETENTION"]
    assert len(verdict.waived) == 1


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"expires": "2026-02-28"}, "expires"),
        ({"created": "2026-03-02"}, "created"),
        ({"created": "2026-03-01", "expires": "2026-03-01"}, "expires"),
        ({"created": "2025-12-01", "expires": "2026-12-02"}, "expires"),
        ({"created": "2026-01-01T00:00:00Z"}, "created"),
        ({"expires": '"2026-04-01"'}, "expires"),
        ({"approver": '"Plant-Operations@example.com  "'}, "approver"),
        ({"approver": '"  "'}, "approver"),
        ({"reason": '""'}, "reason"),
        ({"reason": '"a \\u202e b"'}, "reason"),
        ({"ticket": "7"}, "ticket"),
        ({"compensating_control": None}, "compensating_control"),
        ({"owner": None}, "owner"),
        ({"argument": '""'}, "argument"),
        ({"argument": '"*"'}, "argument"),
        ({"reasn": '"x"'}, ""),
        ({"address": '""'}, "address"),
        ({"address": '"*"'}, "address"),
        ({"address": '"aws_cloudwatch_log_group"'}, "address"),
        ({"address": '"aws_cloudwatch_log_group.*"'}, "address"),
        ({"address": '"aws_cloudwatch_log_group.r?w"'}, "address"),
        ({"address": '"aws_cloudwatch_log_group.raw[*]"'}, "address"),
        ({"address": '"aws_cloudwatch_log_group.raw.+"'}, "address"),
        ({"address": '["aws_cloudwatch_log_group.raw"]'}, "address"),
        ({"address": '"aws_cloudwatch_log_group.other"'}, "address"),
        ({"policy": '"PG_ENC_*"'}, "policy"),
        ({"policy": '"PG_ENC_LOG"'}, "policy"),
        ({"policy": '"PG_ENC_SQS"'}, "address"),
        ({"policy": '"PG_GATE_WAIVER"'}, "policy"),
    ],
    ids=str,
)
def test_a_wrong_waiver_is_a_finding_and_holds_nothing(stack, judged, entry, changes, key):
    verdict = judged(stack(), entry(**changes))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.waived == ()
    assert "PG_ENC_LOGS" in {finding.policy_id for finding in verdict.findings}
    (finding,) = about_waivers(verdict)
    assert (finding.argument, finding.subject, finding.family) == (key, "GATE.waiver", "GATE")
    assert finding.file == "waivers.toml"
    assert finding.line > 0


def test_a_waiver_holds_on_its_last_day_and_not_on_the_next(stack, judged, entry):
    last = judged(stack(), entry(expires="2026-04-01"), today=date(2026, 4, 1))
    assert (last.outcome, last.waived[0].days_left) == (Outcome.PASS, 0)
    assert judged(stack(), entry(expires="2026-04-01"), today=date(2026, 4, 2)).outcome is Outcome.FAIL


def test_without_a_date_every_waiver_has_expired(stack, tmp_path, entry):
    from lib.gate import judge

    (tmp_path / "w.toml").write_text(entry())
    assert judge(read_source(stack()), "s", read_waivers(tmp_path / "w.toml")).outcome is Outcome.FAIL


def test_365_days_are_allowed(stack, judged, entry):
    verdict = judged(stack(), entry(created=str(TODAY), expires=str(TODAY + timedelta(365))))
    assert verdict.outcome is Outcome.PASS


def test_the_second_of_two_equal_waivers_is_a_finding_that_names_the_first(stack, judged, entry):
    verdict = judged(stack(), entry(), entry())
    (finding,) = about_waivers(verdict)
    assert "the first is at line 1" in finding.required
    assert finding.line == 13
    assert len(verdict.waived) == 1


def test_an_address_with_an_instance_key_is_exact(stack, judged, entry, tmp_path):
    address = 'module.site["a"].aws_cloudwatch_log_group.raw["b*"]'
    finding = replace(judged(stack()).findings[0], resource_address=address)
    (tmp_path / "w.toml").write_text(entry(address=f"'{address}'"))
    findings, waived = apply_waivers((finding,), read_waivers(tmp_path / "w.toml"), load_policies(), TODAY)
    assert findings == ()
    assert waived[0].finding.resource_address == address


@pytest.mark.parametrize("before", [True, False], ids=["after a violation", "alone"])
def test_a_crash_is_not_waived(monkeypatch, stack, judged, entry, before):
    def crash(_self, _conf):
        if before:
            yield Violation("kms_key_id", None, "a key")
        raise KeyError("x")

    monkeypatch.setattr(type(load_policies()["PG_ENC_LOGS"]), "violations", crash)
    verdict = judged(stack(), entry())
    (crashed,) = [finding for finding in verdict.findings if finding.policy_id == "PG_ENC_LOGS"]
    assert "crashed" in crashed.required
    assert verdict.outcome is Outcome.FAIL
    assert (len(verdict.waived), len(about_waivers(verdict))) == ((1, 0) if before else (0, 1))


@pytest.mark.parametrize("address", ["aws_cloudwatch_log_group", "aws_cloudwatch_log_group.*", "*", ""])
def test_an_address_that_is_not_exact_is_called_over_broad(stack, judged, entry, address):
    (finding,) = about_waivers(judged(stack(), entry(address=f'"{address}"')))
    assert "over-broad" in finding.required


def test_the_rule_on_waivers_is_listed_where_it_was_broken(stack, judged, entry):
    (rule,) = [p for p in judged(stack(), entry(owner=None)).policies if p.policy_id == "PG_GATE_WAIVER"]
    assert (rule.family, rule.judged, rule.passed) == ("GATE", 1, 0)
    assert "PG_GATE_WAIVER" not in {policy.policy_id for policy in judged(stack(), entry()).policies}


def test_what_is_critical_is_never_waivable():
    rules = load_policies().values()
    assert [policy.id for policy in rules if type(policy).severity == "CRITICAL" and type(policy).waivable] == []


def test_a_policy_that_is_never_waived_stays_a_finding(stack, judged, entry):
    verdict = judged(stack(region="us-east-1"), entry(), entry(policy='"PG_REG_EU_WEST_1"'))
    assert verdict.outcome is Outcome.FAIL
    assert {finding.policy_id for finding in verdict.findings} >= {"PG_GATE_WAIVER", "PG_REG_EU_WEST_1"}
    (finding,) = about_waivers(verdict)
    assert "never" in finding.required


@pytest.mark.parametrize("key", ["policy", "address", "argument", "reason", "owner", "approver", "ticket", "other"])
@pytest.mark.parametrize("secret", [f"password = {CANARY}", CANARY + CANARY])
def test_a_credential_in_a_waiver_is_refused_and_never_shown(stack, judged, entry, key, secret):
    verdict = judged(stack(), entry(**{key: json.dumps(secret)}))
    assert verdict.outcome is Outcome.FAIL
    assert CANARY not in to_json(verdict)
    assert CANARY not in html.render(verdict)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "No such file"),
        ("[[waiver]", "TOMLDecodeError"),
        (b"\xff", "UnicodeDecodeError"),
        ("[waiver]\npolicy = 1", r"requires \[\[waiver\]\]"),
        ("waiver = 7", r"requires \[\[waiver\]\]"),
        ("waiver = [7]", r"requires \[\[waiver\]\]"),
        ("[[waivers]]\npolicy = 1", "got waivers"),
        ("x = " + "[" * 100_000, "got "),
    ],
)
def test_a_waiver_file_that_cannot_be_read_gives_no_verdict(tmp_path, text, reason):
    file = tmp_path / "waivers.toml"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(GateError, match=rf"(?s)waivers\.toml.*{reason}"):
        read_waivers(file)


def test_a_text_that_looks_like_an_entry_costs_the_lines_and_nothing_else(tmp_path, entry):
    file = tmp_path / "waivers.toml"
    file.write_text(entry(reason='"""\n[[waiver]]\nexpires = 1"""'))
    (read,) = read_waivers(file)
    assert read.lines == {}
    assert read.values["expires"] == date(2026, 4, 1)


def test_the_order_of_the_entries_does_not_change_the_verdict_but_its_lines(stack, judged, entry):
    entries = entry(), entry(policy='"PG_LOG_RETENTION"'), entry(policy='"PG_ENC_RDS"'), entry(owner=None)
    path = stack(retention_in_days=30)

    def judged_as(*several):
        verdict = judged(path, *several)
        return [f.match for f in verdict.findings], [w.finding.match for w in verdict.waived]

    assert judged_as(*entries) == judged_as(*reversed(entries))


def test_an_expired_waiver_ends_the_gate_with_1(gate, stack, tmp_path, entry):
    (tmp_path / "w.toml").write_text(entry(expires="2026-02-01"))
    code, out, _ = gate(stack(), "--waivers", tmp_path / "w.toml", "-o", tmp_path / "out.txt")
    assert code == 1
    printed = (tmp_path / "out.txt").read_text()
    assert "FAILED PG_GATE_WAIVER HIGH" in printed
    assert "FAILED PG_ENC_LOGS" in printed
    assert not out


def test_a_valid_waiver_ends_the_gate_with_0_and_every_report_shows_it(gate, stack, tmp_path, entry):
    (tmp_path / "w.toml").write_text(entry())
    path = stack()
    code, _, _ = gate(path, "--waivers", tmp_path / "w.toml", "-o", tmp_path / "out.txt")
    assert code == 0
    folder = tmp_path / "compliance_reports" / path.parent.name / "latest"
    data = json.loads((folder / "verdict.json").read_text())
    assert data["outcome"] == "pass"
    assert data["waived"][0]["waiver"]["expires"] == "2026-04-01"
    assert data["waived"][0]["days_left"] == 31
    text = (tmp_path / "out.txt").read_text()
    for part in ("1 waived", "WAIVED", "31 days left", "ciso@example.com", "RISK-123", "alarmed"):
        assert part in text
    assert "every policy is met" not in text
    for view in ("index.html", "results.sarif", "junit.xml", "oscal-assessment-results.json"):
        assert "RISK-123" in (folder / view).read_text(), view


def test_a_never_waivable_policy_ends_the_gate_with_1(gate, stack, tmp_path, entry):
    (tmp_path / "w.toml").write_text(entry() + entry(policy='"PG_REG_EU_WEST_1"'))
    assert gate(stack(region="us-east-1"), "--waivers", tmp_path / "w.toml")[0] == 1


@pytest.mark.parametrize("text", ["[[waiver]", None])
def test_a_broken_waiver_file_ends_the_gate_with_3_and_no_report(gate, stack, tmp_path, text):
    if text:
        (tmp_path / "w.toml").write_text(text)
    code, out, err = gate(stack(), "--waivers", tmp_path / "w.toml")
    assert (code, out) == (3, "")
    assert "w.toml" in err
    assert not (tmp_path / "compliance_reports").exists()


def test_the_waivers_of_the_project_are_those_of_its_own_stack_alone(gate, stack, tmp_path, entry):
    for folder in ("policies", "cdktf.out"):
        (tmp_path / folder).mkdir()
    (tmp_path / "policies" / "waivers.toml").write_text(entry())
    assert gate(stack("cdktf.out/cdk.tf.json"))[0] == 0
    code, out, _ = gate(stack("foreign.tf.json"), "--format", "json")
    assert code == 1
    assert "PG_GATE_WAIVER" not in out


def test_a_given_file_replaces_that_of_the_project(gate, stack, tmp_path, entry):
    for folder in ("policies", "cdktf.out"):
        (tmp_path / folder).mkdir()
    (tmp_path / "policies" / "waivers.toml").write_text(entry())
    (tmp_path / "empty.toml").write_text("")
    assert gate(stack("cdktf.out/cdk.tf.json"), "--waivers", tmp_path / "empty.toml")[0] == 1


def test_the_file_of_the_project_reads_and_explains_every_key():
    from lib.gate.waiver_file import REQUIRED
    from main import ROOT, WAIVERS

    assert read_waivers(ROOT / WAIVERS) == ()
    text = (ROOT / WAIVERS).read_text()
    assert [key for key in REQUIRED if f"# {key} = " not in text] == []


def test_the_template_of_the_project_is_a_waiver_once_it_is_uncommented(tmp_path):
    from lib.gate.waiver_file import shaped
    from main import ROOT, WAIVERS

    lines = (ROOT / WAIVERS).read_text().partition("# [[waiver]]")
    (tmp_path / "w.toml").write_text((lines[1] + lines[2]).replace("\n# ", "\n").removeprefix("# "))
    (read,) = read_waivers(tmp_path / "w.toml")
    assert shaped(read)[1] == ()
