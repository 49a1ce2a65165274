"""SEC.state-backend."""

from __future__ import annotations

from collections.abc import Iterator

from policies.accounts import own_key_arn
from policies.base import Policy, Violation
from policies.environment import is_ephemeral
from policies.terraform import Arguments, CannotDecide

REQUIRES = 'backend "s3" with encrypt, kms_key_id and use_lockfile'


class SecStateBackend(Policy):
    """The state is the map of the whole platform; two applies at once tear it, and the next one destroys by mistake.

    Local state is accepted for ephemeral environments alone: one pipeline makes and destroys them, and no secret is
    in it (SEC.not-in-state). Who may reach the bucket is not in this configuration.
    """

    id = "PG_SEC_STATE_BACKEND"
    name = "Ensure Terraform state is stored encrypted and locked"
    severity = "HIGH"
    blocks = ("provider",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)", "Annex I Part I (2)(e)"),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 4.1", "SR 4.1 RE 1", "SR 1.5"),
        "iso27001-2022": ("A.8.24", "A.5.17"),
        "nis2": ("Art.21(2)(h)", "Art.21(2)(i)"),
        "nis2-ir-2024-2690": ("9.2.a",),
        "nist-800-53-r5": ("SC-28(1)", "IA-5", "CM-5"),
        "nist-csf-2.0": ("PR.DS-01", "PR.PS-01"),
        "pci-dss-4.0": ("8.3.2", "8.6.2"),
        "soc2": ("CC6.1",),
    }
    fix = "choose the s3 state backend in Settings, with its bucket and the ARN of its key"
    source = "https://developer.hashicorp.com/terraform/language/backend/s3"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """One backend, S3 as required, or a local one (Terraform's default) of an ephemeral environment."""
        if any(block.has("cloud") for block in conf.of_kind("terraform")):
            raise CannotDecide("terraform.cloud", "a workspace elsewhere", REQUIRES)
        backends = [
            (kind, place)
            for block in conf.of_kind("terraform")
            for holder in block.blocks("backend")
            for kind in holder.values
            for place in holder.blocks(kind)
        ]
        if len(backends) > 1:
            raise CannotDecide("terraform.backend", f"{len(backends)} backends", "one backend")
        kind, place = backends[0] if backends else ("local", None)
        conf.note("terraform.backend", kind)
        if kind == "s3" and place is not None:
            yield from _s3(place)
        elif kind != "local" or not is_ephemeral(conf):
            yield Violation("terraform.backend", kind, REQUIRES)


def _s3(place: Arguments) -> Iterator[Violation]:
    encrypt, key, acl = place.flag("encrypt"), place.text("kms_key_id"), place.text("acl")
    if encrypt is not True:
        yield Violation(f"terraform.{place.path}.encrypt", encrypt, "true")
    if key is None or not own_key_arn(place, key):
        yield Violation(f"terraform.{place.path}.kms_key_id", key, "the ARN of a key of our account and region")
    if place.has("sse_customer_key"):
        yield Violation(f"terraform.{place.path}.sse_customer_key", "a value (not shown)", "absent: KMS keeps the key")
    if place.flag("use_lockfile") is not True and not place.text("dynamodb_table"):
        yield Violation(f"terraform.{place.path}.use_lockfile", place.flag("use_lockfile"), "true")
    addresses = [str(value) for path, value in place.raw() if "endpoint" in path and value is not None]
    if any(not address.startswith("https://") for address in addresses):
        yield Violation(f"terraform.{place.path}.endpoints", "an address without https", "absent: AWS's own, by HTTPS")
    if place.flag("insecure"):
        yield Violation(f"terraform.{place.path}.insecure", True, "absent: the certificate is verified")
    if acl not in (None, "private", "bucket-owner-full-control"):
        yield Violation(f"terraform.{place.path}.acl", acl, "absent or private")
