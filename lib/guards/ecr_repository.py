"""ECR repositories and what expires in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.kms_key import GuardedKey
from lib.guards.refusal import Call
from lib.guards.tags import Tags

UNTAGGED_DAYS = 14
EXPIRE_UNTAGGED = {
    "rules": [
        {
            "rulePriority": 1,
            "description": f"Untagged images expire after {UNTAGGED_DAYS} days",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": UNTAGGED_DAYS,
            },
            "action": {"type": "expire"},
        }
    ]
}
"""Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html"""


class GuardedRepository(Guarded):
    """A repository whose tags never move and whose images are scanned as they arrive."""

    @property
    def repository_url(self) -> str:
        """Reference to what stands before the tag or digest in an image's name."""
        return self.ref("repository_url")


def guarded_ecr_repository(
    scope: Concern, id_: str, *, key: GuardedKey, tags: Tags, overrides: Mapping[str, Any] | None = None
) -> GuardedRepository:
    """A repository encrypted with `key`, which `destroy` removes with its images, and its lifecycle policy.

    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
    """
    call = Call(scope, id_, "aws_ecr_repository")
    key_arn = call.ref("key", key, "aws_kms_key", "PG_ENC_ECR")
    repository = call.build(
        GuardedRepository,
        tags=tags,
        overrides=overrides,
        owned={
            "name": call.name(tags, 256),
            "image_tag_mutability": "IMMUTABLE",
            "image_tag_mutability_exclusion_filter": None,
            "image_scanning_configuration": {"scan_on_push": True},
            "encryption_configuration": [{"encryption_type": "KMS", "kms_key": key_arn}],
            "force_delete": True,
        },
    )
    policy = json.dumps(EXPIRE_UNTAGGED, separators=(",", ":"))
    lifecycle = Call(scope, f"{id_}_lifecycle", "aws_ecr_lifecycle_policy")
    lifecycle.build(Guarded, owned={"repository": repository.ref("name"), "policy": policy})
    return repository
