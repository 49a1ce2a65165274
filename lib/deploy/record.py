"""What a deploy or destroy came to: `<reports>/<stack>/deployments/<time>-<verb>/`, whole or not there, and sealed.

It stands beside the runs and not in one: a run is sealed when it is judged, and nothing is added to it afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner

from lib.artifacts import Actor, Changes, StateMark, Target
from lib.deploy.workspace import digests, scratch
from lib.evidence.attestation import sealed
from lib.evidence.statement import RECEIPT_FILENAME, STATEMENT_TYPE
from lib.whole_file import write_whole

PREDICATE_TYPE = "urn:plantguard:deployment:v1"
DEPLOYMENTS, OUTCOME, SEAL = "deployments", "outcome.json", "deployment.intoto.jsonl"
OUTPUTS = "flat-outputs.json"


@dataclass(frozen=True)
class Deployment:
    """verb: deploy or destroy. result: applied, interrupted or failed. run: of the plan, empty for a destroy.

    done, total: steps that Terraform took, of those planned. state: as it was left, None where nobody could ask.
    reason: why it did not end well. left: what AWS keeps, or what the state still holds.
    """

    verb: str
    result: str
    stack: str
    run: str
    started: datetime
    ended: datetime
    actor: Actor
    target: Target
    terraform: str
    changes: Changes
    done: int
    total: int
    state: StateMark | None = None
    reason: str = ""
    left: tuple[str, ...] = ()


def keep_deployment(
    stack: Path, deployment: Deployment, signer: CryptoSigner | None, beside: Mapping[str, bytes]
) -> Path:
    """Writes the record below the stack's reports and gives its folder. beside: further files, as the receipt."""
    files = {OUTCOME: _as_json(deployment), **beside}
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": file.path, "digest": {"sha256": file.sha256}} for file in digests(files)],
        "predicateType": PREDICATE_TYPE,
        "predicate": {"verb": deployment.verb, "result": deployment.result, "run": deployment.run},
    }
    home = stack / DEPLOYMENTS
    with scratch(home) as folder:
        for name, content in {**files, SEAL: sealed(statement, signer)}.items():
            write_whole(folder / name, content)
        folder.chmod(0o755)
        return folder.rename(_free(home, f"{deployment.started:%Y%m%dT%H%M%SZ}-{deployment.verb}"))


def receipt_beside(run: Path) -> Mapping[str, bytes]:
    """The receipt that was applied, for its record."""
    return {RECEIPT_FILENAME: (run / RECEIPT_FILENAME).read_bytes()}


def _as_json(deployment: Deployment) -> bytes:
    body: Any = asdict(deployment)
    return (json.dumps(body, indent=2, default=lambda time: time.isoformat(), ensure_ascii=False) + "\n").encode()


def _free(home: Path, name: str) -> Path:
    number = 1
    while (place := home / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return place
