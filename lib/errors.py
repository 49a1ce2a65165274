"""Every exception of the product. A user's mistake is always one of these, never a traceback.

PlantguardError
|- SettingsError    settings that no stack may be built from               exit code 2
|- GuardViolation   a guarded factory refused its arguments                exit code 1
|- SynthError       the stack could not be written, or the seal refused it exit code 1
|- GateError        no verdict could be reached: undecided, never a pass   exit code 3
|- EmulatorError    the embedded AWS cannot be started, reached or stopped exit code 4
|- ReportError      a run cannot be read, rendered, sealed or verified     exit code 2
|- DeployRefused    what is to be applied is not what the gate passed      exit code 1
`- TerraformFailed  Terraform or AWS did not do it, or was interrupted     exit code 4
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class PlantguardError(Exception):
    """The root: `exit_code` is what the process ends with."""

    exit_code = 1


class SettingsError(PlantguardError):
    """Names every wrong setting at once; `problems` holds one entry each."""

    exit_code = 2

    def __init__(self, problems: Sequence[object]) -> None:
        """problems: one object per wrong setting, each with a one-line str()."""
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = [f"{count} setting{'s' if count != 1 else ''} refused:", *(f"  {problem}" for problem in self.problems)]
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Refusal:
    """One argument that a guard does not accept."""

    argument: str
    got: object
    requires: str
    policy: str
    fix: str = ""

    def __str__(self) -> str:
        shown = repr(self.got)
        shown = shown if len(shown) <= 120 else shown[:117] + "..."
        line = f"refuses {self.argument}={shown}\n      requires {self.requires} ({self.policy})"
        return f"{line}   fix: {self.fix}" if self.fix else line


class GuardViolation(PlantguardError):
    """Every refusal of one factory call: the Terraform type, the construct path and what to change."""

    def __init__(self, resource_type: str, path: str, refusals: Sequence[Refusal]) -> None:
        """refusals: at least one; all that the call was refused for."""
        self.resource_type, self.path, self.refusals = resource_type, path, tuple(refusals)
        super().__init__("\n".join(f"{resource_type} at {path} {refusal}" for refusal in self.refusals))


class SynthError(PlantguardError):
    """The stack could not be written: `problems` names each cause with its construct path."""

    def __init__(self, problems: Sequence[str] | str) -> None:
        """problems: one sentence per cause."""
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class GateError(PlantguardError):
    """No verdict could be reached, and no verdict is a refusal."""

    exit_code = 3


class EmulatorError(PlantguardError):
    """The embedded AWS is not up, or cannot be started or stopped: what stands in the way, and how to go on."""

    exit_code = 4


class ReportError(PlantguardError):
    """A kept run, or a key for it, is not what a verb needs: where, what it got, what it requires."""

    exit_code = 2


class DeployRefused(PlantguardError):
    """Nothing was applied: `differences` names each thing that is not as the receipt has it, `go_on` what to do."""

    def __init__(self, what: str, differences: Sequence[str], go_on: str = "python main.py plan, then deploy") -> None:
        """what: what is refused, in words. differences: at least one sentence."""
        self.what, self.differences, self.go_on = what, tuple(differences), go_on
        super().__init__("\n".join([f"refuses {what}:", *(f"  {each}" for each in differences), f"  go on: {go_on}"]))


class TerraformFailed(PlantguardError):
    """Terraform did not end well: what it was doing, its own words without secrets, and how to go on."""

    exit_code = 4

    def __init__(self, doing: str, summary: str, detail: str, hint: str, *, interrupted: bool = False) -> None:
        """doing: what it was run for. summary, detail: from its diagnostics. interrupted: whether we had to stop."""
        self.doing, self.summary, self.detail, self.hint, self.interrupted = doing, summary, detail, hint, interrupted
        lines = [f"while {doing}: {summary}", *(f"  {line}" for line in detail.splitlines()), f"  go on: {hint}"]
        super().__init__("\n".join(lines))
