"""The rule set for people: one policy explained, and the catalogue that policies/README.md holds."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from policies.base import Policy

HEADER = """# Policies

Custom Checkov policies, one file each, found by being in this folder. This page is what `python main.py explain`
prints; a test fails where they differ.

To add one: `policies/<family>_<subject>.py` with a class of facts and a generator `violations` (see `base.py`), and
`tests/policy/fixtures/<family>_<subject>/good.tf.json` and `bad.tf.json`. Nothing else has to be edited but this page.

`checkov -d DIR --external-checks-dir policies` loads them too. On Terraform JSON plain Checkov gives policies no view
of other resources, so requirements that span resources are then undecided, and Checkov shows them as failed.
`python main.py gate` has no such gap.

"""


def explanation(policy: Policy) -> str:
    """One policy: what it requires, why, how to meet it, and the controls it is evidence for."""
    cls = type(policy)
    judged = ", ".join([*cls.resources, *(f"data.{name}" for name in cls.data), *cls.blocks])
    lines = [
        f"{policy.id}  {policy.subject}  {cls.severity}",
        f"{cls.name}.",
        "",
        inspect.cleandoc(cls.__doc__ or ""),
        "",
        f"Judges:   {judged}",
        f"Fix:      {cls.fix}",
        f"Waiver:   {'in policies/waivers.toml, until a date' if cls.waivable else 'never'}",
        f"Source:   {cls.source}",
        *(f"Control:  {framework} {', '.join(ids)}" for framework, ids in cls.controls.items()),
    ]
    return "\n".join(lines) + "\n"


def catalogue(rules: Mapping[str, Policy]) -> str:
    """All policies as a Markdown page, by family."""
    rows = [
        f"| [{policy.id}]({policy.id.removeprefix('PG_').lower()}.py) | {type(policy).severity} | {type(policy).name} |"
        for policy in rules.values()
    ]
    return HEADER + "\n".join(
        [
            f"{len(rows)} policies.",
            "",
            _never_waived(rules),
            "",
            "| policy | severity | requirement |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _never_waived(rules: Mapping[str, Policy]) -> str:
    never = [policy.id for policy in rules.values() if not type(policy).waivable]
    return f"Never waived, whoever would answer for it ({len(never)}): {', '.join(never)}."
