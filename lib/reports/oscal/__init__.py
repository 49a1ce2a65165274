"""The verdict as OSCAL assessment results 1.2.1, for the tools of auditors and authorities.

Touched is not met: a finding answers a local objective, namely what a configuration shows of a control.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic_core import to_json

from lib.artifacts import Verdict
from lib.reports.oscal.controls import Reviewed, reviewed, reviewed_controls
from lib.reports.oscal.findings import TOUCHED, findings, objectives
from lib.reports.oscal.legal import Json, Uuids, filled, line, props, prose, stamp
from lib.reports.oscal.metadata import assets, log, metadata
from lib.reports.oscal.observed import inventory, observations, observed
from lib.reports.oscal.plan import back_matter, import_plan, scope_props
from lib.reports.oscal.risks import risks

FILENAME = "oscal-assessment-results.json"


def render(verdict: Verdict) -> str:
    """The document, which OSCAL's models have accepted; the same verdict gives the same bytes."""
    from trestle.oscal.assessment_results import Model  # the models take 0.4 s to build, which other verbs are spared

    with _without_collector():
        document = {"assessment-results": _assessment_results(verdict)}
        Model.model_validate(document)
    # Written as it was built: the models would call Python for every field to write the same text.
    return to_json(document).decode() + "\n"  # on one line: indented it would be nearly twice as large


@contextmanager
def _without_collector() -> Iterator[None]:
    """Python's cycle collector would walk all that was built again and again: 5,000 results in 1.5 s, not 0.6 s."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _assessment_results(verdict: Verdict) -> Json:
    uuids = Uuids.of_run(verdict)
    controls, not_assessed = reviewed(verdict)
    local = filled("objectives-and-methods", objectives(controls))
    return {
        "uuid": uuids.of("assessment-results"),
        "metadata": metadata(verdict, uuids),
        "import-ap": import_plan(uuids),
        **({"local-definitions": local} if local else {}),
        "results": [_result(verdict, uuids, controls, not_assessed)],
        "back-matter": back_matter(verdict, uuids),
    }


def _result(verdict: Verdict, uuids: Uuids, controls: tuple[Reviewed, ...], not_assessed: int) -> Json:
    seen = observed(verdict, uuids)
    at_risk = list(risks(verdict, uuids, seen))
    of_observation: dict[str, list[str]] = {}
    for observation, risk in at_risk:
        of_observation.setdefault(observation, []).append(risk["uuid"])
    inventoried = filled("inventory-items", inventory(verdict, uuids, seen))
    return {
        "uuid": uuids.of("result"),
        "title": line(f"Configuration of {verdict.stack}"),
        "description": prose(f"The outcome is {verdict.outcome}: {len(verdict.policies)} policies, "
                             f"{len(verdict.resources)} resources, {len(verdict.passed)} passes, "
                             f"{len(verdict.findings)} findings, {len(verdict.waived)} waived."),
        "start": stamp(verdict.run.started),
        "end": stamp(verdict.run.ended),
        "props": [*props(outcome=verdict.outcome, profile=verdict.profile), *scope_props(verdict)],
        "local-definitions": {**inventoried, "assessment-assets": assets(verdict, uuids)},
        "reviewed-controls": reviewed_controls(controls),
        "assessment-log": log(verdict, uuids),
        **filled("observations", observations(verdict, uuids, seen)),
        **filled("risks", (risk for _, risk in at_risk)),
        **filled("findings", findings(controls, uuids, seen, of_observation)),
        "remarks": f"{not_assessed} known controls were not assessed and have no finding. {TOUCHED} "
                   "No claim is made of how anything works in operation, and no level of security is claimed.",
    }  # fmt: skip
