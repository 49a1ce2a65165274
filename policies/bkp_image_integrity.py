"""BKP.image-integrity."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.terraform import Arguments

AT_PUSH = ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")


class BkpImageIntegrity(Policy):
    """A tag that can be overwritten lets one push replace what every task starts next, past all that was reviewed.

    Tags are immutable without exclusions. Where scanning is declared for the registry, AWS ignores what the
    repository says, so the registry's rules decide then: one must scan every repository at push. A task names its image
    by a tag or a digest: `latest` is what was pushed last, by whomever.
    """

    id = "PG_BKP_IMAGE_INTEGRITY"
    name = "Ensure ECR images are scanned on push and immutable"
    severity = "MEDIUM"
    resources = ("aws_ecr_repository", "aws_ecs_task_definition")
    controls = {
        "aws-fsbp": ("ECR.1", "ECR.2"),
        "eu-cra": ("Annex I Part I (2)(a)", "Annex I Part I (2)(f)"),
        "iec-62443-3-3": ("SR 3.4",),
        "iso27001-2022": ("A.8.8", "A.8.19"),
        "nis2": ("Art.21(2)(e)",),
        "nist-800-53-r5": ("RA-5", "SI-7"),
        "nist-csf-2.0": ("ID.RA-01", "PR.PS-02"),
        "pci-dss-4.0": ("11.3.1",),
        "soc2": ("CC7.1", "CC6.8"),
    }
    fix = 'image_tag_mutability = "IMMUTABLE", image_scanning_configuration { scan_on_push = true }'
    source = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type == "aws_ecs_task_definition":
            yield from in_turn(_image(container) for container in conf.documents("container_definitions"))
            return
        yield from in_turn((_immutable(conf), _scanned(conf)))


def _immutable(conf: Arguments) -> Iterator[Violation]:
    mutability = conf.text("image_tag_mutability")
    if mutability != "IMMUTABLE":
        yield Violation("image_tag_mutability", mutability, "IMMUTABLE")


def _scanned(conf: Arguments) -> Iterator[Violation]:
    registries = conf.resources("aws_ecr_registry_scanning_configuration")
    if registries:
        if not all(any(_scans_all(rule) for rule in registry.blocks("rule")) for registry in registries):
            got = f"{registries[0].address} without such a rule"
            yield Violation("image_scanning_configuration", got, "a registry rule that scans * on push")
        return
    scanning = conf.block_at("image_scanning_configuration")
    on_push = scanning.flag("scan_on_push") if scanning else None
    if not on_push:
        yield Violation("image_scanning_configuration.scan_on_push", on_push, "true")


def _scans_all(rule: Arguments) -> bool:
    filters = [one.text("filter") for one in rule.blocks("repository_filter")]
    return rule.text("scan_frequency") in AT_PUSH and "*" in filters


def _image(container: Arguments) -> Iterator[Violation]:
    image = container.text("image") or ""
    name = image.rpartition("}")[2].rpartition("/")[2]
    _, tagged, tag = name.partition(":")
    if "@sha256:" not in image and (not tagged or tag in ("", "latest")):
        yield Violation(container.name_of("image"), image or None, "an image by its digest, or by a tag but latest")
