"""NET.rds-not-public."""

from __future__ import annotations

from collections.abc import Iterator

from policies.accounts import own_accounts
from policies.base import Policy, Violation
from policies.terraform import Arguments

SNAPSHOTS = ("aws_db_snapshot", "aws_db_cluster_snapshot", "aws_db_snapshot_copy", "aws_rds_cluster_snapshot_copy")


class NetRdsNotPublic(Policy):
    """A public database stands one leaked password, or one flaw before login, away from the whole history of a plant.

    The flag alone opens nothing while no route leads to the internet; it is refused all the same, since routes and
    security groups are changed by other people at other times. A snapshot shared with `all` is the database itself.
    """

    id = "PG_NET_RDS_NOT_PUBLIC"
    name = "Ensure database is not publicly accessible"
    severity = "CRITICAL"
    waivable = False
    resources = (
        "aws_db_instance",
        "aws_rds_cluster_instance",
        "aws_neptune_cluster_instance",
        "aws_rds_shard_group",
        "aws_redshift_cluster",
        "aws_redshiftserverless_workgroup",
        *SNAPSHOTS,
    )
    controls = {
        "aws-fsbp": ("RDS.2",),
        "cis-aws-7.0": ("3.2.3",),
        "eu-cra": ("Annex I Part I (2)(j)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 5.1", "SR 5.2"),
        "iso27001-2022": ("A.8.20", "A.8.22"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.7.2.b", "6.8.1"),
        "nist-800-53-r5": ("AC-4", "SC-7", "SC-7(3)", "AC-3"),
        "nist-csf-2.0": ("PR.IR-01",),
        "pci-dss-4.0": ("1.3.1", "1.4.4"),
        "soc2": ("CC6.6",),
    }
    confidence = "high"
    fix = "leave publicly_accessible to guarded_db_instance; in Terraform: publicly_accessible = false"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type in SNAPSHOTS:
            shared = conf.strings("shared_accounts")
            own = own_accounts(conf) if shared and "all" not in shared else []
            for account in shared:
                if account not in own:
                    yield Violation("shared_accounts", account, "no account, or one of our own")
            return
        public = conf.flag("publicly_accessible")
        # Absent means false, but for Redshift, which provider 5 made public by default.
        if public or (public is None and conf.block.type == "aws_redshift_cluster"):
            yield Violation("publicly_accessible", public, "false")
