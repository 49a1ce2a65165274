"""Verdicts that tests of the reports share: one of every state, a hostile one, and one as large as wanted.

`sample()` never changes by itself: the golden files are made from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from lib.artifacts import (
    Actor,
    Comparison,
    Control,
    Count,
    Digest,
    Finding,
    Framework,
    Limit,
    Match,
    Outcome,
    Passed,
    Past,
    Practice,
    Resource,
    Run,
    Scope,
    State,
    Subject,
    Verdict,
    Versions,
    Waived,
    Waiver,
)

HOSTILE = "</script><img src=x onerror=alert(1)>\u202e=cmd|'/c calc'!A1\x00\x1b[31m\"'&\n[bold]|`x`"
STACK = "sensor-dev"
NIST, ISO, IEC, PCI = "nist-800-53-r5", "iso27001-2022", "iec-62443-3-3", "pci-dss-4.0"
QUEUE = {NIST: ("SC-28", "SC-28(1)"), ISO: ("A.8.24",), IEC: ("SR 4.1", "SR 4.1 RE 1"), PCI: ("3.5.1",)}
LOGS = {NIST: ("AU-9(3)", "SC-28"), ISO: ("A.8.15",), IEC: ("SR 3.9",)}
ROTATION = {NIST: ("IA-5(1)",), ISO: ("A.5.17",), IEC: ("SR 1.5",)}
INGRESS = {NIST: ("SC-7(5)",), ISO: ("A.8.20",), IEC: ("SR 5.2", "SR 5.2 RE 1"), PCI: ("1.3.1",)}
DELETION = {NIST: ("SI-12(3)",), ISO: ("A.8.10",)}
CLASS = {NIST: ("CM-3",), ISO: ("A.8.31",)}


def policy(id_: str, severity: str, name: str, judged: int, passed: int, controls: Any, **more: Any) -> Subject:
    """A policy whose other texts follow from its id."""
    _, family, rest = id_.split("_", 2)
    texts = {"reason": f"Why {id_} exists.", "fix": f"How {id_} is met.", "source": f"https://docs.example.com/{id_}"}
    subject = f"{family}.{rest.lower().replace('_', '-')}"
    return Subject(id_, subject, family, severity, name, judged, passed, **{**texts, "controls": controls, **more})


POLICIES = (
    policy("PG_DES_KMS_WINDOW", "LOW", "Ensure ephemeral keys use the shortest deletion window", 1, 1, DELETION,
           conflicts={PCI: ("3.6.1",)}, strength="internal"),
    policy("PG_ENC_LOGS", "HIGH", "Ensure log groups are encrypted with a customer managed key", 2, 1, LOGS),
    policy("PG_ENC_SQS", "HIGH", "Ensure SQS queue is encrypted with a customer managed key", 2, 1, QUEUE,
           confidence="high"),
    policy("PG_NET_SG_NO_OPEN_INGRESS", "CRITICAL", "Ensure no security group lets the world in", 1, 0, INGRESS,
           confidence="high", waivable=False),
    policy("PG_ROT_SECRET_30_DAYS", "HIGH", "Ensure database secrets rotate every 30 days", 1, 1, ROTATION,
           confidence="high"),
    policy("PG_TLS_IOT", "HIGH", "Ensure IoT domains require TLS 1.2", 0, 0, {IEC: ("SR 3.1",), NIST: ("SC-8",)}),
    policy("PG_DES_CLASS_GUARD", "MEDIUM", "Ensure relaxations cannot reach production", 1, 0, CLASS),
)  # fmt: skip
FRAMEWORKS = (
    Framework(
        ISO, "ISO/IEC 27001 Annex A", "2022", "ISO/IEC", "high", "Where the ISMS scope includes the platform.", "", 93,
        (
            Control("A.5.17", "Credentials are handed out and kept with care", "shared"),
            Control("A.7.4", "Premises are watched", "outside", applicable=False, why="no premises in this scope"),
            Control("A.8.10", "Data is deleted when it is no longer needed"),
            Control("A.8.15", "What happens is logged", "shared"),
            Control("A.8.20", "Networks are secured", "shared"),
            Control("A.8.24", "Cryptography follows rules"),
            Control("A.8.31", "Development and production are apart"),
        ),
    ),
    Framework(
        IEC, "IEC 62443-3-3", "2013 + COR1:2014", "IEC", "medium", "Written for control systems.", "From memory.", 100,
        (
            Control("SR 1.1", "Humans are identified", "outside", level=1),
            Control("SR 1.5", "Credentials are managed", level=1),
            Control("SR 3.1", "Communication keeps its integrity", level=1),
            Control("SR 3.9", "Audit records are protected", level=2),
            Control("SR 4.1", "Information stays confidential", level=1),
            Control("SR 4.1 RE 1", "At rest, and over networks that are not trusted", level=2),
            Control("SR 5.1 RE 1", "Networks are physically apart", "outside", level=2),
            Control("SR 5.2", "The zone's boundary is protected", level=1),
            Control("SR 5.2 RE 1", "Nothing passes unless allowed", level=2),
        ),
    ),
    Framework(
        NIST, "NIST SP 800-53", "Revision 5", "NIST", "high", "No legal force in the EU.", "", 0,
        tuple(Control(id_, f"Title of {id_}") for id_ in (
            "AU-9(3)", "CA-7", "CM-3", "CP-4", "IA-5(1)", "SC-7(5)", "SC-8", "SC-28", "SC-28(1)", "SI-12(3)")),
    ),
    Framework(
        PCI, "PCI DSS", "4.0", "PCI SSC", "high", "Not applicable unless card data enters the platform.", "", 0,
        tuple(Control(id_, f"Title of {id_}", applicable=False, why="no card data") for id_ in (
            "1.3.1", "3.5.1", "3.6.1")),
    ),
)  # fmt: skip


def path_of(address: str) -> str:
    """The construct path of an address of the sample."""
    return f"{STACK}/ingest/{address.rsplit('.', maxsplit=1)[-1]}"


def finding(of: Subject, state: State, address: str, argument: str, got: str, required: str, line: int = 0) -> Finding:
    """A finding of a policy of the sample."""
    return Finding(
        of.policy_id, of.subject, of.family, of.severity, state, address, path_of(address),
        "cdk.tf.json", line, argument, got, required, of.fix, of.controls,
    )  # fmt: skip


def accepted(of: Subject, address: str, **evidence: Any) -> Passed:
    """A pass of a policy of the sample."""
    path = path_of(address)
    return Passed(of.policy_id, of.subject, of.family, of.severity, address, path, evidence)


def sample() -> Verdict:
    """A refused stack: failures, an undecided value, a waived one, passes, silent policies, an uncovered resource."""
    window, logs, sqs, ingress, rotation, _, guard = POLICIES
    waiver = Waiver(
        "PG_ENC_LOGS", "aws_cloudwatch_log_group.pilot", "", "the pilot line holds no readings",
        "plant-operations@example.com", "ciso@example.com", "RISK-123", date(2026, 1, 1), date(2026, 4, 1),
        "access to the log group is alarmed",
    )  # fmt: skip
    held = finding(logs, State.WAIVED, waiver.address, "kms_key_id", "absent", "a customer managed key", 12)
    open_ = finding(ingress, State.FAILED, "aws_security_group.tasks", "ingress[0].cidr_blocks", "0.0.0.0/0",
                    "a source inside the VPC", 40)  # fmt: skip
    plain = finding(sqs, State.FAILED, "aws_sqs_queue.raw", "kms_master_key_id", "absent", "a customer managed key", 87)
    unknown = finding(guard, State.UNDECIDED, "aws_db_instance.readings", "deletion_protection",
                      "${var.protect}", "a value that the configuration itself decides", 120)  # fmt: skip
    counts = (Count("DES", 1, 0, 0, 0), Count("ENC", 1, 2, 0, 1), Count("NET", 0, 1, 0, 0), Count("ROT", 1, 0, 0, 0))
    return Verdict(
        outcome=Outcome.FAIL,
        stack=STACK,
        source="cdk.tf.json",
        source_sha256="ab" * 32,
        profile="sensor-platform",
        thresholds={"rotation_days": 14, "log_retention_days": 365, "regions": ["eu-west-1"]},
        changed_thresholds=("rotation_days",),
        findings=(open_, plain, unknown),
        passed=(
            accepted(window, "aws_kms_key.data", deletion_window_in_days=7),
            accepted(logs, "aws_cloudwatch_log_group.tasks", kms_key_id="${aws_kms_key.data.arn}"),
            accepted(sqs, "aws_sqs_queue.dead_letters", kms_master_key_id="${aws_kms_key.data.arn}"),
            accepted(rotation, "aws_secretsmanager_secret_rotation.database", **{
                "rotation_rules.automatically_after_days": 30, "rotate_immediately": None}),
        ),
        policies=POLICIES,
        not_in_profile=(policy("PG_NAM_SUFFIX", "MEDIUM", "Ensure names end in the suffix", 0, 0, {}),),
        resources=tuple(
            Resource(address, address.split(".", maxsplit=1)[0], f"{STACK}/ingest/{address.split('.')[1]}",
                     "cdk.tf.json", line, references)
            for address, line, references in (
                ("aws_cloudwatch_log_group.pilot", 10, ()),
                ("aws_cloudwatch_log_group.tasks", 20, ("aws_kms_key.data",)),
                ("aws_db_instance.readings", 110, ("aws_kms_key.data", "aws_security_group.tasks")),
                ("aws_kms_key.data", 30, ()),
                ("aws_secretsmanager_secret_rotation.database", 60, ("aws_db_instance.readings",)),
                ("aws_security_group.tasks", 38, ()),
                ("aws_sqs_queue.dead_letters", 70, ("aws_kms_key.data",)),
                ("aws_sqs_queue.raw", 80, ("aws_sqs_queue.dead_letters",)),
                ("null_resource.x", 130, ()),
            )
        ),
        uncovered=("null_resource.x",),
        run=Run(
            "20260301T120000Z-abababab", datetime(2026, 3, 1, 12, tzinfo=UTC),
            datetime(2026, 3, 1, 12, 0, 7, tzinfo=UTC),
            Actor("github:example/factory/gate.yml@refs/heads/main", "pipeline", "ciso@example.com",
                  "https://ci.example.com/runs/1"),
        ),
        scope=Scope(
            "dev", "ephemeral", "eu-west-1", "123456789012", "plant-operations@example.com", "json",
            "c0ffee" * 6 + "c0ff",
            uncommitted=False, files=(Digest("cdk.tf.json", "ab" * 32),), target="cdk.tf.json",
        ),
        versions=Versions(
            {"checkov": "3.3.30", "plantguard": "0.1.0", "python": "3.11.7"}, {"hashicorp/aws": ">= 5.100.0, < 7.0.0"},
            "cd" * 32, (Digest("policies/enc_logs.py", "01" * 32), Digest("policies/enc_sqs.py", "02" * 32)),
        ),
        settings={"environment_suffix": "dev", "task_count_max": 8},
        waived=(Waived(held, State.FAILED, waiver, 31),),
        baseline=Comparison(
            STACK, "ee" * 32, new=(plain.match,), fixed=(Match("PG_ENC_RDS", "aws_db_instance.readings",
            "storage_encrypted", "false"),), unchanged=(open_.match, held.match, unknown.match),
        ),
        frameworks=FRAMEWORKS,
        limits=(
            Limit("Whether a backup can be restored", ("BKP.rds-backup",), {NIST: ("CP-4",)},
                  "A retention says that copies are kept.", "a dated restore exercise"),
            Limit("Whether a rotation has succeeded", ("ROT.secret-30-days",), {NIST: ("IA-5(1)",)},
                  "A run that failed leaves the schedule as it is.", "LastRotatedDate of the secret"),
        ),
        practices=(
            Practice("GATE.compliance-monitoring", "Results feed the compliance review", "Results are reviewed.",
                     {NIST: ("CA-7",)}),
        ),
        past=(
            Past("20260227T090000Z-aaaaaaaa", datetime(2026, 2, 27, 9, tzinfo=UTC), Outcome.FAIL, counts),
            Past("20260228T090000Z-eeeeeeee", datetime(2026, 2, 28, 9, tzinfo=UTC), Outcome.FAIL, counts[1:]),
        ),
    )  # fmt: skip


def passing() -> Verdict:
    """The sample with nothing found, nothing waived, nothing compared and no earlier run."""
    clean = tuple(replace(of, passed=of.judged) for of in POLICIES)
    return replace(
        sample(), outcome=Outcome.PASS, findings=(), waived=(), baseline=None, policies=clean, past=(), uncovered=()
    )


def hostile(text: str = HOSTILE) -> Verdict:
    """The sample with `text` at the end of every text that an input, a person or a rule set has a say in."""
    found = replace(sample(), run=UNTOUCHED, versions=Versions())
    made = _changed(found, lambda value: f"{value}{text}")
    return replace(made, run=sample().run, versions=sample().versions, past=sample().past)


def large(results: int) -> Verdict:
    """The sample with so many results: nine in ten are passes, the others failed or undecided."""
    base = sample()
    sqs = POLICIES[2]
    findings, passed, resources = [], [], []
    for number in range(results):
        address = f"aws_sqs_queue.line_{number:05}"
        resources.append(Resource(address, "aws_sqs_queue", f"{STACK}/ingest/line_{number:05}", "cdk.tf.json", number))
        if number % 10:
            evidence = {"kms_master_key_id": "${aws_kms_key.data.arn}", "name": f"raw-{number}"}
            passed.append(accepted(sqs, address, **evidence))
        else:
            state = State.UNDECIDED if number % 20 else State.FAILED
            findings.append(
                finding(sqs, state, address, "kms_master_key_id", "absent", "a customer managed key", number)
            )
    policies = (*POLICIES[:2], replace(sqs, judged=results, passed=len(passed)), *POLICIES[3:])
    return replace(
        base,
        findings=tuple(findings),
        passed=tuple(passed),
        resources=tuple(resources),
        policies=policies,
        uncovered=(),
    )


UNTOUCHED = Run("", datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), Actor("", ""))
FIXED = frozenset({"policy_id", "policy", "family", "severity", "strength", "confidence", "source_sha256", "sha256"})
"""Fields whose values are ours, and by which parts of a verdict find one another."""


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple | list):
        return type(value)(_changed(item, change) for item in value)
    if isinstance(value, dict):
        return {key: _changed(item, change) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        kept = {"controls", "conflicts", "frameworks"} if not isinstance(value, Framework) else {"id"}
        names = [f.name for f in fields(value) if f.name not in FIXED | kept]
        return replace(value, **{name: _changed(getattr(value, name), change) for name in names})
    return value
