"""Text of an input -> Markdown that renders as that text and does nothing: no link, mention, image or HTML. Pure.

A plain word stays a word. Everything else is shown as code, for GitHub neither links nor mentions anything in code,
where an escaped `\\@org` or `\\#1` is still turned into a link after the Markdown is read.
"""

from __future__ import annotations

import re
from itertools import groupby

from lib.reports.visible import short

LIMIT = 200
_WORD = re.compile(
    r"(?!.*((?i:gh-\d)|[0-9a-f]{7}))"  # no issue and no commit, which GitHub links
    r"\(?([^\W_]+([-'/\u2019][^\W_]+)*|\d+(\.\d+)+|[-\u2013\u2014])[.,;:!?)]*"
)
_ENCLOSED = re.compile(r"(\()(.+)(\)[.,;:]*)|()(.+?)([.,;:]*)")
"""Code, and the punctuation of the sentence around it."""


def plain(text: str, limit: int = LIMIT) -> str:
    """The text on one line: its plain words as they are, the rest as code."""
    words = short(text, limit).split()
    runs = groupby(words, key=lambda word: _WORD.fullmatch(word) is not None)
    return " ".join(" ".join(run) if is_plain else _enclosed(" ".join(run)) for is_plain, run in runs)


def code(text: str, limit: int = LIMIT) -> str:
    """The text on one line, as code; empty where it is."""
    return _code(" ".join(short(text, limit).split()))


def cell(markdown: str) -> str:
    r"""What `plain` or `code` gave, for a table: renderers disagree on `\|` after a backslash, so none is left."""
    return markdown.replace("|", "\\u{007C}")


def _enclosed(text: str) -> str:
    found = _ENCLOSED.fullmatch(text)
    before, core, after = [part for part in found.groups() if part is not None] if found else ("", text, "")
    return f"{before}{_code(core)}{after}"


def _code(text: str) -> str:
    if not text:
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{text}{space}{fence}"
