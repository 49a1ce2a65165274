"""Nothing is applied that is not what the gate passed: each thing that can differ, and what is said of it."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lib.deploy import workspace
from lib.deploy.receipt import open_receipt, sealed_receipt
from lib.errors import DeployRefused, TerraformFailed
from lib.evidence.keys import read_signer
from lib.evidence.statement import FILENAME, RECEIPT_FILENAME
from lib.gate import versions
from tests.unit.deploy.conftest import MINUTE, NOW, STACK, key_pair

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]


def refused(world, keys, **demand):
    """What is said of a deploy that is refused, and that nothing was applied."""
    demand.setdefault("key", keys[1])
    with pytest.raises(DeployRefused) as failure:
        world.deploy(**demand)
    assert failure.value.exit_code == 1
    assert not (world.place.folder / "terraform.tfstate").exists()
    assert world.records() == []
    return str(failure.value)


def receipt_of(world):
    return open_receipt((world.run / RECEIPT_FILENAME).read_bytes(), None)[0]


def reseal(world, receipt, signer=None):
    (world.run / RECEIPT_FILENAME).write_bytes(sealed_receipt(receipt, signer))


SPOILED = {
    "truncated": (lambda folder: _cut(folder / "plan.tfplan"), "plan.tfplan is not the file that was judged"),
    "swapped": (lambda folder: (folder / "plan.tfplan").write_bytes(b"PK"), "plan.tfplan is not the file"),
    "gone": (lambda folder: (folder / "plan.json").unlink(), "plan.json is missing"),
    "another configuration": (lambda folder: _edit(folder / "cdk.tf.json"), "cdk.tf.json is not the file"),
    "one file more": (
        lambda folder: (folder / "x_override.tf.json").write_text("{}"),
        "x_override.tf.json was not there",
    ),
    "other providers": (lambda folder: _edit(folder / ".terraform.lock.hcl"), ".terraform.lock.hcl is not the file"),
    "a link": (lambda folder: (folder / "more.zip").symlink_to("/etc/passwd"), "more.zip is no plain file"),
}


def _cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def _edit(path):
    path.write_text(path.read_text().replace("dev", "prd") + "\n")


@pytest.mark.parametrize("how", SPOILED)
def test_a_plan_whose_files_are_others_is_refused(planned, keys, how):
    spoil, words = SPOILED[how]
    spoil(planned.waiting)
    assert words in refused(planned, keys)


def test_everything_that_differs_is_said_at_once(planned, keys):
    _cut(planned.waiting / "plan.tfplan")
    planned.waivers[1].write_text("# others\n")
    message = refused(planned, keys, now=NOW + timedelta(hours=3))
    assert "plan.tfplan" in message
    assert "waivers" in message
    assert "expired at 2026-03-01 13:00 UTC" in message


def test_a_receipt_that_is_missing_or_no_receipt_is_refused(planned, keys):
    path = planned.run / RECEIPT_FILENAME
    attestation = (planned.run / FILENAME).read_bytes()
    for content in (b"", b"{}", attestation, b"\x00" * 100, path.read_bytes()[:-40]):
        path.write_bytes(content)
        assert RECEIPT_FILENAME in refused(planned, keys)
    path.unlink()
    assert "without a receipt nothing is applied" in refused(planned, keys)


def test_a_receipt_that_another_key_signed_is_refused(planned, keys, tmp_path):
    forged = replace(receipt_of(planned), expires=NOW + timedelta(days=900))
    (tmp_path / "k").mkdir()
    reseal(planned, forged, read_signer(key_pair(tmp_path / "k")[0]))
    assert "no signature on it is by the key" in refused(planned, keys)


def test_a_receipt_that_was_edited_under_its_signature_is_refused(planned, keys):
    path = planned.run / RECEIPT_FILENAME
    envelope = json.loads(path.read_bytes())
    said = base64.b64decode(envelope["payload"]).replace(b"13:00:00", b"23:00:00")
    envelope["payload"] = base64.b64encode(said).decode()
    path.write_text(json.dumps(envelope))
    assert "no signature on it is by the key" in refused(planned, keys)


def test_a_signature_that_was_taken_off_is_noticed_even_where_none_is_demanded(planned, keys):
    path = planned.run / RECEIPT_FILENAME
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "signatures": []}))
    assert "holds no signature" in refused(planned, keys) or "taken off" in refused(planned, keys)
    assert "the signature was taken off" in refused(planned, keys, key=None)


def test_an_unsigned_receipt_needs_leave(planned, keys):
    reseal(planned, receipt_of(planned))
    message = refused(planned, keys, key=None, allow_unsigned=False)
    assert "anyone can have written it" in message
    assert "--signing-key" in message
    assert "anyone can have written it" in refused(planned, keys, allow_unsigned=True)


def test_a_signed_receipt_is_not_taken_on_trust(planned, keys):
    assert "--public-key" in refused(planned, keys, key=None)


def test_a_plan_is_refused_that_is_too_old_or_from_the_future(planned, keys):
    assert "expired at 2026-03-01 13:00" in refused(planned, keys, now=NOW + 60 * MINUTE)
    assert "expired at 2026-03-01 12:10" in refused(planned, keys, now=NOW + 10 * MINUTE, longest=10 * MINUTE)
    assert "in the future" in refused(planned, keys, now=NOW - 10 * MINUTE)


def test_a_plan_for_another_target_environment_or_stack_is_refused(planned, keys):
    place = planned.place
    elsewhere = replace(place, target=replace(place.target, endpoint="", account="999999999999"))
    message = refused(planned, keys, place=elsewhere)
    assert "the target's account was 123456789012, is 999999999999" in message
    assert "the target's endpoint was http://127.0.0.1" in message
    restarted = replace(place, target=replace(place.target, instance="second"))
    assert "the target's instance was first, is second" in refused(planned, keys, place=restarted)
    assert "planned for the environment dev" in refused(planned, keys, place=replace(place, environment_suffix="prd"))
    other = replace(place, stack="sensor-prd")
    shutil.copytree(place.folder, other.folder)
    shutil.copytree(planned.reports / STACK, planned.reports / "sensor-prd")
    assert "of sensor-dev, this is run" in refused(planned, keys, place=other)


def test_a_receipt_in_the_folder_of_another_run_is_refused(planned, keys):
    run, waiting = planned.run, planned.waiting
    run.rename(run.with_name("20260301T120000Z-00000000"))
    waiting.rename(waiting.with_name("20260301T120000Z-00000000"))
    assert "the receipt is of run" in refused(planned, keys)


def test_a_verdict_that_was_edited_is_refused(planned, keys):
    verdict = planned.run / "verdict.json"
    verdict.write_text(verdict.read_text().replace('"expires"', '"expires" ').replace("tester", "someone"))
    assert "verdict.json is not the one that the receipt names" in refused(planned, keys)


def test_a_report_of_the_run_that_was_edited_is_refused(planned, keys):
    (planned.run / "summary.md").write_text("all is well\n")
    assert "files of the run: summary.md has changed" in refused(planned, keys)


def test_other_waivers_than_at_the_plan_are_refused(planned, keys):
    planned.waivers[1].write_text("# a waiver was added\n")
    assert "waivers is not the one that the plan was judged by" in refused(planned, keys)
    planned.waivers[1].unlink()
    with pytest.raises(DeployRefused, match=r"waivers.toml: No such file"):
        planned.demand()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A copy of everything that judges, which a test may edit."""
    copy = tmp_path / "checkout"
    for name in ("policies", "lib/gate", "lib/reports"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", copy / "pyproject.toml")
    monkeypatch.setattr(versions, "ROOT", copy)
    versions.versions_here.cache_clear()
    yield copy
    versions.versions_here.cache_clear()


def test_a_policy_that_was_edited_since_is_named_and_refuses_the_plan(planned, keys, checkout):
    policy = checkout / "policies" / "enc_kinesis.py"
    policy.write_text(policy.read_text() + "\n# weaker\n")
    assert "rule set of the run: policies/enc_kinesis.py is changed" in refused(planned, keys)


def test_another_terraform_or_another_provider_is_refused(planned, keys):
    older = replace(planned.place, terraform=replace(planned.place.terraform, version="1.11.0"))
    assert "planned with Terraform 1.11.4, this is Terraform 1.11.0" in refused(planned, keys, place=older)
    other = replace(receipt_of(planned), providers={"registry.terraform.io/hashicorp/aws": "5.99.0"})
    reseal(planned, other, read_signer(keys[0]))
    assert "provider registry.terraform.io/hashicorp/aws was 5.99.0, is 5.100.0" in refused(planned, keys)


@pytest.mark.parametrize(
    ("serial", "lineage", "words"),
    [(7, "", "serial was 3, is 7"), (3, "of-another", "lineage was of-this, is of-another"), (3, "", "other content")],
)
def test_a_plan_against_another_state_is_refused(planned, keys, serial, lineage, words):
    state = {"version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": lineage or "of-this"}
    path = planned.place.folder / "terraform.tfstate"
    path.write_text(json.dumps({**state, "outputs": {}, "resources": []}))
    receipt = receipt_of(planned)
    then = replace(receipt.state, serial=3, lineage="of-this")
    reseal(planned, replace(receipt, state=then), read_signer(keys[0]))
    with pytest.raises(DeployRefused, match=words):
        planned.deploy(key=keys[1])
    assert json.loads(path.read_text())["serial"] == serial


def test_of_two_at_once_the_second_is_refused(planned, keys):
    with workspace.exclusive(planned.place.folder, planned.place.terraform):
        assert "another plan, deploy or destroy of it is running" in refused(planned, keys)


def test_without_a_plan_that_waits_it_says_to_plan(planned, keys):
    assert "no plan 20990101T000000Z-00000000 waits" in refused(planned, keys, run="20990101T000000Z-00000000")
    shutil.rmtree(planned.waiting)
    assert "go on: python main.py plan" in refused(planned, keys)


def test_while_a_state_is_saved_nowhere_else_nothing_begins(planned, keys):
    lost = planned.place.folder / ".new-x"
    lost.mkdir()
    (lost / workspace.ERRORED).write_text("{}")
    with pytest.raises(TerraformFailed, match="state push") as failure:
        planned.deploy(key=keys[1])
    assert str(lost) in str(failure.value)
    assert lost.exists()


def test_what_a_killed_process_left_is_swept(planned, keys):
    (planned.place.folder / ".new-y").mkdir()
    refused(planned, keys, now=NOW - 60 * MINUTE)
    assert not (planned.place.folder / ".new-y").exists()
