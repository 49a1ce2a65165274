"""ElastiCache's IAM authentication: what a token must say before the emulator lets its user in.

Checked: its form, that it is a `connect` request for the user who shows it and for a replication group that exists,
the region and service it was signed for, and that it has not run out. NOT checked: the signature and the signer's
permission (`elasticache:Connect`), since nothing here knows the signer's secret key; whether that group is the one
whose users hold this one, as one server stands for all; and the twelve hours after which AWS ends a connection.
Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

LONGEST = timedelta(minutes=15)
SKEW = timedelta(minutes=5)
SIGNATURE = re.compile(r"[0-9a-f]{64}")
SCOPE = "/elasticache/aws4_request"


def refusal(token: str, user: str, region: str, groups: Collection[str], now: datetime) -> str | None:
    """Why `token` does not let `user` in, or None if it does."""
    place, _, query = token.removeprefix("http://").removeprefix("https://").partition("?")
    try:
        given = parse_qs(query, strict_parsing=True)
    except ValueError:
        return "it is no presigned request"
    says = {name.lower(): values[0] for name, values in given.items() if len(values) == 1}
    if place.rstrip("/") not in groups:
        return "it is for no replication group that exists"
    if says.get("action") != "connect" or says.get("user") != user:
        return "it is no `connect` request of this user"
    if not says.get("x-amz-credential", "").endswith(f"/{region}{SCOPE}"):
        return f"it was not signed for elasticache in {region}"
    if says.get("x-amz-algorithm") != "AWS4-HMAC-SHA256" or not SIGNATURE.fullmatch(says.get("x-amz-signature", "")):
        return "it carries no signature"
    return _untimely(says, now)


def _untimely(says: Mapping[str, str], now: datetime) -> str | None:
    try:
        signed = datetime.strptime(says.get("x-amz-date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        life = timedelta(seconds=int(says.get("x-amz-expires", "")))
    except (ValueError, OverflowError):
        return "it does not say until when it holds"
    if not timedelta(0) < life <= LONGEST:
        return "it is meant to hold longer than 15 minutes, or not at all"
    if not signed - SKEW <= now <= signed + life:
        return "it is not valid at this time"
    return None
