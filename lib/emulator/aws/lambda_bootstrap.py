"""The process a function runs in: `python -I lambda_bootstrap.py FOLDER HANDLER REPLY` with the event on stdin.

REPLY holds {"result": ...}, or errorType, errorMessage and stackTrace as Lambda gives them. Stands alone.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
import uuid
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Context:
    """What a handler is told of its invocation."""

    function_name: str
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


def main(folder: str, handler: str, reply: str) -> int:
    """0 if the handler returned, 1 if it raised."""
    sys.path.insert(0, folder)
    module, _, name = handler.rpartition(".")
    try:
        function = getattr(importlib.import_module(module.replace("/", ".")), name)
        answer: dict[str, object] = {"result": function(json.load(sys.stdin), Context(name))}
        text = json.dumps(answer)
    except Exception as error:
        traceback.print_exc()
        trace = traceback.format_tb(error.__traceback__)
        answer = {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": trace}
        text = json.dumps(answer)
    Path(reply).write_text(text)
    return 0 if "result" in answer else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
