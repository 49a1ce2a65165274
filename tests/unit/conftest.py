"""A small stack that passes but for one finding, PG_ENC_LOGS, and waivers for it; judged by the real gate."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from functools import partial

import pytest

import main
from lib.gate import judge
from lib.gate.sources import read_source
from lib.gate.waiver_file import read_waivers

TODAY = date(2026, 3, 1)
TAGS = {
    "CostCentre": "CC-4711",
    "DataClassification": "confidential",
    "Environment": "development",
    "EnvironmentClass": "ephemeral",
    "EnvironmentSuffix": "dev",
    "ManagedBy": "cdktf",
    "Owner": "plant-operations@example.com",
    "Project": "sensor",
}
PROVIDER = {"aws": [{"region": "eu-west-1", "default_tags": [{"tags": TAGS}]}]}
WAIVER = {
    "policy": '"PG_ENC_LOGS"',
    "address": '"aws_cloudwatch_log_group.raw"',
    "reason": '"the pilot line holds no readings"',
    "owner": '"plant-operations@example.com"',
    "approver": '"ciso@example.com"',
    "ticket": '"RISK-123"',
    "created": "2026-01-01",
    "expires": "2026-04-01",
    "compensating_control": '"access to the log group is alarmed"',
}


def waiver(**changes: str | None) -> str:
    """One entry as TOML; a change of None leaves the key out."""
    entry = {**WAIVER, **changes}
    return "\n".join(["[[waiver]]", *(f"{key} = {value}" for key, value in entry.items() if value is not None), ""])


@pytest.fixture
def entry():
    return waiver


@pytest.fixture
def stack(tmp_path):
    """Writes the stack and gives its path. group: arguments of the log group that are others."""

    def write(name="cdk.tf.json", indent=None, **group):
        arguments = {"name": "/sensor/raw-dev", "retention_in_days": 365, **group}
        path = tmp_path / name
        document = {"provider": PROVIDER, "resource": {"aws_cloudwatch_log_group": {"raw": arguments}}}
        path.write_text(json.dumps(document, indent=indent))
        return path

    return write


@pytest.fixture
def judged(tmp_path):
    """Judges a path by a waiver file of these entries."""

    def verdict(path, *entries, today=TODAY):
        file = tmp_path / "waivers.toml"
        file.write_text("\n".join(entries))
        return judge(read_source(path), "s", read_waivers(file), today)

    return verdict


@pytest.fixture
def cli(monkeypatch, tmp_path, capfdbinary):
    """Runs `main.py` on TODAY, in a project that is `tmp_path`; gives exit code, standard output and error."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=tz or UTC)

    monkeypatch.setattr(main, "datetime", Clock)
    monkeypatch.setattr(main, "ROOT", tmp_path)
    monkeypatch.setattr(main.signal, "signal", lambda *_: None)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["main.py", *map(str, arguments)])
        try:
            code = main.main()
        except SystemExit as ended:
            code = ended.code
        return code, *(text.decode() for text in capfdbinary.readouterr())

    return run


@pytest.fixture
def gate(cli):
    """Runs `main.py gate`, as `cli` does."""
    return partial(cli, "gate")
