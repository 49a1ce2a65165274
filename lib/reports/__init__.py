"""Stage 6 of 8, reports: Verdict -> views. Each module has FILENAME and a pure render(verdict).

The same verdict gives the same bytes on any machine. A view that is not asked for is not imported.
"""

from __future__ import annotations

from importlib import import_module

from lib.artifacts import Verdict

RENDERERS = {
    "html": "html",
    "sarif": "sarif",
    "junit": "junit",
    "markdown": "markdown",
    "csv": "controls_csv",
    "soa": "applicability",
    "oscal": "oscal",
    "digests": "digests",
}
"""Format -> its module here."""


def view(format_: str, verdict: Verdict) -> tuple[str, bytes]:
    """(name of its file, content) of one view. Raises: KeyError for a format that is none of RENDERERS."""
    module = import_module(f"lib.reports.{RENDERERS[format_]}")
    made = module.render(verdict)
    return module.FILENAME, made if isinstance(made, bytes) else made.encode()


def views_of(verdict: Verdict) -> dict[str, bytes]:
    """File name -> content, of every view."""
    return dict(view(format_, verdict) for format_ in RENDERERS)
