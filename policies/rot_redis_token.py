"""ROT.redis-token."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments

TOKENS = ("auth_token", "auth_token_wo")


class RotRedisToken(Policy):
    """DELETE takes the token away: from then on the cache answers whoever reaches its port.

    SET and ROTATE replace it. Provider 5 defaults to ROTATE and provider 6 asks for a choice, so it must be written.
    AwsSolutions-AEC6 demands a token; we prefer users with IAM authentication, and judge a token only where one is.
    """

    id = "PG_ROT_REDIS_TOKEN"
    name = "Ensure the Redis AUTH token is replaced, never removed"
    severity = "MEDIUM"
    resources = ("aws_elasticache_replication_group",)
    controls = {
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
    fix = 'set auth_token_update_strategy = "ROTATE"'
    source = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """A strategy that keeps authentication; without a token it may be absent, but not DELETE."""
        strategy = conf.text("auth_token_update_strategy")
        has_token = bool([name for name in TOKENS if conf.has(name)])
        if strategy not in ("ROTATE", "SET") and (has_token or strategy is not None):
            yield Violation("auth_token_update_strategy", strategy, "ROTATE or SET")
