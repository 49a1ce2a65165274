"""History -> one page that loads nothing and needs no script, in the style of the reports."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lib.evidence.history import History, Point
from lib.reports import html
from lib.reports.visible import short

FILENAME = "history.html"
POINTS_SHOWN = 60
"""The last runs; history.csv has them all."""
FINDINGS_SHOWN = 500
LONGEST = 400
WIDTH, HEIGHT, LEFT, TOP = 900, 220, 40, 16


@dataclass(frozen=True)
class Line:
    """One family's findings over the runs: an SVG path, and the last count, which its label stands beside."""

    family: str
    path: str
    y: float
    last: int


def render(history: History) -> str:
    """The page. Every value in it is escaped, bounded, and shows its invisible characters."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_shown,
    )
    style = (Path(html.__file__).parent / "report.css").read_text(encoding="utf-8")
    points = history.points[-POINTS_SHOWN:]
    still = [one for one in history.findings if one.fixed is None]
    return environment.get_template("history.html").render(
        history=history,
        points=points,
        families=[family for family in history.families if _open(points, family)],
        lines=_lines(history, points),
        most=_most(history, points),
        still=sorted(still, key=lambda one: one.seen)[:FINDINGS_SHOWN],
        still_count=len(still),
        until=points[-1].ended,
        style=Markup(style),
        style_sha256=b64encode(sha256(style.encode()).digest()).decode(),
        count=_count,
        box=(WIDTH, HEIGHT, LEFT, TOP),
    )


def _count(point: Point, family: str = "") -> int:
    """What is open in a run: waived is open."""
    of = [count for count in point.counts if family in ("", count.family)]
    return sum(count.failed + count.undecided + count.waived for count in of)


def _open(points: Sequence[Point], family: str) -> bool:
    return any(_count(point, family) for point in points)


def _most(history: History, points: Sequence[Point]) -> int:
    return max((_count(point, family) for point in points for family in history.families), default=0)


def _lines(history: History, points: Sequence[Point]) -> list[Line]:
    """The families with findings, the most at last first; labels that would lie upon one another are moved apart."""
    most, step = max(_most(history, points), 1), (WIDTH - LEFT - 120) / max(len(points) - 1, 1)
    lasts = Counter({family: _count(points[-1], family) for family in history.families if _open(points, family)})
    made: list[Line] = []
    for family, last in lasts.most_common():
        heights = [TOP + (HEIGHT - 2 * TOP) * (1 - _count(point, family) / most) for point in points]
        places = [f"{LEFT + number * step:.1f} {height:.1f}" for number, height in enumerate(heights)]
        label = max(heights[-1], made[-1].y + 13) if made else heights[-1]
        made.append(Line(family, "M" + " L".join(places), round(label, 1), last))
    return made


def _shown(value: Any) -> Any:
    return short(value, LONGEST) if isinstance(value, str) and not isinstance(value, Markup) else value
