"""What an integration test or an operator needs to find things. No output holds a secret."""

from __future__ import annotations

from lib.guards.stack import GuardedStack
from lib.stack.cache import Cache
from lib.stack.database import Database
from lib.stack.ingest import Ingest
from lib.stack.keys import Keys
from lib.stack.monitoring import Notifications
from lib.stack.network import Network
from lib.stack.processing import Processing
from lib.stack.rotation import Rotation


def add_outputs(
    stack: GuardedStack,
    keys: Keys,
    network: Network,
    ingest: Ingest,
    database: Database,
    cache: Cache,
    processing: Processing,
    rotation: Rotation,
    notifications: Notifications,
) -> None:
    """One output a thing, named for it."""
    outputs = {
        "stream_name": (ingest.stream.ref("name"), "Kinesis stream of all readings"),
        "stream_arn": (ingest.stream.arn, "ARN of the stream"),
        "dead_letter_queue_url": (ingest.dead_letters.ref("url"), "Queue of readings and events that failed"),
        "database_endpoint": (database.instance.ref("endpoint"), "PostgreSQL, host:port, TLS only"),
        "database_identifier": (database.instance.ref("identifier"), "Identifier of the database instance"),
        "database_secret_arn": (database.secret.arn, "ARN of the existing secret that holds the password"),
        "cache_endpoint": (cache.group.ref("primary_endpoint_address"), "Redis primary, TLS only"),
        "cache_replication_group_id": (cache.group.ref("id"), "Replication group of the cache"),
        "cluster_name": (processing.cluster.ref("name"), "ECS cluster"),
        "service_name": (processing.service.ref("name"), "ECS service of the sensor processor"),
        "task_definition_arn": (processing.task_definition.arn, "Task definition of the sensor processor"),
        "repository_url": (processing.repository.ref("repository_url"), "Where to push the processor's image"),
        "processor_log_group_name": (processing.log_group.ref("name"), "Log group of the sensor processor"),
        "rotation_function_name": (rotation.function.ref("function_name"), "Function that rotates the password"),
        "alarm_topic_arn": (notifications.topic.arn, "Topic of all alarms"),
        "vpc_id": (network.vpc.ref("id"), "VPC"),
        **{
            f"{name}_key_arn": (key.arn, f"KMS key: {key.arguments['description']}") for name, key in vars(keys).items()
        },
    }
    if ingest.rule:
        outputs["iot_rule_name"] = (ingest.rule.ref("name"), "IoT rule that feeds the stream")
    for id_, (value, description) in outputs.items():
        stack.output(id_, value, description)
    for subnet in network.subnets:
        stack.output(f"subnet_{subnet.id}_id", subnet.ref("id"), "Private subnet")
