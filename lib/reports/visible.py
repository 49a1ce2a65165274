"""Text of an input -> text that a reader sees whole: nothing hidden, reordered or forbidden by a format. Pure."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but for tab and newline
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\ufeff\uffa0"  # drawn as nothing
    "\u0600-\u0605\u06dd\u070f"  # drawn around what follows
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line separators, and marks that turn the direction of text
    "\ufdd0-\ufdef\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"  # no characters; a lone surrogate cannot even be encoded
    "\U000110bd\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # drawn as nothing as well
    "]"
)
_ADDRESS = re.compile(
    r"https://[\w.-]+(:\d+)?(/([\w.~!=&+,:;@/-]|%[0-9A-Fa-f]{2})*)?(\?[\w.~=&+/-]*)?(#[\w.~=&+/-]*)?", re.ASCII
)


def visible(text: str) -> str:
    r"""The text with each character that a reader would not see written as `\u{202E}`; tab and newline stay."""
    if text.isascii() and text.isprintable():  # most are, and this is ten times as fast
        return text
    return _UNSEEN.sub(lambda found: f"\\u{{{ord(found[0]):04X}}}", text)


def short(text: str, limit: int) -> str:
    """The text made visible; of one longer than `limit` characters the beginning, and how many are left out."""
    if len(text) <= limit:
        return visible(text)
    return f"{visible(text[:limit])}… ({len(text) - limit} more characters)"


def web_address(text: str) -> str:
    """The text where it is a plain https address, safe in every format; else empty."""
    return text if len(text) <= 2000 and _ADDRESS.fullmatch(text) else ""
