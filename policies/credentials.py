"""Does a name or a text hold a credential? The question of the SEC policies, answered once.

A name tells, and so does the name beside a value: before `=`, before `:`, after `--`, in YAML, in what base 64 hides.
What has no name is judged by its shape (credential_shapes.py). `hunter2` under an innocent name shows nowhere.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from policies.credential_shapes import is_random, shape_in
from policies.requirements import SECRET_NAME_WORDS

FURTHER_WORDS = ("passphrase", "passcode", "preshared", "pre_shared", "auth_key", "shared_key", "signing_key")
WORD = re.compile("|".join((*SECRET_NAME_WORDS, *FURTHER_WORDS, r"(?:^|_)(?:pass|pw|pwd|psk|creds?)$")))
HARMLESS_ENDING = re.compile(
    r"(?:^|_)(?:age|alias|algorithm|arn|count|day|description|duration|enabled|encryption|endpoint|error|expiry|failure"
    r"|file|from|hour|http_token|id|interval|length|limit|method|minute|mode|name|parameter|path|period|policy|prefix"
    r"|region|required|reset|rotation|schedule|second|source|stage|strategy|type|uri|url|use|validity|version)s?$"
)
"""What is said about a credential, and is none: its ARN, its length, the days until it changes."""
GENERIC_NAMES = frozenset({"value", "values", "default", "content", "input"})
"""Keys that say nothing themselves: the name beside or above them counts."""
ASSIGNMENT = re.compile(
    r"""([\w.-]{1,80})(?:\s*(?<![=!<>])=(?!=)\s*["']?|["']?\s*[:=]\s*["'])([^\s"',;&${}()\[\]<>]{4,})"""
)
YAML_ENTRY = re.compile(
    r"""(?m)^[ \t]*(?:-[ \t]+)?["']?([\w.-]{1,80})["']?:[ \t]+([^\s#"'&*!|>{}\[\]$%<]{4,})[ \t]*$"""
)
FLAG = re.compile(r"(?:^|\s)--?([A-Za-z][\w-]{1,40})[ \t]+[\"']?([^\s\"'$<{-][^\s\"'${}<>]{3,})")
FLAG_ALONE = re.compile(r"--?([A-Za-z][\w-]*)")
"""`password: hunter2` on a line of its own; `--password hunter2`."""
ENCODED = re.compile(r"(?<![\w+/-])(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?(?![\w+/=-])")
"""Base 64, as user data and SecureStrings have it; what it decodes to is searched as well."""
LARGEST_DECODED = 1 << 20


def credential_name(name: str) -> bool:
    """Whether something of that name holds a credential: `DB_PASSWORD` does, `databaseSecretArn` does not."""
    last = re.split(r"[:/]", name)[-1]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", last).lower()
    words = re.sub(r"[^a-z0-9]+", "_", words).replace("secrets_manager", "").replace("secretsmanager", "")
    return WORD.search(words) is not None and HARMLESS_ENDING.search(words) is None


def is_literal_secret(value: Any) -> bool:
    """Whether a literal of a credential's name can be the credential: switches, counters and ARNs cannot."""
    if value is None or isinstance(value, bool):
        return False
    text = str(value).strip()
    return text not in ("", "true", "false") and not text.startswith("arn:") and not re.fullmatch(r"\d{1,3}", text)


def credential_in(text: str, name: str = "", depth: int = 2) -> str:
    """What kind of credential stands in a text, in words; empty where none does. name: of the argument, for digests."""
    text = text.replace('\\"', '"')
    pairs = (pair for form in (ASSIGNMENT, YAML_ENTRY, FLAG) for pair in form.findall(text))
    if any(credential_name(key) and is_literal_secret(value) for key, value in pairs):
        return "an assignment to a credential"
    if kind := shape_in(text, name):
        return kind
    for token in ENCODED.findall(text) if depth else ():
        if inner := _decoded(token):
            if found := credential_in(inner, name, depth - 1):
                return f"{found}, encoded"
            text = text.replace(token, "")
    return "a random text" if is_random(text, name) else ""


def _decoded(token: str) -> str:
    """The text that base 64 hides, uncompressed; empty where it is none."""
    try:
        raw = base64.b64decode(token, validate=True)
        if raw[:2] == b"\x1f\x8b":
            raw = zlib.decompressobj(wbits=31).decompress(raw, LARGEST_DECODED)
        text = raw.decode("ascii")
        return text if "".join(text.split()).isprintable() else ""
    except (ValueError, zlib.error):
        return ""


def named_values(value: Any, path: str, name: str) -> Iterator[tuple[str, str, Any]]:
    """(path, name, scalar) of everything in a value, JSON documents in strings included."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            yield path, name, value
            return
    if isinstance(value, Mapping):
        beside = next((value[key] for key in ("name", "Name", "key", "Key") if isinstance(value.get(key), str)), name)
        for key, item in value.items():
            inner = f"{path}.{key}" if path else str(key)
            yield from named_values(item, inner, str(beside if str(key).lower() in GENERIC_NAMES else key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            flag = FLAG_ALONE.fullmatch(value[index - 1]) if index and isinstance(value[index - 1], str) else None
            yield from named_values(item, f"{path}[{index}]", flag[1] if flag else name)
    else:
        yield path, name, value
