"""The rule set for people: one policy explained, and the catalogue that policies/README.md holds."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping

from lib.artifacts import Limit
from lib.gate.adopted import Adopted
from lib.gate.frameworks import FOLDER, load_limits
from policies.base import Policy
from policies.profiles import GENERIC, PROFILES, SENSOR_PLATFORM

TESTS = FOLDER.parent / "tests" / "policy"

HEADER = """# Policies

Custom Checkov policies, one file each, found by being in this folder. This page is what `python main.py explain`
prints; a test fails where they differ.

To add one: `policies/<family>_<subject>.py` with a class of facts and a generator `violations` (see `base.py`), and
`tests/policy/fixtures/<family>_<subject>/good.tf.json` and `bad.tf.json`. Nothing else has to be edited but this page.

## Plain Checkov

`checkov -d DIR --external-checks-dir policies` loads them too, with no code of ours around it. Each policy then reads
the files that Checkov scans with the gate's own reader, so on HCL and on the JSON of a plan the FAILED set is the
gate's; a test compares them. What plain Checkov cannot do, and `python main.py gate` does:

- On Terraform JSON (`*.tf.json`, what CDKTF writes) it tells a policy neither the file nor the other resources. Each
  resource is then judged alone, and what spans resources, or comes from a variable, shows as failed.
- It runs no policy on outputs, variables, locals, module calls and ephemeral blocks. Providers are named
  `aws.default` there, data sources without `data.`.
- Undecided shows as FAILED, waivers and profiles are not read, and a file that it cannot parse is no failure. Inline
  `checkov:skip` comments count there; the gate knows waivers only.

## Mapping

A policy names the controls it is evidence for (`controls`), how apt that is (`confidence`, `strength`), and those that
a reader sees violated where it is met (`conflicts`). `frameworks/<id>.toml` holds each framework: every control that
something names, and the whole list where a Statement of Applicability or a level counts all. Whether a control is
`applicable`, and `why`, is the organisation's to decide there. What running the gate is evidence for is in
`practices.toml`.

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


ADOPTED_HEADER = """
## Adopted native policies

Checkov's own policies that the gate enforces as well (`adopted.toml`), for resources that the custom ones do not judge.
What Checkov would drop, because it is unknown or crashes, is undecided here.

"""
UNDECIDABLE_HEADER = """
## Not decidable here

What no configuration can show (`undecidable.toml`). A pass of the gate says nothing about it.

"""
LONGEST_EXAMPLE = 60
"""Lines of an example that are printed; the file has the rest."""


def explanation(policy: Policy) -> str:
    """One policy: what it requires, why, how to meet it, and the controls it is evidence for."""
    cls = type(policy)
    judged = ", ".join([*cls.resources, *(f"data.{name}" for name in cls.data), *cls.blocks])
    brought_in = f" (and where {' or '.join(cls.serves)} is set)" if cls.serves else ""
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
        f"Profiles: {', '.join(cls.profiles)}{brought_in}",
        *(f"Control:  {framework} {', '.join(ids)}" for framework, ids in cls.controls.items()),
        *(f"Against:  {framework} {', '.join(ids)}" for framework, ids in cls.conflicts.items()),
        f"Mapping:  {cls.strength}, of {cls.confidence} confidence",
        *(f"Limit:    {limit.about}: {limit.reason}" for limit in _limits_of(policy)),
    ]
    return "\n".join(lines) + "\n"


def examples(policy: Policy) -> str:
    """What the policy accepts and what it refuses, from its fixtures; empty in a checkout without tests."""
    stem = policy.id if isinstance(policy, Adopted) else policy.id.removeprefix("PG_").lower()
    folder = TESTS / ("adopted" if isinstance(policy, Adopted) else "fixtures") / stem
    shown = []
    for title, pattern in (("Accepted", "good*.tf.json"), ("Refused", "bad*.tf.json")):
        file = next(iter(sorted(folder.glob(pattern))), None)
        if file:
            lines = file.read_text(encoding="utf-8").splitlines()
            rest = len(lines) - LONGEST_EXAMPLE
            more = [f"... {rest} more lines in the file"] if rest > 0 else []
            shown += ["", f"{title} ({file.relative_to(TESTS.parents[1])}):", *lines[:LONGEST_EXAMPLE], *more]
    return "\n".join([*shown, ""]) if shown else ""


def _limits_of(policy: Policy) -> list[Limit]:
    return [limit for limit in load_limits() if policy.subject in limit.subjects]


def catalogue(rules: Mapping[str, Policy]) -> str:
    """All policies as a Markdown page, by family, then the adopted ones and what cannot be decided."""
    custom = [policy for policy in rules.values() if not isinstance(policy, Adopted)]
    adopted = [policy for policy in rules.values() if isinstance(policy, Adopted)]
    rows = [(f"[{policy.id}]({policy.id.removeprefix('PG_').lower()}.py)", policy) for policy in custom]
    page = HEADER + _thresholds() + f"{len(rows)} policies.\n\n{_never_waived(rules)}\n\n" + _table(rows)
    if adopted:
        page += ADOPTED_HEADER + f"{len(adopted)} policies.\n\n" + _table([(policy.id, policy) for policy in adopted])
    unseen = [f"| {limit.about} | {limit.reason} | {limit.evidence} | {_controls(limit)} |" for limit in load_limits()]
    titles = ["| what | why not | where evidence comes from | controls |", "|---|---|---|---|"]
    return page + UNDECIDABLE_HEADER + "\n".join([*titles, *unseen, ""])


def _thresholds() -> str:
    house, other = SENSOR_PLATFORM.thresholds(), GENERIC.thresholds()
    rows = [
        f"| `{name}` | {json.dumps(value)} | {'the same' if other[name] == value else json.dumps(other[name])} |"
        for name, value in house.items()
    ]
    return "\n".join(["| threshold | sensor-platform | generic |", "|---|---|---|", *rows, "", ""])


def _table(rows: list[tuple[str, Policy]]) -> str:
    lines = [
        f"| {label} | {type(policy).severity} | {_profiles(policy)} | {type(policy).name} |" for label, policy in rows
    ]
    return "\n".join(["| policy | severity | profiles | requirement |", "|---|---|---|---|", *lines, ""])


def _profiles(policy: Policy) -> str:
    cls = type(policy)
    return (
        "all" if set(cls.profiles) == set(PROFILES) else ", ".join([*cls.profiles, *(f"`{t}` set" for t in cls.serves)])
    )


def _controls(limit: Limit) -> str:
    return "; ".join(f"{framework} {', '.join(ids)}" for framework, ids in limit.controls.items())


def _never_waived(rules: Mapping[str, Policy]) -> str:
    never = [policy.id for policy in rules.values() if not type(policy).waivable]
    return f"Never waived, whoever would answer for it ({len(never)}): {', '.join(never)}."
