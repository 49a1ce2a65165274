"""REG.no-cross-region-copy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.principals import owned
from policies.terraform import Arguments, CannotDecide

COPIES = (
    "aws_ami_copy",
    "aws_db_instance_automated_backups_replication",
    "aws_cloudwatch_event_endpoint",
    "aws_db_snapshot_copy",
    "aws_docdb_global_cluster",
    "aws_dsql_cluster_peering",
    "aws_dynamodb_global_table",
    "aws_dynamodb_table_replica",
    "aws_ebs_snapshot_copy",
    "aws_efs_replication_configuration",
    "aws_elasticache_global_replication_group",
    "aws_kms_replica_external_key",
    "aws_kms_replica_key",
    "aws_memorydb_multi_region_cluster",
    "aws_msk_replicator",
    "aws_neptune_global_cluster",
    "aws_rds_cluster_snapshot_copy",
    "aws_rds_global_cluster",
    "aws_redshift_snapshot_copy",
    "aws_s3control_multi_region_access_point",
)
"""Types that exist to have the same thing in two regions."""
MEMBERSHIPS = {
    "aws_docdb_cluster": "global_cluster_identifier",
    "aws_elasticache_replication_group": "global_replication_group_id",
    "aws_memorydb_cluster": "multi_region_cluster_name",
    "aws_neptune_cluster": "global_cluster_identifier",
    "aws_rds_cluster": "global_cluster_identifier",
}
"""Type -> the argument that makes it one of several copies, the others elsewhere."""
RULES = {
    "aws_dlm_lifecycle_policy": ("policy_details", "schedule", "cross_region_copy_rule"),
    "aws_redshift_cluster": ("snapshot_copy",),
}
"""Type -> the nested blocks that send a copy elsewhere."""
SEVERAL = frozenset({*COPIES, *MEMBERSHIPS, *RULES})
KEYS = ("aws_kms_key", "aws_kms_external_key")
BUCKETS = ("aws_s3_bucket", "aws_s3_bucket_replication_configuration")


class RegNoCrossRegionCopy(Policy):
    """A copy elsewhere is under other rules and other eyes, and is forgotten when the environment is destroyed.

    NIST CP-6(1) and CP-9 and ISO A.8.14 may ask for a second site. This platform's environments are short-lived and
    its data is resident in one region: that risk is taken, and recorded, here. A copy within the region is no copy out,
    unless it is one of our images into the registry of another account.
    """

    id = "PG_REG_NO_CROSS_REGION_COPY"
    name = "Ensure nothing is replicated to another region"
    severity = "HIGH"
    resources = (
        *COPIES,
        *KEYS,
        *MEMBERSHIPS,
        *RULES,
        *BUCKETS,
        "aws_secretsmanager_secret",
        "aws_ecr_replication_configuration",
        "aws_backup_plan",
        "aws_dynamodb_table",
    )
    profiles = ("sensor-platform",)
    serves = ("regions",)
    controls = {
        "gdpr": ("Art.44",),
        "iso27001-2022": ("A.5.31", "A.5.23", "A.8.12"),
        "nist-800-53-r5": ("SA-9(5)", "CM-12", "AC-4"),
        "nist-csf-2.0": ("GV.OC-03", "ID.AM-03"),
    }
    fix = "remove the replica; keep backups in eu-west-1"
    source = "https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """No replicating type, no replica and no destination elsewhere."""
        type_ = conf.block.type
        if type_ in SEVERAL:
            yield from _copy(conf) if type_ in COPIES else _one_of_several(conf)
        elif type_ in KEYS:
            if conf.flag("multi_region") and conf.profile.one_region:  # absent is false
                yield Violation("multi_region", True, "false")
        elif type_ in ("aws_secretsmanager_secret", "aws_dynamodb_table"):
            for replica in conf.blocks("replica"):
                region = replica.text("region") or replica.text("region_name")
                if conf.profile.one_region or not conf.profile.accepts_region(region):
                    yield Violation(replica.path, region, f"no replica outside {conf.profile.region_words}")
        elif type_ == "aws_backup_plan":
            for action in (a for rule in conf.blocks("rule") for a in rule.blocks("copy_action")):
                yield from _vault(action)
        elif type_ in BUCKETS:
            for rule in _replication_rules(conf):
                for destination in rule.blocks("destination"):
                    yield from _bucket(destination)
        else:
            yield from _registry(conf)


def _copy(conf: Arguments) -> Iterator[Violation]:
    """None at all where one region is accepted. Else the regions it names; its own is REG.eu-west-1's question."""
    if conf.profile.one_region:
        yield Violation("", conf.block.type, f"no copy outside {conf.profile.region_words}")
        return
    for path, raw in conf.raw():
        if re.search(r"(?:^|[._])region(?:_name)?$", path) and raw is not None:
            region = conf.configuration.resolve(raw, path)
            if not conf.profile.accepts_region(str(region)):
                yield Violation(path, region, conf.profile.quoted_regions)


def _registry(conf: Arguments) -> Iterator[Violation]:
    for configuration in conf.blocks("replication_configuration"):
        for rule in configuration.blocks("rule"):
            for destination in rule.blocks("destination"):
                if not conf.profile.accepts_region(region := destination.text("region")):
                    yield Violation(destination.name_of("region"), region, conf.profile.quoted_regions)
                registry = destination.values.get("registry_id")
                if not registry or not owned(conf, str(registry), destination.name_of("registry_id")):
                    yield Violation(destination.name_of("registry_id"), registry, "the registry of our account")


def _vault(action: Arguments) -> Iterator[Violation]:
    arn = action.text("destination_vault_arn") or ""
    here = re.search(rf":backup:(?:{action.profile.region_form}):", arn)
    if action.target(arn, "aws_backup_vault") is None and not here:
        requires = f"a vault in {action.profile.region_words}"
        if arn.startswith("${"):
            raise CannotDecide(action.name_of("destination_vault_arn"), arn, requires)
        yield Violation(action.name_of("destination_vault_arn"), arn or None, requires)


def _replication_rules(conf: Arguments) -> list[Arguments]:
    if conf.block.type == "aws_s3_bucket_replication_configuration":
        return conf.blocks("rule")
    return [rule for block in conf.blocks("replication_configuration") for rule in block.blocks("rules")]


def _bucket(destination: Arguments) -> Iterator[Violation]:
    """A bucket that is declared here is in the region that REG.eu-west-1 sees; another one's ARN does not tell."""
    if destination.follow("bucket", "aws_s3_bucket") is None:
        yield Violation(destination.name_of("bucket"), None, "an aws_s3_bucket of the same configuration")


def _one_of_several(conf: Arguments) -> Iterator[Violation]:
    argument = MEMBERSHIPS.get(conf.block.type)
    if argument and conf.profile.one_region and conf.text(argument):
        yield Violation(argument, conf.text(argument), f"absent: no copy outside {conf.profile.region_words}")
    places = [conf] if conf.block.type in RULES else []
    for name in RULES.get(conf.block.type, ()):
        places = [inner for place in places for inner in place.blocks(name)]
    for rule in places:
        region = rule.text("target") or rule.text("destination_region")
        if not conf.profile.accepts_region(region):
            yield Violation(rule.path, region, f"no copy outside {conf.profile.region_words}")
