"""Every policy accepts its good fixtures and refuses every row of its bad ones, through the real gate.

In bad*.tf.json each block that the policy judges must be refused: named `undecided_*`, as undecided; named `good_*`
(needed beside a bad one), accepted.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lib.artifacts import State
from lib.gate.scan import load_policies, scan
from lib.gate.sources import read_source
from tests.policy.hcl import hcl

FIXTURES = Path(__file__).parent / "fixtures"
RULES = load_policies()
GOOD = sorted(FIXTURES.glob("*/good*.tf.json"))
BAD = sorted(FIXTURES.glob("*/bad*.tf.json"))


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name.removesuffix('.tf.json')}"


def judged(path: Path):
    policy = RULES[f"PG_{path.parent.name.upper()}"]
    source = read_source(path)
    findings, passed = scan(source, {policy.id: policy})
    blocks = [block for block in source.configuration.blocks if policy.judges(block)]
    return blocks, findings, passed


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_accepts_every_good_block(path: Path):
    blocks, findings, _ = judged(path)
    assert blocks, "the fixture holds nothing that the policy judges"
    assert [(f.resource_address, f.argument, f.got) for f in findings] == []


@pytest.mark.parametrize("path", BAD, ids=name)
def test_refuses_every_bad_block(path: Path):
    blocks, findings, passed = judged(path)
    expected = {block.address for block in blocks if not block.name.startswith("good_")}
    assert expected, "the fixture holds nothing that the policy must refuse"
    assert {item.resource_address for item in passed} & expected == set()
    assert {f.resource_address for f in findings} >= expected
    assert {item.resource_address for item in passed} >= {b.address for b in blocks if b.name.startswith("good_")}


@pytest.mark.parametrize("path", BAD, ids=name)
def test_calls_undecided_what_it_cannot_know_and_nothing_else(path: Path):
    blocks, findings, _ = judged(path)
    for block in blocks:
        states = {f.state for f in findings if f.resource_address == block.address}
        if block.name.startswith("undecided_"):
            assert State.UNDECIDED in states, block.address
        elif not block.name.startswith("good_"):
            assert State.FAILED in states, block.address


@pytest.mark.parametrize("path", BAD, ids=name)
def test_every_finding_says_what_it_got_and_what_it_requires(path: Path):
    for finding in judged(path)[1]:
        assert finding.required
        assert finding.got
        assert finding.fix
        assert "crashed" not in finding.required, finding


@pytest.mark.parametrize("path", [*GOOD, *BAD], ids=name)
def test_hcl_gives_the_same_answers(path: Path, tmp_path):
    """Documents become jsonencode there; what a finding got may be worded by the form, so it is not compared."""
    policy = RULES[f"PG_{path.parent.name.upper()}"]
    (tmp_path / "main.tf").write_text(hcl(json.loads(path.read_text())))
    source = read_source(tmp_path)
    assert {problem.address for problem in source.configuration.problems} <= {"module.called"}  # its source is not here
    findings, passed = scan(source, {policy.id: policy})
    _, expected, accepted = judged(path)
    assert {(f.resource_address, f.argument, f.state) for f in findings} == {
        (f.resource_address, f.argument, f.state) for f in expected
    }
    assert {item.resource_address for item in passed} == {item.resource_address for item in accepted}
