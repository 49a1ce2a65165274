"""The account: which one it is, and how it is emptied."""

from __future__ import annotations

from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.config import default_user_config
from moto.core.responses import BaseResponse
from moto.moto_api._internal import moto_api_backend

from lib.emulator.aws.patching import Original, wrap
from lib.emulator.aws.running import RUNNING


def install() -> None:
    """Load AWS's managed policies (roles attach them by ARN), and let every caller be of the served account."""
    default_user_config["iam"]["load_aws_managed_policies"] = True
    wrap(BaseResponse, "get_current_account", _get_current_account)


def empty() -> None:
    """Start over."""
    moto_api_backend.reset()


def _get_current_account(original: Original, self: Any) -> str:
    """moto has one account number built in, for keys that it did not give out."""
    found: str = original(self)
    return RUNNING.account_id if found == DEFAULT_ACCOUNT_ID else found
