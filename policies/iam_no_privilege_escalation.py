"""IAM.no-privilege-escalation."""

from __future__ import annotations

from collections.abc import Iterator

from policies.arns import names_resource
from policies.base import Policy, Violation
from policies.iam import IDENTITY_POLICIES, Statement, identity_statements
from policies.roles import held_statements
from policies.terraform import Arguments

ALONE = (
    "codebuild:StartBuild",
    "codebuild:StartBuildBatch",
    "ec2-instance-connect:SendSSHPublicKey",
    "ecs:ExecuteCommand",
    "glue:UpdateDevEndpoint",
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:CreateServiceSpecificCredential",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:ResetServiceSpecificCredential",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAccessKey",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "sagemaker:CreatePresignedNotebookInstanceUrl",
    "ssm:SendCommand",
    "ssm:StartSession",
    "sts:GetFederationToken",
)
"""Each gives its holder another identity's rights, or new rights of its own."""
WITH_PASS_ROLE = (
    "apprunner:CreateService",
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:CreateLaunchConfiguration",
    "batch:RegisterJobDefinition",
    "bedrock-agentcore:CreateCodeInterpreter",
    "cloudformation:CreateStack",
    "cloudformation:CreateStackSet",
    "cloudformation:UpdateStack",
    "cloudformation:UpdateStackSet",
    "codebuild:CreateProject",
    "codebuild:UpdateProject",
    "codestar:CreateProject",
    "datapipeline:CreatePipeline",
    "ec2:AssociateIamInstanceProfile",
    "ec2:CreateLaunchTemplate",
    "ec2:ReplaceIamInstanceProfileAssociation",
    "ec2:RequestSpotFleet",
    "ec2:RequestSpotInstances",
    "ec2:RunInstances",
    "ecs:CreateService",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
    "ecs:StartTask",
    "ecs:UpdateService",
    "elasticmapreduce:RunJobFlow",
    "events:PutTargets",
    "glue:CreateDevEndpoint",
    "glue:CreateJob",
    "glue:UpdateJob",
    "lambda:CreateFunction",
    "sagemaker:CreateNotebookInstance",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob",
    "scheduler:CreateSchedule",
    "ssm:StartAutomationExecution",
    "states:CreateStateMachine",
    "states:UpdateStateMachine",
)
"""Each starts something under a role that the caller passes, and so lends the caller that role's rights."""
COMBINATIONS = (*((action,) for action in ALONE), *(("iam:PassRole", action) for action in WITH_PASS_ROLE))


class IamNoPrivilegeEscalation(Policy):
    """A harmless-looking pair of grants, perhaps in two policies, lets a stolen credential make itself administrator.

    So all policies of a role are judged together. Neither a condition, a narrow resource, a Deny nor a permissions
    boundary excuses a combination: no workload here deploys, and the two that pass alone may be widened later.
    """

    id = "PG_IAM_NO_PRIVILEGE_ESCALATION"
    name = "Ensure no role can widen its own rights"
    severity = "CRITICAL"
    waivable = False
    resources = ("aws_iam_role", *IDENTITY_POLICIES)
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1"),
        "iso27001-2022": ("A.5.15", "A.5.18", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.a", "11.3.2.c"),
        "nist-800-53-r5": ("AC-3", "AC-6", "AC-6(10)", "AC-6(1)"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("7.2.1", "7.2.2"),
        "soc2": ("CC6.3",),
    }
    fix = "take the combination apart: leave deploying, IAM and remote commands to the pipeline's role"
    source = "https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """No combination in what a role holds altogether, or in one policy."""
        if conf.block.type == "aws_iam_role":
            held = list(held_statements(conf))
        else:
            held = [(conf.address, statement) for statement in identity_statements(conf)]
        for combination in COMBINATIONS:
            giving = [[(a, s) for a, s in held if s.grants(action)] for action in combination]
            if all(giving):
                yield _violation(conf, " + ".join(combination), *giving[-1][0])
        for address, statement in held:
            assumes = [r for r in statement.resources if not names_resource(r, f"{statement.path}.Resource")]
            if statement.grants("sts:AssumeRole") and (assumes or statement.not_resources):
                yield _violation(conf, "sts:AssumeRole of any role", address, statement)


def _violation(conf: Arguments, combination: str, address: str, statement: Statement) -> Violation:
    where = statement.path if address == conf.address else f"{address}.{statement.path}"
    return Violation(where, combination, "no combination that lends or adds rights")
