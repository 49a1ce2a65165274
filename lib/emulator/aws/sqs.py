"""SQS: a policy that stays, and long polls that let others work."""

from __future__ import annotations

import time
from typing import Any

from moto.sqs.models import SQSBackend

from lib.emulator.aws.patching import Original, wrap
from lib.emulator.aws.turns import given_back

POLL_SECONDS = 0.1


def install() -> None:
    """Wrap what loses a policy, and what waits."""
    wrap(SQSBackend, "set_queue_attributes", _set_queue_attributes)
    wrap(SQSBackend, "receive_message", _receive_message)


def _set_queue_attributes(original: Original, self: Any, queue_name: str, attributes: dict[str, Any]) -> Any:
    """moto forgets the policy (aws_sqs_queue_policy) when SetQueueAttributes changes anything else of the queue."""
    policy = self.get_queue(queue_name).policy
    queue = original(self, queue_name, attributes)
    if "Policy" not in attributes:
        queue.policy = policy
    return queue


def _receive_message(original: Original, self: Any, queue_name: str, count: int, wait: int, *others: Any) -> Any:
    """moto sleeps inside the request for as long as WaitTimeSeconds says; here the turn goes back between two looks."""
    deadline = time.monotonic() + wait
    while True:
        messages = original(self, queue_name, count, 0, *others)
        if messages or time.monotonic() >= deadline:
            return messages
        with given_back():
            time.sleep(POLL_SECONDS)
