"""The verdict as SARIF 2.1.0, as GitHub code scanning, GitLab and the SARIF viewer of VS Code show it best.

A failure is a result of kind `fail`. What is undecided is of kind `open` without a level: the standard then reads
`none`, VS Code shows a warning, and GitHub, which knows no kinds, shows an alert of the rule's own severity.
Whatever stands here is an open alert on GitHub. Hence passes are left out, and so is what the baseline had and this
run has not (GitHub closes an alert when its result is gone). Waived results stay, with who answers for them: GitLab
and VS Code hide what is suppressed, GitHub does not, and waived is not passed.

Source: docs.github.com, "SARIF support for code scanning" and "SARIF results exceed one or more limits".
"""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from lib.artifacts import Digest, Finding, Match, Scope, State, Verdict, Waived
from lib.reports.sarif_rules import LEVELS, rules, taxonomies
from lib.reports.severity import most_severe_first
from lib.reports.visible import short

FILENAME = "results.sarif"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS = 25_000
"""GitHub refuses a file with more, and shows 5,000 of them."""
ROOT = "%SRCROOT%"
SEMANTIC_VERSION = re.compile(r"\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?")


def render(verdict: Verdict) -> str:
    """The one run as a SARIF log; one line a result, so that two runs can be compared line by line."""
    results: list[Finding | Waived] = [*most_severe_first(verdict.findings), *verdict.waived]
    run = _run(verdict, left_out=len(results) - MOST_RESULTS)
    head = {"$schema": SCHEMA, "version": "2.1.0", "runs": [{**run, "results": ["RESULTS"]}]}
    lines = (json.dumps(result, ensure_ascii=False) for result in _results(verdict, results[:MOST_RESULTS]))
    before, after = json.dumps(head, indent=1, ensure_ascii=False).rsplit('"RESULTS"', 1)
    return before + ",\n    ".join(lines) + after + "\n"


def _run(verdict: Verdict, left_out: int) -> dict[str, Any]:
    version = verdict.versions.tools.get("plantguard", "")
    known = {"semanticVersion": version} if SEMANTIC_VERSION.fullmatch(version) else {}
    frameworks = taxonomies(verdict)
    supported = [{"name": framework["name"], "index": index} for index, framework in enumerate(frameworks)]
    driver = {"name": "Plantguard", **known, "rules": rules(verdict), "supportedTaxonomies": supported}
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"{short(verdict.stack, 200)}/{verdict.run.id}"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(verdict, left_out)],
        "artifacts": [
            {
                "location": _location(path),
                "hashes": {"sha-256": file.sha256},
                "roles": ["analysisTarget"],
            }
            for path, file in _artifacts(verdict.scope).items()
        ],
        "taxonomies": frameworks,
        "properties": {
            "outcome": verdict.outcome.value,
            "profile": short(verdict.profile, 200),
            "sourceSha256": verdict.source_sha256,
            "commit": short(verdict.scope.commit, 200),
            "passed": len(verdict.passed),
            "uncoveredResources": len(verdict.uncovered),
            "fixedSinceBaseline": len(verdict.baseline.fixed) if verdict.baseline else None,
        },
    }


def _invocation(verdict: Verdict, left_out: int) -> dict[str, Any]:
    """executionSuccessful: the gate reached a verdict, whatever it is; without one there is no report."""
    times = {"startTimeUtc": _utc(verdict.run.started), "endTimeUtc": _utc(verdict.run.ended)}
    notes = [
        {"level": "warning", "message": {"text": f"{left_out} less severe results are left out; verdict.json has all"}}
    ]
    return {
        "executionSuccessful": True,
        "exitCode": verdict.outcome.exit_code,
        **(times if verdict.run.id else {}),
        "toolExecutionNotifications": notes if left_out > 0 else [],
    }


