from __future__ import annotations

import json

import pytest

from lib.errors import GuardViolation
from lib.guards.ecr_repository import guarded_ecr_repository


def test_builds_a_repository_whose_tags_never_move(concern, key, tags, sealed):
    repository = guarded_ecr_repository(concern, "images", key=key, tags=tags)
    built = sealed()["resource"]["aws_ecr_repository"]["images"]
    assert (built["name"], built["image_tag_mutability"]) == ("sensor-images-dev", "IMMUTABLE")
    assert built["encryption_configuration"] == [{"encryption_type": "KMS", "kms_key": "${aws_kms_key.stream.arn}"}]
    assert built["image_scanning_configuration"] == {"scan_on_push": True}
    assert built["force_delete"] is True
    assert repository.repository_url == "${aws_ecr_repository.images.repository_url}"


def test_expires_untagged_images(concern, key, tags, sealed):
    guarded_ecr_repository(concern, "images", key=key, tags=tags)
    built = sealed()["resource"]["aws_ecr_lifecycle_policy"]["images_lifecycle"]
    [rule] = json.loads(built["policy"])["rules"]
    assert (rule["selection"]["tagStatus"], rule["action"]) == ("untagged", {"type": "expire"})
    assert built["repository"] == "${aws_ecr_repository.images.name}"


@pytest.mark.parametrize("wrong", [None, "alias/aws/ecr"])
def test_refuses_any_key_that_no_guard_built(concern, tags, wrong):
    with pytest.raises(GuardViolation, match="PG_ENC_ECR"):
        guarded_ecr_repository(concern, "images", key=wrong, tags=tags)


@pytest.mark.parametrize(
    "wrong",
    [
        {"image_tag_mutability": "MUTABLE"},
        {"image_tag_mutability_exclusion_filter": [{"filter": "latest", "filter_type": "WILDCARD"}]},
        {"image_scanning_configuration": {"scan_on_push": False}},
        {"encryption_configuration": [{"encryption_type": "AES256"}]},
        {"force_delete": False},
    ],
)
def test_refuses_to_be_weakened_by_an_override(concern, key, tags, wrong):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_ecr_repository(concern, "images", key=key, tags=tags, overrides=wrong)


def test_one_violation_lists_everything_that_is_wrong(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_ecr_repository(concern, "Images", key=None, tags=None, overrides={"force_delete": False})
    refused = {refusal.argument for refusal in caught.value.refusals}
    assert refused == {"id_", "key", "tags", "overrides[force_delete]"}
