"""Is an account, or a key by its ARN, ours? The provider's `allowed_account_ids`, and the profile, say which are."""

from __future__ import annotations

import re

from policies.terraform import Arguments, CannotDecide

REQUIRES = "an account id that the aws provider lists in allowed_account_ids, or the profile in accounts"


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


def own_key_arn(conf: Arguments, arn: str) -> bool:
    """Whether the ARN names a single-region KMS key of one of our accounts, in a region of the profile.

    An alias is refused: what it points at can be changed without the configuration.
    """
    key = r":(\d{12}):key/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    match = re.fullmatch(f"(?:{conf.profile.arn_form('kms')}){key}", arn)
    return match is not None and match[1] in own_accounts(conf)
