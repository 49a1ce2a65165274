"""The verdict as one page that loads nothing: a report for people, on a desk, on a phone and on paper.

What is written here needs no script; the script adds filters and a page for each control, resource and policy.
Nothing but that one script and that one style sheet can run: the page's own policy names them by their digests.
"""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lib.artifacts import Verdict
from lib.reports.coverage import coverage
from lib.reports.html import facts
from lib.reports.html.architecture import architecture
from lib.reports.html.data import data
from lib.reports.html.drawing import drawing
from lib.reports.html.standing import ORDER, standings
from lib.reports.html.values import SHOWN_CHARACTERS, cut, quoted, route

FILENAME = "index.html"
SCRIPT = ("data", "dom", "route", "table", "facets", "results", "frameworks", "subjects", "show", "picture", "start")
"""The parts of the page's script, in one scope of their own; only the last ones do something by themselves."""
_FOLDER = Path(__file__).parent


def render(verdict: Verdict) -> str:
    """The page. Every value in it is escaped, bounded, and shows its invisible characters."""
    stands, covered = standings(verdict), coverage(verdict)
    groups = architecture(verdict, stands)
    return (
        _environment()
        .get_template("page.html")
        .render(
            verdict=verdict,
            data=Markup(data(verdict, covered, stands)),
            families=facts.families(verdict),
            frameworks=facts.frameworks(covered),
            runs=facts.runs(verdict),
            waived=facts.soonest(verdict.waived),
            new=frozenset(verdict.baseline.new) if verdict.baseline else frozenset(),
            groups=groups,
            picture=drawing(groups),
            bounds=facts,
            standing_order=ORDER,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        undefined=StrictUndefined,
    )
    parts = "\n".join(_read(f"script/{name}.js") for name in SCRIPT)
    script, style = f'"use strict";\n(() => {{\n{parts}}})();\n', _read("report.css")
    environment.globals |= {
        "script": Markup(script),
        "style": Markup(style),
        "script_sha256": _digest(script),
        "style_sha256": _digest(style),
        "quoted": lambda text: Markup(quoted(text)),
        "route": lambda *parts: Markup(route(*parts)),
        "value": lambda value: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
    }
    environment.filters |= {
        "sum_values": lambda counts: sum(counts.values()),
        "most": lambda counts: max(counts.values(), default=0),
        "of": lambda counts, name: counts.get(name, 0),
    }
    return environment


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _shown(value: Any) -> Any:
    """What a template writes for a value; what is Markup was made here."""
    return cut(value, SHOWN_CHARACTERS) if isinstance(value, str) and not isinstance(value, Markup) else value


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
