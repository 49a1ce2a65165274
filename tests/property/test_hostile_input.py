"""Whatever the gate is pointed at, it ends in bounded time with a verdict or a GateError, and no PASS unearned."""

from __future__ import annotations

import copy
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.artifacts import Outcome
from lib.errors import GateError
from lib.gate import judge
from lib.gate.sources import find_sources, read_source

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "policy" / "fixtures"
FORMS = ROOT / "tests" / "policy" / "forms"
LONGEST_S = 20
"""Processor time, far above what any of these takes; without bounds of their own they would take hours."""
GOOD_KEY = 'resource "aws_kms_key" "k" {\n  enable_key_rotation = true\n}\n'


ARGUMENTS = ("policy", "name", "tags", "ingress", "kms_key_id", "lifecycle", "count", "depends_on", "provider")
WRONG = [[], {}, 0, True, [None], [[]], {"": None}]


def laughs(first: str, again: str) -> str:
    lines = [f"  l{n} = {again.replace('@', f'local.l{n - 1}')}" for n in range(1, 40)]
    use = 'resource "aws_sqs_queue" "q" {\n  name = "${local.l39}"\n  tags = { a = local.l39 }\n}\n'
    return "locals {\n  l0 = " + first + "\n" + "\n".join(lines) + "\n}\n" + use


