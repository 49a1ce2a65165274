"""Expressions come to what Terraform makes of them; `terraform console` is the oracle where Terraform is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from policies.terraform.evaluate import value_of
from policies.terraform.folders import Folder
from policies.terraform.modules import Module, Tree
from policies.terraform.syntax import Hcl, expression
from policies.terraform.values import Unknown

EXPRESSIONS = [
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("7 / 2", 3.5),
    ("-7 % 3", -1),
    ("1.5e3", 1500),
    ("!true || false", False),
    ("true && !false", True),
    ('1 < 2 && "a" != "b"', True),
    ('1 == "1"', False),
    ('true == "true"', False),
    ("null == null", True),
    ('true ? "yes" : "no"', "yes"),
    ('[for s in ["a", "b"] : upper(s)]', ["A", "B"]),
    ('[for i, s in ["a", "b"] : "${i}-${s}"]', ["0-a", "1-b"]),
    ("{for k, v in {a = 1, b = 2} : v => k}", {"1": "a", "2": "b"}),
    ("[for k, v in {b = 1, a = 2} : k]", ["a", "b"]),
    ('{for s in ["ab", "ac", "bd"] : substr(s, 0, 1) => s...}', {"a": ["ab", "ac"], "b": ["bd"]}),
    ('[for s in ["a", "", "b"] : s if s != ""]', ["a", "b"]),
    ("[{a = 1}, {a = 2}][*].a", [1, 2]),
    ("{a = {b = [1, 2, 3]}}.a.b[1]", 2),
    ('{"a-b" = 1}["a-b"]', 1),
    ('"a${1 + 1}b"', "a2b"),
    ('"$${not} %%{that}"', "${not} %{that}"),
    ('"tab\\tquote\\"unicode\\u00e9"', 'tab\tquote"unicodeé'),
    ('"%{ if true }yes%{ else }no%{ endif }"', "yes"),
    ('"%{ for s in ["a", "b"] }<${s}>%{ endfor }"', "<a><b>"),
    ('"a ${~ "b" ~} c"', "abc"),
    ("abs(-3)", 3),
    ("ceil(1.2)", 2),
    ("floor(-1.2)", -2),
    ("max(1, 5, 3)", 5),
    ("min(1, 5, 3)", 1),
    ('parseint("ff", 16)', 255),
    ("pow(2, 10)", 1024),
    ("signum(-4)", -1),
    ('chomp("a\\n")', "a"),
    ('endswith("hello", "lo")', True),
    ('format("%s-%03d-%.2f-%q", "a", 7, 1.5, "x")', 'a-007-1.50-"x"'),
    ('format("%v %v", true, 3)', "true 3"),
    ('formatlist("%s!", ["a", "b"])', ["a!", "b!"]),
    ('indent(2, "a\\nb")', "a\n  b"),
    ('join("-", ["a", "b"])', "a-b"),
    ('join(",", [1, true])', "1,true"),
    ('lower("ABC")', "abc"),
    ('regex("[a-z]+", "123abc")', "abc"),
    ('regex("(\\\\d+)-(\\\\w+)", "12-ab")', ["12", "ab"]),
    ('regex("(?P<n>\\\\d+)", "a12")', {"n": "12"}),
    ('regexall("[a-z]", "a1b2")', ["a", "b"]),
    ('replace("a-b-c", "-", "+")', "a+b+c"),
    ('replace("abc123", "/[0-9]+/", "<$0>")', "abc<123>"),
    ('replace("hello", "/(l+)/", "[$1]")', "he[ll]o"),
    ('split(",", "a,b,c")', ["a", "b", "c"]),
    ('split(",", "")', [""]),
    ('startswith("hello", "he")', True),
    ('strrev("abc")', "cba"),
    ('substr("hello", 1, 3)', "ell"),
    ('substr("hello", 2, -1)', "llo"),
    ('title("hello world")', "Hello World"),
    ('trim("??a??", "?")', "a"),
    ('trimprefix("prefix-a", "prefix-")', "a"),
    ('trimspace("  a \\n")', "a"),
    ('trimsuffix("a.tf", ".tf")', "a"),
    ('upper("abc")', "ABC"),
    ('strcontains("abc", "b")', True),
    ('alltrue([true, "true"])', True),
    ("anytrue([false, true])", True),
    ('chunklist(["a", "b", "c"], 2)', [["a", "b"], ["c"]]),
    ('coalesce("", null, "c")', "c"),
    ('coalescelist([], ["a"])', ["a"]),
    ('compact(["a", "", null, "b"])', ["a", "b"]),
    ('concat(["a"], ["b", "c"])', ["a", "b", "c"]),
    ('contains(["a", "b"], "b")', True),
    ('distinct(["a", "b", "a"])', ["a", "b"]),
    ('element(["a", "b"], 3)', "b"),
    ('flatten([["a"], [["b"], []], "c"])', ["a", "b", "c"]),
    ('index(["a", "b"], "b")', 1),
    ("keys({b = 1, a = 2})", ["a", "b"]),
    ("length({a = 1, b = 2})", 2),
    ('length("héllo")', 5),
    ('lookup({a = 1}, "b", 5)', 5),
    ('matchkeys(["i-1", "i-2"], ["a", "b"], ["b"])', ["i-2"]),
    ("merge({a = 1, b = 2}, {b = 3}, null)", {"a": 1, "b": 3}),
    ("one([])", None),
    ('one(["a"])', "a"),
    ("range(3)", [0, 1, 2]),
    ("range(1, 8, 3)", [1, 4, 7]),
    ("range(3, 0, -1)", [3, 2, 1]),
    ("reverse([1, 2, 3])", [3, 2, 1]),
    ('setintersection(["a", "b"], ["b", "c"])', ["b"]),
    ('setproduct(["a", "b"], [1, 2])', [["a", 1], ["a", 2], ["b", 1], ["b", 2]]),
    ('setsubtract(["a", "b"], ["b"])', ["a"]),
    ('setunion(["b"], ["a", "b"])', ["a", "b"]),
    ('slice(["a", "b", "c"], 1, 3)', ["b", "c"]),
    ('sort(["c", "a", "b"])', ["a", "b", "c"]),
    ("sum([1, 2, 3.5])", 6.5),
    ('transpose({a = ["x", "y"], b = ["y"]})', {"x": ["a"], "y": ["a", "b"]}),
    ("values({b = 1, a = 2})", [2, 1]),
    ('zipmap(["a", "b"], [1, 2])', {"a": 1, "b": 2}),
    ('base64decode("aGVsbG8=")', "hello"),
    ('base64encode("hello")', "aGVsbG8="),
    ('base64sha256("a")', "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="),
    ('jsondecode("{\\"a\\": [1, true, null]}")', {"a": [1, True, None]}),
    ('jsonencode({b = 1, a = ["x", null, true, 1.5]})', '{"a":["x",null,true,1.5],"b":1}'),
    ('jsonencode("<a & b>")', '"\\u003ca \\u0026 b\\u003e"'),
    ('urlencode("a b&c/d")', "a+b%26c%2Fd"),
    ('yamldecode("a: [1, b]")', {"a": [1, "b"]}),
    ('basename("a/b.txt")', "b.txt"),
    ('dirname("a/b.txt")', "a"),
    ('md5("a")', "0cc175b9c0f1b6a831c399e269772661"),
    ('sha1("a")', "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
    ('sha256("a")', "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
    ('cidrhost("10.0.0.0/16", 5)', "10.0.0.5"),
    ('cidrhost("10.0.0.0/16", -2)', "10.0.255.254"),
    ('cidrnetmask("10.0.0.0/20")', "255.255.240.0"),
    ('cidrsubnet("10.0.0.0/16", 8, 3)', "10.0.3.0/24"),
    ('cidrsubnet("fd00::/48", 16, 10)', "fd00:0:0:a::/64"),
    ('cidrsubnets("10.0.0.0/16", 4, 4, 8)', ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/24"]),
    ('can(tonumber("a"))', False),
    ("can({a = 1}.a)", True),
    ('try({a = 1}.b, "fallback")', "fallback"),
    ('try(tonumber("x"), 3)', 3),
    ('tobool("true")', True),
    ('tolist(["b", "a"])', ["b", "a"]),
    ("tomap({a = 1})", {"a": 1}),
    ('tonumber("5")', 5),
    ('toset(["b", "a", "b"])', ["a", "b"]),
    ("tostring(5)", "5"),
    ("tostring(true)", "true"),
    ('nonsensitive(sensitive("a"))', "a"),
    ("max([1, 2]...)", 2),
    ('{a = 1, "b" = 2, (upper("c")) = 3}', {"C": 3, "a": 1, "b": 2}),
    ("[1, 2, 3][1]", 2),
    ("{a = null}.a == null", True),
    ('"${[1, 2][0]}"', 1),
    ('"10" + 5', 15),
    ('"x" == "x" ? 1 : 2', 1),
    ("[[1, 2], [3]][0][1]", 2),
    ("length([for i in range(10) : i if i % 2 == 0])", 5),
]


def evaluated(text: str):
    node = expression(text)
    assert node is not None, f"{text} is not read as an expression"
    folder = Path(__file__).parent
    return value_of(Hcl(node), Module(Tree(folder), Folder(folder)).scope)


@pytest.mark.parametrize(("text", "value"), EXPRESSIONS, ids=[text for text, _ in EXPRESSIONS])
def test_comes_to_the_value(text, value):
    found = evaluated(text)
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


@pytest.mark.slow
def test_terraform_agrees_on_every_value(tmp_path):
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("needs terraform")
    names = [f"e{index}" for index in range(len(EXPRESSIONS))]
    values = [f"  {name} = jsonencode({text})" for name, (text, _) in zip(names, EXPRESSIONS, strict=True)]
    whole = ", ".join(f"{name} = local.{name}" for name in names)
    (tmp_path / "main.tf").write_text("locals {\n" + "\n".join(values) + f"\n  all = jsonencode({{{whole}}})\n}}\n")
    ended = subprocess.run(
        [terraform, "console"], input="local.all\n", cwd=tmp_path, env={**os.environ, "CHECKPOINT_DISABLE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = json.loads(json.loads(ended.stdout))
    assert [json.loads(found[name]) for name in names] == [value for _, value in EXPRESSIONS]


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        '"a" + 1',
        "{a = 1}.b",
        "[1][5]",
        "one([1, 2])",
        'regex("x", "y")',
        'regex("(", "y")',
        "timestamp()",
        "uuid()",
        "no_such_function(1)",
        "var.absent",
        "local.absent",
        "aws_kms_key.absent.arn",
        "module.absent.x",
        'element([], 0)',
        'jsondecode("{")',
        'file("/etc/hostname")',
        'format("%99999999s", "a")',
        "range(100000000)",
        "setproduct(range(20000), range(20000))",
        'cidrsubnet("10.0.0.0/30", 8, 3)',
        'yamldecode("a: &x [1]\\nb: *x")',
        'base64decode("!")',
        "self.id",
    ],
)  # fmt: skip
def test_what_terraform_would_refuse_or_nobody_knows_is_unknown(text):
    assert isinstance(evaluated(text), Unknown)


def test_an_unknown_value_is_shown_without_its_literals():
    assert "hunter2" not in evaluated('no_such_function("hunter2", var.x)').text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("var.absent && false", False),
        ("true || var.absent", True),
        ("var.absent ? 1 : 1", 1),
        ("try(1, var.absent)", 1),
        ("[var.absent, 2][1]", 2),
        ("{a = var.absent, b = 2}.b", 2),
        ("length([var.absent])", 1),
        ("contains([var.absent, 2], 2)", True),
    ],
)
def test_an_unknown_part_leaves_the_rest_decided(text, value):
    assert evaluated(text) == value
