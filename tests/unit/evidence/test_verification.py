"""Runs are kept by the real gate, then tampered with, and verified by the real policies."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lib.artifacts import Digest, Outcome
from lib.evidence.checks import Result, exit_code
from lib.evidence.keys import read_public_key
from lib.evidence.runs import kept_runs, read_verdict
from lib.evidence.sealing import Trusted, seal_by
from lib.evidence.verification import verify
from lib.reports import views_of
from lib.verdict_json import to_json
from tests.unit.conftest import waiver


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    private, public = folder / "key.pem", folder / "public.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    private.chmod(0o600)
    return private, public


@pytest.fixture
def kept(gate, stack, tmp_path, keys):
    """Keeps one signed run with a finding and a waived one; gives its folder."""

    def run(*arguments, sign=True):
        (tmp_path / "w.toml").write_text(waiver())
        signing = ["--signing-key", keys[0]] if sign else []
        gate(stack(retention_in_days=30), "--waivers", tmp_path / "w.toml", *signing, *arguments)
        return kept_runs(next((tmp_path / "compliance_reports").iterdir()))[-1]

    return run


def checks(folder, keys=None, original=None):
    trusted = Trusted(read_public_key(keys[1])) if keys else Trusted()
    return {check.name: check for check in verify(folder, trusted, original)}


def sealed_again(folder):
    """What someone without the key can do: make every digest right again."""
    files = {
        p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file() and "attestation" not in p.name
    }
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    for name, content in seal_by(None, keyless=False)(read_verdict(folder), digests).items():
        (folder / name).write_bytes(content)


def test_a_signed_run_stands_in_all_its_parts(kept, keys):
    found = checks(kept(), keys)
    assert {check.result for check in found.values()} == {Result.STANDS}
    assert "results are reproduced" in found["results"].says[0]
    assert exit_code(found.values()) == 0


def test_a_signature_that_nobody_gave_a_key_for_is_undecided(kept):
    found = checks(kept())
    assert found["signature"].result is Result.UNDECIDED
    assert exit_code(found.values()) == 3


def test_a_run_that_nobody_signed_is_noted_and_refused_where_a_signature_is_demanded(kept, keys):
    folder = kept(sign=False)
    assert checks(folder)["signature"].result is Result.NOTED
    assert exit_code(checks(folder).values()) == 0
    assert checks(folder, keys)["signature"].result is Result.FAILS


def test_a_changed_byte_in_any_file_is_named(kept, keys):
    folder = kept()
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert len(names) > 5
    for name in names:
        content = (folder / name).read_bytes()
        place = len(content) // 2
        (folder / name).write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        found = checks(folder, keys)
        assert exit_code(found.values()) == 1, name
        failing = [check for check in found.values() if check.result is Result.FAILS]
        told = " ".join(sentence for check in failing for sentence in check.says)
        assert name.as_posix() in told or "attestation" in name.name, name
        (folder / name).write_bytes(content)
    assert exit_code(checks(folder, keys).values()) == 0


def test_a_file_that_is_removed_or_added_is_named(kept, keys):
    folder = kept()
    (folder / "results.sarif").rename(folder / "other.sarif")
    (folder / "input" / "link").symlink_to("/etc/hostname")
    says = checks(folder, keys)["files"].says
    assert says == ("results.sarif is missing", "other.sarif was not there", "input/link is no plain file")


def test_without_its_attestation_a_run_fails(kept, keys):
    folder = kept()
    (folder / "attestation.intoto.jsonl").unlink()
    assert checks(folder, keys)["signature"].result is Result.FAILS


def test_a_verdict_that_was_made_better_and_sealed_again_does_not_come_out(kept):
    folder = kept(sign=False)
    verdict = read_verdict(folder)
    assert verdict.outcome is Outcome.FAIL
    better = replace(verdict, outcome=Outcome.PASS, findings=())
    (folder / "verdict.json").write_text(to_json(better))
    for name, content in views_of(better).items():
        (folder / name).write_bytes(content)
    sealed_again(folder)
    found = checks(folder)
    assert found["files"].result is Result.STANDS
    assert found["results"].result is Result.FAILS
    assert "outcome was pass, is fail" in found["results"].says
    assert any("PG_LOG_RETENTION" in sentence for sentence in found["results"].says)


def test_evidence_that_was_changed_and_sealed_again_does_not_come_out(kept):
    folder = kept(sign=False)
    verdict = read_verdict(folder)
    first = replace(verdict.passed[0], evidence={"made": "up"})
    other = replace(verdict, passed=(first, *verdict.passed[1:]))
    (folder / "verdict.json").write_text(to_json(other))
    sealed_again(folder)
    assert checks(folder)["results"].result is Result.FAILS


def test_a_view_that_was_changed_and_sealed_again_is_named(kept):
    folder = kept(sign=False)
    page = folder / "summary.md"
    page.write_text(page.read_text().replace("FAIL", "PASS"))
    sealed_again(folder)
    found = checks(folder)
    assert found["views"].says == ("summary.md is not what verdict.json renders to",)
    assert exit_code(found.values()) == 1


def test_views_of_another_version_are_noted(kept):
    folder = kept(sign=False)
    verdict = read_verdict(folder)
    other = replace(verdict, versions=replace(verdict.versions, views_sha256="0" * 64))
    (folder / "verdict.json").write_text(to_json(other))
    (folder / "summary.md").write_text("as it looked then")
    sealed_again(folder)
    assert checks(folder)["views"].result is Result.NOTED


def test_keys_that_no_gate_writes_are_told(kept):
    folder = kept(sign=False)
    body = json.loads((folder / "verdict.json").read_text())
    (folder / "verdict.json").write_text(json.dumps({**body, "note": "all is well"}, indent=2))
    sealed_again(folder)
    assert checks(folder)["verdict.json"].result is Result.FAILS


def test_an_input_that_was_changed_and_sealed_again_is_not_the_one_that_was_judged(kept):
    folder = kept(sign=False)
    (file,) = (folder / "input").rglob("*.tf.json")
    file.write_text(file.read_text().replace("30", "365"))
    sealed_again(folder)
    assert checks(folder)["input"].result is Result.FAILS


def test_waivers_are_judged_by_the_day_of_the_run_and_not_by_todays(kept, keys):
    folder = kept()
    assert read_verdict(folder).waived[0].days_left == 31
    assert checks(folder, keys)["results"].result is Result.STANDS


def test_an_input_that_was_not_kept_can_be_given(gate, tmp_path):
    source = tmp_path / "infra"
    source.mkdir()
    (source / "main.tf").write_text('resource "aws_db_instance" "a" {\n  password = "Zk93canaryPLAIN51xqQ7"\n}\n')
    gate(source)
    (folder,) = kept_runs(tmp_path / "compliance_reports" / "infra")
    found = checks(folder)
    assert found["input"].result is Result.UNDECIDED
    assert "--input" in found["input"].says[0]
    assert exit_code(found.values()) == 3
    assert checks(folder, original=tmp_path)["results"].result is Result.STANDS
    (source / "main.tf").write_text('resource "aws_db_instance" "a" {}\n')
    assert checks(folder, original=tmp_path)["input"].result is Result.FAILS


def test_rules_that_are_newer_are_noted_and_what_they_change_is_undecided(kept):
    folder = kept(sign=False)
    verdict = read_verdict(folder)
    rules = (Digest("policies/gone.py", "0" * 64), *verdict.versions.rule_set[1:])
    other = replace(verdict, versions=replace(verdict.versions, rule_set=rules), passed=verdict.passed[1:])
    (folder / "verdict.json").write_text(to_json(other))
    sealed_again(folder)
    found = checks(folder)
    assert found["rule set"].result is Result.NOTED
    assert "policies/gone.py is gone" in found["rule set"].says
    assert found["results"].result is Result.UNDECIDED


@pytest.mark.parametrize("name", ["../outside/a.tf.json", "/etc/hostname"])
def test_a_verdict_cannot_lead_a_verifier_out_of_its_folder(kept, tmp_path, name):
    folder = kept(sign=False)
    verdict = read_verdict(folder)
    for scope in (
        replace(verdict.scope, files=(Digest(name, "0" * 64),)),
        replace(verdict.scope, target=name),
        replace(verdict.scope, var_files=(name,)),
    ):
        (folder / "verdict.json").write_text(to_json(replace(verdict, scope=scope)))
        says = [sentence for check in checks(folder).values() for sentence in check.says]
        assert any("leads out of" in sentence for sentence in says)


def test_a_moved_or_renamed_run_still_stands_but_for_its_name(kept, keys, tmp_path):
    folder = kept()
    moved = tmp_path / "elsewhere" / folder.name
    shutil.copytree(folder, moved)
    assert exit_code(checks(moved, keys).values()) == 0
    renamed = moved.rename(moved.with_name("20200101T000000Z-abababab"))
    assert checks(renamed, keys)["verdict.json"].result is Result.FAILS


def test_a_run_that_started_on_another_day_would_have_other_waivers(kept):
    folder = kept(sign=False)
    verdict = read_verdict(folder)
    later = replace(verdict, run=replace(verdict.run, started=verdict.run.started + timedelta(days=60)))
    (folder / "verdict.json").write_text(to_json(later))
    assert checks(folder)["results"].result is Result.FAILS


def test_the_verb_prints_each_check_and_ends_with_its_code(kept, cli, keys):
    folder = kept()
    code, printed, _ = cli("verify", folder, "--public-key", keys[1])
    assert code == 0
    assert "stands     results" in printed
    (folder / "summary.md").write_text("")
    code, printed, _ = cli("verify", folder, "--public-key", keys[1])
    assert code == 1
    assert "fails      files         summary.md has changed" in printed


def test_the_verb_takes_the_only_stack_and_says_what_there_is(kept, cli, tmp_path):
    kept(sign=False)
    assert cli("verify")[0] == 0
    assert cli("verify", "nothing")[0] == 2
    assert Path("compliance_reports") != tmp_path
