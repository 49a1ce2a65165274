"""Plan, deploy, outputs, drift, destroy: the whole way, with real Terraform and provider."""

from __future__ import annotations

import json
from dataclasses import replace

import boto3
import pytest

from lib.artifacts import Outcome
from lib.deploy.destroying import destroy
from lib.deploy.drift import find_drift
from lib.deploy.planning import deployed_outputs
from lib.errors import DeployRefused
from lib.evidence.keeping import keep
from lib.evidence.keys import read_signer
from lib.evidence.runs import kept_runs
from lib.evidence.statement import RECEIPT_FILENAME
from policies.profiles import SENSOR_PLATFORM
from tests.unit.deploy.conftest import NOW, OUTPUT, PARAMETER, STACK, TERRAFORM, client_of, configuration

pytestmark = pytest.mark.slow
LATER = NOW.replace(hour=13)
TOPIC = {"aws_sns_topic": {"open": {"name": "open-dev"}}}
KEY = {
    "aws_kms_key": {
        "own": {
            "description": "of this test",
            "deletion_window_in_days": 7,
            "enable_key_rotation": True,
            "rotation_period_in_days": 365,
        }
    }
}


def value_of(world):
    client = boto3.client("ssm", "eu-west-1", **client_of(world))
    return client.get_parameter(Name="/line-dev")["Parameter"]["Value"]


def drifted(world, document=None):
    by = world.judging(LATER)

    def kept(source, verdict):
        return keep(source, verdict, by.how, waivers=by.waivers, settings={})

    return find_drift(world.place, world.configure(document or configuration()), by.judge, kept, world.told.append)


def destroyed(world, document=None, confirm=lambda *_: None):
    configured = world.configure(document or configuration())
    return destroy(world.place, configured, confirm, world.recording(), world.told.append)


def test_what_was_planned_is_deployed_and_planned_again_shows_no_difference(world):
    planned = world.plan()
    assert planned.plan
    assert (planned.changes.add, planned.changes.change, planned.changes.destroy) == (1, 0, 0)
    deployed = world.deploy()
    assert deployed.outputs == {"line_name": "/line-dev"}
    assert value_of(world) == "one"
    (record,) = world.records()
    assert (record["result"], record["done"], record["total"], record["run"]) == ("applied", 1, 1, planned.run.name)
    assert (deployed.record / RECEIPT_FILENAME).read_bytes() == (planned.run / RECEIPT_FILENAME).read_bytes()
    steps = [progress.step for progress in world.told if progress.total]
    assert steps == ["create aws_ssm_parameter.line", "create aws_ssm_parameter.line: done"]
    assert world.plan(now=LATER).changes.none
    with pytest.raises(DeployRefused, match="expired"):
        world.deploy(now=LATER.replace(hour=15))


def test_a_plan_is_used_up_once_it_is_applied(clean, planned, keys):
    planned.deploy(key=keys[1])
    with pytest.raises(DeployRefused, match="no plan waits"):
        planned.deploy(key=keys[1])


def test_a_plan_that_the_gate_refuses_is_kept_as_evidence_and_cannot_be_deployed(world):
    assert world.plan().plan
    refused = world.plan(configuration({**PARAMETER, **TOPIC}), now=LATER)
    assert refused.plan is None
    assert "PG_ENC_SNS" in {finding.policy_id for finding in refused.verdict.findings}
    assert (refused.run / "index.html").is_file()
    assert not (refused.run / RECEIPT_FILENAME).exists()
    with pytest.raises(DeployRefused, match="no plan waits"):
        world.deploy(now=LATER)
    assert len(kept_runs(world.reports / STACK)) == 2


def test_a_plan_by_weaker_thresholds_is_deployable_only_where_they_are_allowed_and_the_receipt_says_so(world):
    weaker = SENSOR_PLATFORM.with_thresholds({"rotation_days": 90, "log_retention_days": 3653})
    assert world.plan(profile=weaker).plan is None
    planned = world.plan(profile=weaker, now=LATER, allow_loosened=True)
    assert planned.plan
    assert planned.plan.receipt.loosened_thresholds == planned.loosened == ("rotation_days",)
    assert world.deploy(now=LATER).outputs


def test_a_sensitive_output_is_left_out_by_name(world):
    output = {**OUTPUT, "note": {"value": "cAn4ry-value", "sensitive": True}, "zones": {"value": ["a", {"b": 1}]}}
    assert world.plan(configuration(output=output)).plan
    deployed = world.deploy()
    assert deployed.outputs == {"line_name": "/line-dev", "zones.0": "a", "zones.1.b": 1}
    assert deployed.left_out == ("note",)
    assert deployed_outputs(world.place, world.configure(configuration(output=output)))[0] == deployed.outputs
    kept = [path for path in world.reports.rglob("*") if path.is_file() and b"cAn4ry-value" in path.read_bytes()]
    assert kept == []
    assert b"cAn4ry-value" not in json.dumps(repr(world.told)).encode()


