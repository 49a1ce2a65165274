from __future__ import annotations

from collections.abc import Callable
from time import process_time

from lib.artifacts import Verdict
from lib.reports import junit, markdown, sarif
from lib.verdict_json import to_json
from tests.samples import large


def seconds(render: Callable[[Verdict], str], verdict: Verdict) -> float:
    """The better of two times, in the processor's own time: the machine may have other work."""
    times = []
    for _ in range(2):
        began = process_time()
        render(verdict)
        times.append(process_time() - began)
    return min(times)


def test_three_views_of_ten_thousand_results_take_less_than_twice_what_verdict_json_takes():
    verdict = large(10_000)
    truth = seconds(to_json, verdict)
    views = {view.FILENAME: seconds(view.render, verdict) for view in (sarif, junit, markdown)}
    print({name: round(value, 3) for name, value in views.items()}, "verdict.json", round(truth, 3))
    assert sum(views.values()) < 2 * truth
