"""What must not leave an input or an environment is looked for in every file of the run that is kept of it."""

from __future__ import annotations

import json
import zipfile

import pytest

from lib.evidence.runs import kept_runs
from tests.samples import HOSTILE
from tests.unit.gate.test_evidence import HCL, MODULE

CANARY = "Zk93canaryPLAIN51xqQ7"
DOCUMENTS = {
    "database": {"aws_db_instance": {"a": {"engine": "postgres", "password": CANARY}}},
    "environment": {"aws_lambda_function": {"a": {"environment": {"variables": {"DB_PASSWORD": CANARY}}}}},
    "version": {"aws_secretsmanager_secret_version": {"a": {"secret_string": json.dumps({"password": CANARY})}}},
    "document": {"aws_sqs_queue_policy": {"a": {"policy": json.dumps({"Statement": [{"Sid": f"password={CANARY}"}]})}}},
    "name": {"aws_sqs_queue": {"a": {"name": f"password={CANARY}"}}},
    "tag": {"aws_sqs_queue": {"a": {"tags": {"note": f"password={CANARY}"}}}},
}


def contents(folder):
    """(name, content) of each file; a workbook is opened."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                yield from ((name, book.read(name)) for name in book.namelist())
        elif path.is_file():
            yield path.name, path.read_bytes()


def leaks(folder, text=CANARY):
    found = list(contents(folder))
    assert len(found) > 20
    return [name for name, content in found if text.encode() in content]


def only_run(tmp_path):
    (folder,) = kept_runs(next((tmp_path / "compliance_reports").iterdir()))
    return folder


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_secret_of_the_input_is_in_no_file_of_the_run(gate, tmp_path, name):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.tf.json").write_text(json.dumps({"resource": DOCUMENTS[name]}))
    code, printed, told = gate(tmp_path / "in" / "a.tf.json")
    assert code == 1
    assert leaks(only_run(tmp_path)) == []
    assert CANARY not in printed + told


def test_a_secret_in_hcl_and_in_what_it_calls_is_in_no_file_of_the_run(gate, tmp_path):
    (tmp_path / "in" / "m").mkdir(parents=True)
    (tmp_path / "in" / "main.tf").write_text(HCL.replace("CANARY", CANARY))
    (tmp_path / "in" / "m" / "main.tf").write_text(MODULE)
    (tmp_path / "in" / "terraform.tfvars").write_text(f'master_password = "{CANARY}"\n')
    assert gate(tmp_path / "in")[0] == 1
    assert leaks(only_run(tmp_path)) == []


def test_a_secret_of_a_waiver_is_in_no_file_of_the_run(gate, stack, entry, tmp_path):
    (tmp_path / "w.toml").write_text(entry(reason=f'"password = {CANARY}"'))
    gate(stack(), "--waivers", tmp_path / "w.toml")
    assert leaks(only_run(tmp_path)) == []


def test_the_signing_key_is_in_no_file_of_the_run(gate, stack, tmp_path, monkeypatch):
    import subprocess

    made = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], check=True, capture_output=True, text=True)
    monkeypatch.setenv("PLANTGUARD_SIGNING_KEY", made.stdout)
    code, printed, told = gate(stack())
    assert code == 1
    assert "unsigned" not in told
    assert leaks(only_run(tmp_path), made.stdout.splitlines()[1]) == []
    assert made.stdout.splitlines()[1] not in printed + told


def test_an_input_of_hostile_texts_is_kept_whole_and_stands(gate, cli, tmp_path):
    (tmp_path / "in").mkdir()
    text = HOSTILE.replace('"', "'") + "\ud800" + "x" * 100_000
    queue = {"name": text, "tags": {text: text, "=1+1": "=1+1"}, "kms_master_key_id": text}
    (tmp_path / "in" / "a.tf.json").write_text(json.dumps({"resource": {"aws_sqs_queue": {"a": queue}}}))
    assert gate(tmp_path / "in" / "a.tf.json")[0] == 1
    code, printed, _ = cli("verify", only_run(tmp_path))
    assert code == 0, printed
    page = (only_run(tmp_path) / "index.html").read_text()
    assert "<img src=x" not in page
    assert "\u202e" not in page
