"""Which references give a secret's value? The question of the SEC policies about outputs and environments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from policies.credentials import credential_name
from policies.terraform import Configuration

REFERENCE = re.compile(
    r"(?<![\w.\"-])(?:(?:data|ephemeral)\.)?([a-z][a-z0-9]*(?:_[a-z0-9]+)+|var|local|module)\.([A-Za-z_][\w-]*)"
    r"((?:\[[^\[\]]*\]|\.[\w*]+)*)"
)
HOLDERS = {
    "aws_secretsmanager_secret_version": "secret_string",
    "aws_secretsmanager_random_password": "random_password",
    "aws_ssm_parameter": "value",
    "aws_kms_secrets": "plaintext",
    "aws_iam_access_key": "secret",
    "aws_db_instance": "password",
    "aws_rds_cluster": "master_password",
    "random_password": "result",
    "tls_private_key": "private_key_pem",
}
"""Type -> attribute that holds a secret; the whole object of such a type holds it as well."""


def secret_references(configuration: Configuration, text: str, depth: int = 8) -> Iterator[str]:
    """The references in an expression that give a secret's value, found through locals as well."""
    for match in REFERENCE.finditer(text) if "${" in text or "%{" in text else ():
        type_, name, attributes = match.groups()
        attribute = re.sub(r"\[[^\]]*\]", "", attributes).rpartition(".")[2]
        if type_ == "local" and depth:
            meant = [b.arguments[name] for b in configuration.blocks if b.kind == "locals" and name in b.arguments]
            yield from secret_references(configuration, json.dumps(meant), depth - 1)
        elif type_ == "var":
            yield from [match[0]] if _is_secret_variable(configuration, name) else []
        elif credential_name(attribute) or (type_ in HOLDERS and attribute in ("", "*", HOLDERS[type_])):
            yield match[0]


def _is_secret_variable(configuration: Configuration, name: str) -> bool:
    block = configuration.by_address.get(f"variable.{name}")
    return credential_name(name) or (block is not None and block.arguments.get("sensitive") in (True, "true"))
