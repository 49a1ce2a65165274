"""The rule set as `sha256sum --check` reads it, in a checkout of the commit that ran: are these the policies?"""

from __future__ import annotations

from lib.artifacts import Verdict

FILENAME = "rule-set.sha256"


def render(verdict: Verdict) -> str:
    """One line a file that has a say in the verdict."""
    return "".join(f"{file.sha256}  {file.path}\n" for file in verdict.versions.rule_set)
