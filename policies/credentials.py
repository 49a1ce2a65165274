"""Does a name or a text hold a credential? The question of the SEC policies, answered once.

The shapes are those that issuers publish. What has none is judged by its name, and else by how random it looks.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from policies.requirements import SECRET_NAME_WORDS

WORD = re.compile("|".join((*SECRET_NAME_WORDS, "passphrase", r"(?:^|_)(?:pass|pwd)$")))
HARMLESS_ENDING = re.compile(
    r"(?:^|_)(?:age|alias|algorithm|arn|count|day|description|duration|enabled|encryption|endpoint|error|expiry|failure"
    r"|file|from|hour|http_token|id|interval|length|limit|method|minute|mode|name|parameter|path|period|policy|prefix"
    r"|region|required|reset|rotation|schedule|second|source|stage|strategy|type|uri|url|validity|version)s?$"
)
"""What is said about a credential, and is none: its ARN, its length, the days until it changes."""
GENERIC_NAMES = frozenset({"value", "values", "default", "content", "input"})
"""Keys that say nothing themselves: the name beside or above them counts."""
SHAPES = {
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "an AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a GitHub token": r"\b(?:gh[opusr]_[A-Za-z0-9]{36}|github_pat_\w{22})",
    "a GitLab token": r"\bglpat-[\w-]{20}",
    "a Slack token": r"\bxox[abeoprs]-[\w-]{10}|hooks\.slack\.com/services/\w",
    "a Stripe key": r"\b[rs]k_(?:live|test)_\w{16}",
    "a Google key": r"\bAIza[\w-]{35}",
    "a package registry token": r"\bnpm_\w{36}|\bpypi-[\w-]{16}",
    "a SendGrid key": r"\bSG\.[\w-]{16,}\.[\w-]{16}",
    "a JSON Web Token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.",
    "a URL with a password": r"\b[a-z][\w+.-]{0,20}://[^\s/:@\"'$]*:[^\s/@\"'${}]+@",
}
SHAPE = {kind: re.compile(shape) for kind, shape in SHAPES.items()}
ASSIGNMENT = re.compile(
    r"""([\w.-]{1,80})(?:\s*(?<![=!<>])=(?!=)\s*["']?|["']?\s*[:=]\s*["'])([^\s"',;&${}()\[\]<>]{4,})"""
)
NOT_RANDOM = re.compile(
    r"\$\{[^{}]*\}|arn:aws[\w-]*:[^\s\"']+|sha(?:256|384|512)[:-][\w+/=]+|\bssh-\w+ \S+"
    r"|-----BEGIN (?:CERTIFICATE|PUBLIC KEY|CERTIFICATE REQUEST)-----.*?-----END [A-Z ]+-----",
    re.DOTALL,
)
DIGEST_NAME = re.compile(r"(?:hash|sha256|etag|md5|digest|filename|source|image|image_uri)$")
RANDOM_TOKEN = re.compile(r"[A-Za-z0-9+/=]{20,}")
RANDOM_BITS, RANDOM_CHANGES = 3.7, 0.4
"""Entropy of one character, and share of neighbours of different classes: words in camel case stay below."""


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


def credential_in(text: str, name: str = "") -> str:
    """What kind of credential stands in a text, in words; empty where none does. name: of the argument, for digests."""
    for kind, shape in SHAPE.items():
        if shape.search(text):
            return kind
    if any(credential_name(key) and is_literal_secret(value) for key, value in ASSIGNMENT.findall(text)):
        return "an assignment to a credential"
    tokens = [] if DIGEST_NAME.search(name.lower()) else RANDOM_TOKEN.findall(NOT_RANDOM.sub(" ", text))
    return "a random text" if any(map(_is_random, tokens)) else ""


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
            yield from named_values(item, f"{path}[{index}]", name)
    else:
        yield path, name, value


def _is_random(token: str) -> bool:
    classes = [0 if c.islower() else 1 if c.isupper() else 2 if c.isdigit() else 3 for c in token]
    shares = [count / len(token) for count in Counter(token).values()]
    bits = -sum(share * math.log2(share) for share in shares)
    changes = sum(a != b for a, b in pairwise(classes)) / len(token)
    return {0, 1, 2} <= set(classes) and bits >= RANDOM_BITS and changes >= RANDOM_CHANGES
