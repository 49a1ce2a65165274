"""Text -> what a spreadsheet cell may hold: one line, no control characters, and nothing that is read as a formula."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

from lib.reports.visible import visible

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as the code page of its machine."""
LIMIT = 32_767
"""Of a cell in Excel, in UTF-16 units."""
CUT = " … cut here: a cell holds 32,767 characters; verdict.json has the whole text."
_FORMULA = frozenset("=+-@\u2212")
_AFTER_SEPARATOR = re.compile(r"(?<=;)(?=\s*[=+\-@\u2212\uff0b\uff0d\uff1d\uff20])")


def one_line(text: str) -> str:
    """The text on one line, with control characters as marks."""
    return " ".join(visible(text).split())


def inert(text: str) -> str:
    """The text with an apostrophe before whatever a spreadsheet would take for a formula.

    Excel splits at semicolons instead of commas where the decimal point is a comma, so what follows one counts too.
    """
    shown = _AFTER_SEPARATOR.sub("'", one_line(text))
    return f"'{shown}" if _starts_formula(shown) else shown


def cut(text: str) -> str:
    """The text as far as a cell holds it, and where it was cut, a sentence that says so."""
    units = text.encode("utf-16-le", "replace")
    if len(units) // 2 <= LIMIT:
        return text
    return units[: 2 * (LIMIT - len(CUT))].decode("utf-16-le", "ignore") + CUT


def csv_text(columns: Iterable[str], rows: Iterable[Sequence[str | int | float]]) -> str:
    """A table as CSV (RFC 4180) with a byte order mark and CRLF; no cell of it is read as a formula."""
    made = io.StringIO()
    writer = csv.writer(made, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cut(inert(value)) if isinstance(value, str) else value for value in row] for row in rows)
    return BYTE_ORDER_MARK + made.getvalue()


def _starts_formula(text: str) -> bool:
    # A full-width sign is a sign to some programs: NFKC gives the plain one.
    return unicodedata.normalize("NFKC", text[:1])[:1] in _FORMULA
