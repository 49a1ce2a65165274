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

## Profiles

`gate --profile sensor-platform` (the default) runs every policy; `--profile generic` leaves out what only this house
can ask for, and the verdict lists each one as not in the profile. Left out, and why:

- NAM: the names of this house, and its environment suffix. REG: its region, unless `regions` is set.
- TAG.mandatory and TAG.values: its tags, unless `required_tags`, or `tag_vocabulary` or `tag_patterns`, are set.
- DES, but for DES.class-guard: environments that come and go. The guard stays: with no environment classes it demands
  every protection against deletion.
- SEC.existing-secret: elsewhere Terraform may create a secret.
- NET.igw-controlled and NET.vpc-endpoints: a platform without any way to the internet; the second one runs where
  `endpoint_services` is set.
- LOG.kinesis-metrics, LOG.alarm-coverage and TLS.client-verify: choices of metrics, and conventions of containers.

Numbers are the same in both. Each is a threshold: `gate --threshold rotation_days=14`, in the environment
PLANTGUARD_THRESHOLD_ROTATION_DAYS, or `[thresholds]` in plantguard.toml (bounds: lib/settings.py). `accounts` names own
accounts where no provider has allowed_account_ids. Plain Checkov always judges by sensor-platform.

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
        [f"{len(rows)} policies.", "", "| policy | severity | requirement |", "|---|---|---|", *rows, ""]
    )
