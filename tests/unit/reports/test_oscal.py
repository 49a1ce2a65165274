"""The verdict as OSCAL: what NIST's schema and trestle's models accept, and what it claims."""

from __future__ import annotations

import gc
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import regex
from jsonschema import Draft7Validator, validators
from jsonschema.exceptions import ValidationError

from lib.artifacts import Control, Digest, Framework, State, Subject, Verdict
from lib.reports import oscal
from lib.reports.coverage import Status, coverage
from lib.reports.oscal.controls import control_token
from lib.reports.oscal.legal import Uuids, line, prose, reference, token, web_links
from tests.samples import HOSTILE, IEC, NIST, POLICIES, finding, hostile, large, passing, sample

# NIST's own file, as release 1.2.3 of OSCAL publishes it: unchanged, in the public domain.
SCHEMA = json.loads((Path(__file__).parent / "schemas" / "oscal_assessment-results_1.2.3.json").read_text("utf-8"))


def _ecma_pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """JSON Schema's expressions are ECMAScript's: \\p{L} is a letter, and $ is the very end."""
    if isinstance(value, str) and not regex.search(pattern.removesuffix("$") + r"\Z", value):
        yield ValidationError(f"{value[:80]!r} does not match {pattern}")


NIST_VALIDATOR = validators.extend(Draft7Validator, {"pattern": _ecma_pattern})(SCHEMA)


def document(verdict: Verdict) -> dict[str, Any]:
    return json.loads(oscal.render(verdict))


def result(verdict: Verdict) -> dict[str, Any]:
    return document(verdict)["assessment-results"]["results"][0]


def hostile_ids(text: str = HOSTILE) -> Verdict:
    """The hostile verdict, with framework and control ids that are hostile too."""
    made = hostile(text)

    def changed(ids: Any) -> Any:
        return {f"{framework}{text}": tuple(f"{id_}{text}" for id_ in of) for framework, of in ids.items()}

    def policy(of: Subject) -> Subject:
        return replace(of, controls=changed(of.controls), conflicts=changed(of.conflicts))

    def control(of: Control) -> Control:
        return replace(of, id=f"{of.id}{text}", title=text, why=text)

    def framework(of: Framework) -> Framework:
        texts = {name: f"{getattr(of, name)}{text}" for name in ("id", "name", "version", "publisher", "applicability")}
        return replace(of, controls=tuple(map(control, of.controls)), **texts)

    return replace(made, policies=tuple(map(policy, made.policies)), frameworks=tuple(map(framework, made.frameworks)))


def empty() -> Verdict:
    """A verdict of nothing: no resources, no policies, no frameworks, nobody who ran it."""
    made = sample()
    none = {"findings": (), "passed": (), "policies": (), "not_in_profile": (), "resources": (), "uncovered": ()}
    bare = replace(
        made, **none, waived=(), frameworks=(), limits=(), practices=(), stack="", source="", source_sha256=""
    )
    actor = replace(made.run.actor, name="", approver="", run_url="")
    return replace(bare, run=replace(made.run, id="", actor=actor), scope=replace(made.scope, owner="", files=()))


def nobody() -> Verdict:
    """A waiver that says neither who owns it nor who approved it."""
    held = sample().waived[0]
    return replace(sample(), waived=(replace(held, waiver=replace(held.waiver, owner="", approver="")),))


VERDICTS = {
    "sample": sample,
    "passing": passing,
    "hostile": hostile,
    "hostile ids": hostile_ids,
    "100 kB texts": lambda: hostile("x" * 100_000),
    "empty": empty,
    "nobody": nobody,
    "large": lambda: large(100),
}


@pytest.fixture(params=VERDICTS)
def verdict(request: pytest.FixtureRequest) -> Verdict:
    return VERDICTS[request.param]()


def test_nists_schema_accepts_every_verdict(verdict: Verdict) -> None:
    assert [error.message for error in NIST_VALIDATOR.iter_errors(document(verdict))] == []


def test_trestles_models_read_every_verdict_and_write_the_same(verdict: Verdict) -> None:
    from trestle.oscal.assessment_results import Model

    read = Model.model_validate_json(oscal.render(verdict))
    written = json.dumps(read.model_dump(mode="json", by_alias=True, exclude_none=True))
    assert json.loads(written.replace('+00:00"', 'Z"')) == document(verdict)


