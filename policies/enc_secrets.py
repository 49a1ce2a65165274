"""ENC.secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.accounts import own_key_arn
from policies.base import Policy, Violation
from policies.keys import customer_managed_key
from policies.terraform import Arguments, CannotDecide

SELF_KEY = r"self\s*\.\s*kms_key_id"
QUOTED = r'"([^"$%\\]*)"'
EQUALITY = re.compile(rf"\$\{{\s*(?:{SELF_KEY}\s*==\s*{QUOTED}|{QUOTED}\s*==\s*{SELF_KEY})\s*\}}")
MANAGED = {
    "aws_db_instance": ("manage_master_user_password", "master_user_secret_kms_key_id"),
    "aws_rds_cluster": ("manage_master_user_password", "master_user_secret_kms_key_id"),
    "aws_redshift_cluster": ("manage_master_password", "master_password_secret_kms_key_id"),
    "aws_redshiftserverless_namespace": ("manage_admin_password", "admin_password_secret_kms_key_id"),
}
"""Types for which AWS makes a secret -> the switch, and the argument that names the secret's key."""
REQUIRES = 'a postcondition self.kms_key_id == "<ARN of a key of ours>"'


class EncSecrets(Policy):
    """Who may use the key may read the secret. Under `aws/secretsmanager` that is every principal of the account.

    An existing secret is read, not made: its key is known at apply time only. A postcondition that compares the key
    with one of ours stops the apply otherwise, so that is what proves it here.
    """

    id = "PG_ENC_SECRETS"
    name = "Ensure secret is encrypted with a customer managed key"
    severity = "HIGH"
    resources = ("aws_secretsmanager_secret", *MANAGED)
    data = ("aws_secretsmanager_secret",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(e)",),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 4.1", "SR 4.1 RE 1", "SR 4.3"),
        "iso27001-2022": ("A.8.24", "A.5.17"),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a", "9.2.c.iv"),
        "nist-800-53-r5": ("SC-28", "SC-28(1)", "SC-12", "IA-5"),
        "nist-csf-2.0": ("PR.DS-01",),
        "pci-dss-4.0": ("3.5.1", "8.3.2"),
        "soc2": ("CC6.1", "C1.1"),
    }
    confidence = "high"
    fix = "pass key_arn= to existing_secret; in Terraform: a postcondition on self.kms_key_id"
    source = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """A declared key for the secret and each of its replicas; for a data source, the postcondition."""
        if conf.block.kind == "data":
            yield from _proved(conf)
            return
        if conf.block.type in MANAGED:
            switch, key = MANAGED[conf.block.type]
            if conf.flag(switch):
                yield from customer_managed_key(conf, key)
            return
        yield from customer_managed_key(conf, "kms_key_id")
        for replica in conf.blocks("replica"):
            yield from customer_managed_key(replica, "kms_key_id")


def _proved(conf: Arguments) -> Iterator[Violation]:
    read = conf.text("kms_key_id")
    if read is not None:  # a plan or a state shows what was read
        if conf.target(read, "aws_kms_key") is None and not own_key_arn(conf, read):
            yield Violation("kms_key_id", read, "the ARN of a key of our account and region")
        return
    checks = [check for lifecycle in conf.blocks("lifecycle") for check in lifecycle.blocks("postcondition")]
    conditions = [str(check.values.get("condition")).strip() for check in checks]
    about_key = [condition for condition in conditions if re.search(SELF_KEY, condition)]
    conf.note("lifecycle.postcondition.condition", about_key[0] if about_key else None)
    equalities = [equality for condition in about_key if (equality := EQUALITY.fullmatch(condition))]
    if any(own_key_arn(conf, equality[1] or equality[2] or "") for equality in equalities):
        return
    if len(equalities) < len(about_key):
        raise CannotDecide("lifecycle.postcondition.condition", about_key[0], REQUIRES)
    yield Violation("lifecycle.postcondition.condition", about_key[0] if about_key else None, REQUIRES)
