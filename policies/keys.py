"""Is a KMS key ours? The question that every ENC policy asks, answered once."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Violation
from policies.terraform import Arguments, CannotDecide, is_reference

REQUIRES = "a reference to an aws_kms_key of the same configuration"


def customer_managed_key(conf: Arguments, name: str) -> Iterator[Violation]:
    """Nothing, where the argument provably refers to a customer managed key that this configuration declares.

    An absent key, `alias/aws/...` and a key of any other kind of resource are violations. A literal ARN or a key
    from elsewhere may be ours, an AWS managed or a foreign key: the configuration does not tell, so it is undecided.
    Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#customer-cmk
    """
    key = conf.value(name)
    target = conf.target(conf.values.get(name), "aws_kms_key", "aws_kms_alias")
    if key in (None, ""):
        yield Violation(conf.name_of(name), key, REQUIRES)
    elif target is not None and target.type == "aws_kms_alias":
        alias = conf.follow(name, "aws_kms_alias")
        yield from customer_managed_key(alias, "target_key_id") if alias else ()
    elif target is not None:
        return
    elif is_reference(key) and not str(key).startswith("${data."):
        yield Violation(conf.name_of(name), key, REQUIRES)
    elif "alias/aws/" in str(key):
        yield Violation(conf.name_of(name), key, f"{REQUIRES}, not a key that AWS manages")
    else:
        raise CannotDecide(conf.name_of(name), key, REQUIRES)
