"""Are the results of a kept run what its policies say of its input? They are run again to tell."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from lib.artifacts import Digest, Finding, Passed, State, Verdict, Versions, Waived
from lib.errors import GateError
from lib.evidence.checks import Check, Result
from lib.evidence.runs import INPUT, WAIVERS
from lib.gate import judge_again
from lib.gate.sources import read_source
from lib.gate.versions import versions_here
from lib.gate.waiver_file import read_waivers

INPUT_CHECK, RULES_CHECK, RESULTS_CHECK = "input", "rule set", "results"
MOST_SHOWN = 20


def reproduce(run: Path, verdict: Verdict, original: Path | None = None) -> Iterator[Check]:
    """Whether the input is that of the verdict, the rules are those of now, and the results come out the same.

    original: the folder that holds `scope.files`, for an input that was not kept with its run.
    """
    root = original or run / INPUT
    try:
        wrong, missing = _differences(root, verdict.scope.files)
    except GateError as outside:
        yield Check(INPUT_CHECK, Result.FAILS, (str(outside),))
        return
    if wrong:
        yield Check(INPUT_CHECK, Result.FAILS, tuple(f"{name} is not the file that was judged" for name in wrong))
        return
    rules = _changed_rules(verdict.versions)
    yield Check(RULES_CHECK, Result.NOTED if rules else Result.STANDS, rules or ("every policy is the one that ran",))
    waived = not verdict.scope.waivers or (run / WAIVERS).is_file()
    if missing or not waived:
        absent = (*missing, *(() if waived else (WAIVERS,)))
        hint = "not kept, since it may hold a secret: give the folder that has it with --input"
        yield Check(INPUT_CHECK, Result.UNDECIDED, tuple(f"{name} is {hint}" for name in absent))
        return
    yield Check(INPUT_CHECK, Result.STANDS, (f"{len(verdict.scope.files)} files are those that were judged",))
    yield _results(root, run, verdict, certain=not rules)


def _results(root: Path, run: Path, verdict: Verdict, *, certain: bool) -> Check:
    scope = verdict.scope
    try:
        declared = _inside(root, scope.configuration) if scope.configuration else None
        source = read_source(_inside(root, scope.target), declared, [_inside(root, name) for name in scope.var_files])
        waivers = read_waivers(run / WAIVERS, scope.waivers) if scope.waivers else ()
        again = judge_again(source, verdict, waivers)
    except GateError as gap:
        return Check(RESULTS_CHECK, Result.FAILS if certain else Result.UNDECIDED, (f"no verdict now: {gap}",))
    differences = (*_outcome(verdict, again), *_lost("now", again, verdict), *_lost("then", verdict, again))
    if not differences:
        count = len(verdict.passed) + len(verdict.findings) + len(verdict.waived)
        return Check(RESULTS_CHECK, Result.STANDS, (f"all {count} results are reproduced",))
    shown = differences[:MOST_SHOWN]
    rest = (f"and {len(differences) - MOST_SHOWN} more",) if len(differences) > MOST_SHOWN else ()
    hint = () if certain else ("the rule set has changed since: check out the commit of the run to be sure",)
    return Check(RESULTS_CHECK, Result.FAILS if certain else Result.UNDECIDED, (*shown, *rest, *hint))


def _differences(root: Path, files: tuple[Digest, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(files that are others than those judged, files that are not there)."""
    wrong, missing = [], []
    for file in files:
        path = _inside(root, file.path)
        if not path.is_file():
            missing.append(file.path)
        elif hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256:
            wrong.append(file.path)
    return tuple(wrong), tuple(missing)


def _inside(root: Path, name: str) -> Path:
    """A path of the verdict, which may not lead out of the folder. Raises: GateError."""
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()):
        raise GateError(f"{name}: leads out of {root}, and no gate writes that")
    return path


def _changed_rules(then: Versions) -> tuple[str, ...]:
    """What of the rule set is not what it was, by file and tool."""
    now = versions_here()
    before, after = ({file.path: file.sha256 for file in one.rule_set} for one in (then, now))
    names = sorted(name for name in before | after if before.get(name) != after.get(name))
    tools = sorted(name for name in now.tools if then.tools.get(name) != now.tools[name])
    files = (f"{name} is {_how(name, before, after)}" for name in names)
    return (*files, *(f"{name} is {now.tools[name]}, was {then.tools.get(name, 'not stated')}" for name in tools))


def _how(name: str, before: dict[str, str], after: dict[str, str]) -> str:
    return "new" if name not in before else "gone" if name not in after else "changed"


def _outcome(then: Verdict, now: Verdict) -> Iterator[str]:
    for name in ("outcome", "uncovered", "resources", "source_sha256"):
        if getattr(then, name) != getattr(now, name):
            yield f"{name} was {str(getattr(then, name))[:100]}, is {str(getattr(now, name))[:100]}"


def _lost(when: str, of: Verdict, other: Verdict) -> Iterator[str]:
    """The results of one verdict that the other has not, whole: a changed value is a result that was lost."""
    known = set(map(_identity, _results_of(other)))
    for item in _results_of(of):
        if _identity(item) not in known:
            result = item.finding if isinstance(item, Waived) else item
            state = State.PASSED if isinstance(result, Passed) else result.state
            yield f"only {when}: {state} {result.policy_id} {result.resource_address}"


def _results_of(verdict: Verdict) -> tuple[Finding | Passed | Waived, ...]:
    return (*verdict.findings, *verdict.passed, *verdict.waived)


def _identity(item: Finding | Passed | Waived) -> str:
    return repr(sorted(asdict(item).items(), key=lambda pair: pair[0]))
