"""The factory sensor platform: composition only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdktf import App

from lib.guards.stack import GuardedStack
from lib.guards.tags import Tags
from lib.settings import Settings
from lib.stack.cache import add_cache
from lib.stack.database import add_database
from lib.stack.ingest import add_ingest
from lib.stack.keys import add_keys
from lib.stack.monitoring import add_alarms, add_notifications
from lib.stack.network import add_endpoints, add_network
from lib.stack.outputs import add_outputs
from lib.stack.processing import add_processing
from lib.stack.rotation import add_rotation


class SensorStack(GuardedStack):
    """The guarded stack and what ships beside its JSON: relative path -> bytes."""

    assets: Mapping[str, bytes]


def sensor_stack(app: App, settings: Settings) -> SensorStack:
    """The whole platform for one environment. Raises: GuardViolation."""
    tags = tags_of(settings)
    stack = SensorStack(
        app,
        settings.stack_name,
        tags=tags,
        account_id=settings.account_id,
        backend=_backend(settings),
    )
    keys = add_keys(stack, settings)
    notifications = add_notifications(stack, settings, keys)
    network = add_network(stack, settings, keys)
    ingest = add_ingest(stack, settings, keys)
    database = add_database(stack, settings, keys, network, notifications)
    cache = add_cache(stack, settings, keys, network)
    processing = add_processing(stack, settings, keys, network, ingest, database, cache)
    rotation = add_rotation(stack, settings, keys, network, ingest, database, notifications)
    add_endpoints(stack, settings, keys, network, ingest, database, processing)
    add_alarms(stack, settings, notifications, ingest, database, cache, processing, rotation)
    add_outputs(stack, keys, network, ingest, database, cache, processing, rotation, notifications)
    stack.assets = rotation.assets
    return stack


def tags_of(settings: Settings) -> Tags:
    """The tags of every resource of one environment."""
    return Tags(
        owner=settings.owner,
        cost_centre=settings.cost_centre,
        data_classification=settings.data_classification,
        project=settings.project,
        environment=settings.environment,
        environment_suffix=settings.environment_suffix,
        environment_class=settings.environment_class,
    )


def _backend(settings: Settings) -> Mapping[str, Any]:
    if settings.state_backend == "local":
        # Terraform runs in <outdir>/stacks/<stack>: the state belongs beside the project, not in what synth overwrites.
        return {"local": {"path": f"../../../terraform.{settings.stack_name}.tfstate"}}
    return {
        "s3": {
            "bucket": settings.state_bucket,
            "key": settings.state_key,
            "region": settings.region,
            "encrypt": True,
            "kms_key_id": settings.state_kms_key_arn,
            "use_lockfile": True,
        }
    }
