"""REG.iam-condition."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.iam import Statement
from policies.requirements import GLOBAL_SERVICES
from policies.roles import held_statements, managed_statements
from policies.terraform import Arguments

NEGATED = ("StringNotEquals", "StringNotLike", "StringNotEqualsIfExists", "StringNotLikeIfExists")
"""Operators that hold for any value but ours, and for a request without the key: negated ones do so without IfExists.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""


class RegIamCondition(Policy):
    """A stolen credential is used where nobody looks: in a region without our alarms. The deny ends that.

    An organisation's SCP would do it better, but is not in this configuration, and an environment must be safe in an
    account without one. Any further condition in the statement would narrow the deny, so there may be none.
    """

    id = "PG_REG_IAM_CONDITION"
    name = "Ensure roles are denied all other regions"
    severity = "MEDIUM"
    resources = ("aws_iam_role",)
    profiles = ("sensor-platform",)
    serves = ("regions",)
    controls = {
        "gdpr": ("Art.44",),
        "iso27001-2022": ("A.5.31", "A.5.23", "A.5.15"),
        "nist-800-53-r5": ("SA-9(5)", "AC-3", "AC-6"),
        "nist-csf-2.0": ("GV.OC-03",),
    }
    strength = "supporting"
    fix = 'set permissions_boundary to a policy with Deny, StringNotEquals aws:RequestedRegion "eu-west-1"'
    source = (
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_deny-requested-region.html"
    )

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """One statement of the role's boundary or of its policies denies everything outside the region."""
        boundary = conf.values.get("permissions_boundary")
        held = list(managed_statements(conf, boundary, "permissions_boundary")) if boundary else []
        if not any(_denies(conf, statement) for _, statement in held):
            held = list(held_statements(conf))
        proof = next((f"{address}.{statement.path}" for address, statement in held if _denies(conf, statement)), None)
        conf.note("region deny", proof)
        if proof is None:
            yield Violation(
                "permissions_boundary", boundary, f"a Deny unless aws:RequestedRegion is {conf.profile.region_words}"
            )


def _denies(conf: Arguments, statement: Statement) -> bool:
    if statement.allows:
        return False
    spared = statement.not_actions
    everything = statement.actions == ("*",) or (bool(spared) and all(map(_is_global, spared)))
    condition = next(iter(statement.conditions)) if len(statement.conditions) == 1 else None
    return (
        everything
        and statement.resources == ("*",)
        and condition is not None
        and condition.key == "aws:requestedregion"
        and condition.operator in NEGATED
        and bool(condition.values)
        and set(condition.values) <= set(conf.profile.regions)
    )


def _is_global(action: str) -> bool:
    return action.partition(":")[0] in GLOBAL_SERVICES and ":" in action
