"""BKP.multi-az."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import classes, is_ephemeral
from policies.network import declared
from policies.terraform import Arguments
from policies.zones import zones


class BkpMultiAz(Policy):
    """The loss of one zone must not stop a plant; a standby in another takes over within minutes and loses no row.

    It doubles the cost, so an environment of the ephemeral class may do without. The class is read from the tags of
    the database and of its provider, which must agree; where neither states one, nothing excuses a missing standby.
    RDS itself refuses a subnet group of one zone, so a group that is not declared here has two.
    """

    id = "PG_BKP_MULTI_AZ"
    name = "Ensure database has a standby in a second availability zone"
    severity = "HIGH"
    resources = ("aws_db_instance",)
    controls = {
        "aws-fsbp": ("RDS.5",),
        "cis-aws-7.0": ("3.2.4",),
        "eu-cra": ("Annex I Part I (2)(h)",),
        "gdpr": ("Art.32(1)(b)",),
        "iso27001-2022": ("A.8.14",),
        "nis2": ("Art.21(2)(c)",),
        "nis2-ir-2024-2690": ("4.1.2.g",),
        "nist-800-53-r5": ("CP-10", "SC-36"),
        "nist-csf-2.0": ("PR.IR-03", "PR.IR-04"),
        "soc2": ("A1.2",),
    }
    confidence = "high"
    fix = "multi_az = true (Settings.database_multi_az), with a subnet group that spans two zones"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        standby = conf.flag("multi_az")
        if not standby:
            if not (classes(conf) and is_ephemeral(conf)):
                yield Violation("multi_az", standby, "true outside of ephemeral environments")
            return
        named = conf.values.get("db_subnet_group_name")
        conf.note("db_subnet_group_name", named)
        group = declared(conf, named, "aws_db_subnet_group")
        if group is None:
            return
        found = zones(group, "subnet_ids")
        if len(found) < 2:
            yield Violation("db_subnet_group_name", f"zones: {sorted(found)}", "subnets in two zones")
