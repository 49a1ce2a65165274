from datetime import UTC, datetime, timedelta

import pytest

from lib.emulator.iam_token import refusal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GROUPS = ("cache-dev",)
TOKEN = (
    "cache-dev/?Action=connect&User=processor-dev&X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=testing%2F20260301%2Feu-west-1%2Felasticache%2Faws4_request&X-Amz-Date=20260301T115900Z"
    f"&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature={'ab' * 32}"
)


def refused(token, now=NOW, user="processor-dev"):
    return refusal(token, user, "eu-west-1", GROUPS, now)


def test_accepts_what_the_sdk_signs(token):
    assert refused(token("processor-dev"), datetime.now(UTC)) is None
    assert refused(TOKEN) is None


@pytest.mark.parametrize(
    ("part", "other", "reason"),
    [
        ("cache-dev/", "cache-other/", "group"),
        ("cache-dev/", "", "group"),
        ("=connect", "=DescribeUsers", "connect"),
        ("User=processor-dev", "User=admin", "user"),
        ("&User=processor-dev", "", "user"),
        ("&User=processor-dev", "&User=processor-dev&User=admin", "user"),
        ("eu-west-1", "us-east-1", "eu-west-1"),
        ("%2Felasticache", "%2Frds-db", "elasticache"),
        ("AWS4-HMAC-SHA256", "none", "signature"),
        ("ab" * 32, "ab", "signature"),
        ("X-Amz-Date=20260301T115900Z", "X-Amz-Date=today", "until when"),
        ("X-Amz-Expires=900", "X-Amz-Expires=" + "9" * 400, "until when"),
        ("X-Amz-Expires=900", "X-Amz-Expires=901", "15 minutes"),
        ("X-Amz-Expires=900", "X-Amz-Expires=-1", "15 minutes"),
        (TOKEN, "password", "group"),
        (TOKEN, "", "group"),
        (TOKEN.partition("?")[2], "password", "presigned"),
    ],
)
def test_refuses(part, other, reason):
    assert reason in (refused(TOKEN.replace(part, other, 1)) or "accepted")


@pytest.mark.parametrize("minutes", [-10, 15])
def test_refuses_a_token_at_another_time(minutes):
    assert refused(TOKEN, NOW + timedelta(minutes=minutes)) == "it is not valid at this time"
