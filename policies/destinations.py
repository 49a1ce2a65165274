"""Is a log destination one of ours? A group that is not declared here has no retention, no key and no owner."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Violation
from policies.terraform import Arguments, CannotDecide, is_reference

LOG_GROUP = "aws_cloudwatch_log_group"
REQUIRES = "an aws_cloudwatch_log_group of the same configuration"


def declared_log_group(conf: Arguments, name: str) -> Iterator[Violation]:
    """Nothing, where the argument provably names a log group of this configuration, by reference or by literal name.

    Raises: CannotDecide for a literal ARN: the account in it may be another one.
    """
    raw, value = conf.values.get(name), conf.text(name)
    if not value:
        yield Violation(conf.name_of(name), value, REQUIRES)
    elif conf.target(str(raw).removesuffix(":*"), LOG_GROUP) or log_group_named(conf, value):
        return
    elif value.startswith("arn:"):
        raise CannotDecide(conf.name_of(name), value, REQUIRES)
    else:
        yield Violation(conf.name_of(name), value, REQUIRES)


def log_group_named(conf: Arguments, name: str) -> bool:
    """Whether a log group of this name is declared. Raises: CannotDecide where a declared name is not known."""
    if "${" in name and not is_reference(name):
        raise CannotDecide("name", name, "a log group name that the configuration itself decides")
    groups = conf.configuration.by_type.get(("resource", LOG_GROUP), ())
    resolve = conf.configuration.resolve
    return name in [resolve(group.arguments.get("name"), f"{group.address}.name") for group in groups]
