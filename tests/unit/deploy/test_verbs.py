"""The verbs of main.py, on a small stack and a real moto: what a person types, sees and gets as an exit code."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

import main
from lib.artifacts import Synthesis
from tests.unit.deploy.conftest import ACCOUNT, STACK, configuration

pytestmark = pytest.mark.slow


@pytest.fixture
def project(cli, clean, caller, tmp_path, monkeypatch):
    """Runs a verb in a project whose stack is a small one; the embedded AWS is moto."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "waivers.toml").write_text("")
    environ = {"AWS_ENDPOINT_URL": clean, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    session = SimpleNamespace(
        environ=environ | {"AWS_REGION": "eu-west-1"}, settings={"account_id": ACCOUNT}, url=clean, started="today"
    )

    def synthesized(_settings, outdir, _clock, accept=None):
        path = Path(outdir, "stacks", STACK, "cdk.tf.json")
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(configuration(), indent=2))
        if accept:
            accept(path)
        return Synthesis(STACK, path, "", 1)

    monkeypatch.setattr(main, "_synthesized", synthesized)
    monkeypatch.setattr(main, "_session", lambda: session)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", caller["TF_CLI_CONFIG_FILE"])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PLANTGUARD_SETTINGS", raising=False)
    return cli


def test_from_plan_to_destroy(project, tmp_path):
    assert project("outputs", "-o", "-")[:2] == (0, "{}\n")
    code, said, told = project("plan")
    assert (code, "PASS  sensor-dev" in said) == (0, True), told
    assert "1 to add, 0 to change, 0 to destroy" in told
    assert "unsigned: nobody vouches for this run" in told
    code, _, told = project("deploy")
    assert code == 0, told
    assert "[1/1]" in told
    file = tmp_path / "cfn-outputs" / "flat-outputs.json"
    assert json.loads(file.read_text()) == {"line_name": "/line-dev"}
    assert project("drift")[0] == 0
    code, _, told = project("plan")
    assert (code, "plan: no difference" in told) == (0, True)
    code, _, told = project("destroy")
    assert (code, "nobody confirmed it" in told) == (1, True)
    code, _, told = project("destroy", "--yes")
    assert (code, "destroy aws_ssm_parameter.line" in told) == (0, True)
    assert not file.exists()
    code, _, told = project("deploy")
    assert (code, "no plan waits" in told) == (1, True)


def test_for_aws_an_unsigned_plan_is_not_applied(project, monkeypatch, clean):
    monkeypatch.setenv("AWS_ENDPOINT_URL", clean)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    assert project("plan", "--target", "aws")[0] == 0
    code, _, told = project("deploy", "--target", "aws")
    assert (code, "anyone can have written it" in told) == (1, True)
    code, _, told = project("deploy", "--target", "aws", "--allow-unsigned")
    assert (code, "unsigned: nobody vouches for what was applied" in told) == (0, True)


def test_a_target_that_there_is_none_of_is_wrong_usage(project):
    assert project("plan", "--target", "azure")[0] == 2


def test_outputs_that_cannot_be_written_leave_the_old_ones_and_end_with_4(project, tmp_path):
    project("plan")
    blocked = tmp_path / "file"
    blocked.write_text("")
    code, _, told = project("deploy", "--outputs", blocked / "flat-outputs.json")
    assert code == 4
    assert "what is deployed is deployed" in told
    assert "python main.py outputs" in told
    assert project("outputs")[0] == 0
