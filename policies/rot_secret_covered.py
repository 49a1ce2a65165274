"""ROT.secret-covered."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.accounts import REQUIRES as OWN_ACCOUNT
from policies.accounts import own_accounts
from policies.base import Policy, Violation
from policies.terraform import Arguments, CannotDecide

ROTATION, FUNCTION, PERMISSION = "aws_secretsmanager_secret_rotation", "aws_lambda_function", "aws_lambda_permission"
SECRET_ARN = re.compile(r"arn:aws[\w-]*:secretsmanager:[^\s\"']*:secret:")
USERS = ("aws_ecs_task_definition", "aws_lambda_function")
SERVICE = "secretsmanager.amazonaws.com"


class RotSecretCovered(Policy):
    """A secret without a rotation never changes, and one whose function may not be invoked only looks as if it did.

    Nobody's rule follows the chain: secret, exactly one rotation, a function that is declared here, and a permission
    that lets Secrets Manager invoke it for this secret of this account alone (else another account's secret could).
    """

    id = "PG_ROT_SECRET_COVERED"
    name = "Ensure every secret in use has a working rotation"
    severity = "HIGH"
    waivable = False
    resources = ("aws_secretsmanager_secret", *USERS)
    data = ("aws_secretsmanager_secret",)
    blocks = ("ephemeral",)
    controls = {
        "aws-fsbp": ("SecretsManager.1",),
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 1.5",),
        "iso27001-2022": ("A.5.17",),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.6.2.c",),
        "nist-800-53-r5": ("IA-5",),
        "nist-csf-2.0": ("PR.AA-01",),
        "pci-dss-4.0": ("8.6.3",),
        "soc2": ("CC6.1",),
    }
    fix = "add guarded_secret_rotation for the secret, with its function and the permission to invoke it"
    source = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot_rotation.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """The chain for a secret; a workload must refer to secrets that are declared, or their chain is unknown."""
        if conf.block.kind == "ephemeral":
            yield from _declared(conf)
            return
        if conf.block.type in USERS:
            _refuse_written_out(conf)
            return
        rotations = conf.referred_by(ROTATION, "secret_id")
        if len(rotations) != 1:
            yield Violation("", f"{len(rotations)} rotations", f"exactly one {ROTATION} with this secret as secret_id")
        for rotation in rotations:
            yield from _function(conf, rotation)


def _declared(conf: Arguments) -> Iterator[Violation]:
    if conf.block.type != "aws_secretsmanager_secret_version":
        return
    if conf.follow("secret_id", "data.aws_secretsmanager_secret", "aws_secretsmanager_secret") is None:
        yield Violation("secret_id", None, "a reference to a declared secret")


def _refuse_written_out(conf: Arguments) -> None:
    for path, value in conf.raw():
        if isinstance(value, str) and SECRET_ARN.search(value):
            raise CannotDecide(path, "the ARN of a secret, written out", "a reference to a declared secret")
    conf.note("written out ARNs of secrets", 0)


def _function(secret: Arguments, rotation: Arguments) -> Iterator[Violation]:
    function = rotation.follow("rotation_lambda_arn", FUNCTION)
    if function is None:
        yield Violation(f"{rotation.address}.rotation_lambda_arn", None, f"a reference to a declared {FUNCTION}")
        return
    permissions = [p for p in function.referred_by(PERMISSION, "function_name") if p.text("principal") == SERVICE]
    if not permissions:
        yield Violation(function.address, None, f"an {PERMISSION} for it with principal {SERVICE}")
        return
    judged = [list(_permission(secret, permission)) for permission in permissions]
    yield from () if [] in judged else judged[0]


def _permission(secret: Arguments, permission: Arguments) -> Iterator[Violation]:
    source, account = permission.values.get("source_arn"), permission.text("source_account")
    permission.note("source_arn", source)
    action = permission.text("action")
    if action != "lambda:InvokeFunction":
        yield Violation(f"{permission.address}.action", action, "lambda:InvokeFunction")
    if permission.target(source, secret.block.label) is not secret.block:
        yield Violation(f"{permission.address}.source_arn", source, f"the ARN of {secret.address}")
    if account is None or not (_is_caller(account) or account in own_accounts(permission)):
        yield Violation(f"{permission.address}.source_account", account, OWN_ACCOUNT)


def _is_caller(account: str) -> bool:
    return re.fullmatch(r"\$\{data\.aws_caller_identity\.\w+\.(account_id|id)\}", account) is not None