BROKEN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a UUID that is none": lambda of: of["results"][0]["observations"][0].update(uuid="1"),
    "an empty property": lambda of: of["results"][0]["props"][0].update(value=""),
    "a property that ends in a line": lambda of: of["results"][0]["props"][0].update(value="x\n"),
    "a token that begins with a digit": lambda of: of["results"][0]["props"][0].update(name="1x"),
    "a time without a zone": lambda of: of["results"][0].update(start="2026-03-01T12:00:00"),
    "a key that OSCAL does not know": lambda of: of["results"][0].update(outcome="pass"),
    "an empty list": lambda of: of["results"][0].update(findings=[]),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_nists_schema_refuses_what_is_broken(change: Callable[[dict[str, Any]], Any]) -> None:
    broken = document(sample())
    change(broken["assessment-results"])
    assert not NIST_VALIDATOR.is_valid(broken)


def test_the_same_verdict_gives_the_same_bytes() -> None:
    assert oscal.render(sample()) == oscal.render(sample())


def test_another_run_has_other_uuids() -> None:
    other = replace(sample(), run=replace(sample().run, id="another"))
    ours, theirs = set(_values(document(sample()), "uuid")), set(_values(document(other), "uuid"))
    assert ours
    assert not ours & theirs


def test_things_whose_names_run_together_have_their_own_uuids() -> None:
    uuids = Uuids.of_run(sample())
    assert uuids.of("observation", "ab", "c") != uuids.of("observation", "a", "bc")


def test_a_file_is_referred_to_once_in_each_list() -> None:
    twice = (Digest("a\x00.tf", "01" * 32), Digest("a\\u{0000}.tf", "02" * 32))
    made = document(replace(sample(), scope=replace(sample().scope, files=twice)))
    assert [len(links) for links in _values(made, "rlinks")] == [1, 1, 2]


def _values(of: Any, key: str) -> Iterator[Any]:
    if isinstance(of, dict):
        for name, value in of.items():
            if name == key:
                yield value
            yield from _values(value, key)
    elif isinstance(of, list):
        for item in of:
            yield from _values(item, key)


def test_every_uuid_stands_for_one_thing(verdict: Verdict) -> None:
    assert max(Counter(_values(document(verdict), "uuid")).values()) == 1


def test_everything_that_is_referred_to_is_declared(verdict: Verdict) -> None:
    made = document(verdict)["assessment-results"]
    declared = set(_values(made, "uuid"))
    names = ("observation-uuid", "risk-uuid", "subject-uuid", "party-uuid", "actor-uuid", "component-uuid")
    used = {uuid for name in names for uuid in _values(made, name)}
    used |= {uuid for uuids in _values(made, "party-uuids") for uuid in uuids}
    used.add(made["import-ap"]["href"].removeprefix("#"))
    assert used <= declared
    assert set(_values(made, "role-id")) <= {role["id"] for role in made["metadata"]["roles"]}
    parts = {part["id"] for parts in _values(made.get("local-definitions", {}), "parts") for part in parts}
    assert {*_values(made, "objective-id"), *_values(made, "target-id")} <= parts


def test_each_policy_and_resource_has_one_observation() -> None:
    assert len(result(large(100))["observations"]) == 100 + len(sample().waived)
    queue = POLICIES[2]
    twice = [finding(queue, State.FAILED, "aws_sqs_queue.raw", name, "absent", "a key") for name in ("a", "b")]
    seen = result(replace(sample(), findings=tuple(twice)))["observations"]
    (of_queue,) = [one for one in seen if one["title"] == "PG_ENC_SQS on aws_sqs_queue.raw"]
    assert len(of_queue["relevant-evidence"]) == 2


def _props(of: dict[str, Any]) -> dict[str, str]:
    return {prop["name"]: prop["value"] for prop in of.get("props", ())}


def test_an_observation_names_its_file_with_the_digest_and_the_values_that_prove_it() -> None:
    seen = {one["title"]: one for one in result(sample())["observations"]}
    failed = seen["PG_ENC_SQS on aws_sqs_queue.raw"]["relevant-evidence"][0]
    assert failed["href"] == "cdk.tf.json"
    assert _props(failed) | {"line": "87", "sha256": "ab" * 32, "got": "absent", "state": "failed"} == _props(failed)
    passed = seen["PG_ENC_SQS on aws_sqs_queue.dead_letters"]["relevant-evidence"][0]
    assert _props(passed)["line"] == "70"
    assert _props(passed)["evidence"] == "kms_master_key_id = ${aws_kms_key.data.arn}"


