"""Is an account, or a key by its ARN, ours? The provider's `allowed_account_ids`, and the profile, say which are."""

from __future__ import annotations

import re

from policies.arns import INTERPOLATION, fields
from policies.profiles import partition as partition_of
from policies.terraform import KEY as INSTANCE
from policies.terraform import Arguments, Block, CannotDecide

REQUIRES = "an account id that the aws provider lists in allowed_account_ids, or the profile in accounts"
CALLER = re.compile(
    rf"\$\{{(?:module\.[\w-]+(?:{INSTANCE})?\.)*data\.aws_caller_identity\.([\w-]+)\.(?:account_id|id)\}}"
)
KEY = re.compile(r"key/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A single-region key by its id."""


def own_accounts(conf: Arguments) -> list[str]:
    """Account ids that every aws provider of the configuration allows, and the profile's.

    Raises: CannotDecide where there is none.
    Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs#allowed_account_ids
    """
    lists = [provider.strings("allowed_account_ids") for provider in conf.of_kind("provider", "aws")]
    shared = [account for account in (lists[0] if lists else []) if all(account in accounts for accounts in lists)]
    found = [*shared, *conf.profile.accounts]
    if not found:
        raise CannotDecide("provider.aws.allowed_account_ids", None, "the ids of our own accounts")
    return found


def is_caller(conf: Arguments, text: str) -> bool:
    """Whether a text is `${data.aws_caller_identity.<name>.account_id}`: the account that Terraform runs in.

    Where no block has the address, it is declared in another file of the module and means the same.
    Raises: CannotDecide where it is, or may be, asked of another provider, unless all providers are for our accounts.
    """
    found = conf.reference(text)
    if not found and (named := CALLER.fullmatch(text)):
        refuse_other_provider(conf, Block("data", "aws_caller_identity", named[1], {}))
        return True
    if not found or found[0].label != "data.aws_caller_identity" or found[1] not in ("account_id", "id"):
        return False
    refuse_other_provider(conf, found[0])
    return True


def refuse_other_provider(conf: Arguments, block: Block) -> None:
    """Does nothing, unless a provider with an alias makes the block, which may be one for another account.

    Of a block that is not declared here nobody knows the provider, so that any alias counts.
    Raises: CannotDecide where the providers do not all list our accounts.
    """
    elsewhere = block.address not in conf.configuration.by_address
    aliases = elsewhere and any(provider.values.get("alias") for provider in conf.of_kind("provider", "aws"))
    if aliases or "." in str(block.arguments.get("provider", "")):
        own_accounts(conf)


def own_key_arn(conf: Arguments, arn: str) -> bool:
    """Whether the ARN names a single-region KMS key of one of our accounts, in a region of the profile.

    An alias is refused: what it points at can be changed without the configuration.
    """
    parts = fields(arn)
    if len(parts) != 6:
        return False
    scheme, partition, service, region, account, key = parts
    ours = KEY.fullmatch(key) is not None and (scheme, service) == ("arn", "kms")
    here = partition in (partition_of(region), _of(conf, partition, "data.aws_partition"))
    near = conf.profile.accepts_region(region) or region == _of(conf, region, "data.aws_region")
    return ours and here and near and (is_caller(conf, account) or account in own_accounts(conf))


def _of(conf: Arguments, text: str, label: str) -> str | None:
    """The text itself where it is a reference to a data source of that type that takes no arguments."""
    found = conf.reference(text) if INTERPOLATION.fullmatch(text) else None
    return text if found and found[0].label == label and not found[0].arguments else None
