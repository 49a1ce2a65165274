"""What no view of controls may say: that one is met, or that anybody or anything is certified or at a level."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import openpyxl
import pytest

from lib.artifacts import Verdict
from lib.reports import applicability, controls_csv, oscal
from tests.samples import passing, sample

CLAIMS = re.compile(
    r"complian(t|ce (is|was) (reached|shown))|certified|SL-[AC]\b|SL achieved"
    r"|controls? (is|are|was|were) (met|fulfilled|implemented|satisfied)|meets (the|all|every|this) control",
    re.IGNORECASE,
)


def _workbook(verdict: Verdict) -> str:
    made = openpyxl.load_workbook(io.BytesIO(applicability.render(verdict)))
    return "\n".join(str(cell.value) for sheet in made for row in sheet.iter_rows() for cell in row)


VIEWS: dict[str, Callable[[Verdict], str]] = {
    oscal.FILENAME: oscal.render,
    controls_csv.FILENAME: controls_csv.render,
    applicability.FILENAME: _workbook,
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("verdict", [sample, passing])
def test_no_view_claims_more_than_a_configuration_shows(
    view: Callable[[Verdict], str], verdict: Callable[[], Verdict]
) -> None:
    assert CLAIMS.findall(view(verdict())) == []


@pytest.mark.parametrize("view", [oscal.render, _workbook])
def test_a_view_says_that_touched_is_not_met(view: Callable[[Verdict], str]) -> None:
    assert "Touched is not met" in view(passing())
