"""Values as a page may show them: nothing invisible, nothing that reorders text, nothing without end."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import quote

from lib.reports.visible import visible

KEPT_CHARACTERS = 20_000
"""Of one value in the page's data; longer than any IAM document that AWS accepts. verdict.json has the whole."""
SHOWN_CHARACTERS = 400
"""Of one value in the part that needs no script."""
EXACT = 2**53
"""From here on a script rounds whole numbers."""
_KEY_CHARACTERS = 160


def cut(text: str, characters: int) -> str:
    """The visible text; where it is longer, its beginning and how much is missing."""
    if len(text) <= characters:
        return visible(text)
    return f"{visible(text[:characters])} … {len(text) - characters:,} more characters, whole in verdict.json"


def kept(value: Any) -> Any:
    """A value for the page's data: every text in it visible and bounded, every number as exact as it was."""
    if isinstance(value, str):
        return cut(value, KEPT_CHARACTERS)
    if isinstance(value, dict):
        return {kept(str(key)): kept(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [kept(item) for item in value]
    if isinstance(value, int | float) and not -EXACT < value < EXACT:
        return str(value)  # NaN too: it is in no range, and JSON has no word for it
    return value


def key(text: str) -> str:
    """What stands for an address or an id in a link: itself, or its beginning and a digest where that is not plain."""
    shown = visible(text)
    if shown == text and len(text) <= _KEY_CHARACTERS:
        return text
    return f"{shown[:_KEY_CHARACTERS]}~{sha256(text.encode(errors='surrogatepass')).hexdigest()[:12]}"


def quoted(text: str) -> str:
    """The visible text for a parameter of a link."""
    return quote(visible(text), safe="")


def route(*parts: str) -> str:
    """The link to a page within the page: #/resource/aws_sqs_queue.raw."""
    return "#/" + "/".join(quote(key(part), safe="") for part in parts)
