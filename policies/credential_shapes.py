"""Does a text look like a credential by itself? By a shape that an issuer publishes, and else by how random it is.

detect-secrets, which Checkov brings along, knows the shapes of some twenty issuers: its detectors are asked, one text
at a time. Its entropy and keyword detectors are not: the one calls every ARN, UUID and name with dashes a secret, the
other needs a line of code around it. What they miss is judged here and in credentials.py.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

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
    "a Vault token": r"\bhv[sb]\.[\w-]{20}",
    "a URL with a password": r"\b[a-z][\w+.-]{0,20}://[^\s/:@\"'$]{0,99}:[^\s/@\"'${}<>*]{1,99}@",
    "a password in SQL": r"(?i)\b(?:password|identified\s+by)\s+(?:encrypted\s+)?'[^'$<{]{3,}'",
    "an Authorization header": r"(?i)\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token)\s+[\w+/=.~-]{6,}",
    "a login for curl": r"\bcurl\b[^|;\n]{0,200}?\s(?:-u|--user)[\s=]{0,4}[\"']?[^\s:'\"$]+:[^\s'\"$]+",
    "a password for sshpass": r"\bsshpass\s{1,4}-p\s{0,4}[\"']?[^\s$'\"]+",
    "a password for chpasswd": r"\w:[^\s:$'\"]{1,100}[\"']?\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?chpasswd",
    "a netrc entry": r"\bmachine\s{1,4}\S{1,99}\s{1,4}login\s{1,4}\S{1,99}\s{1,4}password\s{1,4}[^\s$]",
}
SHAPE = {kind: re.compile(shape) for kind, shape in SHAPES.items()}
DETECTORS = {
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "cloudant": "CloudantDetector",
    "discord": "DiscordBotTokenDetector",
    "ibm_cloud_iam": "IbmCloudIamDetector",
    "ibm_cos_hmac": "IbmCosHmacDetector",
    "mailchimp": "MailchimpDetector",
    "softlayer": "SoftlayerDetector",
    "square_oauth": "SquareOAuthDetector",
    "twilio": "TwilioKeyDetector",
}
"""Module of detect_secrets.plugins -> its class; the other issuers are in SHAPES, in more spellings."""
DIGEST_LENGTHS = (32, 40, 56, 64, 96, 128)
"""Of hexadecimal MD5, SHA-1 and SHA-2: a key as long as one of them is told from it by its name alone."""
NOT_RANDOM = re.compile(
    r"\$\{[^{}]*\}|arn:aws[\w-]*:[^\s\"']+|sha(?:256|384|512)[:-][\w+/=]+|\bssh-\w+ \S+"
    r"|-----BEGIN (?:CERTIFICATE|PUBLIC KEY|CERTIFICATE REQUEST)-----.*?-----END [A-Z ]+-----"
    rf"|(?<![0-9A-Za-z])(?:{'|'.join(f'[0-9a-fA-F]{{{length}}}' for length in DIGEST_LENGTHS)})(?![0-9A-Za-z])",
    re.DOTALL,
)
"""References, ARNs, public keys, certificates and digests."""
QUIET_NAME = re.compile(
    r"(?:hash|sha256|etag|md5|digest|filename|source|image|image_uri|checksum|fingerprint|thumbprint|thumbprint_list"
    r"|commit|revision|version|(?:^|_)id)$"
)
"""Arguments whose value is random, or a digest, and public."""
TOKEN, SINGLE_CASE, URL_SAFE = (
    re.compile(r"[A-Za-z0-9+/=]{20,}"),
    re.compile(r"[A-Za-z0-9]{20,}"),
    re.compile(r"[\w-]{24,}"),
)


def shape_in(text: str, name: str = "") -> str:
    """What kind of credential a text holds, in words; empty where none shows. name: of the argument, for digests."""
    for kind, shape in SHAPE.items():
        if shape.search(text):
            return kind
    bare = "" if QUIET_NAME.search(name.lower()) else NOT_RANDOM.sub(" ", text)
    return next((kind for kind, detector in _detectors() if any(detector.analyze_string(bare))), "")


@cache
def _detectors() -> tuple[tuple[str, Any], ...]:
    found = [getattr(import_module(f"detect_secrets.plugins.{module}"), name)() for module, name in DETECTORS.items()]
    return tuple((f"what detect-secrets calls {detector.secret_type}", detector) for detector in found)


def is_random(text: str, name: str = "") -> bool:
    """Whether a part of the text is too random for words. name: of the argument, for digests and their like."""
    text = "" if QUIET_NAME.search(name.lower()) else NOT_RANDOM.sub(" ", text)
    return (
        any(_is_mixed(token, 3.7, 0.4) for token in TOKEN.findall(text))
        or any(_is_mixed(re.sub(r"[_-]", "", token), 4.0, 0.5) for token in URL_SAFE.findall(text))
        or any(map(_is_single_case, SINGLE_CASE.findall(text)))
    )


def _is_mixed(token: str, bits: float, changes: float) -> bool:
    """Both cases and digits, of high entropy and in no order: words in camel case change their class seldom."""
    classes = [0 if c.islower() else 1 if c.isupper() else 2 if c.isdigit() else 3 for c in token]
    return {0, 1, 2} <= set(classes) and _bits(token) >= bits and _changes(classes) >= changes


def _is_single_case(token: str) -> bool:
    """Letters of one case among digits: hexadecimal of no digest's length, or base 32 and 36."""
    digits = sum(c.isdigit() for c in token)
    if token not in (token.lower(), token.upper()) or not 4 <= digits <= len(token) - 4:
        return False
    if re.fullmatch(r"[0-9a-fA-F]+", token):
        return _bits(token) >= 3.0
    return _bits(token) >= 3.5 and _changes([int(c.isdigit()) for c in token]) >= 0.25


def _bits(token: str) -> float:
    shares = [count / len(token) for count in Counter(token).values()]
    return -sum(share * math.log2(share) for share in shares)


def _changes(classes: list[int]) -> float:
    return sum(a != b for a, b in pairwise(classes)) / len(classes)
