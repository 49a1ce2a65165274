"""RDS: arguments that moto drops, and instances that lead to the real PostgreSQL."""

from __future__ import annotations

import secrets
import string
from typing import Any

from moto.rds.models import DBInstance, DBParameterGroup

from lib.emulator.aws.patching import Original, wrap
from lib.emulator.aws.running import RUNNING
from lib.emulator.aws.stores import Database

CA_CERTIFICATE = "rds-ca-rsa2048-g1"
"""What AWS gives a new instance. moto's own default makes the provider modify it at once and wait for 80 s."""
INSIGHTS = {
    "enable_performance_insights": "performance_insights_enabled",
    "performance_insights_kms_key_id": "performance_insights_kms_key_id",
    "performance_insights_retention_period": "performance_insights_retention_period",
}
"""Arguments of Create and ModifyDBInstance, and the attributes that DescribeDBInstances gives them as."""


def install() -> None:
    """Wrap the instance and its parameter group."""
    wrap(DBInstance, "__init__", _instance)
    wrap(DBInstance, "update", _update)
    wrap(DBParameterGroup, "update_parameters", _update_parameters)
    made_up = DBInstance.address.fget
    DBInstance.address = property(lambda self: stores.postgres[0] if (stores := RUNNING.stores) else made_up(self))
    DBInstance.endpoint = property(_endpoint)


def _instance(original: Original, self: Any, *args: Any, **kwargs: Any) -> None:
    """moto drops performance insights and the engine's life cycle, and gives all instances one resource id."""
    kwargs.setdefault("ca_certificate_identifier", CA_CERTIFICATE)
    original(self, *args, **kwargs)
    letters = string.ascii_uppercase + string.digits
    self.dbi_resource_id = "db-" + "".join(secrets.choice(letters) for _ in range(26))
    self.engine_lifecycle_support = kwargs.get("engine_lifecycle_support", "open-source-rds-extended-support")
    self.performance_insights_enabled = False
    _take_insights(self, kwargs)
    _announce(self)


def _update(original: Original, self: Any, **kwargs: Any) -> None:
    original(self, **kwargs)
    _take_insights(self, kwargs)
    if kwargs.get("master_user_password") is not None:
        _announce(self)


def _take_insights(self: Any, arguments: dict[str, Any]) -> None:
    for argument, attribute in INSIGHTS.items():
        if arguments.get(argument) is not None:
            setattr(self, attribute, arguments[argument])


def _announce(self: Any) -> None:
    stores, password = RUNNING.stores, getattr(self, "_master_user_password", None)
    if stores and self.engine == "postgres" and password:
        name = self.db_name or "postgres"
        stores.on_database(Database(self.db_instance_identifier, name, self.master_username, password))


def _endpoint(self: Any) -> dict[str, Any]:
    stores = RUNNING.stores
    return {"Address": self.address, "Port": stores.postgres[1] if stores else self.port}


def _update_parameters(original: Original, self: Any, new_parameters: list[dict[str, Any]]) -> None:
    """aws_db_parameter_group reads back only what has Source=user, which moto leaves out."""
    original(self, [{**parameter, "Source": "user"} for parameter in new_parameters])
