from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from time import perf_counter
from typing import Any

import pytest

from lib.artifacts import Digest, Resource, Scope, State, Verdict
from lib.reports import html
from lib.reports.coverage import coverage
from lib.reports.html import facts
from lib.reports.html.architecture import GROUPS, NODES_OF_A_GROUP, architecture, group_of
from lib.reports.html.drawing import HEIGHT, TILE, drawing
from lib.reports.html.standing import standings
from lib.reports.html.values import KEPT_CHARACTERS, cut, key, visible
from tests.samples import HOSTILE, hostile, large, passing, sample

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def data(verdict: Verdict) -> dict[str, Any]:
    (found,) = DATA.findall(html.render(verdict))
    return json.loads(found)


def static(page: str) -> str:
    """The page without script, style and data."""
    return re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)


class Elements(HTMLParser):
    """The names of a page's elements, and of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("verdict", [sample(), hostile(), hostile("x" * 100_000)], ids=["sample", "hostile", "long"])
def test_the_page_loads_nothing_and_values_make_no_element(verdict):
    page = Elements(html.render(verdict))
    assert not {"link", "img", "iframe", "object", "embed", "base", "image"} & set(page.names)
    assert not [name for name in page.attributes if name in {"src", "srcset", "style"} or name.startswith("on")]
    assert page.names.count("script") == 2
    assert set(page.names) == set(Elements(html.render(sample())).names)


def test_only_the_own_script_and_style_may_run():
    page = html.render(sample())
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    for kind, pattern in (("script", r"<script>(.*?)</script>"), ("style", r"<style>(.*?)</style>")):
        (text,) = re.findall(pattern, page, re.DOTALL)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_the_script_never_makes_markup_of_text():
    (script,) = re.findall(r"<script>(.*?)</script>", html.render(sample()), re.DOTALL)
    for maker in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "DOMParser"):
        assert maker not in script


def test_no_character_of_a_value_is_invisible_or_reorders_text():
    page = html.render(hostile("\u202e\u2066\u200b\ufeff\xad\x00\x1b\x85\u2028\u3164\U000e0041\r"))
    assert visible(page) == page
    codes = ("202E", "2066", "200B", "FEFF", "00AD", "0000", "001B", "0085", "2028", "3164", "E0041", "000D")
    assert "".join(f"\\u{{{code}}}" for code in codes) in page


def test_what_no_encoding_can_write_is_marked():
    assert "\\u{D800}" in html.render(hostile("\ud800")).encode().decode()


@pytest.mark.parametrize("text", ["plain", "ключ", "数据", "a\tb\nc", "e\u0301", "עברית"])
def test_letters_of_any_language_stay_as_they_are(text):
    assert visible(text) == text


def test_the_data_holds_nothing_that_ends_its_element():
    (found,) = DATA.findall(html.render(hostile()))
    assert not set("<>&\u2028\u2029") & set(found)
    assert HOSTILE.split("\u202e", maxsplit=1)[0] in json.loads(found)["stack"]


def test_a_value_without_end_is_cut_and_says_so():
    page = html.render(hostile("x" * 100_000))
    assert "x" * (KEPT_CHARACTERS + 1) not in page
    assert len(page) < 4_000_000
    assert cut("x" * 50, 40) == "x" * 40 + " … 10 more characters, whole in verdict.json"


def test_keys_of_links_are_short_and_differ_where_texts_differ():
    assert key("aws_sqs_queue.raw") == "aws_sqs_queue.raw"
    texts = ["x" * 1000, "x" * 1001, "a\u202e", "a\\u{202E}", "a\u200b"]
    assert len({key(text) for text in texts}) == len(texts)
    assert max(len(key(text)) for text in texts) < 200


def test_every_result_is_in_the_data_once():
    verdict = sample()
    found = data(verdict)
    assert len(found["findings"]) == len(verdict.findings) + len(verdict.waived)
    assert len(found["passed"]) == len(verdict.passed)
    policy, resource, evidence = found["passed"][0]
    assert found["policies"][policy]["policy_id"] == "PG_DES_KMS_WINDOW"
    assert found["resources"][resource]["address"] == "aws_kms_key.data"
    assert evidence == {"deletion_window_in_days": 7}


def test_numbers_that_a_script_would_round_are_texts():
    base = sample()
    odd = {"big": 2**53 + 1, "nan": float("nan"), "far": float("-inf"), "small": 7, "on": True, "half": 0.5}
    found = data(replace(base, passed=(replace(base.passed[0], evidence=odd),)))
    shown = {"big": "9007199254740993", "nan": "nan", "far": "-inf", "small": 7, "on": True, "half": 0.5}
    assert found["passed"][0][2] == shown


def test_controls_have_the_status_that_every_view_tells():
    verdict = sample()
    told = {(f["id"], c["id"]): c["status"] for f in data(verdict)["frameworks"] for c in f["controls"]}
    assert told == {(f.framework.id, c.control.id): c.status.value for f in coverage(verdict) for c in f.controls}


def test_a_finding_of_an_unknown_policy_about_no_resource_is_shown():
    base = sample()
    stray = replace(base.findings[0], policy_id="PG_WAIVER", resource_address="waivers.toml")
    found = data(replace(base, findings=(stray,)))
    assert found["policies"][found["findings"][0]["policy"]]["policy_id"] == "PG_WAIVER"
    assert found["resources"][found["findings"][0]["resource"]]["address"] == "waivers.toml"
    assert "waivers.toml" in static(html.render(replace(base, findings=(stray,))))


def test_the_part_without_script_has_findings_waivers_and_limits():
    page = static(html.render(sample()))
    for part in (
        "FAILED", "UNDECIDED", "WAIVED", "0.0.0.0/0", "cdk.tf.json:87", "How PG_ENC_SQS is met.", "31 days left",
        "RISK-123", "1 new, 1 fixed, 3 unchanged", "null_resource.x", "PG_NAM_SUFFIX", "changed: not the profile",
        "No security level", "Touched is not met", "a dated restore exercise", "main.py verify",
    ):  # fmt: skip
        assert part in page, part
    assert page.count("NEW ") == 1


def test_the_part_without_script_is_bounded():
    assert static(html.render(large(5000))).count('<article class="finding') == facts.FINDINGS_SHOWN + 1


def test_nothing_found_is_said_without_a_promise():
    page = static(html.render(passing()))
    assert "<p>None.</p>" in page
    assert "compliant" not in page
    assert "is not a met control" in page


def test_a_verdict_that_states_nothing_says_so():
    base = replace(sample(), scope=Scope(), resources=(), uncovered=(), findings=(), passed=(), waived=(), policies=())
    page = static(html.render(replace(base, frameworks=(), past=(), run=Verdict.run)))
    for part in ("run not stamped", "not stated", "names no framework", "declares no resource", "no trend to show"):
        assert part in page


def test_a_digest_of_every_file_is_shown():
    files = tuple(Digest(f"file_{number}.tf", f"{number:064x}") for number in range(3))
    page = static(html.render(replace(sample(), scope=Scope(files=files))))
    assert all(file.path in page and file.sha256 in page for file in files)


def test_a_bar_shows_one_failure_among_thousands():
    first, second = facts.bar({"failed": 1, "passed": 9999}, facts.STATES)
    assert (first.count, second.count) == (1, 9999)
    assert first.width > 1
    assert first.width + second.width == pytest.approx(100, abs=0.01)
    assert facts.bar({}, facts.STATES) == ()


def test_the_trend_ends_with_this_run():
    runs = facts.runs(sample())
    assert [run.counts["failed"] for run in runs] == [3, 3, 2]
    assert runs[-1].families == {"DES": 1, "ENC": 2, "NET": 1, "ROT": 0, "TLS": 0}


def test_findings_are_written_with_the_gravest_first():
    low, high = (replace(sample().findings[2], severity=severity) for severity in ("LOW", "HIGH"))
    failed = replace(high, state=State.FAILED)
    assert facts.gravest([low, high, failed]) == [failed, high, low]


def test_waivers_that_end_first_come_first():
    (held,) = sample().waived
    assert [one.days_left for one in facts.soonest([held, replace(held, days_left=2)])] == [2, 31]


@pytest.mark.parametrize(
    ("address", "path", "group"),
    [
        ("aws_sqs_queue.raw", "sensor-dev/ingest/raw", "ingest"),
        ("module.net.aws_vpc.main", "", "module.net"),
        ("aws_kms_key.data", "", "kms"),
        ("random", "sensor-dev/random", "random"),
    ],
)
def test_resources_are_grouped_by_construct_then_module_then_service(address, path, group):
    type_ = address.split(".")[-2] if "." in address else address
    assert group_of(Resource(address, type_, path)) == group


def stack(*resources: tuple[str, str, tuple[str, ...]]) -> Verdict:
    made = tuple(Resource(a, a.split(".")[0], f"s/{g}/{a.split('.')[1]}", references=r) for a, g, r in resources)
    return replace(sample(), resources=made, findings=(), passed=(), waived=(), uncovered=())


def test_data_flows_from_left_to_right_where_references_tell():
    verdict = stack(
        ("aws_kinesis_stream.in", "ingest", ()),
        ("aws_ecs_service.app", "processing", ("aws_kinesis_stream.in", "aws_db_instance.db")),
        ("aws_db_instance.db", "database", ("aws_kms_key.k",)),
        ("aws_kms_key.k", "keys", ()),
        ("aws_lambda_function.alone", "chores", ()),
    )
    groups = architecture(verdict, standings(verdict))
    roles = {group.name: group.role for group in groups}
    assert roles == {"ingest": "source", "processing": "worker", "database": "store", "keys": "", "chores": ""}
    picture = drawing(groups)
    left = {box.group.name: box.x for box in picture.boxes}
    assert left["ingest"] < left["processing"] < left["database"]
    assert {curve.about for curve in picture.flow} == {"ingest to processing", "processing to database"}


@pytest.mark.parametrize("size", [1, 9, 125, 1500])
def test_the_picture_stays_readable_and_no_resource_is_left_out(size):
    names = [(f"aws_thing{n % 40}.r{n}", f"g{n % 31}", (f"aws_thing{(n + 1) % 40}.r{n + 1}",)) for n in range(size)]
    verdict = stack(*names)
    groups = architecture(verdict, standings(verdict))
    assert sum(group.resources for group in groups) == size
    assert len(groups) <= GROUPS + 1
    assert max(len(group.nodes) for group in groups) <= NODES_OF_A_GROUP
    tiles = [(tile.x, tile.y) for box in drawing(groups).boxes for tile in box.tiles]
    close = [(a, b) for a in tiles for b in tiles if a < b and abs(a[0] - b[0]) < TILE and abs(a[1] - b[1]) < HEIGHT]
    assert not close


def test_every_link_to_a_list_of_resources_finds_some():
    verdict = stack(*((f"aws_thing{n % 40}.r{n}", f"g{n % 31}", ()) for n in range(1500)))
    page, listed = html.render(verdict), data(verdict)["resources"]
    links = set(re.findall(r'"#/resources\?group=([^"&]*)(?:&amp;type=([^"]*))?"', page))
    assert len(links) > GROUPS
    for group, type_ in links:
        assert [r for r in listed if group in ("", r["group"]) and type_ in ("", r["type"])], (group, type_)


def test_a_circle_of_references_is_drawn():
    verdict = stack(("aws_a.a", "g", ("aws_b.b",)), ("aws_b.b", "g", ("aws_a.a",)))
    assert len(drawing(architecture(verdict, standings(verdict))).edges) == 2


def test_the_worst_state_of_a_resource_counts():
    stands = standings(sample())
    assert stands["aws_security_group.tasks"].worst == "failed"
    assert stands["aws_db_instance.readings"].worst == "undecided"
    assert stands["aws_cloudwatch_log_group.pilot"].worst == "waived"
    assert stands["aws_kms_key.data"].worst == "passed"
    assert stands["null_resource.x"].worst == "uncovered"


def test_10000_results_take_less_than_a_second():
    verdict = large(10_000)
    start = perf_counter()
    html.render(verdict)
    assert perf_counter() - start < 1
