"""One judged input -> a kept run: stamped with what only the edge knows, its input archived, sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lib.artifacts import Run, Verdict
from lib.evidence.checkout import checkout_of
from lib.evidence.runs import INPUT, WAIVERS, Seal, keep_run
from lib.gate.archive import archived, without_secret
from lib.gate.sources import Source


@dataclass(frozen=True)
class Keeping:
    """What every run of one call of the gate is kept by.

    reports: the folder of all stacks. run: times and actor; its id is given when it is kept. most: runs kept per
    stack. signed: whether `seal` signs.
    """

    reports: Path
    run: Run
    seal: Seal
    most: int
    signed: bool


def keep(
    source: Source, verdict: Verdict, how: Keeping, *, waivers: tuple[str, Path] | None, settings: Mapping[str, Any]
) -> tuple[Path, Verdict]:
    """Keeps a run; gives its folder and the verdict as it is kept. waivers: the file's name in findings, and its path.

    Raises: GateError where the input is not what was judged any more, OSError.
    """
    inputs = {f"{INPUT}/{name}": content for name, content in archived(source, verdict).items()}
    if waivers and without_secret(content := waivers[1].read_bytes()):
        inputs[WAIVERS] = content
    checkout = checkout_of(source.target if source.target.is_dir() else source.target.parent)
    scope = replace(verdict.scope, **vars(checkout), waivers=waivers[0] if waivers else "")
    stamped = replace(verdict, scope=scope, run=how.run, settings=settings)
    return keep_run(how.reports / verdict.stack, stamped, inputs, how.seal, how.most)
