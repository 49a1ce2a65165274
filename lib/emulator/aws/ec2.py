"""EC2: security group rules that refer to groups and prefix lists."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule

from lib.emulator.aws.patching import Original, wrap

PREFIX_LIST = 7


def install() -> None:
    """Wrap what drops a rule's description, and what changes a rule."""
    wrap(SecurityGroupRule, "__init__", _rule)
    SecurityGroupRule.description = property(_description)
    wrap(SecurityGroupBackend, "modify_security_group_rules", _modify_security_group_rules)


def _rule(original: Original, self: Any, *args: Any, **kwargs: Any) -> None:
    """moto keeps a prefix list's id and drops its description; the list is the eighth argument, after the group."""
    original(self, *args, **kwargs)
    prefix_list = kwargs.get("prefix_list_id") or (args[PREFIX_LIST] if len(args) > PREFIX_LIST else None) or {}
    self.prefix_list_description = prefix_list.get("Description")


def _description(self: Any) -> str | None:
    """moto gives it for address ranges only: aws_vpc_security_group_*_rule.description differed for all others."""
    holders = (self.ip_range.get("Description"), self.source_group.get("Description"), self.prefix_list_description)
    return next((text for text in holders if text), None)


def _modify_security_group_rules(original: Original, self: Any, group_id: str, rules: dict[str, Any]) -> None:
    """moto stores a new description as an address range's, and never a new group or prefix list."""
    original(self, group_id, rules)
    group = self.get_security_group_by_name_or_id(group_id)
    for rule_id, wanted in rules.items():
        rule, description = group.get_rule(rule_id), wanted.get("Description")
        if wanted.get("ReferencedGroupId"):
            rule.ip_range = {}
            rule.source_group = {**rule.source_group, "GroupId": wanted["ReferencedGroupId"]}
            rule.source_group["Description"] = description
        elif wanted.get("PrefixListId"):
            rule.ip_range = {}
            rule.prefix_list_id, rule.prefix_list_description = wanted["PrefixListId"], description
