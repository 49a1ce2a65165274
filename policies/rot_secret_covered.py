"""ROT.secret-covered."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.disclosure import REFERENCE
from policies.reachability import DATABASES, database_unreachable, secrets_manager_unreachable
from policies.rotation_chain import not_invocable, not_permitted
from policies.secret_uses import GRANTS, SECRET, WORKLOADS, granted_secrets, read_secret, same_secret, workload_secrets
from policies.terraform import Arguments, Block

ROTATION, FUNCTION = "aws_secretsmanager_secret_rotation", "aws_lambda_function"
VERSION = "aws_secretsmanager_secret_version"


class RotSecretCovered(Policy):
    """A secret without a rotation never changes, and one whose function cannot work only looks as if it did.

    Nobody's rule follows the chain: secret, exactly one rotation, a function that is declared here, a permission that
    lets Secrets Manager invoke it for this secret of this account alone, a role that may write the new value, and a way
    to the database and to Secrets Manager. A master password that RDS keeps counts as covered: RDS rotates it every 7
    days by default (SEC.existing-secret refuses it for other reasons). A parameter does not: nothing rotates it.
    """

    id = "PG_ROT_SECRET_COVERED"
    name = "Ensure every secret in use has a working rotation"
    severity = "HIGH"
    waivable = False
    resources = ("aws_secretsmanager_secret", *WORKLOADS, *GRANTS)
    data = ("aws_secretsmanager_secret", VERSION)
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
    confidence = "high"
    fix = "add guarded_secret_rotation for the secret, with its function and the permission to invoke it"
    source = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot_rotation.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """The chain for a secret; a workload must refer to secrets that are declared, or their chain is unknown."""
        if conf.block.kind == "ephemeral" or conf.block.type == VERSION:
            yield from read_secret(conf)
        elif conf.block.type in WORKLOADS:
            yield from workload_secrets(conf)
        elif conf.block.type in GRANTS:
            granted_secrets(conf)
        else:
            yield from _chain(conf)


def _chain(secret: Arguments) -> Iterator[Violation]:
    rotations = [rotation for twin in _twins(secret) for rotation in twin.referred_by(ROTATION, "secret_id")]
    if len(rotations) != 1:
        yield Violation("", f"{len(rotations)} rotations", f"exactly one {ROTATION} with this secret as secret_id")
    for rotation in rotations:
        function = rotation.follow("rotation_lambda_arn", FUNCTION)
        if function is None:
            yield Violation(f"{rotation.address}.rotation_lambda_arn", None, f"a reference to a declared {FUNCTION}")
            continue
        _, attribute = rotation.reference(rotation.values["rotation_lambda_arn"]) or (None, "")
        if attribute not in ("", "arn", "id"):
            yield Violation(
                f"{rotation.address}.rotation_lambda_arn", attribute, "arn: the permission is for no version"
            )
        yield from not_invocable(secret, function)
        yield from not_permitted(secret, function)
        for database in _databases(secret, function):
            yield from database_unreachable(function, database)
        yield from secrets_manager_unreachable(function)


def _twins(secret: Arguments) -> list[Arguments]:
    """The secret and every other block that means the same one."""
    blocks = [*secret.of_kind("data", "aws_secretsmanager_secret"), *secret.resources("aws_secretsmanager_secret")]
    return [other for other in blocks if same_secret(secret, other.block)]


def _databases(secret: Arguments, function: Arguments) -> list[Arguments]:
    """The databases that the secret opens, by the function's environment or their own password; else all of them."""
    databases = secret.resources(*DATABASES)
    versions = [v.block for kind in ("data", "ephemeral") for v in secret.of_kind(kind, VERSION) if _reads(v, secret)]
    named = [
        database
        for database in databases
        if database.block in _mentioned(function, function.values.get("environment"))
        or any(block in versions for block in _mentioned(database, dict(database.values)))
    ]
    return named or databases


def _reads(version: Arguments, secret: Arguments) -> bool:
    return same_secret(secret, version.target(version.values.get("secret_id"), *SECRET))


def _mentioned(conf: Arguments, value: object) -> list[Block]:
    found = [conf.configuration.referenced(match[0]) for match in REFERENCE.finditer(str(value))]
    return [block for block, _ in filter(None, found)]
