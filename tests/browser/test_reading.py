"""What an auditor, an engineer and a newcomer do with the report."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Reader
from tests.samples import large, passing, sample

ROWS = "table.results tr.result"


def rows(page: Page) -> list[str]:
    return page.locator(ROWS).all_inner_texts()


def test_the_overview_says_at_once_what_was_judged_and_how_it_ended(reader: Reader):
    page = reader.open(sample(), viewport={"width": 1280, "height": 800})
    for text in (
        "The gate refuses this stack: 2 failed, 1 undecided.", "dev (ephemeral)", "123456789012", "c0ffeec0ffee",
        "without uncommitted changes", "1 threshold changed", "1 waived", "1 new, 1 fixed, 3 unchanged",
        "ciso@example.com", "github:example/factory/gate.yml", "2026-03-01 12:00:00 UTC, 7 s", "covered by no policy",
    ):  # fmt: skip
        found = page.locator("#overview").get_by_text(text).first
        expect(found).to_be_visible()
        box = found.bounding_box()
        assert box
        assert box["y"] + box["height"] <= 800, f"{text} is below the fold"


@pytest.mark.parametrize(
    ("query", "count", "text"),
    [
        ("state=failed", 2, "failed"),
        ("state=failed,waived", 3, "waived"),
        ("severity=CRITICAL", 1, "PG_NET_SG_NO_OPEN_INGRESS"),
        ("family=ROT", 1, "automatically_after_days = 30"),
        ("framework=pci-dss-4.0", 3, "PG_ENC_SQS"),
        ("framework=iso27001-2022&control=A.8.15", 2, "PG_ENC_LOGS"),
        ("control=SC-7(5)", 1, "0.0.0.0/0"),
        ("policy=PG_ENC_SQS", 2, "aws_sqs_queue.raw"),
        ("resource=sqs_queue.raw", 1, "absent"),
        ("since=new", 1, "aws_sqs_queue.raw"),
        ("q=risk-123", 1, "aws_cloudwatch_log_group.pilot"),
        ("q=vpc+ingress", 1, "aws_security_group.tasks"),
        ("state=failed&family=ENC&q=absent", 1, "aws_sqs_queue.raw"),
        ("q=no+such+text", 0, ""),
    ],
)
def test_a_shared_link_opens_with_its_filter(reader: Reader, query: str, count: int, text: str):
    page = reader.open(sample(), f"#results?{query}")
    expect(page.get_by_role("status").filter(has_text=f"{count} of 8 results")).to_be_visible()
    assert len(rows(page)) == count
    assert not count or text in "\n".join(rows(page))


def test_filters_set_by_hand_stand_in_the_address_and_survive_reload_and_back(reader: Reader):
    page = reader.open(sample(), "#results")
    page.get_by_role("button", name="failed 2").click()
    page.locator("[name=framework]").select_option("iso27001-2022")
    page.locator("[name=control]").select_option("A.8.24")
    page.get_by_label("Search").fill("raw")
    assert len(rows(page)) == 1
    for part in ("state=failed", "framework=iso27001-2022", "control=A.8.24", "q=raw"):
        assert part in page.url
    page.reload()
    assert len(rows(page)) == 1
    assert page.get_by_label("Search").input_value() == "raw"
    assert page.locator("[name=control]").input_value() == "A.8.24"
    page.go_back()
    assert page.locator("[name=control]").input_value() == ""
    page.go_back()
    page.go_back()
    assert len(rows(page)) == 8
    expect(page.get_by_role("button", name="failed 2")).to_have_attribute("aria-pressed", "false")


def test_an_option_says_how_many_results_it_would_show(reader: Reader):
    page = reader.open(sample(), "#results?family=ENC")
    expect(page.get_by_role("button", name="passed 2")).to_be_visible()
    expect(page.get_by_role("button", name="undecided 0")).to_be_visible()
    expect(page.get_by_role("button", name="NET 1")).to_be_visible()


def test_each_column_sorts_both_ways_and_says_so(reader: Reader):
    page = reader.open(sample(), "#results")
    for title in ("Severity", "Policy", "Resource", "Evidence", "State"):
        header = page.get_by_role("columnheader", name=title)
        header.get_by_role("button").click()
        expect(header).to_have_attribute("aria-sort", "ascending")
        ascending = rows(page)
        header.get_by_role("button").click()
        expect(header).to_have_attribute("aria-sort", "descending")
        assert rows(page) != ascending
        assert sorted(rows(page)) == sorted(ascending)
    page.goto(page.url.split("#")[0] + "#results?sort=severity")
    assert "CRITICAL" in rows(page)[0]
    assert "LOW" in rows(page)[-1]


def test_pages_of_results_have_addresses(reader: Reader):
    page = reader.open(large(120), "#results")
    first = rows(page)
    page.get_by_role("button", name="Next").click()
    assert "page=2" in page.url
    assert not set(first) & set(rows(page))
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()
    page.go_back()
    assert rows(page) == first


def test_an_open_row_tells_everything_of_a_finding(reader: Reader):
    page = reader.open(sample(), "#results?state=waived")
    page.locator(ROWS).get_by_role("button").click()
    detail = page.locator("tr.detail:not([hidden])")
    for text in (
        "cdk.tf.json:12", "sensor-dev/ingest/pilot", "kms_key_id", "absent", "a customer managed key",
        "How PG_ENC_LOGS is met.", "Why PG_ENC_LOGS exists.", "https://docs.example.com/PG_ENC_LOGS", "A.8.15",
        "plant-operations@example.com", "ciso@example.com", "RISK-123", "31 days left", "access to the log group",
    ):  # fmt: skip
        expect(detail.get_by_text(text).first).to_be_visible()
    assert "open=" in page.url


def test_from_framework_to_control_to_evidence(reader: Reader):
    page = reader.open(sample(), "#frameworks")
    page.get_by_role("link", name="ISO/IEC 27001 Annex A").first.click()
    expect(page.get_by_text("6 of 7 controls known here; the framework has 93")).to_be_visible()
    expect(page.get_by_text("ours 3, outside 1, shared 3")).to_be_visible()
    page.get_by_role("link", name="A.8.24").click()
    assert page.url.endswith("#/control/iso27001-2022/A.8.24")
    expect(page.get_by_role("heading", level=1)).to_contain_text("A.8.24")
    expect(page.locator("#page").get_by_text("Touched is not met")).to_be_visible()
    assert "aws_sqs_queue.raw" in rows(page)[0]
    assert "kms_master_key_id = ${aws_kms_key.data.arn}" in rows(page)[1]


def test_a_control_page_says_what_the_gate_cannot_see_and_who_was_silent(reader: Reader):
    page = reader.open(sample(), "#/control/nist-800-53-r5/IA-5(1)")
    expect(page.locator("#page").get_by_text("Whether a rotation has succeeded")).to_be_visible()
    expect(page.locator("#page").get_by_text("LastRotatedDate of the secret")).to_be_visible()
    page.goto(page.url.split("#")[0] + "#/control/nist-800-53-r5/SC-8")
    expect(page.get_by_text("Not assessed: no policy judged anything for it.")).to_be_visible()
    expect(page.get_by_role("heading", name="Policies that were silent (1)")).to_be_visible()
    page.goto(page.url.split("#")[0] + "#/control/pci-dss-4.0/3.6.1")
    expect(page.get_by_role("heading", name="Policies that contradict it")).to_be_visible()
    page.goto(page.url.split("#")[0] + "#/control/nist-800-53-r5/CA-7")
    expect(page.locator("#page").get_by_text("Results feed the compliance review")).to_be_visible()


def test_iec_62443_is_touched_at_levels_and_no_level_is_claimed(reader: Reader):
    page = reader.open(sample(), "#/framework/iec-62443-3-3")
    expect(page.locator("#page").get_by_text("Touches 3 of 5 requirements at SL 1")).to_be_visible()
    expect(page.locator("#page").get_by_text("no security level is claimed")).to_be_visible()


def test_a_node_of_the_architecture_leads_to_its_evidence(reader: Reader):
    page = reader.open(sample(), "#architecture")
    page.get_by_role("link", name="readings, aws_db_instance: undecided").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("aws_db_instance.readings")
    assert "${var.protect}" in rows(page)[0]
    expect(page.get_by_role("link", name="aws_secretsmanager_secret_rotation.database")).to_be_visible()


def test_a_node_shows_its_own_edges_when_it_has_the_focus(reader: Reader):
    page = reader.open(sample(), "#architecture")
    page.get_by_role("link", name="data, aws_kms_key: passed").focus()
    assert page.locator("#own-edges path").count() == 3
    page.get_by_role("link", name="x, null_resource: uncovered").focus()
    assert page.locator("#own-edges path").count() == 0


def test_thousands_of_resources_of_one_type_are_one_node_that_leads_to_them(reader: Reader):
    page = reader.open(large(1200), "#architecture")
    page.get_by_role("link", name="60 of 1,200 failed, aws_sqs_queue").click()
    expect(page.get_by_text("1,200 resources: group ingest, type aws_sqs_queue")).to_be_visible()
    assert page.locator("#page tbody tr").first.get_by_text("failed").is_visible()


def test_a_page_that_is_not_there_is_said_to_be_missing(reader: Reader):
    page = reader.open(sample(), "#/control/iso27001-2022/A.99")
    expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()


def test_without_scripts_verdict_findings_waivers_and_controls_are_there(reader: Reader):
    page = reader.open(sample(), java_script_enabled=False)
    expect(page.locator("noscript p")).to_be_visible()
    for text in (
        "The gate refuses this stack", "0.0.0.0/0", "How PG_ENC_SQS is met.", "31 days left",
        "RISK-123", "Cryptography follows rules", "null_resource.x", "What this report does not claim", "PG_NAM_SUFFIX",
    ):  # fmt: skip
        expect(page.get_by_text(text).first).to_be_visible()


def test_paper_has_every_section_and_no_navigation(reader: Reader):
    page = reader.open(passing())
    assert len(page.pdf(prefer_css_page_size=True)) > 50_000
    page.emulate_media(media="print")
    for section in ("overview", "results", "architecture", "frameworks", "waivers", "policies", "history", "basis"):
        expect(page.locator(f"main > #{section}")).to_be_visible()
    expect(page.locator("header nav")).to_be_hidden()


def test_paper_has_every_filtered_row_with_the_details_of_findings(reader: Reader):
    page = reader.open(large(400), "#results?resource=sqs_queue")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(ROWS).count() == 400
    assert page.locator("tr.detail:not([hidden])").count() == 40
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(ROWS).count() == 50
