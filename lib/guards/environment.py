"""What a container or function finds in its environment: where things are and how to reach them, never a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lib.guards.refusal import Call
from policies.requirements import SECRET_NAME_WORDS

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")
POINTERS = ("_arn", "_id", "_name", "_version")
"""Endings of names that point at a secret instead of holding it."""
SECRET_READS = re.compile(r"\$\{[^}]*(?:secret_string|ephemeral\.|\.password|\.auth_token|random_password)")
CLEAR_TEXT = ("http://", "redis://", "amqp://", "mqtt://", "ftp://", "ws://")
CLEAR_TEXT_MODES = {"PGSSLMODE": "verify-full"}
"""Settings of clients that have one safe value. Source: https://www.postgresql.org/docs/current/libpq-ssl.html"""


def check_environment(call: Call, environment: Mapping[str, str], policy: str) -> None:
    """Refuses names that mean a credential, values that are read from one, and clear text; shows no refused value."""
    for name, value in environment.items():
        where = f"environment[{name}]"
        if not isinstance(name, str) or not NAME.fullmatch(name):
            call.refuse("environment", name, "names of letters, digits and underscores", "PG_NAM_VALID")
        elif not isinstance(value, str) or not value:
            call.refuse(where, type(value).__name__, "a text that is not empty", "PG_NAM_VALID")
        elif _means_secret(name) or SECRET_READS.search(value):
            call.refuse(where, "(not shown)", "no secret: pass the ARN, and read it when it is needed", policy)
        elif value.startswith(CLEAR_TEXT) or CLEAR_TEXT_MODES.get(name, value) != value:
            call.refuse(where, "(not shown)", "TLS with a verified certificate", "PG_TLS_CLIENT_VERIFY")


def _means_secret(name: str) -> bool:
    lowered = name.lower()
    return any(word in lowered for word in SECRET_NAME_WORDS) and not lowered.endswith(POINTERS)