def test_what_was_changed_behind_terraform_is_drift_and_is_judged_as_it_is(world):
    with pytest.raises(DeployRefused, match="nothing is deployed"):
        drifted(world)
    world.plan()
    world.deploy()
    assert not any(each.counts for each in drifted(world).drift)
    client = boto3.client("ssm", "eu-west-1", **client_of(world))
    client.put_parameter(Name="/line-dev", Value="two", Type="String", Overwrite=True)
    client.remove_tags_from_resource(ResourceType="Parameter", ResourceId="/line-dev", TagKeys=["Owner"])
    found = drifted(world)
    assert [each.address for each in found.drift] == ["aws_ssm_parameter.line"]
    assert "insecure_value" in found.drift[0].arguments
    assert found.verdict.scope.form == "state"
    assert found.verdict.outcome is not Outcome.PASS
    client.delete_parameter(Name="/line-dev")
    assert [each.action for each in drifted(world).drift] == ["delete"]


def test_after_destroy_nothing_is_left_and_what_aws_keeps_is_listed(world):
    document = configuration({**PARAMETER, **KEY})
    _deploy_whatever_the_gate_says(world, document)
    asked = []
    done = destroyed(world, document, lambda addresses, changes: asked.append((addresses, changes.destroy)))
    assert asked == [(("aws_kms_key.own", "aws_ssm_parameter.line"), 2)]
    assert done.left == ()
    (kept,) = done.kept
    assert kept.startswith("aws_kms_key.own: key ")
    assert "is pending deletion until 2026-03-08" in kept
    assert done.outputs == {"line_name": "/line-dev"}
    assert world.records()[-1]["verb"] == "destroy"
    assert boto3.client("ssm", "eu-west-1", **client_of(world)).describe_parameters()["Parameters"] == []


def _deploy_whatever_the_gate_says(world, document):
    from lib.deploy import planning, workspace
    from lib.deploy.states import begin

    with workspace.scratch(world.place.folder) as folder:
        workspace.write_private(folder, planning.with_override(world.place, world.configure(document)))
        begin(world.place.terraform, folder)
        planning.planned(world.place.terraform, folder, world.told.append)
        world.place.terraform.run(folder, "apply", "-json", "plan.tfplan", doing="applying")


def test_nobody_is_destroyed_without_consent(world):
    world.plan()
    world.deploy()

    def refuse(_addresses, _changes):
        raise DeployRefused("to destroy", ["nobody confirmed it"])

    with pytest.raises(DeployRefused):
        destroyed(world, confirm=refuse)
    assert value_of(world) == "one"


def test_a_state_in_s3_is_locked_and_encrypted_and_serves_every_verb(world):
    key = boto3.client("kms", "eu-west-1", **client_of(world)).create_key()["KeyMetadata"]["Arn"]
    s3 = boto3.client("s3", "eu-west-1", **client_of(world))
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    backend = {
        "bucket": "states",
        "key": "plantguard/dev/terraform.tfstate",
        "region": "eu-west-1",
        "encrypt": True,
        "kms_key_id": key,
        "use_lockfile": True,
    }
    # As main.py does for the embedded AWS: S3 has no host name per bucket there.
    override = {"terraform": {"backend": {"s3": {**backend, "use_path_style": True}}}}
    world.place = replace(world.place, override=override)
    document = configuration() | {"terraform": {**TERRAFORM, "backend": {"s3": backend}}}
    assert world.plan(document).plan
    world.deploy()
    head = s3.head_object(Bucket="states", Key=backend["key"])
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    assert not list(world.place.folder.rglob("*.tfstate"))
    assert deployed_outputs(world.place, world.configure(document))[0] == {"line_name": "/line-dev"}
    lock = {"ID": "0e6f9c9e-0c2b-0a51-3b2e-7c2f6e5d4c3b", "Who": "somebody@elsewhere", "Operation": "apply"}
    s3.put_object(Bucket="states", Key=f"{backend['key']}.tflock", Body=json.dumps(lock).encode())
    from lib.deploy import planning
    from lib.errors import TerraformFailed

    with pytest.MonkeyPatch.context() as patched, pytest.raises(TerraformFailed, match="force-unlock") as failed:
        patched.setattr(planning, "LOCK_TIMEOUT", "-lock-timeout=0s")
        world.plan(document, now=LATER)
    assert "somebody@elsewhere" in str(failed.value)
    s3.delete_object(Bucket="states", Key=f"{backend['key']}.tflock")
    assert destroyed(world, document).left == ()


def test_a_record_is_sealed_by_whoever_deploys(clean, planned, keys):
    from lib.deploy.applying import apply_plan
    from lib.deploy.record import PREDICATE_TYPE, SEAL
    from lib.evidence.attestation import Seal, opened
    from lib.evidence.keys import read_public_key

    recording = planned.recording(read_signer(keys[0]))
    done = apply_plan(planned.place, "", planned.demand(key=keys[1]), recording, planned.told.append)
    envelope = opened((done.record / SEAL).read_bytes(), read_public_key(keys[1]), SEAL, PREDICATE_TYPE)
    assert envelope.seal is Seal.SIGNED
    assert {subject["name"] for subject in envelope.statement["subject"]} == {
        "outcome.json",
        "flat-outputs.json",
        RECEIPT_FILENAME,
    }
