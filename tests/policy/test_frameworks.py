"""The mapping is whole: each control that something names is in its framework's file, in order, with a title."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from lib.gate import judge
from lib.gate.frameworks import FOLDER, load_frameworks, load_limits, load_practices
from lib.gate.scan import load_rules
from lib.gate.sources import read_source
from lib.reports.coverage import coverage

FRAMEWORKS = {framework.id: framework for framework in load_frameworks()}
EXPECTED = {
    "aws-fsbp", "aws-securityhub", "cis-aws-7.0", "eu-cra", "gdpr", "iec-62443-3-3", "iso27001-2022", "nis2",
    "nis2-ir-2024-2690", "nist-800-53-r5", "nist-csf-2.0", "pci-dss-4.0", "soc2",
}  # fmt: skip
OWN_ORDER = {
    "nist-csf-2.0": "GV.OC GV.RM GV.RR GV.PO GV.OV GV.SC ID.AM ID.RA ID.IM PR.AA PR.AT PR.DS PR.PS PR.IR DE.CM DE.AE "
    "RS.MA RS.AN RS.CO RS.MI RC.RP RC.CO",
    "soc2": "CC A C",
}
"""Groups of ids whose order is the framework's own; everywhere else it is that of the alphabet and of numbers."""


def named() -> Iterator[tuple[str, Mapping[str, tuple[str, ...]]]]:
    """Everything that names controls, with what it is."""
    for policy in load_rules().values():
        yield policy.id, type(policy).controls
        yield f"{policy.id} conflicts", type(policy).conflicts
    yield from ((limit.about, limit.controls) for limit in load_limits())
    yield from ((practice.id, practice.controls) for practice in load_practices())


def place(framework: str, id_: str) -> list[tuple[int, int, str]]:
    """What an id is sorted by: its group, then numbers as numbers."""
    groups = OWN_ORDER.get(framework, "").split()
    group = next((g for g in groups if re.match(rf"{re.escape(g)}(?![A-Z])", id_)), "")
    parts = re.findall(r"\d+|\D+", id_.removeprefix(group).casefold())
    first = (groups.index(group) if group else 0, 0, "")
    return [first, *((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)]


@pytest.fixture(scope="module")
def verdict(tmp_path_factory):
    """A verdict in which every policy has judged something, and accepted it."""
    path = tmp_path_factory.mktemp("stack") / "cdk.tf.json"
    path.write_text(json.dumps({"resource": {"aws_kms_key": {"data": {"enable_key_rotation": True}}}}))
    made = judge(read_source(path), "s")
    policies = tuple(replace(policy, judged=1, passed=1) for policy in made.policies)
    return replace(made, policies=policies, findings=(), passed=(), waived=())


def test_every_framework_of_the_mapping_has_a_file():
    assert set(FRAMEWORKS) == EXPECTED


@pytest.mark.parametrize(("what", "controls"), [pytest.param(*each, id=each[0]) for each in named()])
def test_every_control_that_is_named_is_in_the_file_of_its_framework(what, controls):
    for framework, ids in controls.items():
        assert set(ids) <= {control.id for control in FRAMEWORKS[framework].controls}, (what, framework)
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("framework", FRAMEWORKS.values(), ids=FRAMEWORKS)
def test_controls_are_once_each_in_the_order_of_their_framework(framework):
    ids = [control.id for control in framework.controls]
    assert len(ids) == len(set(ids))
    assert ids == sorted(ids, key=lambda id_: place(framework.id, id_))


@pytest.mark.parametrize("framework", FRAMEWORKS.values(), ids=FRAMEWORKS)
def test_titles_are_short_and_no_two_controls_share_one(framework):
    titles = [control.title for control in framework.controls]
    assert len(titles) == len(set(titles))
    for title in titles:
        assert re.match(r"[A-Z].{2,99}[^.\s]$", title), title


@pytest.mark.parametrize("framework", FRAMEWORKS.values(), ids=FRAMEWORKS)
def test_a_control_that_is_not_ours_or_not_applicable_says_why(framework):
    for control in framework.controls:
        assert control.why or (control.applicable and control.responsibility in ("ours", "shared")), control.id


def test_card_data_is_the_only_thing_that_is_not_applicable():
    assert {f.id for f in FRAMEWORKS.values() if not all(c.applicable for c in f.controls)} == {"pci-dss-4.0"}
    assert not any(control.applicable for control in FRAMEWORKS["pci-dss-4.0"].controls)


def test_a_framework_that_says_how_many_controls_it_has_never_lists_more():
    totals = {id_: framework.total for id_, framework in FRAMEWORKS.items() if framework.total}
    listed = {id_: len(FRAMEWORKS[id_].controls) for id_ in totals}
    complete = {"eu-cra": 14, "iec-62443-3-3": 100, "iso27001-2022": 93, "nist-csf-2.0": 106}
    assert totals == {**complete, "soc2": 61}
    assert listed == {**complete, "soc2": 38}


def test_only_iec_62443_has_levels_and_they_add_up_to_the_published_totals():
    for id_, framework in FRAMEWORKS.items():
        assert all((control.level > 0) is (id_ == "iec-62443-3-3") for control in framework.controls)
    levels = [control.level for control in FRAMEWORKS["iec-62443-3-3"].controls]
    assert [sum(own <= level for own in levels) for level in (1, 2, 3, 4)] == [37, 60, 90, 100]


def test_policies_touch_16_of_37_requirements_of_iec_62443_at_level_1_and_29_of_60_at_level_2(verdict):
    """By results alone, in a run where each policy judges something."""
    iec = next(one for one in coverage(verdict) if one.framework.id == "iec-62443-3-3")
    levels = [one.control.level for one in iec.assessed]
    assert [sum(own <= level for own in levels) for level in (1, 2)] == [16, 29]


def test_policies_and_practices_touch_18_of_37_at_level_1_and_31_of_60_at_level_2(verdict):
    """The reach that may be claimed counts practices as well: SR 3.3 and SR 7.6, for which the gate itself is evidence.

    At level 2, FR 1 to 7: 5 of 16, 5 of 12, 6 of 10, 4 of 4, 4 of 6, 2 of 2, 5 of 10.
    """
    iec = next(one for one in coverage(verdict) if one.framework.id == "iec-62443-3-3")
    assert iec.levels()[:2] == ((1, 18, 37), (2, 31, 60))
    touched = [one.control for one in iec.touched]
    of_each = [sum(c.id.startswith(f"SR {number}.") and c.level <= 2 for c in touched) for number in range(1, 8)]
    assert of_each == [5, 5, 6, 4, 4, 2, 5]


@pytest.mark.parametrize("policy", load_rules().values(), ids=load_rules())
def test_no_policy_is_evidence_for_a_control_that_it_contradicts(policy):
    cls = type(policy)
    for framework, ids in cls.conflicts.items():
        assert set(ids).isdisjoint(cls.controls.get(framework, ()))


def test_policies_that_contradict_a_control_are_those_of_destroyability():
    assert {policy.family for policy in load_rules().values() if type(policy).conflicts} == {"DES"}


def test_nothing_below_the_policies_is_a_file_that_plain_checkov_takes_for_a_policy():
    assert [path.name for pattern in ("*.json", "*.yaml", "*.yml") for path in FOLDER.rglob(pattern)] == []
