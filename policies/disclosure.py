"""Which references give a secret's value? The question of the SEC policies about outputs, environments and state."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from policies.credentials import credential_name
from policies.terraform import Block, Configuration

REFERENCE = re.compile(
    r"(?<![\w.\"-])((?:module\.[\w-]+(?:\[(?:\d+|\"[^\"]*\")\])?\.)*)(data\.|ephemeral\.)?"
    r"([a-z][a-z0-9]*(?:_[a-z0-9]+)+|var|local|module|external|http)\.([A-Za-z_][\w-]*)"
    r"((?:\[[^\[\]]*\]|\.[\w*]+)*)"
)
"""Modules, kind, type, name, and what follows: instance key, attributes, splats, keys of a map."""
STEP = re.compile(r"\.([\w*]+)|\[\s*\"([^\"]*)\"\s*\]")
HOLDERS = {
    "aws_cognito_user_pool_client": ("client_secret",),
    "aws_db_instance": ("password",),
    "aws_docdb_cluster": ("master_password",),
    "aws_elasticache_replication_group": ("auth_token",),
    "aws_elasticache_user": ("passwords",),
    "aws_iam_access_key": ("secret",),
    "aws_kms_secrets": ("plaintext",),
    "aws_rds_cluster": ("master_password",),
    "aws_redshift_cluster": ("master_password",),
    "aws_secretsmanager_random_password": ("random_password",),
    "aws_secretsmanager_secret_version": ("secret_string",),
    "aws_secretsmanager_secret_versions": ("versions",),
    "aws_ssm_parameter": ("value", "insecure_value"),
    "aws_ssm_parameters_by_path": ("values",),
    "external": ("result",),
    "http": ("response_body", "response_body_base64", "body"),
    "random_password": ("result", "bcrypt_hash"),
    "terraform_remote_state": ("outputs",),
    "tls_private_key": ("private_key_pem", "private_key_openssh", "private_key_pem_pkcs8"),
    "vault_generic_secret": ("data", "data_json"),
    "vault_kv_secret": ("data", "data_json"),
    "vault_kv_secret_v2": ("data", "data_json"),
}
"""Type -> attributes that hold a secret; the whole object of such a type holds them as well."""
POINTERS = frozenset({"master_user_secret"})
"""Attributes named like a secret that only point at one: its ARN, its key, its status."""
MIXED = frozenset({"external", "terraform_remote_state"})
"""Types whose map holds other things too: a value of it is judged by its key."""
CARRIER, CARRIER_INPUT = ("terraform_data", "output"), "input"
"""A type and its attribute that repeats what the other one was given."""


def secret_references(configuration: Configuration, text: str) -> tuple[str, ...]:
    """The references in an expression that give a secret's value, found through locals and other blocks as well."""
    if "${" not in text and "%{" not in text:
        return ()
    found = configuration.index(("secret references", text), lambda: tuple(_found(configuration, text, set())))
    return tuple(found)


def _found(configuration: Configuration, text: str, seen: set[str]) -> Iterator[str]:
    text = text.replace('\\"', '"')  # inside a JSON document instance keys are escaped
    for match in REFERENCE.finditer(text) if "${" in text or "%{" in text else ():
        if match[0] not in seen:
            seen.add(match[0])
            if _gives_secret(configuration, match, seen):
                yield match[0]


def _gives_secret(configuration: Configuration, match: re.Match[str], seen: set[str]) -> bool:
    modules, _, type_, name, rest = match.groups()
    rest = rest if type_ == "local" else re.sub(r"^\[[^\[\]]*\]", "", rest)  # the instance key is no step
    steps = [step for pair in STEP.findall(rest) if (step := pair[0] or pair[1]) != "*"]
    last = next((step for step in reversed(steps) if not step.isdecimal()), "")
    if type_ == "var":
        return _is_secret_variable(configuration, f"{modules}variable.{name}", name)
    if type_ == "local":
        home = modules.rstrip(".")
        meant = [b.arguments.get(name) for b in configuration.blocks if b.kind == "locals" and b.module == home]
        return _is_named_so(last) or _any_secret(configuration, meant, seen)
    found = configuration.referenced(match[0])
    if modules and found is None:  # an output of a module that looks like a type and a name
        last = last or name
    return (
        _holds(type_, steps, last)
        or _is_named_so(last)
        or (found is not None and _repeats(configuration, found[0], steps, seen))
    )


def _holds(type_: str, steps: list[str], last: str) -> bool:
    held = [last] if type_ in MIXED else steps[:1]
    return type_ in HOLDERS and (not last or any(step in HOLDERS[type_] for step in held))


def _is_named_so(last: str) -> bool:
    return bool(last) and credential_name(last) and last not in POINTERS


def _repeats(configuration: Configuration, block: Block, steps: list[str], seen: set[str]) -> bool:
    """Whether the attribute, or any one where the whole object is meant, was itself given a secret's value."""
    if steps:
        given = CARRIER_INPUT if (block.type, steps[0]) == CARRIER else steps[0]
        return _any_secret(configuration, block.arguments.get(given), seen)
    return block.kind == "resource" and _any_secret(configuration, dict(block.arguments), seen)


def _any_secret(configuration: Configuration, value: object, seen: set[str]) -> bool:
    return any(_found(configuration, json.dumps(value, default=str), seen))


def _is_secret_variable(configuration: Configuration, address: str, name: str) -> bool:
    block = configuration.by_address.get(address)
    return credential_name(name) or (block is not None and block.arguments.get("sensitive") in (True, "true"))
