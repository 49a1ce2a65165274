"""What others need of an embedded AWS that is up: `<root>/.local/session.json`, written when everything answers.

It holds no secret: the keys in `environ` are the emulator's own and open nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lib.emulator.hold import is_held
from lib.emulator.place import HOW, SESSION, folder_of, last_words
from lib.errors import EmulatorError
from lib.whole_file import write_whole


@dataclass(frozen=True)
class Session:
    """An embedded AWS that is up.

    ports: of `aws`, `postgres` and `valkey`. environ: what Terraform and the SDKs need, instead of every AWS_* variable
    that they would inherit. settings: the product's settings that hold here. ca: PEM of whom the stores' certificates
    come from. paths: `logs`, the folder of the logs; `data`, the folder that holds everything else.
    """

    pid: int
    started: datetime
    url: str
    ports: Mapping[str, int]
    environ: Mapping[str, str]
    settings: Mapping[str, str | int]
    ca: Path
    paths: Mapping[str, Path]

    def over(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` with this session's variables, and none of the caller's that would lead to another AWS."""
        return {name: value for name, value in environ.items() if not name.startswith("AWS_")} | dict(self.environ)


def write_session(root: Path, session: Session) -> None:
    """Writes the session whole, readable by its owner alone. Raises: OSError."""
    path = folder_of(root) / SESSION
    write_whole(path, json.dumps(asdict(session), default=str, indent=2).encode() + b"\n", mode=0o600)


def read_session(root: Path) -> Session:
    """The session of the embedded AWS that is up. Raises: EmulatorError where none is."""
    folder = folder_of(root)
    try:
        document = json.loads((folder / SESSION).read_text())
    except FileNotFoundError:
        reason = last_words(folder)
        said = f": it ended by itself, since {reason}" if reason else ""
        raise EmulatorError(f"the embedded AWS is not up{said}; fix: {HOW}") from None
    except (OSError, ValueError) as error:
        raise EmulatorError(f"{folder / SESSION} cannot be read ({type(error).__name__}); fix: {HOW}") from error
    if not is_held(folder):
        raise EmulatorError(f"the embedded AWS ended without notice, and what was in it is lost; fix: {HOW}")
    return _session(document)


def _session(document: dict[str, Any]) -> Session:
    try:
        return Session(
            **document
            | {
                "started": datetime.fromisoformat(document["started"]),
                "ca": Path(document["ca"]),
                "paths": {name: Path(path) for name, path in document["paths"].items()},
            }
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EmulatorError(f"the session is of another version; fix: python main.py local down, then {HOW}") from error