HOSTILE = {
    "nul.tf": GOOD_KEY + 'locals {\n  x = "a\0b"\n}\n',
    "unclosed.tf": GOOD_KEY + 'resource "aws_sqs_queue" "q" {\n  name = "a"\n',
    "not_hcl.tf": GOOD_KEY + "}}}} <html> ]]",
    "merge_conflict.tf": "<<<<<<< HEAD\n" + GOOD_KEY + "=======\n>>>>>>> other\n",
    "invalid_utf8.tf": GOOD_KEY.encode() + b'locals {\n  x = "\xff\xfe"\n}\n',
    "bom.tf": "\ufeff" + GOOD_KEY,
    "unicode.tf": GOOD_KEY + 'locals {\n  "\u202e\U0001f600" = "\u0000\u2028"\n  ключ = "значение"\n}\n',
    "lists_in_lists.tf": GOOD_KEY + "locals {\n  x = " + "[" * 20_000 + "]" * 20_000 + "\n}\n",
    "open_lists.tf": GOOD_KEY + "locals {\n  x = " + "[" * 100_000,
    "parentheses.tf": GOOD_KEY + "locals {\n  x = " + "(" * 5_000 + "1" + ")" * 5_000 + "\n}\n",
    "blocks_in_blocks.tf": GOOD_KEY + "a {\n" * 3_000 + "}\n" * 3_000,
    "templates_in_templates.tf": 'resource "aws_sqs_queue" "q" {\n  name = ' + '"${' * 500 + "1" + '}"' * 500 + "\n}\n",
    "operators.tf": GOOD_KEY + "locals {\n  x = " + "1 + " * 5_000 + "1\n}\n",
    "conditionals.tf": GOOD_KEY + "locals {\n  x = " + "true ? 1 : " * 2_000 + "2\n}\n",
    "cyclic_locals.tf": 'locals {\n  a = local.b\n  b = "${local.a}"\n}\n'
    'resource "aws_sqs_queue" "q" {\n  name = local.a\n}\n',
    "cyclic_count.tf": 'resource "aws_sqs_queue" "q" {\n  count = length(aws_sqs_queue.q)\n}\n',
    "cyclic_resources.tf": 'resource "aws_sqs_queue" "a" {\n  name = upper(aws_sqs_queue.b.name)\n}\n'
    'resource "aws_sqs_queue" "b" {\n  name = upper(aws_sqs_queue.a.name)\n}\n',
    "laughing_strings.tf": laughs('"ha"', '"${@}${@}"'),
    "laughing_lists.tf": laughs('["ha"]', "[@, @]"),
    "laughing_concat.tf": laughs('["ha"]', "concat(@, @)"),
    "laughing_maps.tf": laughs('{ a = "ha" }', "{ a = @, b = @ }"),
    "laughing_loops.tf": laughs("[1, 2, 3, 4]", "flatten([for x in @ : [for y in @ : x]])"),
    "laughing_join.tf": laughs('"ha"', 'join("", [@, @])'),
    "laughing_json.tf": laughs('"ha"', "jsonencode([@, @])"),
    "laughing_format.tf": laughs('"ha"', 'format("%s%s", @, @)'),
    "yaml_anchors.tf": GOOD_KEY + 'locals {\n  x = yamldecode("a: &a [x, x]\\nb: &b [*a, *a]\\nc: [*b, *b]")\n}\n',
    "counts.tf": 'resource "aws_sqs_queue" "q" {\n  count = 1000000000\n}\n',
    "negative_count.tf": 'resource "aws_sqs_queue" "q" {\n  count = -1\n}\n',
    "no_number_as_count.tf": 'resource "aws_sqs_queue" "q" {\n  count = "many"\n}\n',
    "each_of_range.tf": 'resource "aws_sqs_queue" "q" {\n  for_each = toset([for n in range(2000) : "${n}"])\n'
    '  name = "q-${each.key}"\n}\n',
    "regex.tf": GOOD_KEY + 'locals {\n  x = regexall("(a+)+$", "' + "a" * 5_000 + 'b")\n}\n',
    "format_width.tf": GOOD_KEY + 'locals {\n  x = format("%999999999s", "a")\n}\n',
    "long_string.tf": 'resource "aws_iam_policy" "p" {\n  policy = "' + "a" * 5_000_000 + '"\n}\n',
    "long_document.tf.json": json.dumps(
        {"resource": {"aws_iam_policy": {"p": {"policy": json.dumps({"Statement": ["x" * 5_000_000]})}}}}
    ),
    "deep_document.tf.json": json.dumps({"resource": {"aws_iam_policy": {"p": {"policy": "[" * 100_000}}}}),
    "deep_arguments.tf.json": '{"resource": {"aws_iam_policy": {"p": ' + '{"a": ' * 900 + "1" + "}" * 900 + "}}}",
    "deep_json.tf.json": '{"resource": ' * 50_000,
    "surrogates.tf.json": '{"resource": {"aws_sqs_queue": {"\\ud800": '
    '{"name": "\\udfff", "policy": "{\\"\\ud800\\": 1}"}}}}',
    "numbers.tf.json": '{"resource": {"aws_sqs_queue": {"q": {"delay_seconds": 1e999, "count": 1e300, "x": -0, '
    '"message_retention_seconds": NaN, "y": ' + "9" * 4_000 + "}}}}",
    "many_keys.tf.json": json.dumps({"resource": {"aws_sqs_queue": {"q": {f"k{n}": n for n in range(100_000)}}}}),
    "many_dollars.tf.json": json.dumps({"resource": {"aws_sqs_queue": {"q": {"name": "${" * 100_000}}}}),
    "many_percents.tf.json": json.dumps({"resource": {"aws_sqs_queue": {"q": {"name": "%{ if true }" * 10_000}}}}),
    "many_references.tf.json": json.dumps(
        {"resource": {"aws_sqs_queue": {"q": {"name": "${aws_sqs_queue.q.arn}" * 20_000}}}}
    ),
    "wrong_types.tf.json": json.dumps({"resource": {"aws_security_group": {"x": dict.fromkeys(ARGUMENTS, WRONG)}}}),
    "laughs.yaml": "a: &a [x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nd: [*c, *c, *c]\n",
    "plan.json": '{"format_version": "1.2", "planned_values": null, "resource_changes": [null], "configuration": 7}',
    "state.json": '{"format_version": "1.0", "values": {"root_module": {"resources": [{"address": 1}]}}}',
    "future.json": '{"format_version": "9.0", "values": {"root_module": {"resources": []}}}',
    "empty.json": "",
    "empty.tf": "",
    "comment.tf": "# nothing here\n",
    "list.json": "[]",
    "raw_state.json": '{"version": 4, "lineage": "x", "resources": []}',
    "unknown.bin": b"\x00\x01\x02",
}  # fmt: skip


def outcome_of(path: Path) -> Outcome | None:
    """The gate's answer; None for a GateError. Anything else that is raised is what these tests look for."""
    try:
        verdicts = [judge(read_source(found), "s") for found in find_sources(path)]
    except GateError:
        return None
    assert not [f for v in verdicts for f in v.findings if "crashed" in f.required]
    outcomes = {verdict.outcome for verdict in verdicts}
    return next(one for one in (Outcome.FAIL, Outcome.UNDECIDED, Outcome.PASS) if one in outcomes)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_ends_in_time_and_never_passes(name, tmp_path):
    path = tmp_path / name
    content = HOSTILE[name]
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    began = time.process_time()
    assert outcome_of(path) is not Outcome.PASS
    assert time.process_time() - began < LONGEST_S
    if name.endswith((".tf", ".tf.json")) and len(content) < 1_000_000:
        assert outcome_of(tmp_path) is not Outcome.PASS


