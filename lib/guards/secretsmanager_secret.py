"""Secrets: read where they are and rotated there. No factory creates one, and none reads a value into the state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.refusal import Call
from policies.requirements import REGION, ROTATION_DAYS

ROTATOR = "secretsmanager.amazonaws.com"
NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")


@dataclass(frozen=True)
class GuardedSecret(Guarded):
    """An entry that exists already. kms_key_arn: the customer managed key that Terraform found it under, or stopped."""

    kms_key_arn: str = field(default="", compare=False)


def guarded_secretsmanager_secret(
    scope: Concern, id_: str, *, name: str, kms_key_arn: str, overrides: Mapping[str, Any] | None = None
) -> GuardedSecret:
    """The EXISTING entry `name`: its ARN and description, never its value. Any key but `kms_key_arn` ends the plan.

    name: its friendly name. kms_key_arn: of a customer managed key in this region; no alias, no multi-region key.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
    """
    call = Call(scope, id_, "aws_secretsmanager_secret", kind="data")
    fix = "give the name of the entry in Settings.database_secret_name"
    # Not shown, because what is no name may well be the secret itself, pasted in the wrong place.
    named = isinstance(name, str) and NAME.fullmatch(name) is not None
    call.unless(named, "name", "(not shown)", "1 to 512 letters, digits or /_+=.@-", "PG_SEC_EXISTING_SECRET", fix)
    arn = rf"arn:aws:kms:{REGION}:\d{{12}}:key/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"
    call.matches("kms_key_arn", kms_key_arn, arn, f"arn:aws:kms:{REGION}:<account>:key/<uuid>", "PG_ENC_SECRETS")
    customer_managed = {
        "condition": f'${{self.kms_key_id == "{kms_key_arn}"}}',
        "error_message": f"Encrypt this entry with {kms_key_arn}, or correct Settings.database_secret_kms_key_arn.",
    }
    secret = call.build(
        GuardedSecret,
        overrides=overrides,
        owned={"name": name, "arn": None, "lifecycle": {"postcondition": [customer_managed]}},
    )
    return replace(secret, kms_key_arn=kms_key_arn)


def guarded_secretsmanager_secret_rotation(
    scope: Concern,
    id_: str,
    *,
    secret: GuardedSecret,
    function: Guarded,
    permission: Guarded,
    rotation_days: int = ROTATION_DAYS,
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """Rotates `secret` with `function`, at once and every 30 days. It waits for `permission`, without which it fails.

    permission: lets Secrets Manager invoke `function` for `secret`. rotation_days: 30.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html
    """
    call = Call(scope, id_, "aws_secretsmanager_secret_rotation")
    covered = "PG_ROT_SECRET_COVERED"
    call.need("secret", secret, GuardedSecret, covered)
    call.one_of("rotation_days", rotation_days, (ROTATION_DAYS,), "PG_ROT_SECRET_30_DAYS")
    function_arn = call.ref("function", function, "aws_lambda_function", covered)
    if call.ref("permission", permission, "aws_lambda_permission", covered, attribute="id"):
        allowed = permission.arguments
        call.one_of("permission.principal", allowed.get("principal"), (ROTATOR,), covered)
        if isinstance(secret, GuardedSecret):
            call.one_of(
                "permission.source_arn", allowed.get("source_arn"), (secret.arn,), "PG_IAM_TRUST_CONFUSED_DEPUTY"
            )
        if function_arn:
            names = [function.arguments.get("function_name"), *map(function.ref, ("function_name", "arn"))]
            call.one_of("permission.function_name", allowed.get("function_name"), names, covered)
    return call.build(
        Guarded,
        overrides=overrides,
        owned={
            "secret_id": secret.ref("id") if isinstance(secret, GuardedSecret) else "",
            "rotation_lambda_arn": function_arn,
            "rotation_rules": {"automatically_after_days": ROTATION_DAYS},
            "rotate_immediately": True,
        },
        depends_on=(permission,),
    )
