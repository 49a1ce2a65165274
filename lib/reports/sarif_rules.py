"""The policies of a verdict as SARIF rules, and the frameworks they are evidence for as its taxonomies. Pure."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Any

from lib.artifacts import Subject, Verdict
from lib.reports.markdown_text import code, plain
from lib.reports.visible import short, web_address

LEVELS = {"CRITICAL": "error", "HIGH": "error", "MEDIUM": "warning", "LOW": "note"}
PROBLEMS = {"error": "error", "warning": "warning", "note": "recommendation"}
SCORES = {"CRITICAL": "9.5", "HIGH": "8.0", "MEDIUM": "5.5", "LOW": "2.0"}
"""GitHub's bands: critical above 9.0, high from 7.0, medium from 4.0."""
MOST_TAGS = 20
"""GitHub refuses a rule with more, and shows ten."""
NOT_MET = "Evidence for a part of each control, as a configuration shows it; touched is not met."


def rules(verdict: Verdict) -> list[dict[str, Any]]:
    """Every policy that ran, also those that found nothing: so GitHub can tell a closed alert from a lost rule."""
    known = {(framework.id, control.id) for framework in verdict.frameworks for control in framework.controls}
    return [{**_rule(policy), "relationships": _relationships(policy, known)} for policy in verdict.policies]


def taxonomies(verdict: Verdict) -> list[dict[str, Any]]:
    """Each framework with the controls that a policy of this run is evidence for."""
    used = {(id_, control) for policy in verdict.policies for id_, ids in policy.controls.items() for control in ids}
    return [
        {
            "name": framework.id,
            "fullName": short(f"{framework.name} {framework.version}", 400),
            "organization": short(framework.publisher, 200),
            "shortDescription": {"text": NOT_MET},
            "taxa": [
                {"id": control.id, "shortDescription": {"text": short(control.title, 400)}}
                for control in framework.controls
                if (framework.id, control.id) in used
            ],
        }
        for framework in verdict.frameworks
    ]


def _rule(policy: Subject) -> dict[str, Any]:
    level = LEVELS[policy.severity]
    source = web_address(policy.source)
    return {
        "id": policy.policy_id,
        "name": "".join(word.capitalize() for word in re.findall("[A-Za-z0-9]+", policy.subject))[:255],
        "shortDescription": {"text": short(policy.name, 900)},
        "fullDescription": {"text": short(policy.reason or policy.name, 900)},
        **({"helpUri": source} if source else {}),
        "help": {"text": _help(policy), "markdown": _markdown(policy, source)},
        "defaultConfiguration": {"level": level},
        "properties": {
            "security-severity": SCORES[policy.severity],
            "precision": "high",
            "problem.severity": PROBLEMS[level],
            "tags": _tags(policy),
        },
    }


def _tags(policy: Subject) -> list[str]:
    """The first control of each framework, then the second of each: ten are shown, and they tell most that way."""
    by_framework = [
        [f"external/{framework}/{'-'.join(control.split())}" for control in controls]
        for framework, controls in policy.controls.items()
    ]
    mixed = [tag for row in zip_longest(*by_framework) for tag in row if tag]
    return list(dict.fromkeys(["security", policy.family, *mixed]))[:MOST_TAGS]


def _help(policy: Subject) -> str:
    controls = [f"{framework}: {', '.join(ids)}" for framework, ids in policy.controls.items()]
    texts = {"Requires": policy.name, "Why": policy.reason, "Fix": policy.fix, "Source": policy.source}
    parts = [f"{title}: {short(text, 2000)}" for title, text in texts.items() if text]
    return "\n".join([*parts, *([NOT_MET, *controls] if controls else [])])


def _markdown(policy: Subject, source: str) -> str:
    controls = [f"| {framework} | {code(', '.join(ids), 500)} |" for framework, ids in policy.controls.items()]
    table = ["| framework | controls |", "|---|---|", *controls, "", NOT_MET] if controls else []
    texts = {
        "Requires": plain(policy.name, 1000),
        "Why": plain(policy.reason, 2000),
        "Fix": plain(policy.fix, 2000),
        "Source": f"<{source}>" if source else code(policy.source, 500),
    }
    parts = [f"**{title}:** {text}" for title, text in texts.items() if text]
    return "\n\n".join([*parts, *(["\n".join(table)] if table else [])])


def _relationships(policy: Subject, known: set[tuple[str, str]]) -> list[dict[str, Any]]:
    """relevant: SARIF has stronger kinds, but none of them says less than that a control is met."""
    return [
        {"target": {"id": id_, "toolComponent": {"name": framework}}, "kinds": ["relevant"]}
        for framework, ids in policy.controls.items()
        for id_ in ids
        if (framework, id_) in known
    ]
