"""IAM.roles-not-users."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments, CannotDecide, is_reference

USERS = (
    "aws_iam_access_key",
    "aws_iam_service_specific_credential",
    "aws_iam_signing_certificate",
    "aws_iam_user",
    "aws_iam_user_login_profile",
    "aws_iam_user_ssh_key",
)
REQUIRES = "the ARN of an IAM role"
WORKLOADS = {"aws_ecs_task_definition": "task_role_arn", "aws_lambda_function": "role"}


class IamRolesNotUsers(Policy):
    """A user's key lives until someone deletes it and works from anywhere; a role's expires within hours."""

    id = "PG_IAM_ROLES_NOT_USERS"
    name = "Ensure workloads use roles and no IAM user exists"
    severity = "HIGH"
    resources = (*USERS, *WORKLOADS)
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 1.2", "SR 1.3", "SR 1.5"),
        "iso27001-2022": ("A.5.16", "A.5.17"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.5.2.a",),
        "nist-800-53-r5": ("AC-2", "IA-5", "IA-9"),
        "nist-csf-2.0": ("PR.AA-01", "PR.AA-05"),
        "pci-dss-4.0": ("7.2.5",),
        "soc2": ("CC6.1", "CC6.3"),
    }
    fix = "delete the user or key; give the task or function a role of its own"
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#bp-workloads-use-roles"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """No user or long-lived credential is created, and each task and function has a role."""
        argument = WORKLOADS.get(conf.block.type)
        if argument is None:
            yield Violation("", conf.block.type, "no IAM user and no long-lived credential; use an aws_iam_role")
            return
        role = conf.text(argument)
        if conf.target(conf.values.get(argument), "aws_iam_role", "data.aws_iam_role"):
            return
        found = conf.reference(role)
        if found and found[0].kind == "data":
            raise CannotDecide(argument, role, REQUIRES)
        if not role or is_reference(role) or ":role/" not in role:
            yield Violation(argument, role, REQUIRES)
