from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from lib.errors import SynthError
from lib.synth import synthesize

from .conftest import settings


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_same_settings_give_the_same_bytes(synthesis, tmp_path):
    once, again = synthesis(), synthesize(settings(), tmp_path)
    assert files(tmp_path) == files(once.path.parents[2])
    assert once.sha256 == again.sha256 == hashlib.sha256(once.path.read_bytes()).hexdigest()


def test_names_no_folder_of_the_machine(synthesis):
    text = synthesis().path.read_text()
    assert str(Path(__file__).resolve().parents[3]) not in text
    assert str(Path.home()) not in text


def test_ships_the_rotation_function_beside_the_stack(synthesis, document):
    (function,) = document()["resource"]["aws_lambda_function"].values()
    assert (synthesis().path.parent / function["filename"]).is_file()


def test_counts_the_resources(synthesis, document):
    assert synthesis().resource_count == sum(len(named) for named in document()["resource"].values()) > 100


def test_a_refused_stack_leaves_the_last_good_one_as_it_was(tmp_path, monkeypatch):
    synthesize(settings(), tmp_path)
    before = files(tmp_path)

    def refuse(*_):
        raise SynthError("refused")

    monkeypatch.setattr("lib.guards.seal.verify_seal", refuse)
    with pytest.raises(SynthError):
        synthesize(settings(task_count_max=9), tmp_path)
    assert files(tmp_path) == before


@pytest.mark.slow
@pytest.mark.parametrize("overrides", [{}, {"iot_rule_enabled": False, "stream_mode": "PROVISIONED", "shard_count": 2}])
def test_terraform_and_the_real_provider_accept_the_stack(synthesis, terraform, tmp_path, overrides):
    folder = shutil.copytree(synthesis(**overrides).path.parent, tmp_path / "stack")
    started = terraform(folder, "init", "-backend=false", "-input=false")
    assert started.returncode == 0, started.stderr
    judged = json.loads(terraform(folder, "validate", "-json").stdout)
    assert [d["summary"] for d in judged["diagnostics"]] == []
    assert judged["valid"] is True
