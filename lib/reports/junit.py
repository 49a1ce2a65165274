"""The verdict as JUnit XML, as Jenkins and GitLab read it: one suite per family of policies. Times are in UTC.

One test case for each policy and resource. A failure is what failed, an error what could not be decided. Skipped is
what a waiver holds, and each policy that judged nothing: absence is not green, and waived is not passed.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import TypeAlias
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lib.artifacts import Finding, Passed, State, Subject, Verdict, Waived
from lib.reports.visible import short

FILENAME = "junit.xml"
TAGS = {State.FAILED: "failure", State.UNDECIDED: "error", State.WAIVED: "skipped"}
_Result: TypeAlias = Finding | Waived | Passed | Subject


def render(verdict: Verdict) -> str:
    """The suites, each with the run's properties, since a reader may show one of them alone."""
    root = Element("testsuites", name=short(f"Plantguard {verdict.stack}", 200), time="0")
    silent = (policy for policy in verdict.policies if not policy.judged)
    results: list[_Result] = [*verdict.findings, *verdict.waived, *verdict.passed, *silent]
    results.sort(key=_key)
    for family, of_family in groupby(results, key=lambda result: _key(result)[0]):
        suite = SubElement(root, "testsuite", name=family, time="0")
        if verdict.run.id:
            suite.set("timestamp", f"{verdict.run.started:%Y-%m-%dT%H:%M:%S}")
        suite.append(_properties(verdict))
        suite.extend(_case(key, list(of_case)) for key, of_case in groupby(of_family, key=_key))
        suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
        _count(suite, "testcase")
    _count(root, "testsuite/testcase")
    indent(root, space=" ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _key(result: _Result) -> tuple[str, str, str]:
    """Family, policy and resource; the resource is empty for a policy that judged none."""
    of = result.finding if isinstance(result, Waived) else result
    return of.family, of.policy_id, "" if isinstance(of, Subject) else of.resource_address


def _count(element: Element, cases: str) -> None:
    for name, path in (("tests", cases), ("failures", f"{cases}/failure"), ("errors", f"{cases}/error")):
        element.set(name, str(len(element.findall(path))))


def _properties(verdict: Verdict) -> Element:
    properties = Element("properties")
    left_out = ", ".join(policy.policy_id for policy in verdict.not_in_profile)
    for name, value in (
        ("outcome", verdict.outcome.value),
        ("stack", verdict.stack),
        ("run", verdict.run.id),
        ("source", verdict.source),
        ("source_sha256", verdict.source_sha256),
        ("profile", verdict.profile),
        ("changed_thresholds", ", ".join(verdict.changed_thresholds)),
        ("rule_set_sha256", verdict.versions.rule_set_sha256),
        ("policies_not_in_profile", left_out),
        ("resources_judged_by_no_policy", ", ".join(verdict.uncovered)),
    ):
        SubElement(properties, "property", name=name, value=short(value, 1000))
    return properties


def _case(key: tuple[str, str, str], results: list[_Result]) -> Element:
    """One test case; where a policy finds several things at a resource, the worst of them is what it shows."""
    family, policy_id, address = key
    case = Element("testcase", name=short(f"{policy_id} {address}".rstrip(), 500), time="0")
    case.set("classname", f"{family}.{policy_id}")
    for state, tag in TAGS.items():
        told = [_told(one) for one in results if isinstance(one, Finding | Waived) and _state(one) is state]
        if told:
            shown = SubElement(case, tag, message=told[0].partition("\n")[0])
            if tag != "skipped":
                shown.set("type", state.value)
            shown.text = "\n\n".join(told)
            return case
    for result in results:
        if isinstance(result, Passed):
            SubElement(case, "system-out").text = short(json.dumps(dict(result.evidence), ensure_ascii=False), 500)
        elif isinstance(result, Subject):
            SubElement(case, "skipped", message="nothing to judge: the input has no resource that it looks at")
    return case


def _state(result: Finding | Waived) -> State:
    return State.WAIVED if isinstance(result, Waived) else result.state


def _told(result: Finding | Waived) -> str:
    """What was found, on its first line; then where and how to fix it, and who answers for it where it is waived."""
    if isinstance(result, Waived):
        waiver = result.waiver
        parts = (waiver.reason, waiver.owner, waiver.approver, waiver.ticket, waiver.compensating_control)
        reason, owner, approver, ticket, meanwhile = (short(part, 500) for part in parts)
        return (
            f"waived until {waiver.expires}: {_told(result.finding)}\n"
            f"because: {reason}\nowner: {owner}, approved by {approver}, {ticket}\nmeanwhile: {meanwhile}"
        )
    place = f"{result.file}:{result.line}" if result.line else result.file
    argument = f"{result.argument} is " if result.argument else "got "
    parts = (f"{argument}{result.got}", result.required, place, result.construct_path, result.fix)
    got, required, where, path, fix = (short(part, 500) for part in parts)
    controls = "; ".join(f"{framework} {', '.join(ids)}" for framework, ids in result.controls.items())
    return f"{result.severity}: {got}, requires {required}\nwhere: {where} {path}\nfix: {fix}\ncontrols: {controls}"
