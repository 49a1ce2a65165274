from __future__ import annotations

import json

import pytest

from lib.errors import GateError
from lib.gate.sources import read_source

STACK = """{
  "provider": {"aws": [{"region": "eu-west-1"}, {"region": "us-east-1", "alias": "far"}]},
  "resource": {
    "aws_sqs_queue": {
      "raw": {
        "//": {"metadata": {"path": "sensor/ingest/raw", "uniqueId": "raw"}},
        "name": "sensor-raw-dev",
        "tags": {"name": "not the name"}
      }
    }
  },
  "output": {"url": {"value": "${aws_sqs_queue.raw.url}"}},
  "terraform": {"required_version": ">= 1.11.0"}
}
"""


@pytest.fixture
def source(tmp_path):
    def read(text):
        path = tmp_path / "cdk.tf.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_source(path)

    return read


def test_reads_every_kind_of_block(source):
    addresses = [block.address for block in source(STACK).configuration.blocks]
    assert addresses == ["provider.aws", "provider.aws.far", "aws_sqs_queue.raw", "output.url", "terraform"]


def test_knows_the_line_of_a_block_and_of_each_argument(source):
    read = source(STACK)
    assert read.line_of("aws_sqs_queue.raw", "") == 5
    assert read.line_of("aws_sqs_queue.raw", "name") == 7
    assert read.line_of("aws_sqs_queue.raw", "tags.name") == 8
    assert read.line_of("aws_sqs_queue.raw", "absent") == 5
    assert read.line_of("aws_sqs_queue.elsewhere", "name") == 0


def test_keeps_the_construct_path_and_drops_the_comment(source):
    read = source(STACK)
    assert read.construct_path_of("aws_sqs_queue.raw") == "sensor/ingest/raw"
    assert "//" not in read.configuration.by_address["aws_sqs_queue.raw"].arguments


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        (b"\xff\xfe{}", "Expecting value"),
        ("[" * 100_000, "nested too deeply"),
        ('{"resource": {"a": {"b": {}, "b": {}}}}', "given twice"),
        ("[]", "where Terraform JSON is an object"),
        ('{"resource": []}', "declares no resource"),
        ('{"resource": {"aws_sqs_queue": 1}}', "requires an object"),
        ('{"resource": {"aws_sqs_queue": {"raw": "x"}}}', "requires an object"),
        ('{"output": {"x": {"value": 1}}}', "declares no resource"),
        ('{"resource": {"aws_sqs_queue": {}}}', "declares no resource"),
        ('{"resource": {"aws_sqs_queue": {"raw": {"count": 0}}}}', "declares no resource"),
    ],
)
def test_what_holds_nothing_to_judge_gives_no_verdict(source, text, reason):
    with pytest.raises(GateError, match=reason):
        source(text)


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ('{"resource": {"a_b": {"b": {}}}, "provider": {"aws": 7}}', "provider.aws is int"),
        ('{"resource": {"a_b": {"b": {}}}, "locals": 7}', "locals is int"),
        ('{"resource": {"a_b": {"b": {}}}, "ressource": {}}', "a block 'ressource'"),
        ('{"resource": {"a_b": {"b": {}}}, "module": {"m": {"source": "./absent"}}}', "the source ./absent"),
    ],
)
def test_what_is_read_in_part_is_judged_and_the_rest_named(source, text, got):
    read = source(text)
    assert read.block("a_b.b")
    assert got in read.configuration.problems[0].got


def test_a_missing_file_gives_no_verdict(tmp_path):
    with pytest.raises(GateError, match="does not exist"):
        read_source(tmp_path / "absent.tf.json")


def test_reads_5000_resources_with_lines(source):
    queues = {f"q{n}": {"name": f"q{n}"} for n in range(5000)}
    read = source(json.dumps({"resource": {"aws_sqs_queue": queues}}, indent=1))
    assert read.line_of("aws_sqs_queue.q4999", "name") == 3 + 3 * 4999 + 2
