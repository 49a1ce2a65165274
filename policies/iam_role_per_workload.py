"""IAM.role-per-workload."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.roles import ROLE_ARGUMENT
from policies.terraform import Arguments, CannotDecide

ROLES = {"aws_ecs_task_definition": ("task_role_arn", "execution_role_arn"), "aws_lambda_function": ("role",)}


class IamRolePerWorkload(Policy):
    """A shared role has the rights of all its users: the rotation function could then read the stream.

    The execution role pulls images and writes logs before the container runs; a task that holds it could, too.
    A role from elsewhere may be shared with another environment, which the configuration does not tell.
    """

    id = "PG_IAM_ROLE_PER_WORKLOAD"
    name = "Ensure each workload has a role of its own"
    severity = "MEDIUM"
    resources = tuple(ROLES)
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1", "SR 1.2"),
        "iso27001-2022": ("A.5.3", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.a", "11.5.2.a"),
        "nist-800-53-r5": ("AC-5", "AC-6"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("7.2.1", "7.2.2"),
        "soc2": ("CC6.3",),
    }
    fix = "make one guarded_iam_role per task role, execution role and function"
    source = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-iam-roles.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Every role argument is set, used nowhere else, and refers to a role that is declared here."""
        for argument in ROLES[conf.block.type]:
            role = conf.text(argument)
            if not role:
                yield Violation(argument, None, "a role of its own")
                continue
            shared = [use for use in _uses(conf, role) if use != f"{conf.address}.{argument}"]
            if shared:
                yield Violation(argument, f"{role}, also used by {', '.join(shared)}", "a role that nothing else uses")
            elif conf.target(conf.values[argument], "aws_iam_role") is None:
                raise CannotDecide(argument, role, "an aws_iam_role of the same configuration")


def _uses(conf: Arguments, role: str) -> Iterator[str]:
    """Where resources outside IAM run under the role, by reference (whatever its attribute) or by its literal ARN."""
    wanted = conf.target(role, "aws_iam_role") or role
    for other in conf.of_kind("resource"):
        if other.block.type.startswith("aws_iam"):
            continue
        for path, raw in other.raw():
            if ROLE_ARGUMENT.search(path) and raw and wanted in (raw, conf.target(raw, "aws_iam_role")):
                yield f"{other.address}.{path}"
