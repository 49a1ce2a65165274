"""Runs every policy on every block it judges, through Checkov's own registries.

Checkov drops what it cannot answer. Here each pair of policy and block must have an answer, or there is no verdict.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from checkov.runner_filter import RunnerFilter
from checkov.terraform.checks.data.registry import data_registry
from checkov.terraform.checks.provider.registry import provider_registry
from checkov.terraform.checks.resource.registry import resource_registry

import policies
from lib.artifacts import Finding, Passed, State
from lib.errors import GateError
from lib.gate.adopted import Adopted, load_adopted
from lib.gate.sources import Source
from policies.base import Judgement, Policy, Violation
from policies.credentials import credential_in
from policies.profiles import Profile
from policies.terraform import Arguments, Block, shown

NOT_SHOWN = "(not shown)"
VARIABLE = re.compile(r"\bvar\.([A-Za-z_][\w-]*)")
REGISTRIES: Mapping[str, Any] = {
    "resource": resource_registry,
    "data": data_registry,
    "provider": provider_registry,
}


def load_policies() -> Mapping[str, Policy]:
    """Every policy in the folder, by id. Raises: GateError where a file does not import: its rule would be silent."""
    for module in sorted(info.name for info in pkgutil.iter_modules(policies.__path__)):
        if module == "policies":
            continue
        try:
            importlib.import_module(f"policies.{module}")
        except Exception as error:  # any failure to load is the same to the gate: a rule that would not run
            raise GateError(f"policies/{module}.py does not load: {type(error).__name__}: {error}") from error
    if not Policy.catalogue:
        raise GateError("policies/ holds no policy. A gate without rules gives no verdict.")
    return dict(sorted(Policy.catalogue.items()))


def load_rules() -> Mapping[str, Policy]:
    """The custom policies, then the adopted ones. Raises: GateError where one would be silent."""
    return {**load_policies(), **load_adopted()}


def scan(source: Source, rules: Mapping[str, Policy]) -> tuple[tuple[Finding, ...], tuple[Passed, ...]]:
    """What every rule of the profile says of every block it judges. Raises: GateError where one gives no answer."""
    findings: list[Finding] = []
    passed: list[Passed] = []
    rules = in_profile(rules, source.configuration.profile)
    chosen = RunnerFilter(checks=[id_ for id_, policy in rules.items() if not isinstance(policy, Adopted)])
    for block in source.configuration.blocks:
        for policy, judgement in _judgements(source, block, rules.values(), chosen):
            if judgement.violations:
                findings.extend(_finding(source, policy, block, violation) for violation in judgement.violations)
            else:
                passed.append(_passed(source, policy, block, judgement))
    return tuple(findings), tuple(passed)


def in_profile(rules: Mapping[str, Policy], profile: Profile) -> Mapping[str, Policy]:
    """The rules that a configuration of this profile is judged by."""
    return {id_: policy for id_, policy in rules.items() if policy.applies_to(profile)}


def _judgements(
    source: Source, block: Block, rules: Iterable[Policy], chosen: RunnerFilter
) -> Iterator[tuple[Policy, Judgement]]:
    expected = [policy for policy in rules if policy.judges(block)]
    for policy in expected:
        policy.judgement = None
    registered = [policy for policy in expected if not isinstance(policy, Adopted)]
    registry = REGISTRIES.get(block.kind)
    for policy in expected:
        if not (registry and policy in registered):
            policy.judgement = policy.judge(Arguments.of(source.configuration, block))
    if registry and registered:
        registry.graph = source.configuration  # Checkov hands it to each check
        registry.scan(source.file, _entity(block), [], chosen)
    for policy in expected:
        if policy.judgement is None:
            raise GateError(f"{policy.id} gave no answer for {block.address}: no answer is not a pass")
        yield policy, policy.judgement


def input_findings(source: Source) -> tuple[Finding, ...]:
    """What of the input could not be read: undecided, since nobody judged it."""
    return tuple(
        Finding(
            policy_id="PG_GATE_INPUT",
            subject="GATE.input",
            family="GATE",
            severity="HIGH",
            state=State.UNDECIDED,
            resource_address=problem.address,
            construct_path="",
            file=problem.file or source.file,
            line=problem.line,
            argument="",
            got=problem.got,
            required=problem.requires,
            fix=problem.fix,
            controls={},
        )
        for problem in source.configuration.problems
    )


def _entity(block: Block) -> dict[str, Any]:
    body = {**block.arguments, "__block__": block}
    return {block.type: body} if block.kind == "provider" else {block.type: {block.name: body}}


def _finding(source: Source, policy: Policy, block: Block, violation: Violation) -> Finding:
    address = violation.address or block.address
    return Finding(
        policy_id=policy.id,
        subject=policy.subject,
        family=policy.family,
        severity=type(policy).severity,
        state=State.UNDECIDED if violation.undecided else State.FAILED,
        resource_address=address,
        construct_path=source.construct_path_of(address),
        file=source.file_of(address),
        line=source.line_of(address, violation.argument),
        argument=violation.argument,
        got="absent" if violation.got is None else str(_told(shown(violation.got), violation.argument)),
        required=str(_told(violation.requires, "")),
        fix=violation.fix or (_deciding(source, violation) if violation.undecided else type(policy).fix),
        controls=type(policy).controls,
    )


def _told(value: object, argument: str) -> object:
    """A value as reports tell it: a credential may stand in a name or a tag, which other policies read."""
    return NOT_SHOWN if isinstance(value, str) and _is_secret(value, argument.rpartition(".")[2]) else value


@lru_cache(maxsize=100_000)
def _is_secret(text: str, name: str) -> bool:
    return bool(credential_in(text, name))


def _deciding(source: Source, violation: Violation) -> str:
    """How to make an undecided value decidable."""
    got = str(violation.got)
    if variable := VARIABLE.search(got):
        return f"give variable {variable[1]} a value: a default, terraform.tfvars, or --var-file"
    if source.without_sources:
        return "judge the plan or state with its sources: gate TARGET --configuration DIR"
    if ".terraform/" in got or "module." in got:
        return "run terraform init, so that every module is on this disk, or judge a plan with --configuration"
    return f"write {violation.argument or 'it'} as a value, or as a reference to a block that is declared here"


def _passed(source: Source, policy: Policy, block: Block, judgement: Judgement) -> Passed:
    return Passed(
        policy_id=policy.id,
        subject=policy.subject,
        family=policy.family,
        severity=type(policy).severity,
        resource_address=block.address,
        construct_path=block.construct_path,
        evidence={argument: _told(value, argument) for argument, value in judgement.evidence.items()},
    )
