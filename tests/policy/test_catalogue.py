"""The rule set is whole: identities agree, every policy has fixtures and facts, and none can hide another's silence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from checkov.terraform.checks.resource.registry import resource_registry

from lib.gate import catalogue as pages
from lib.gate.catalogue import catalogue, examples, explanation
from lib.gate.frameworks import load_limits
from lib.gate.scan import load_policies, load_rules

ROOT = Path(__file__).resolve().parents[2]
RULES = load_policies()
FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize("policy", RULES.values(), ids=RULES)
def test_file_class_id_and_fixtures_carry_one_name(policy):
    stem = policy.id.removeprefix("PG_").lower()
    assert type(policy).__module__ == f"policies.{stem}"
    assert type(policy).__name__.lower() == stem.replace("_", "")
    assert list((FIXTURES / stem).glob("good*.tf.json"))
    assert list((FIXTURES / stem).glob("bad*.tf.json"))


@pytest.mark.parametrize("policy", RULES.values(), ids=RULES)
def test_states_every_fact(policy):
    cls = type(policy)
    assert cls.name.startswith("Ensure ")
    assert cls.severity in ("CRITICAL", "HIGH", "MEDIUM", "LOW")
    assert cls.resources or cls.data or cls.blocks
    assert cls.controls
    assert cls.confidence in ("high", "medium", "low")
    assert cls.strength in ("direct", "supporting", "internal")
    assert len(cls.fix) > 10
    assert re.match(r"https://\S+$", cls.source)
    assert len(cls.__doc__ or "") > 60


def test_every_fixture_folder_belongs_to_a_policy():
    assert {f"PG_{path.name.upper()}" for path in FIXTURES.iterdir()} == set(RULES)


def test_no_id_is_one_that_checkov_has_already():
    native = {c.id for _, c in resource_registry.all_checks() if not c.id.startswith("PG_")}
    assert native & set(RULES) == set()


def test_every_policy_is_registered_with_checkov_for_what_it_judges():
    registered = {(entity, check.id) for entity, check in resource_registry.all_checks()}
    for policy in RULES.values():
        assert {(resource, policy.id) for resource in type(policy).resources} <= registered


def test_the_policies_are_the_subjects_of_the_control_mapping():
    subjects = (Path(__file__).parent / "subjects.txt").read_text().split()
    assert len(subjects) == len(set(subjects)) == 104
    assert sorted(policy.subject for policy in RULES.values()) == subjects


def test_every_family_of_the_mapping_is_there():
    families = {policy.family for policy in RULES.values()}
    assert families == {"ENC", "TLS", "IAM", "ROT", "SEC", "TAG", "NAM", "REG", "LOG", "NET", "BKP", "DES"}


def test_the_readme_is_the_catalogue():
    assert (ROOT / "policies" / "README.md").read_text() == catalogue(load_rules())


def test_the_catalogue_lists_every_policy_with_its_profiles_and_every_limit():
    page = catalogue(load_rules())
    for id_ in load_rules():
        assert re.search(rf"^\| \[?{id_}\b", page, re.MULTILINE)
    assert "| MEDIUM | sensor-platform, `required_tags` set | Ensure every taggable resource" in page
    for limit in load_limits():
        assert limit.about in page


def test_a_limit_says_why_and_where_evidence_comes_from_and_names_policies_that_exist():
    subjects = {policy.subject for policy in RULES.values()}
    for limit in load_limits():
        assert all((limit.about, limit.reason, limit.evidence, limit.controls))
        assert set(limit.subjects) <= subjects


def test_an_explanation_names_profiles_limits_and_shows_both_examples():
    text = explanation(RULES["PG_ROT_SECRET_30_DAYS"])
    assert "Profiles: sensor-platform, generic" in text
    assert "Limit:    Whether a rotation has succeeded" in text
    assert "where required_tags is set" in explanation(RULES["PG_TAG_MANDATORY"])
    for rule in load_rules().values():
        shown = examples(rule)
        assert "Accepted (tests/policy/" in shown
        assert "Refused (tests/policy/" in shown


def test_an_explanation_says_how_far_the_mapping_goes_and_what_it_contradicts():
    text = explanation(RULES["PG_DES_KMS_WINDOW"])
    assert "Mapping:  internal, of medium confidence" in text
    assert "Against:  aws-fsbp KMS.3" in text


def test_a_checkout_without_tests_leaves_the_examples_out(monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "TESTS", tmp_path / "tests" / "policy")
    assert examples(RULES["PG_ENC_KINESIS"]) == ""


def test_an_explanation_says_why_and_how():
    text = explanation(RULES["PG_ENC_KINESIS"])
    for part in ("ENC.kinesis", "HIGH", "Fix:", "Source:", "nist-800-53-r5 SC-28"):
        assert part in text


def test_an_explanation_says_whether_the_policy_can_be_waived():
    assert "Waiver:   never" in explanation(RULES["PG_ENC_RDS"])
    assert "Waiver:   in policies/waivers.toml, until a date" in explanation(RULES["PG_ENC_KINESIS"])
