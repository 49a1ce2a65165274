"""Each way around the guards that CDKTF offers, and what the seal says of it."""

from __future__ import annotations

import json

import jsii
import pytest
from cdktf import Aspects, IAspect, TerraformOutput

from lib.errors import SynthError
from lib.guards.provider import construct_class
from lib.guards.seal import verify_seal
from lib.guards.sqs_queue import guarded_sqs_queue

# A raw L1 class, as someone would import it who goes round the guards; loaded alone, because its package takes 15 s.
SqsQueue = construct_class("resource", "aws_sqs_queue")


@pytest.fixture
def queue(concern, key, tags):
    return guarded_sqs_queue(concern, "raw", key=key, tags=tags)


def test_passes_what_the_guards_built(queue, sealed):
    assert sealed()["resource"]["aws_sqs_queue"]["raw"]


def test_refuses_a_raw_construct_and_names_its_path_and_factory(queue, concern, sealed):
    SqsQueue(concern, "escaped", name="escaped")
    with pytest.raises(SynthError, match=r"sensor-dev/ingest/escaped was not built by a guard: use guarded_sqs_queue"):
        sealed()


def test_refuses_an_override_on_a_guarded_resource(queue, sealed):
    queue.construct.add_override("kms_master_key_id", "alias/aws/sqs")
    with pytest.raises(SynthError, match="kms_master_key_id was changed behind its guard"):
        sealed()


def test_refuses_an_argument_set_after_the_guard(queue, sealed):
    queue.construct.sqs_managed_sse_enabled = True
    with pytest.raises(SynthError, match="sqs_managed_sse_enabled"):
        sealed()


def test_refuses_a_lifecycle_block_added_after_the_guard(queue, sealed):
    queue.construct.add_override("lifecycle.ignore_changes", ["kms_master_key_id"])
    with pytest.raises(SynthError, match="lifecycle was changed"):
        sealed()


def test_refuses_an_aspect_that_changes_a_tag(queue, stack, sealed):
    @jsii.implements(IAspect)
    class Rename:
        def visit(self, node):
            if isinstance(node, SqsQueue):
                node.add_override("tags.Owner", "nobody")

    Aspects.of(stack).add(Rename())
    with pytest.raises(SynthError, match="tags was changed"):
        sealed()


def test_refuses_a_stack_that_lost_what_a_guard_built(queue, concern, sealed):
    concern.node.try_remove_child("raw_policy")
    with pytest.raises(
        SynthError, match=r"aws_sqs_queue_policy\.raw_policy at sensor-dev/ingest/raw_policy was approved"
    ):
        sealed()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("provider.aws", [{"region": "us-east-1"}]),
        ("terraform.required_version", ">= 0.12"),
        ("locals.key", "alias/aws/sqs"),
        ("variable.key", {"default": "x"}),
        ("module.outside", {"source": "./outside"}),
        ("resource.aws_sqs_queue.smuggled", {"name": "smuggled"}),
        ("data.aws_secretsmanager_secret_version.read", {"secret_id": "x"}),
        ("moved", [{"from": "a", "to": "b"}]),
    ],
)
def test_refuses_any_block_written_past_the_guards(queue, stack, sealed, path, value):
    stack.add_override(path, value)
    with pytest.raises(SynthError):
        sealed()


def test_refuses_an_output_that_no_guard_saw(queue, stack, sealed):
    TerraformOutput(stack, "leak", value="x")
    with pytest.raises(SynthError, match=r"output\.leak"):
        sealed()


def test_refuses_a_reference_to_what_is_not_in_the_stack(queue, stack, sealed):
    document = sealed()
    document["output"] = {"lost": {"value": "${aws_sqs_queue.elsewhere.arn}"}}
    with pytest.raises(SynthError, match=r"refers to aws_sqs_queue\.elsewhere"):
        verify_seal(document, stack.ledger)


def test_names_every_break_at_once(queue, concern, sealed):
    SqsQueue(concern, "one", name="one")
    SqsQueue(concern, "two", name="two")
    with pytest.raises(SynthError) as caught:
        sealed()
    assert len(caught.value.problems) == 2


def test_the_approved_form_holds_no_unresolved_token(queue, sealed):
    assert "TfToken" not in json.dumps(sealed())
