from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from lib.artifacts import Match, Outcome, Verdict, Waived
from lib.reports import markdown
from lib.reports.markdown_text import cell, code, plain
from lib.reports.visible import visible
from tests.samples import FRAMEWORKS, HOSTILE, POLICIES, hostile, large, passing, sample

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
LINKED_BY_GITHUB = re.compile(r"@\w|#\d|www\.|://|GH-\d|\b[0-9a-f]{7,40}\b|:\w+:|\$", re.IGNORECASE)
ATTACKS = [
    HOSTILE, "@org/team", "#1", "org/repo#1", "GH-1", "c0ffee1", "https://x.example", "www.x.example", "a@x.example",
    "![i](https://x.example/i.png)", "[a](javascript:alert(1))", "<details><summary>", "<!--", "&lt;b&gt;", "| a | b |",
    "\n\n# heading", "\n---\n", "\n- item", "\n> quote", "`", "```", "a`b``c```d", "\\`", "\\", "|`", "\\|", "~~~\n",
    "[ref]: https://x.example", "$x$", ":warning:", "**bold**", "__x__", "~~x~~", "1. a", "- [ ] task", "\r\n\r\nx",
    "\u202e", "<https://x.example>", "<img src=x>", "\u200b@org", "(deadbeef1)", "x-c0ffee12", "`@org`", "@`org`",
    "` @org `",
]  # fmt: skip
PUNCTUATED = st.text(st.sampled_from("ab1 `\\|<>@#[](){}*_~!-+.:/&$\"'=\n\t\r\u202e\u00a0é"), max_size=40)


def attacked(text: str) -> Verdict:
    """A hostile verdict of which every part is shown: its waiver, too, since that expires soon."""
    made = hostile(text)
    return replace(made, waived=(replace(made.waived[0], days_left=1),))


def tokens(text: str) -> Iterator[Token]:
    for token in RENDERER.parse(text):
        yield token
        yield from token.children or ()


def shown(text: str) -> str:
    """What a reader reads in it, code included."""
    return "".join(token.content for token in tokens(text) if token.type in {"text", "code_inline"})


def on_one_line(text: str) -> str:
    return " ".join(visible(text).split())


def listed(verdict: Verdict, title: str) -> list[str]:
    _, _, after = markdown.render(verdict).partition(f"### {title}\n\n")
    return after.partition("\n\n")[0].splitlines()


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_of_an_input_becomes_html_a_link_an_image_or_a_mention(attack: str):
    rendered = list(tokens(markdown.render(attacked(attack))))
    links = {str(token.attrGet("href")) for token in rendered if token.type == "link_open"}
    assert not {token.type for token in rendered} & {"html_block", "html_inline", "image", "fence", "code_block"}
    assert links == set(markdown.VIEWS)
    for token in rendered:
        assert token.type != "text" or token.content in markdown.VIEWS or not LINKED_BY_GITHUB.search(token.content)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_of_an_input_changes_the_structure(attack: str):
    def structure(verdict: Verdict) -> list[str]:
        return [token.type for token in RENDERER.parse(markdown.render(verdict))]

    assert structure(attacked(attack)) == structure(attacked(""))


@given(PUNCTUATED)
def test_code_renders_as_the_very_text(text: str):
    (inline, *_) = [token for token in tokens(f"x {code(text)}") if token.type == "inline"]
    assert shown(f"x {code(text)}") == f"x {on_one_line(text)}".rstrip()
    assert {child.type for child in inline.children or ()} <= {"text", "code_inline"}


@given(PUNCTUATED)
def test_plain_renders_as_the_very_text_and_only_words_stand_outside_of_code(text: str):
    rendered = list(tokens(f"x {plain(text)}"))
    assert shown(f"x {plain(text)}") == f"x {on_one_line(text)}".rstrip()
    assert {token.type for token in rendered} <= {"paragraph_open", "inline", "text", "code_inline", "paragraph_close"}
    assert not any(LINKED_BY_GITHUB.search(token.content) for token in rendered if token.type == "text")


@given(PUNCTUATED)
def test_a_cell_breaks_no_table(text: str):
    table = f"| a | b |\n| --- | --- |\n| {cell(code(text))} | {cell(plain(text))} |"
    assert [token.type for token in RENDERER.parse(table)].count("td_open") == 2
    assert "|" not in cell(code(text))


def test_plain_words_stay_words_and_names_become_code():
    assert plain("pass key= to guarded_sqs_queue, or ask @org") == "pass `key=` to `guarded_sqs_queue`, or ask `@org`"
    assert plain("the group (referenced_id), of SC-28(1).") == "the group (`referenced_id`), of `SC-28(1)`."


