"""SQS queues and their policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.iam_document import Statement, deny_without_tls, document
from lib.guards.kms_key import GuardedKey
from lib.guards.naming import physical_name
from lib.guards.refusal import Call
from lib.guards.tags import Tags
from policies.requirements import DEAD_LETTER_RETENTION_SECONDS

DATA_KEY_REUSE_SECONDS = 300


class GuardedQueue(Guarded):
    """A queue under a customer managed key, with a policy that refuses clear text."""


def guarded_sqs_queue(
    scope: Concern,
    id_: str,
    *,
    key: GuardedKey,
    tags: Tags,
    senders: Sequence[Statement] = (),
    retention_seconds: int = DEAD_LETTER_RETENTION_SECONDS,
    overrides: Mapping[str, Any] | None = None,
) -> GuardedQueue:
    """A queue encrypted with `key`, and its policy: the senders' statements, and no request without TLS.

    retention_seconds: how long a message is kept, 60 to 1_209_600.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    """
    call = Call(scope, id_, "aws_sqs_queue")
    call.need("key", key, GuardedKey, "PG_ENC_SQS")
    call.between("retention_seconds", retention_seconds, 60, DEAD_LETTER_RETENTION_SECONDS, "PG_BKP_DEAD_LETTER")
    queue = call.build(
        GuardedQueue,
        tags=tags,
        overrides=overrides,
        owned={
            "name": call.fits(physical_name(id_, tags), 80) if isinstance(tags, Tags) else None,
            "kms_master_key_id": key.arn if isinstance(key, GuardedKey) else None,
            "kms_data_key_reuse_period_seconds": DATA_KEY_REUSE_SECONDS,
            "message_retention_seconds": retention_seconds,
        },
    )
    policy = Call(scope, f"{id_}_policy", "aws_sqs_queue_policy")
    statements = [*senders, deny_without_tls("DenyClearText", ("sqs:*",), (queue.arn,))]
    policy.build(Guarded, owned={"queue_url": queue.ref("url"), "policy": document(statements)})
    return queue
