"""SNS: attributes of a topic."""

from __future__ import annotations

from typing import Any

from moto.sns.responses import SNSResponse

from lib.emulator.aws.patching import Original, wrap

KEPT = {"SignatureVersion": "signature_version", "TracingConfig": "tracing_config"}
"""What moto stores and GetTopicAttributes leaves out: aws_sns_topic differed on the next plan in both."""


def install() -> None:
    """Wrap GetTopicAttributes."""
    wrap(SNSResponse, "get_topic_attributes", _get_topic_attributes)


def _get_topic_attributes(original: Original, self: Any) -> Any:
    answer = original(self)
    topic = self.backend.get_topic(self._get_param("TopicArn"))
    stored = {name: getattr(topic, attribute, None) for name, attribute in KEPT.items()}
    answer.result["Attributes"] |= {name: value for name, value in stored.items() if value is not None}
    return answer
