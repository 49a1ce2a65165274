"""A configuration inside a module instance gets the same answers: nothing is decided by how a reference begins."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.gate.scan import load_policies, scan
from lib.gate.sources import read_source

FIXTURES = Path(__file__).parents[1] / "policy/fixtures"
RULES = load_policies()
MODULE = "module.site[0]"
OUTSIDE = ("provider", "terraform")
ADDRESS = re.compile(r"(?<![\w.\"-])((?:data\.|ephemeral\.)?(?:aws|random|null|terraform|tls|vault)_\w+\.\w+)")
MOVED = [
    "rot_rotation_alarm/bad",
    "rot_rotation_alarm/good",
    "rot_secret_covered/bad_chain",
    "rot_secret_covered/bad_network",
    "rot_secret_covered/bad_password",
    "rot_secret_covered/good",
    "rot_secret_covered/good_chain",
    "rot_secret_covered/good_nat",
    "rot_secret_covered/good_network",
    "sec_container_secrets/good",
    "sec_lambda_env/good",
    "sec_not_in_state/bad",
    "sec_not_in_state/good",
]


def moved(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: moved(item) for key, item in value.items()}
    if isinstance(value, list):
        return [moved(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"\$\{[^{}]*\}", lambda found: ADDRESS.sub(rf"{MODULE}.\1", found[0]), value)
    return value


def answers(source, policy):
    findings, passed = scan(source, {policy.id: policy})
    given = [(f.resource_address, f.state.name) for f in findings] + [(p.resource_address, "PASSED") for p in passed]
    return sorted((address.replace(f"{MODULE}.", ""), state) for address, state in given)


@pytest.mark.parametrize("name", MOVED)
def test_a_module_changes_no_answer(name):
    source, policy = read_source(FIXTURES / f"{name}.tf.json"), RULES[f"PG_{name.partition('/')[0].upper()}"]
    blocks = tuple(
        replace(
            block,
            arguments=moved(block.arguments),
            module="" if block.kind in (*OUTSIDE, "variable", "locals") else MODULE,
        )
        for block in source.configuration.blocks
    )
    inside = replace(source, configuration=replace(source.configuration, blocks=blocks))
    assert answers(inside, policy) == answers(source, policy)