def test_the_first_line_is_the_verdict():
    assert markdown.render(sample()).startswith("## Plantguard: FAIL\n")
    assert markdown.render(passing()).startswith("## Plantguard: PASS\n")


def test_a_pass_with_waivers_says_that_waived_is_not_passed():
    held = replace(sample(), outcome=Outcome.PASS, findings=())
    assert "waived is not passed" in markdown.render(held)


def test_the_most_severe_finding_comes_first_and_says_where_what_and_how():
    first = listed(sample(), "Most severe findings")[0]
    for part in ("CRITICAL", "`PG_NET_SG_NO_OPEN_INGRESS`", "`aws_security_group.tasks`", "`cdk.tf.json:40`",
                 "`0.0.0.0/0`", "requires a source inside the VPC", "Fix: How"):  # fmt: skip
        assert part in first


def test_of_many_findings_ten_are_listed_and_the_others_counted():
    lines = listed(large(1000), "Most severe findings")
    assert len(lines) == 11
    assert lines[-1] == "- and 90 more"


def test_new_fixed_and_unchanged_are_told_apart():
    assert "1 new, 1 fixed, 3 unchanged" in markdown.render(sample())
    assert listed(sample(), "New") == ["- `PG_ENC_SQS` at `aws_sqs_queue.raw` `kms_master_key_id`"]
    assert listed(sample(), "Fixed") == ["- `PG_ENC_RDS` at `aws_db_instance.readings` `storage_encrypted`"]
    assert "baseline" not in markdown.render(replace(sample(), baseline=None))


@pytest.mark.parametrize(("days", "told"), [(0, "0 days left"), (1, "1 day left"), (30, "30 days left"), (31, "")])
def test_a_waiver_is_listed_once_it_expires_within_thirty_days(days: int, told: str):
    waived: Waived = replace(sample().waived[0], days_left=days)
    assert told in "".join(listed(replace(sample(), waived=(waived,)), "Waivers that expire within 30 days"))
    assert ("Waivers that expire" in markdown.render(replace(sample(), waived=(waived,)))) is bool(told)


def test_changed_thresholds_uncovered_resources_and_policies_left_out_are_named():
    assert listed(sample(), "Thresholds that are not the profile's own") == ["- `rotation_days = 14`"]
    assert listed(sample(), "Resources that no policy judges") == ["- `null_resource.x`"]
    assert listed(sample(), "Policies that the profile leaves out") == ["- `PG_NAM_SUFFIX`"]


def test_says_how_many_policies_had_nothing_to_judge():
    assert "7 policies, of which 1 found nothing to judge: 4 passed" in markdown.render(sample())


def test_undecided_is_listed_as_no_pass():
    assert "`${var.protect}`" in listed(sample(), "Undecided: not a pass")[0]


def test_touched_is_not_met_and_no_level_beyond_the_second_is_counted():
    text = markdown.render(sample())
    assert "Touched is not met" in text
    assert "touches 3 of 5 at SL 1, 6 of 9 at SL 2" in text
    assert "SL 3" not in text


def test_a_framework_counts_its_controls_by_status():
    assert "| `PCI DSS 4.0` | 3 | 3 | 2 | 0 | 0 | 1 | 0 | 0 | 3 |" in markdown.render(sample())


@pytest.mark.parametrize("text", ["x" * 100_000, "|" * 100_000, "\u202e" * 100_000, "`" * 100_000, "ü@ " * 30_000])
def test_keeps_within_the_size_of_a_comment(text: str):
    made = hostile(text)
    match = Match("PG", text, text, text)
    many = replace(
        made, findings=made.findings * 20, uncovered=(text,) * 50, waived=(replace(made.waived[0], days_left=1),) * 50,
        baseline=replace(made.baseline, new=(match,) * 50, fixed=(match,) * 50) if made.baseline else None,
        frameworks=tuple(replace(FRAMEWORKS[0], id=f"f{number}", name=text) for number in range(60)),
    )  # fmt: skip
    assert len(markdown.render(many).encode()) <= markdown.MOST_BYTES


def test_says_how_many_sections_the_size_of_a_comment_left_out():
    text = "\u202e" * 100_000
    many = replace(hostile(text), policies=tuple(replace(POLICIES[1], family=f"F{number}") for number in range(3000)))
    assert markdown.render(many).endswith("sections left out, since a comment may have 65,536 characters.\n")
