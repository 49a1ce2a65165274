"""BKP.patching."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.terraform import Arguments, CannotDecide

DEFAULTS = {
    "aws_db_instance": True,
    "aws_rds_cluster_instance": True,
    "aws_elasticache_cluster": None,
    "aws_elasticache_replication_group": None,
}
"""Type -> what an absent auto_minor_version_upgrade means: on for RDS, what AWS has for ElastiCache."""
OTHER_RUNTIMES = ("dotnet10", "java21", "java25", "nodejs22.x", "nodejs24.x", "provided.al2023", "ruby3.4")
"""Of other languages than Python, what Lambda still patches (reviewed 2026-11)."""
OLDEST = {"postgres": 14, "aurora-postgresql": 14, "redis": 6, "valkey": 7}
"""Engine -> oldest major version in standard support (reviewed 2026-11); absent is AWS's current one."""
EXTENDED = "open-source-rds-extended-support"


class BkpPatching(Policy):
    """A published flaw is used within days; what updates itself is not waiting for a window that somebody must find.

    A function from a container image has no runtime that AWS patches: whether its base is supported is not in the
    configuration, so it is undecided.
    """

    id = "PG_BKP_PATCHING"
    name = "Ensure minor versions, platforms and runtimes stay supported"
    severity = "MEDIUM"
    resources = (*DEFAULTS, "aws_rds_cluster", "aws_ecs_service", "aws_ecs_task_set", "aws_lambda_function")
    controls = {
        "aws-fsbp": ("RDS.13", "ElastiCache.2", "ECS.10", "Lambda.2"),
        "cis-aws-7.0": ("3.2.2",),
        "eu-cra": ("Annex I Part I (2)(c)",),
        "iso27001-2022": ("A.8.8",),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.6.1.a",),
        "nist-800-53-r5": ("SI-2",),
        "nist-csf-2.0": ("PR.PS-02",),
        "pci-dss-4.0": ("6.3.3",),
        "soc2": ("CC7.1",),
    }
    confidence = "high"
    fix = "auto_minor_version_upgrade = true; platform_version LATEST or absent; a runtime that AWS supports"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type in ("aws_ecs_service", "aws_ecs_task_set"):
            version = conf.text("platform_version")  # absent means LATEST
            if version not in (None, "", "LATEST"):
                yield Violation("platform_version", version, "LATEST")
        elif conf.block.type == "aws_lambda_function":
            if conf.text("package_type") == "Image":
                raise CannotDecide("package_type", "Image", "a runtime that AWS patches")
            runtime = conf.text("runtime")
            accepted = _runtimes(conf.profile.lambda_runtimes)
            if runtime not in accepted:
                yield Violation("runtime", runtime, f"one of {', '.join(accepted)}")
        else:
            yield from in_turn((_upgrades(conf), _version(conf), _lifecycle(conf)))


def _upgrades(conf: Arguments) -> Iterator[Violation]:
    if conf.block.type == "aws_rds_cluster":
        return  # its instances say whether they upgrade themselves
    upgrades = conf.flag("auto_minor_version_upgrade")
    if not (DEFAULTS[conf.block.type] if upgrades is None else upgrades):
        yield Violation("auto_minor_version_upgrade", upgrades, "true")


def _version(conf: Arguments) -> Iterator[Violation]:
    """Whether AWS still mends the engine's major version; an engine of another kind is not judged."""
    default = "redis" if conf.block.type.startswith("aws_elasticache") else None
    oldest = OLDEST.get((conf.text("engine") or default or "").lower())
    version = conf.text("engine_version")
    major = re.match(r"\d+", version or "")
    if oldest and version and not (major and int(major[0]) >= oldest):
        yield Violation("engine_version", version, f"{oldest} or newer")


def _lifecycle(conf: Arguments) -> Iterator[Violation]:
    if conf.text("engine_lifecycle_support") == EXTENDED:
        wanted = f"{EXTENDED}-disabled: an upgrade, not a longer life of an old version"
        yield Violation("engine_lifecycle_support", EXTENDED, wanted)


def _runtimes(listed: tuple[str, ...]) -> tuple[str, ...]:
    """A threshold of Python's alone says nothing of other languages; one that names another says all."""
    return (*listed, *OTHER_RUNTIMES) if all(name.startswith("python") for name in listed) else listed