def test_every_resource_is_in_the_inventory_the_unjudged_ones_too() -> None:
    items = {_props(item)["address"]: _props(item) for item in result(sample())["local-definitions"]["inventory-items"]}
    assert set(items) == {resource.address for resource in sample().resources}
    assert items["null_resource.x"]["judged"] == "no"


def _states(of: Verdict) -> dict[tuple[str, str], tuple[str, str]]:
    made = {}
    for one in result(of).get("findings", ()):
        facts, status = _props(one), one["target"]["status"]
        made[facts["framework"], facts["control"]] = (status["state"], status["reason"])
    return made


def test_only_a_control_without_any_finding_is_satisfied() -> None:
    expected = {
        (cover.framework.id, one.control.id): {
            Status.NO_FINDING: ("satisfied", "pass"),
            Status.FAILED: ("not-satisfied", "fail"),
        }.get(one.status, ("not-satisfied", "other"))
        for cover in coverage(sample())
        for one in cover.assessed
    }
    assert {one.status for cover in coverage(sample()) for one in cover.controls} == set(Status)
    assert _states(sample()) == expected


def test_a_waived_control_is_never_satisfied() -> None:
    assert _states(sample())[NIST, "AU-9(3)"] == ("not-satisfied", "other")


def test_a_control_with_only_silent_policies_has_no_finding_and_is_not_reviewed() -> None:
    made = result(sample())
    assert (NIST, "SC-8") not in _states(sample())
    assert "sc-8" not in set(_values(made["reviewed-controls"], "control-id"))
    assert made["remarks"].startswith("7 known controls were not assessed and have no finding.")


def test_a_finding_says_what_a_configuration_cannot_show() -> None:
    (one,) = [one for one in result(sample())["findings"] if _props(one)["control"] == "IA-5(1)"]
    assert "cannot show: Whether a rotation has succeeded" in one["remarks"]
    assert "Touched is not met" in one["remarks"]
    assert _props(one)["mapping-confidence"] == "high"


def test_a_finding_answers_a_local_objective_never_the_control() -> None:
    targets = {one["target"]["target-id"] for one in result(sample())["findings"]}
    assert {target.endswith("_configuration") for target in targets} == {True}


def test_a_finding_leads_to_its_observations_and_risks() -> None:
    made = result(sample())
    titles = {one["uuid"]: one["title"] for one in (*made["observations"], *made["risks"])}
    (one,) = [one for one in made["findings"] if _props(one)["control"] == "SC-28(1)"]
    assert {titles[each["observation-uuid"]] for each in one["related-observations"]} == {
        "PG_ENC_SQS on aws_sqs_queue.raw",
        "PG_ENC_SQS on aws_sqs_queue.dead_letters",
    }
    assert [titles[each["risk-uuid"]] for each in one["related-risks"]] == ["PG_ENC_SQS on aws_sqs_queue.raw"]


def test_failed_and_undecided_findings_are_open_risks() -> None:
    open_ = {one["title"] for one in result(sample())["risks"] if one["status"] == "open"}
    assert open_ == {f"{one.policy_id} on {one.resource_address}" for one in sample().findings}


def test_a_waiver_is_an_approved_deviation_with_owner_approver_and_deadline() -> None:
    made = document(sample())["assessment-results"]
    (risk,) = [one for one in made["results"][0]["risks"] if one["status"] == "deviation-approved"]
    names = {party["uuid"]: party["name"] for party in made["metadata"]["parties"]}
    entry = risk["risk-log"]["entries"][0]
    assert risk["deadline"] == "2026-04-01T23:59:59Z"
    assert risk["mitigating-factors"][0]["description"] == "access to the log group is alarmed"
    assert _props(risk)["ticket"] == "RISK-123"
    assert names[entry["logged-by"][0]["party-uuid"]] == "ciso@example.com"
    assert names[risk["origins"][0]["actors"][1]["actor-uuid"]] == "plant-operations@example.com"
    assert (entry["start"], entry["status-change"]) == ("2026-01-01T00:00:00Z", "deviation-approved")


def test_a_waiver_beside_an_open_finding_hides_nothing() -> None:
    held = sample().waived[0]
    beside = replace(held.finding, state=State.FAILED, argument="retention_in_days")
    made = result(replace(sample(), findings=(beside,)))
    at_resource = [one for one in made["risks"] if one["title"] == "PG_ENC_LOGS on aws_cloudwatch_log_group.pilot"]
    assert [one["status"] for one in at_resource] == ["open", "deviation-approved"]
    (seen,) = [one for one in made["observations"] if one["title"] == at_resource[0]["title"]]
    assert _props(seen)["state"] == "failed"


