"""A Receipt <-> an in-toto statement in a DSSE envelope: what may be applied, and that the gate passed it. Pure.

Its predicate is a type of our own: the run's attestation says what the gate found, for which in-toto has a type; that
these bytes may be applied to that state at that target until then is said by none. The subjects are the files that
are applied, and the verdict, so that `sha256sum --check` tells of both without us.

It stands in the run's folder beside the attestation, signed by the same key; the attestation cannot name it, since it
names the verdict, which has the id of its run only once that is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from lib.artifacts import Digest, Receipt
from lib.errors import ReportError
from lib.evidence.attestation import Opened, opened, sealed
from lib.evidence.runs import VERDICT
from lib.evidence.statement import RECEIPT_FILENAME, STATEMENT_TYPE

PREDICATE_TYPE = "urn:plantguard:deploy-receipt:v1"
OWN_NAMES = "plan/"
"""Before the names of the plan's files, so that none can be taken for one of the run's."""
RECEIPT: TypeAdapter[Receipt] = TypeAdapter(Receipt)
APART = frozenset({"files", "verdict_sha256"})
"""Fields that are the statement's subjects."""


def sealed_receipt(receipt: Receipt, signer: CryptoSigner | None) -> bytes:
    """The envelope of a receipt, which names who signs it: a signature that is taken off leaves that name."""
    stamped = replace(receipt, signer=signer.public_key.keyid if signer else "")
    return sealed(statement_of(stamped), signer)


def statement_of(receipt: Receipt) -> dict[str, Any]:
    """What is attested."""
    subjects = [*((OWN_NAMES + file.path, file.sha256) for file in receipt.files), (VERDICT, receipt.verdict_sha256)]
    predicate = RECEIPT.dump_python(receipt, mode="json")
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in sorted(subjects)],
        "predicateType": PREDICATE_TYPE,
        "predicate": {name: value for name, value in predicate.items() if name not in APART},
    }


def open_receipt(envelope: bytes, key: SSlibKey | None, name: str = RECEIPT_FILENAME) -> tuple[Receipt, Opened]:
    """A receipt, and what its signature is worth. Raises: ReportError."""
    found = opened(envelope, key, name, PREDICATE_TYPE)
    return _receipt(found.statement, name), found


def _receipt(statement: Mapping[str, Any], name: str) -> Receipt:
    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    verdict = subjects.pop(VERDICT, "")
    files = [Digest(path.removeprefix(OWN_NAMES), sha256) for path, sha256 in subjects.items()]
    if not verdict or any(not path.startswith(OWN_NAMES) for path in subjects):
        raise ReportError(f"{name}: got subjects that no receipt has, requires {VERDICT} and files of {OWN_NAMES}")
    try:
        return RECEIPT.validate_python({**statement["predicate"], "files": files, "verdict_sha256": verdict})
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))[:80]
        raise ReportError(f"{name}: at {where!r}, {first['msg']}; requires a receipt that `plan` wrote") from None
