"""Stage 4 of 8, synth: stack -> cdk.tf.json, sealed -> Synthesis(path, sha256)."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lib.artifacts import Synthesis
from lib.errors import SynthError
from lib.guards.provider import start_kernel
from lib.settings import Settings
from lib.whole_file import write_whole


def synthesize(settings: Settings, outdir: Path, accept: Callable[[Path], None] | None = None) -> Synthesis:
    """Writes the stack's Terraform JSON below `outdir`, in the layout of cdktf's own CLI; same settings, same bytes.

    It is written elsewhere first and moved into place once the seal has passed, and `accept`, which is given the file
    and raises where it is not accepted: a refused stack leaves the last good one as it was.
    Raises: GuardViolation, SynthError.
    """
    start_kernel()
    from cdktf import App

    from lib.guards.seal import verify_seal
    from lib.stack.sensor_stack import sensor_stack

    with tempfile.TemporaryDirectory() as scratch:
        app = App(outdir=scratch)
        stack = sensor_stack(app, settings)
        _synthesize(app)
        written = Path(scratch, "stacks", stack.name, "cdk.tf.json")
        content = written.read_bytes()
        document = json.loads(content)
        verify_seal(document, stack.ledger)
        if accept:
            accept(written)
        target = outdir / "stacks" / stack.name
        for name, data in stack.assets.items():
            write_whole(target / name, data)
        write_whole(target / written.name, content)
        write_whole(outdir / "manifest.json", Path(scratch, "manifest.json").read_bytes())
    count = sum(len(named) for named in document["resource"].values())
    return Synthesis(stack.name, target / written.name, hashlib.sha256(content).hexdigest(), count)


def _synthesize(app: Any) -> None:
    try:
        app.synth()
    except RuntimeError as error:  # jsii wraps whatever CDKTF throws
        reason = str(error).splitlines()
        raise SynthError(
            ["CDKTF could not synthesize the stack:", *(f"  {line.strip()}" for line in reason)]
        ) from error