def test_what_is_undecided_or_waived_is_observed_as_a_finding() -> None:
    types = {_props(one)["state"]: one["types"] for one in result(sample())["observations"]}
    assert types == {state: ["control-objective" if state is State.PASSED else "finding"] for state in State}


@pytest.mark.parametrize(
    ("framework", "control", "expected"),
    [
        (NIST, "SC-28", "sc-28"),
        (NIST, "SC-28(1)", "sc-28.1"),
        (IEC, "SR 4.1 RE 1", "iec-62443-3-3_sr-4.1-re-1"),
        ("pci-dss-4.0", "1.3.1", "pci-dss-4.0_1.3.1"),
        ("2024-2690", "3.2.1", "_2024-2690_3.2.1"),
    ],
)
def test_a_control_id_becomes_a_legal_token(framework: str, control: str, expected: str) -> None:
    assert control_token(replace(sample().frameworks[0], id=framework), control) == expected


def test_controls_whose_ids_look_alike_keep_their_own_token() -> None:
    alike = tuple(Control(id_, "") for id_ in ("SC-28", "sc-28", "SC 28"))
    nist = next(of for of in sample().frameworks if of.id == NIST)
    queue = replace(POLICIES[2], controls={NIST: tuple(control.id for control in alike)})
    made = result(replace(sample(), policies=(queue,), frameworks=(replace(nist, controls=alike),)))
    assert list(_values(made["reviewed-controls"], "control-id")) == ["sc-28", "sc-28_2", "sc-28_3"]
    assert {_props(one)["control"] for one in made["findings"]} == {"SC-28", "sc-28", "SC 28"}


@pytest.mark.parametrize("text", ["", " ", "\n", "\x00", "\u200b", " a\u2028b ", "\ud800"])
def test_a_line_is_never_empty_and_holds_no_break(text: str) -> None:
    assert regex.fullmatch(r"\S(.*\S)?", line(text))


@pytest.mark.parametrize("path", ["javascript:alert(1)", "//host/x", "data:text/html,x", "C:/x", "a b?c#d"])
def test_the_path_of_a_file_is_never_an_address_elsewhere(path: str) -> None:
    parts = urlsplit(reference(path))
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")


@pytest.mark.parametrize("ticket", ["RISK-123", "javascript:alert(1)", "https:", "HTTP://x"])
def test_a_ticket_that_is_no_web_page_is_no_link(ticket: str) -> None:
    assert web_links("ticket", ticket) == {}


def test_a_run_and_a_ticket_on_the_web_are_linked() -> None:
    held = sample().waived[0]
    ticket = "https://tickets.example.com/RISK-123?a=b c"
    made = replace(sample(), waived=(replace(held, waiver=replace(held.waiver, ticket=ticket)),))
    links = {link["rel"]: link["href"] for found in _values(document(made), "links") for link in found}
    assert links == {"run": "https://ci.example.com/runs/1", "ticket": "https://tickets.example.com/RISK-123?a=b%20c"}


def test_the_lower_confidence_of_policy_and_framework_is_told() -> None:
    (one,) = [one for one in result(sample())["findings"] if _props(one)["control"] == "SR 1.5"]
    assert "with medium confidence" in one["remarks"]


def test_prose_shows_markup_instead_of_obeying_it() -> None:
    assert prose("<img> [a](b) {{ insert }}") == r"&lt;img&gt; \[a\](b) \{\{ insert \}\}"


def test_a_token_without_a_letter_is_still_one() -> None:
    assert token("") == "_"


def test_hostile_text_stands_nowhere_as_it_came() -> None:
    made = oscal.render(hostile())
    assert not regex.search(r"[\x00-\x09\x0b-\x1f\u202e]", made)
    assert "<script" not in "".join(_values(document(hostile()), "description"))


def test_times_are_those_of_the_run_in_utc() -> None:
    made = document(sample())["assessment-results"]
    assert made["metadata"]["last-modified"] == "2026-03-01T12:00:07Z"
    assert set(_values(made, "collected")) == {"2026-03-01T12:00:07Z"}
    later = replace(sample().run, ended=datetime(2026, 3, 1, 12, 0, 7, 250_000, tzinfo=UTC))
    assert document(replace(sample(), run=later))["assessment-results"]["results"][0]["end"].endswith("07.250000Z")


def test_rendering_leaves_the_cycle_collector_as_it_was() -> None:
    oscal.render(sample())
    assert gc.isenabled()
