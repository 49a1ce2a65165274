"""Coverage -> the controls that were reviewed, each by an identifier that OSCAL allows."""

from __future__ import annotations

from dataclasses import dataclass

from lib.artifacts import Framework, Verdict
from lib.reports.coverage import Assessment, Status, coverage
from lib.reports.oscal.legal import Json, filled, props, prose, token


@dataclass(frozen=True)
class Reviewed:
    """One control that was reviewed. token: its id as OSCAL's identifiers allow it."""

    framework: Framework
    assessment: Assessment
    token: str

    @property
    def objective(self) -> str:
        """The identifier of the local objective."""
        return f"{self.token}_configuration"

    def props(self) -> list[Json]:
        """Which control of which framework it is, in that framework's own words."""
        control, framework = self.assessment.control, self.framework
        applicable = "yes" if control.applicable else "no"
        return props(
            framework=framework.id, control=control.id, applicable=applicable, responsibility=control.responsibility,
            status=self.assessment.status, mapping_confidence=self.assessment.confidence,
        )  # fmt: skip


def reviewed(verdict: Verdict) -> tuple[tuple[Reviewed, ...], int]:
    """The controls whose policies ran, each with an identifier of its own, and how many controls had none that ran."""
    covers = coverage(verdict)
    taken: set[str] = set()
    made = []
    for cover in covers:
        for one in cover.assessed:
            id_ = _unique(control_token(cover.framework, one.control.id), taken)
            made.append(Reviewed(cover.framework, one, id_))
    return tuple(made), sum(cover.count(Status.NOT_ASSESSED) for cover in covers)


def control_token(framework: Framework, control_id: str) -> str:
    """The id as NIST's own OSCAL catalogs write it (SC-28(1): sc-28.1); those of others name their framework first."""
    if framework.id.startswith("nist-800-53"):
        return token(control_id)
    return token(f"{framework.id}_{control_id}")


def _unique(wanted: str, taken: set[str]) -> str:
    number = 1
    while (made := wanted if number == 1 else f"{wanted}_{number}") in taken:
        number += 1
    taken.add(made)
    return made


def reviewed_controls(items: tuple[Reviewed, ...]) -> Json:
    """The controls by framework, since their ids are not all from one catalog."""
    groups: dict[str, list[Reviewed]] = {}
    for item in items:
        groups.setdefault(item.framework.id, []).append(item)
    selected = [_selection(group) for group in groups.values()]
    chosen = ({"include-objectives": [{"objective-id": item.objective} for item in g]} for g in groups.values())
    return {
        "description": "Only controls with a policy that judged something in this run.",
        "control-selections": selected or [_NOTHING],
        **filled("control-objective-selections", chosen),
    }


# OSCAL has no empty selection, and to include all would be a claim: a name that no catalog has stands for none.
_NOTHING = {
    "description": "No policy judged anything, so no control was reviewed.",
    "include-controls": [{"control-id": "_none"}],
}


def _selection(group: list[Reviewed]) -> Json:
    framework = group[0].framework
    facts = {"version": framework.version, "publisher": framework.publisher, "confidence": framework.confidence}
    return {
        "description": prose(f"{framework.name} {framework.version}. {framework.applicability}"),
        "props": props(framework=framework.id, name=framework.name, **facts),
        "include-controls": [{"control-id": item.token} for item in group],
    }
