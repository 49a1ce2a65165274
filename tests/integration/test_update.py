"""A deployed stack is changed, and is then what it was changed to; runs after all tests but those of `destroy`."""

from __future__ import annotations

import pytest

from tests.integration.deployment import Deployment

CHANGES = {
    "cache_snapshot_retention_days": 20,
    "database_backup_retention_days": 20,
    "database_secret_version": 2,
    "kms_key_rotation_days": 180,
    "log_retention_days": 545,
    "owner": "another-team",
    "sensor_topic_prefix": "plant",
    "stream_retention_hours": 200,
    "task_count_max": 12,
    "task_cpu_units": 1024,
    "task_memory_mib": 2048,
}


@pytest.fixture(scope="session")
def changed(deployment: Deployment) -> list[str]:
    """The stack with other settings; gives the options that say so."""
    if deployment.session is None:
        pytest.skip("a real account is only looked at")
    changes = [f"--set={name}={value}" for name, value in CHANGES.items()]
    deployment.done("plan", *changes)
    deployment.done("deploy", *changes)
    return changes


def test_changed_settings_are_applied_and_leave_no_difference(deployment: Deployment, changed: list[str]) -> None:
    assert "plan: no difference" in deployment.done("plan", *changed).stderr
