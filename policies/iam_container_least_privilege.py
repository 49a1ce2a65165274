"""IAM.container-least-privilege."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments, CannotDecide

SPELLING = {
    key.lower(): key
    for key in ("privileged", "readonlyRootFilesystem", "user", "linuxParameters", "capabilities", "add", "drop")
}
ROOT = re.compile(r"(?:root|0+|)(?::.*)?")


class IamContainerLeastPrivilege(Policy):
    """A break-in through a malformed reading must not become root, write itself to disk or keep kernel rights.

    All capabilities are dropped and none is added: a program that reads a stream needs none. Terraform takes the keys
    of the definitions in any letter case, and AWS the last one; only the spelling of the ECS API is read here.
    """

    id = "PG_IAM_CONTAINER_LEAST_PRIVILEGE"
    name = "Ensure containers run with minimal rights"
    severity = "HIGH"
    resources = ("aws_ecs_task_definition",)
    controls = {
        "aws-fsbp": ("ECS.1", "ECS.3", "ECS.4", "ECS.5"),
        "eu-cra": ("Annex I Part I (2)(d)", "Annex I Part I (2)(j)"),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 7.7"),
        "iso27001-2022": ("A.8.2", "A.8.9"),
        "nis2": ("Art.21(2)(e)", "Art.21(2)(i)"),
        "nis2-ir-2024-2690": ("11.2.2.d", "6.2.1"),
        "nist-800-53-r5": ("AC-6", "CM-7"),
        "nist-csf-2.0": ("PR.AA-05", "PR.PS-01"),
        "pci-dss-4.0": ("7.2.1", "7.2.2"),
        "soc2": ("CC6.3",),
    }
    confidence = "high"
    fix = 'set user = "10001", readonlyRootFilesystem = true, linuxParameters.capabilities.drop = ["ALL"]'
    source = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Every container of the task, the namespaces it shares, and who may break it."""
        if conf.text("network_mode") != "awsvpc":
            yield Violation("network_mode", conf.text("network_mode"), '"awsvpc": an interface of its own')
        for namespace in ("pid_mode", "ipc_mode"):
            if conf.text(namespace) == "host":
                yield Violation(namespace, "host", "no namespace shared with the host")
        if conf.flag("enable_fault_injection"):
            yield Violation("enable_fault_injection", True, "false: it lets others stop and starve the task")
        containers = conf.documents("container_definitions")
        if not containers:
            yield Violation("container_definitions", None, "at least one container")
        for container in containers:
            _refuse_other_spelling(container)
            yield from _container(container)


def _container(container: Arguments) -> Iterator[Violation]:
    if container.flag("privileged"):
        yield Violation(container.name_of("privileged"), True, "false")
    if not container.flag("readonlyRootFilesystem"):
        yield Violation(container.name_of("readonlyRootFilesystem"), container.flag("readonlyRootFilesystem"), "true")
    user = container.text("user")
    if user is None or ROOT.fullmatch(user.strip()):
        yield Violation(container.name_of("user"), user, "a user other than root, such as 10001")
    capabilities = container.block_at("linuxParameters", "capabilities")
    dropped = capabilities.strings("drop") if capabilities else []
    added = capabilities.strings("add") if capabilities else []
    if "ALL" not in dropped:
        yield Violation(container.name_of("linuxParameters.capabilities.drop"), ", ".join(dropped) or None, '["ALL"]')
    if added:
        yield Violation(container.name_of("linuxParameters.capabilities.add"), ", ".join(added), "nothing added")


def _refuse_other_spelling(container: Arguments) -> None:
    for path, _ in container.raw():
        for key in re.split(r"[.\[]", path.removeprefix(container.path)):
            if SPELLING.get(key.lower(), key) != key:
                raise CannotDecide(path, key, f"the spelling {SPELLING[key.lower()]}")