def test_modules_that_call_themselves_end(tmp_path):
    (tmp_path / "main.tf").write_text('module "again" {\n  source = "./"\n}\n' + GOOD_KEY)
    assert outcome_of(tmp_path) in (Outcome.FAIL, Outcome.UNDECIDED)
    (tmp_path / "main.tf").write_text('module "a" {\n  count = 3\n  source = "./"\n}\n' + GOOD_KEY)
    assert outcome_of(tmp_path) in (Outcome.FAIL, Outcome.UNDECIDED)


def test_links_that_lead_nowhere_or_in_circles_end(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone.tf").symlink_to(tmp_path / "absent.tf")
    (tmp_path / "folder.tf").mkdir()
    assert outcome_of(tmp_path) is None


def test_a_file_function_reads_nothing_outside_the_configuration(tmp_path):
    (tmp_path / "secret.txt").write_text("outside-canary")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "main.tf").write_text('resource "aws_sqs_queue" "q" {\n  name = file("../secret.txt")\n}\n')
    assert "outside-canary" not in str(read_source(inside).configuration.blocks)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["laughing_strings.tf", "laughing_maps.tf", "long_document.tf.json", "many_keys.tf.json"]
)
def test_the_command_line_answers_within_a_gibibyte(name, tmp_path):
    path = tmp_path / name
    path.write_text(HOSTILE[name])
    ended = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "gate", str(path), "--reports", str(tmp_path)],
        capture_output=True, text=True, check=False,
        timeout=120, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30)),
    )  # fmt: skip
    assert ended.returncode in (1, 3)
    assert "Traceback" not in ended.stderr + ended.stdout


SPECIAL = ["${var.x}", "${", "%{if}", "${aws_kms_key.k.arn}", "{", "[]", "*", "arn:aws:iam::*", "\0", "-1"]
NOISE = ["{", "}", '"', "${", "%{", "[", "]", "(", "\n", "=", "<<EOT\n", "/*", "*", "\0"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(SPECIAL),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
DOCUMENTS = sorted(FIXTURES.glob("*/*.tf.json"))
PRINTED = [FORMS / "plan.json", FORMS / "state.json"]


def places(value, path=()):
    """Paths of everything in a JSON value."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places(inner, (*path, key))


@st.composite
def broken(draw, files):
    """A real document with a few places replaced by anything, or taken out."""
    file = draw(st.sampled_from(files))
    document = json.loads(file.read_text())
    for _ in range(draw(st.integers(1, 3))):
        every = [path for path in places(document) if path]
        if not every:
            break
        *before, last = draw(st.sampled_from(every))
        holder = document
        for key in before:
            holder = holder[key]
        if draw(st.booleans()):
            holder[last] = copy.deepcopy(draw(ANYTHING))
        else:
            del holder[last]
    return file.name, document


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(broken(DOCUMENTS))
def test_a_broken_document_gets_an_answer(tmp_path_factory, example):
    name, document = example
    path = tmp_path_factory.mktemp("broken") / name
    path.write_text(json.dumps(document), encoding="utf-8", errors="surrogatepass")
    outcome_of(path)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(broken(PRINTED))
def test_a_broken_plan_or_state_gets_an_answer_that_is_no_pass(tmp_path_factory, example):
    name, document = example
    path = tmp_path_factory.mktemp("broken") / name
    path.write_text(json.dumps(document), encoding="utf-8", errors="surrogatepass")
    assert outcome_of(path) is not Outcome.PASS


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_broken_text_of_hcl_gets_an_answer(tmp_path_factory, data):
    text = (FORMS / "configuration" / "main.tf").read_text()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        more = data.draw(
            st.sampled_from(["{", "}", '"', "${", "%{", "[", "]", "(", "\n", "=", "<<EOT\n", "/*", "*", "\0"])
        )
        cut = data.draw(st.integers(0, 40))
        text = text[:at] + more + text[at + cut :]
    path = tmp_path_factory.mktemp("broken") / "main.tf"
    path.write_text(text)
    assert outcome_of(path) is not Outcome.PASS
