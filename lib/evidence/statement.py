"""Files of a run and its Verdict -> an in-toto Statement v1, which tells what they are and what the gate said. Pure.

The predicate is in-toto's Test Result v0.1, for which other tools already have policies: it names the policies that
were met, waived and not met. A SLSA Verification Summary must state levels, and a run proves none; a type of our own
would be read by nobody. What that type has no place for stands under `plantguard_run`, which others ignore.

It knows three results: an undecided verdict is FAILED, since it is no pass, and one that passes by waivers is WARNED.
Source: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and ../predicates/test-result.md
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lib.artifacts import Digest, Outcome, Verdict
from lib.errors import ReportError

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"
FILENAME = "attestation.intoto.jsonl"
KEYLESS_FILENAME = "attestation.sigstore.json"
RECEIPT_FILENAME = "receipt.intoto.jsonl"
ATTESTATIONS = frozenset({FILENAME, KEYLESS_FILENAME, RECEIPT_FILENAME})
"""Files that vouch for the others, so that they cannot be among them. The receipt is one: it names the verdict."""

MOST_PAYLOAD_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True)
class Difference:
    """Names of files that are not what a statement says; extra: that it does not know."""

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.changed or self.missing or self.extra)


def statement(files: Iterable[Digest], verdict: Verdict) -> dict[str, Any]:
    """What is attested. files: all of the run's folder, their paths relative to it."""
    subjects = sorted((file.path, file.sha256) for file in files if file.path not in ATTESTATIONS)
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": path, "digest": {"sha256": sha256}} for path, sha256 in subjects],
        "predicateType": PREDICATE_TYPE,
        "predicate": _predicate(verdict),
    }


def payload(statement: Mapping[str, Any]) -> bytes:
    """The bytes that are signed. Raises: ReportError where nobody could read them back."""
    try:
        made = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ReportError("the statement: got a text that has no UTF-8, requires names that have") from None
    if len(made) > MOST_PAYLOAD_BYTES:
        raise ReportError(f"the statement: got {len(made)} bytes, requires at most {MOST_PAYLOAD_BYTES}")
    return made


def compare(statement: Mapping[str, Any], found: Iterable[Digest]) -> Difference:
    """What is found, against a statement that was opened. Its names are compared only: no file is looked up by them."""
    attested = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    now = {file.path: file.sha256 for file in found if file.path not in ATTESTATIONS}
    return Difference(
        changed=tuple(sorted(name for name in attested.keys() & now.keys() if attested[name] != now[name])),
        missing=tuple(sorted(attested.keys() - now.keys())),
        extra=tuple(sorted(now.keys() - attested.keys())),
    )


def _predicate(verdict: Verdict) -> dict[str, Any]:
    failed = {finding.policy_id for finding in verdict.findings}
    warned = {waived.finding.policy_id for waived in verdict.waived} - failed
    passed = {policy.policy_id for policy in verdict.policies if policy.judged} - failed - warned
    run = verdict.run
    return {
        "result": ("WARNED" if verdict.waived else "PASSED") if verdict.outcome is Outcome.PASS else "FAILED",
        "configuration": [
            {"name": name, "digest": {"sha256": sha256}, "annotations": annotations}
            for name, sha256, annotations in (
                ("rule set", verdict.versions.rule_set_sha256, {"profile": verdict.profile}),
                ("source", verdict.source_sha256, {"path": verdict.source, "commit": verdict.scope.commit}),
            )
            if sha256
        ],
        **({"url": run.actor.run_url} if run.actor.run_url else {}),
        "passedTests": sorted(passed),
        "warnedTests": sorted(warned),
        "failedTests": sorted(failed),
        "plantguard_run": {
            "outcome": verdict.outcome.value,
            "stack": verdict.stack,
            "run": run.id,
            "started": _utc(run.started),
            "ended": _utc(run.ended),
            "actor": run.actor.name,
            "approver": run.actor.approver,
            "tools": dict(verdict.versions.tools),
            "provider": dict(verdict.versions.provider),
        },
    }


def _utc(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")  # a run's times are in UTC; in-toto wants the letter
