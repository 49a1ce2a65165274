"""Is a KMS key ours? The question that every ENC policy asks, answered once."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Violation
from policies.profiles import SENSOR_PLATFORM
from policies.terraform import Arguments, CannotDecide

REQUIRES = "a reference to an aws_kms_key of the same configuration"
SIGNS = ("SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")
NAMES_A_KEY = frozenset({"arn", "id", "key_id", "name", "target_key_arn", "target_key_id"})
"""Attributes of keys and aliases that AWS takes for a key; `description` and the rest are text."""


def encrypts(key: Arguments) -> bool:
    """Whether a key is for data at rest: always in this house, where no key signs. One of unknown use is."""
    return key.profile.name == SENSOR_PLATFORM.name or key.values.get("key_usage") not in SIGNS


def customer_managed_key(conf: Arguments, name: str) -> Iterator[Violation]:
    """Nothing, where the argument provably refers to a customer managed key that this configuration declares.

    An absent key, `alias/aws/...` and a key of any other kind of resource are violations. A literal ARN or a key
    from elsewhere may be ours, an AWS managed or a foreign key: the configuration does not tell, so it is undecided.
    Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#customer-cmk
    """
    key = conf.value(name)
    target = conf.target(conf.values.get(name), "aws_kms_key", "aws_kms_alias")
    referred = conf.reference(conf.values.get(name)) or conf.reference(key)
    if key in (None, ""):
        yield Violation(conf.name_of(name), key, REQUIRES)
    elif target is not None and referred and referred[1] not in NAMES_A_KEY:
        yield Violation(conf.name_of(name), conf.values.get(name), f"{REQUIRES}, by its arn")
    elif target is not None and target.type == "aws_kms_alias":
        alias = conf.follow(name, "aws_kms_alias")
        yield from customer_managed_key(alias, "target_key_id") if alias else ()
    elif target is not None:
        return
    elif referred and referred[0].kind == "resource":
        yield Violation(conf.name_of(name), key, REQUIRES)
    elif "alias/aws/" in str(key):
        yield Violation(conf.name_of(name), key, f"{REQUIRES}, not a key that AWS manages")
    else:
        raise CannotDecide(conf.name_of(name), key, REQUIRES)