def _results(verdict: Verdict, items: list[Finding | Waived]) -> Iterator[dict[str, Any]]:
    indices = {policy.policy_id: index for index, policy in enumerate(verdict.policies)}
    files = {path: index for index, path in enumerate(_artifacts(verdict.scope))}
    new = frozenset(verdict.baseline.new) if verdict.baseline else frozenset()
    seen: Counter[Match] = Counter()
    for item in items:
        finding, state = (item.finding, item.was) if isinstance(item, Waived) else (item, item.state)
        seen[finding.match] += 1
        compared = {"baselineState": "new" if finding.match in new else "unchanged"} if verdict.baseline else {}
        yield {
            "ruleId": finding.policy_id,
            "ruleIndex": indices.get(finding.policy_id, -1),
            **_kind(finding, state),
            "message": {"text": _message(finding, state)},
            "locations": [_place(finding, verdict.scope, files)],
            "partialFingerprints": _fingerprints(finding.match, seen[finding.match]),
            **compared,
            **({"suppressions": [_suppression(item)]} if isinstance(item, Waived) else {}),
        }


def _kind(finding: Finding, state: State) -> dict[str, str]:
    return {"kind": "open"} if state is State.UNDECIDED else {"kind": "fail", "level": LEVELS[finding.severity]}


def _message(finding: Finding, state: State) -> str:
    """Plain text. GitHub shows the first sentence where there is little room, so it says which resource and what."""
    waived = "waived: " if finding.state is State.WAIVED else ""
    undecided = "could not be decided: " if state is State.UNDECIDED else ""
    argument = f"{finding.argument} is {finding.got}" if finding.argument else f"got {finding.got}"
    parts = (finding.resource_address, argument, finding.required, finding.fix)
    address, got, required, fix = (_text(part) for part in parts)
    return f"{address}: {waived}{undecided}{got}, requires {required}.\nFix: {fix}"


def _text(text: str, limit: int = 1000) -> str:
    """In a message of SARIF `[words](target)` is a link; braces mean nothing there, since we give no arguments."""
    return short(text, limit).replace("](", "\\](")


def _artifacts(scope: Scope) -> dict[str, Digest]:
    """What was read, by its path below the root of the checkout, as GitHub looks it up."""
    named_from = posixpath.dirname(scope.target) if scope.target in {f.path for f in scope.files} else scope.target
    return {_below_root(scope, posixpath.relpath(file.path, named_from or ".")): file for file in scope.files}


def _below_root(scope: Scope, file: str) -> str:
    return posixpath.normpath(posixpath.join(scope.folder, file))


def _place(finding: Finding, scope: Scope, files: Mapping[str, int]) -> dict[str, Any]:
    path = _below_root(scope, finding.file)
    index = {"index": files[path]} if path in files else {}
    logical = [{"fullyQualifiedName": short(finding.resource_address, 1000), "kind": "resource"}]
    if finding.construct_path:
        logical.append({"fullyQualifiedName": short(finding.construct_path, 1000), "kind": "construct"})
    return {
        "physicalLocation": {
            "artifactLocation": {**_location(path), **index},
            "region": {"startLine": max(finding.line, 1)},  # GitHub needs one; the first is nobody's in particular
        },
        "logicalLocations": logical,
    }


def _location(file: str) -> dict[str, str]:
    """A relative reference; a colon is encoded too, else what stands before it would be read as a scheme."""
    return {"uri": quote(file[:2000], safe="/", errors="surrogatepass"), "uriBaseId": ROOT}


def _fingerprints(match: Match, occurrence: int) -> dict[str, str]:
    """The same wherever the finding moves. GitHub compares the first one alone, and would make its own of the line."""
    digest = sha256(json.dumps(astuple(match)).encode()).hexdigest()
    return {"primaryLocationLineHash": f"{digest[:16]}:{occurrence}", "plantguardMatch/v1": f"{digest}:{occurrence}"}


def _suppression(item: Waived) -> dict[str, str]:
    waiver = item.waiver
    text = (
        f"Waived from {waiver.created} until {waiver.expires}: {_text(waiver.reason)}. Owner {_text(waiver.owner)}, "
        f"approved by {_text(waiver.approver)}, {_text(waiver.ticket)}. "
        f"Meanwhile: {_text(waiver.compensating_control)}"
    )
    return {"kind": "external", "status": "accepted", "justification": text}


def _utc(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
