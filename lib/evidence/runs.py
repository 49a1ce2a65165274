"""Where runs are kept: `<reports>/<stack>/<run>/`, whole or not there, and `latest`, which points at the last one."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lib.artifacts import Count, Past, State, Verdict
from lib.errors import ReportError
from lib.reports import views_of
from lib.verdict_json import from_json, to_json
from lib.whole_file import point_at, write_whole

VERDICT, INPUT, WAIVERS, LATEST = "verdict.json", "input", "waivers.toml", "latest"
RUN = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}(?:-\d+)?")
UNFINISHED = re.compile(rf"\.{RUN.pattern}\.new")
ABANDONED = timedelta(days=1)
"""After which a folder that a killed process left is removed."""

Seal = Callable[[Verdict, Mapping[str, str]], Mapping[str, bytes]]
"""(verdict, path -> SHA-256 of everything in the folder) -> the files that seal it."""


def keep_run(stack: Path, verdict: Verdict, inputs: Mapping[str, bytes], seal: Seal, most: int) -> tuple[Path, Verdict]:
    """Writes a run below the stack's folder, points `latest` at it, and removes the oldest beyond `most`.

    inputs: path in the run's folder -> content. Gives the folder, and the verdict with its id and the runs before it.
    Raises: OSError, ReportError.
    """
    before = kept_runs(stack)
    with _reserved(stack, verdict) as (folder, run):
        stamped = replace(verdict, run=replace(verdict.run, id=run), past=_past(before, most))
        files = {VERDICT: to_json(stamped).encode(), **views_of(stamped), **inputs}
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
        for name, content in {**files, **seal(stamped, digests)}.items():
            write_whole(folder / name, content)
        folder.rename(stack / run)
    point_at(stack / LATEST, run)
    _prune(stack, most, verdict.run.ended)
    return stack / run, stamped


def kept_runs(stack: Path) -> list[Path]:
    """The folders of a stack's runs, the oldest first."""
    found = stack.iterdir() if stack.is_dir() else ()
    return sorted(path for path in found if RUN.fullmatch(path.name) and (path / VERDICT).is_file())


def stacks(reports: Path) -> list[Path]:
    """The folders of the stacks that have a run."""
    return [path for path in sorted(reports.iterdir()) if kept_runs(path)] if reports.is_dir() else []


def run_folder(given: Path | None, reports: Path) -> Path:
    """The run that a person means: its folder, its verdict.json, a stack's folder or name (the last run of it).

    Raises: ReportError, with what there is.
    """
    known = stacks(reports)
    if given is None and len(known) == 1:
        return kept_runs(known[0])[-1]
    for place in (given, reports / given) if given else ():
        if (place / VERDICT).is_file():
            return place.resolve()
        if place.name == VERDICT and place.is_file():
            return place.resolve().parent
        if runs := kept_runs(place):
            return runs[-1]
    there = ", ".join(path.name for path in known) or f"none in {reports}: `gate` keeps one"
    raise ReportError(f"{given or 'RUN'}: requires the folder of a run, its {VERDICT}, or a stack with runs ({there})")


def read_verdict(run: Path) -> Verdict:
    """The verdict of a run. Raises: ReportError."""
    path = run / VERDICT
    try:
        return from_json(path.read_bytes(), str(path))
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from error


def counts_of(verdict: Verdict) -> tuple[Count, ...]:
    """Results by family, in the order of the policies; findings about input and waivers included."""
    states = Counter((finding.family, finding.state) for finding in verdict.findings)
    passed = Counter(item.family for item in verdict.passed)
    waived = Counter(item.finding.family for item in verdict.waived)
    families = dict.fromkeys([*(policy.family for policy in verdict.policies), *(family for family, _ in states)])
    return tuple(
        Count(name, passed[name], states[name, State.FAILED], states[name, State.UNDECIDED], waived[name])
        for name in families
    )


def _past(before: Sequence[Path], most: int) -> tuple[Past, ...]:
    """The trend of the runs that are still there once this one is kept, from the last of them that can be read."""
    there = {path.name for path in before[-(most - 1) :]}
    for path in reversed(before):
        try:
            last = read_verdict(path)
        except ReportError:
            continue
        found = (*last.past, Past(path.name, last.run.ended, last.outcome, counts_of(last)))
        return tuple(one for one in found if one.run in there)
    return ()


@contextmanager
def _reserved(stack: Path, verdict: Verdict) -> Iterator[tuple[Path, str]]:
    """A folder for a run that is not finished, and the run's id; nobody else gets the same one."""
    stack.mkdir(parents=True, exist_ok=True)
    wanted = f"{verdict.run.started:%Y%m%dT%H%M%SZ}-{verdict.source_sha256[:8]}"
    number = 1
    while True:
        run = wanted if number == 1 else f"{wanted}-{number}"
        folder = stack / f".{run}.new"
        number += 1
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        if not (stack / run).exists():
            break
        folder.rmdir()
    try:
        yield folder, run
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prune(stack: Path, most: int, now: datetime) -> None:
    for path in kept_runs(stack)[:-most]:
        shutil.rmtree(path, ignore_errors=True)
    for path in stack.iterdir():
        if UNFINISHED.fullmatch(path.name) and now - _changed(path) > ABANDONED:
            shutil.rmtree(path, ignore_errors=True)


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
