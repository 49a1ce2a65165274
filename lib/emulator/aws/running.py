"""What is served at present. moto is patched for a whole process, so this belongs to the process as well."""

from __future__ import annotations

from dataclasses import dataclass

from lib.emulator.aws.stores import Stores


@dataclass
class Running:
    """url: where functions find AWS. stores: None gives RDS and ElastiCache made-up endpoints."""

    account_id: str = ""
    url: str = ""
    stores: Stores | None = None
    enforce_iam: bool = False


RUNNING = Running()
