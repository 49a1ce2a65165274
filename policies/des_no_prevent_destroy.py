"""DES.no-prevent-destroy."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import is_ephemeral
from policies.terraform import Arguments

ON = ("true", "1", "Enabled")
RETAINING = ("skip_destroy", "retain_on_delete", "retain_stack", "object_lock_enabled")
"""Arguments that leave the object behind when its resource is destroyed."""

LOCKS = ("aws_backup_vault_lock_configuration", "aws_s3_bucket_object_lock_configuration")
"""Types that exist to keep others from being emptied."""


class DesNoPreventDestroy(Policy):
    """One lock stops a whole `destroy` halfway; one retained log group makes the next environment of the name fail.

    `removed` blocks that keep the object, and object lock, leave things behind in the same way.
    """

    id = "PG_DES_NO_PREVENT_DESTROY"
    name = "Ensure no ephemeral resource is locked against destruction or retained"
    severity = "MEDIUM"
    resources = ("aws_*",)
    blocks = ("removed",)
    profiles = ("sensor-platform",)
    controls = {
        "gdpr": ("Art.5(1)(e)",),
        "iso27001-2022": ("A.8.31", "A.8.10"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("12.2.2.b", "12.2.2.a"),
        "nist-800-53-r5": ("SI-12", "SI-12(3)"),
        "nist-csf-2.0": ("ID.AM-08",),
        "soc2": ("C1.2",),
    }
    strength = "internal"
    conflicts = {"pci-dss-4.0": ("10.5.1",)}
    fix = "remove lifecycle.prevent_destroy and skip_destroy, in environments of the ephemeral class"
    source = "https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        lifecycle = conf.block_at("lifecycle")
        locked = lifecycle.flag("prevent_destroy") if lifecycle else None
        forgotten = conf.block.kind == "removed" and lifecycle is not None and lifecycle.flag("destroy") is False
        retained = [name for name in RETAINING if conf.values.get(name) is not None and conf.text(name) in ON]
        if not is_ephemeral(conf):
            return
        if conf.block.type in LOCKS:
            yield Violation("", conf.block.type, "no lock on what must go with its environment")
        if locked:
            yield Violation("lifecycle.prevent_destroy", "true", "false")
        if forgotten:
            yield Violation("lifecycle.destroy", "false", "true: what Terraform forgets it does not destroy")
        for argument in retained:
            yield Violation(argument, "true", "false")
