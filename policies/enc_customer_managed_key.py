"""ENC.customer-managed-key."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.keys import customer_managed_key, encrypts
from policies.terraform import Arguments

NOT_OURS = ("aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key")
"""Keys whose material comes from elsewhere, or lives in a second region."""

OTHER_STORE = "absent: material of another key store is not KMS's to protect"

SYMMETRIC = {"key_usage": "ENCRYPT_DECRYPT", "customer_master_key_spec": "SYMMETRIC_DEFAULT"}


class EncCustomerManagedKey(Policy):
    """Everything else trusts these keys: a disabled one loses data, one in a second region lets data be read there.

    AWS's defaults (enabled, symmetric, one region) are the secure ones, so an absent argument is accepted.
    """

    id = "PG_ENC_CUSTOMER_MANAGED_KEY"
    name = "Ensure KMS keys are enabled, symmetric, of one region and ours"
    severity = "HIGH"
    resources = ("aws_kms_key", "aws_kms_alias", *NOT_OURS)
    controls = {
        "eu-cra": ("Annex I Part I (2)(e)",),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 4.3",),
        "iso27001-2022": ("A.8.24",),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.c", "9.2.c.i"),
        "nist-800-53-r5": ("SC-12", "SC-12(2)", "SC-13", "SA-9(6)"),
        "nist-csf-2.0": ("PR.DS-01",),
        "pci-dss-4.0": ("3.6.1", "3.7.1"),
        "soc2": ("CC6.1",),
    }
    confidence = "high"
    fix = "make the key with guarded_kms_key, and let the alias refer to it"
    source = "https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#customer-cmk"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """A key as the class says; an alias that points at one."""
        if conf.block.type in NOT_OURS:
            yield Violation("", conf.block.type, "aws_kms_key: key material made by KMS in this region")
        elif conf.block.type == "aws_kms_alias":
            yield from customer_managed_key(conf, "target_key_id")
        else:
            yield from _key(conf)


def _key(conf: Arguments) -> Iterator[Violation]:
    yield from in_turn(
        (
            _flag(conf, "is_enabled", False, "true"),
            _flag(conf, "multi_region", True, "false") if conf.profile.one_region else (),
            _flag(conf, "bypass_policy_lockout_safety_check", True, "false: its policy may lock us out of our data"),
            *(_text(conf, name, wanted, f'"{wanted}"') for name, wanted in SYMMETRIC.items() if encrypts(conf)),
            _text(conf, "custom_key_store_id", "", OTHER_STORE),
            _text(conf, "xks_key_id", "", OTHER_STORE),
        )
    )


def _flag(conf: Arguments, name: str, refused: bool, requires: str) -> Iterator[Violation]:
    if conf.flag(name) is refused:
        yield Violation(name, refused, requires)


def _text(conf: Arguments, name: str, accepted: str, requires: str) -> Iterator[Violation]:
    """Absent is accepted as well."""
    if (value := conf.text(name)) not in (None, accepted):
        yield Violation(name, value, requires)
