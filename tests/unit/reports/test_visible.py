from __future__ import annotations

import unicodedata

import pytest

from lib.reports.visible import short, visible, web_address


def test_plain_text_tabs_and_new_lines_stay():
    assert visible("key = ü 日本\t\n…") == "key = ü 日本\t\n…"


@pytest.mark.parametrize("code", [0x00, 0x1B, 0x0D, 0x7F, 0x85, 0xAD, 0x200B, 0x202E, 0x2066, 0x2028, 0xFEFF, 0xE0041])
def test_what_a_reader_would_not_see_is_named(code: int):
    assert visible(f"a{chr(code)}b") == f"a\\u{{{code:04X}}}b"


def test_no_control_no_format_character_and_no_lone_surrogate_is_left():
    every = "".join(map(chr, range(0x110000)))
    left = {unicodedata.category(char) for char in set(visible(every)) - set("\t\n")} & {"Cc", "Cs", "Zl", "Zp"}
    assert not left


def test_marks_that_turn_the_direction_of_text_are_named():
    turning = [char for char in map(chr, range(0x110000)) if unicodedata.bidirectional(char) in
               {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}]  # fmt: skip
    assert len(turning) == 9
    assert all(visible(char) != char for char in turning)


def test_a_long_text_is_cut_and_says_by_how_much():
    assert short("x" * 12, 10) == "xxxxxxxxxx… (2 more characters)"
    assert short("x" * 10, 10) == "x" * 10


@pytest.mark.parametrize("address", ["https://docs.example.com", "https://a.example:8443/b-c/d_e.html?x=1&y=2#z"])
def test_a_plain_https_address_is_one(address: str):
    assert web_address(address) == address


@pytest.mark.parametrize("text", [
    "", "javascript:alert(1)", "http://plain.example/", "https://a.example/<b>", "https://a.example/ b",
    "https://a.example/)](x", "https://a.example/\n", "https://a@b.example/", "https://a.example/%zz",
    "https://" + "a" * 3000,
])  # fmt: skip
def test_anything_else_is_no_address(text: str):
    assert web_address(text) == ""
