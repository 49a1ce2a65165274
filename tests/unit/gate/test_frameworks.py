from __future__ import annotations

from functools import partial

import pytest

import lib.gate.verdict as verdicts
from lib.errors import GateError
from lib.gate.frameworks import load_frameworks, load_limits, load_practices
from lib.verdict_json import from_json, to_json

FACTS = {
    "id": '"f"',
    "name": '"F"',
    "version": '"1"',
    "publisher": '"P"',
    "confidence": '"high"',
    "total": "2",
    "applicability": '"Always."',
    "notes": '"None."',
    "control": '[{ id = "A.1", title = "One" }, { id = "A.2", title = "Two", level = 2, responsibility = "aws" }]',
}


@pytest.fixture
def folder(tmp_path):
    """Writes one framework, with these keys changed (None leaves one out), and gives its folder."""

    def write(**changes):
        facts = {**FACTS, **changes}
        lines = [f"{key} = {value}" for key, value in facts.items() if value is not None]
        (tmp_path / "f.toml").write_text("\n".join(lines))
        return tmp_path

    return write


def test_a_framework_is_what_its_file_says(folder):
    (framework,) = load_frameworks(folder(source='"https://example.com"'))
    assert (framework.id, framework.total, framework.confidence) == ("f", 2, "high")
    one, two = framework.controls
    assert (one.id, one.responsibility, one.applicable, one.level) == ("A.1", "ours", True, 0)
    assert (two.title, two.responsibility, two.level) == ("Two", "aws", 2)


def test_the_files_are_read_once():
    assert load_frameworks() is load_frameworks()
    assert load_limits() is load_limits()
    assert load_practices() is load_practices()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": None}, "at name: got absent, requires one line of text"),
        ({"name": '"  "'}, "at name: got '  ', requires one line of text"),
        ({"notes": r'"a\nb"'}, r"at notes: got 'a\nb', requires one line of text"),
        ({"id": '"g"'}, "at id: got g, requires f, the name of the file"),
        ({"confidence": '"sure"'}, "at confidence: got 'sure', requires high, medium or low"),
        ({"total": '"2"'}, "at total: got '2', requires how many controls"),
        ({"colour": "1"}, "at colour: got 1, requires no such key"),
        ({"control": "[]"}, "at control: got [], requires a list of one control or more"),
        ({"control": '["A.1"]'}, "at control 1: got 'A.1', requires a list of one control or more"),
        ({"control": '[{ id = "A.1" }]'}, "at control 1 (A.1), title: got absent, requires one line of text"),
        ({"control": '[{ title = "One" }]'}, "at control 1, id: got absent, requires the id as the framework"),
        (
            {"control": '[{ id = "A.1", title = "One", responsibility = "us" }]'},
            "at control 1 (A.1), responsibility: got 'us', requires ours, shared, aws or outside",
        ),
        (
            {"control": '[{ id = "A.1", title = "One", applicable = "no" }]'},
            "at control 1 (A.1), applicable: got 'no', requires true or false",
        ),
        (
            {"control": '[{ id = "A.1", title = "One", applicable = false }]'},
            "at control 1 (A.1), why: got absent, requires a text",
        ),
        (
            {"control": '[{ id = "A.1", title = "One", level = 5 }]'},
            "at control 1 (A.1), level: got 5, requires the least security level",
        ),
        (
            {"control": '[{ id = "A.1", title = "One" }, { id = "A.1", title = "Two" }]'},
            "at control: got A.1 2 times, requires each id once",
        ),
    ],
)
def test_a_file_that_is_wrong_names_itself_the_key_and_what_it_requires(folder, changes, message):
    with pytest.raises(GateError) as refused:
        load_frameworks(folder(**changes))
    assert f"f.toml: {message}" in str(refused.value)


def test_a_file_that_is_no_toml_or_no_text_is_refused(tmp_path):
    for content in (b"id = ", b"\xff\xfe", b"a = " + b"[" * 100_000):
        (tmp_path / "f.toml").write_bytes(content)
        with pytest.raises(GateError, match=r"f\.toml: got .*, requires a TOML file"):
            load_frameworks.__wrapped__(tmp_path)


def test_a_folder_without_frameworks_and_an_absent_file_are_refused(tmp_path):
    with pytest.raises(GateError, match=r"got no file, requires one <framework id>\.toml"):
        load_frameworks(tmp_path)
    with pytest.raises(GateError, match=r"practices\.toml: got No such file"):
        load_practices(tmp_path / "practices.toml")


def test_limits_and_practices_are_held_to_their_shape(tmp_path):
    (tmp_path / "l.toml").write_text('[[limit]]\nabout = "x"\nsubjects = []\nreason = "r"\nevidence = "e"\n')
    with pytest.raises(GateError, match=r"l\.toml: at limit 1 \(x\), controls: got absent, requires a table"):
        load_limits(tmp_path / "l.toml")
    (tmp_path / "p.toml").write_text(
        '[[practice]]\nid = "P"\ntitle = "t"\nrequirement = "r"\ncontrols = { f = "A.1" }\n'
    )
    with pytest.raises(GateError, match=r"p\.toml: at practice 1 \(P\), controls, f: got 'A\.1', requires a table"):
        load_practices(tmp_path / "p.toml")


def test_a_broken_file_ends_the_gate_without_a_verdict_and_without_a_traceback(monkeypatch, gate, stack, folder):
    monkeypatch.setattr(verdicts, "load_frameworks", partial(load_frameworks, folder(name=None)))
    code, out, err = gate(stack())
    assert code == 3
    assert "f.toml: at name: got absent" in err
    assert "Traceback" not in out + err


def test_a_verdict_carries_the_mapping_and_keeps_it_on_disk(judged, stack):
    verdict = judged(stack())
    assert verdict.frameworks == load_frameworks()
    assert verdict.limits == load_limits()
    assert verdict.practices == load_practices()
    assert from_json(to_json(verdict).encode(), "verdict.json") == verdict


def test_a_verdict_says_of_each_policy_why_it_is_there_and_how_far_its_mapping_goes(judged, stack):
    verdict = judged(stack())
    everyone = {policy.policy_id: policy for policy in (*verdict.policies, *verdict.not_in_profile)}
    for policy in everyone.values():
        assert all((policy.reason, policy.fix, policy.source, policy.controls)), policy.policy_id
    window, rds, method = (everyone[id_] for id_ in ("PG_DES_KMS_WINDOW", "PG_ENC_RDS", "CKV_AWS_59"))
    assert (window.strength, window.confidence, window.waivable) == ("internal", "medium", True)
    assert window.conflicts == {"aws-fsbp": ("KMS.3",)}
    assert (rds.strength, rds.confidence, rds.waivable) == ("direct", "high", False)
    assert "\n    " not in rds.reason
    assert method.confidence == "low"
