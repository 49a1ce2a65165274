"""What OSCAL's data types allow: one line that is not empty, prose in its Markdown, tokens, references, UUIDs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

from lib.artifacts import Verdict
from lib.reports.visible import visible

Json: TypeAlias = dict[str, Any]

NAMESPACE = "urn:plantguard:oscal"
"""Of the properties that OSCAL does not define."""
NOT_STATED = "not stated"
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_MARKUP = re.compile(r"[\\`*\[\]{}~^]")


def line(value: object) -> str:
    """One line with no space at its ends; OSCAL has no empty text."""
    return " ".join(visible(str(value)).split()) or NOT_STATED


def prose(value: object) -> str:
    """One paragraph that a reader of OSCAL's Markdown shows as it stands: no HTML, no link, no inserted parameter."""
    escaped = line(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(lambda found: f"\\{found[0]}", escaped)


def paragraphs(*parts: str) -> str:
    """The parts that are not empty, each a paragraph of its own. parts: of `prose`."""
    return "\n\n".join(part for part in parts if part)


def token(text: str) -> str:
    """The text as an identifier: letters, digits and . - _ stay, "(1)" becomes ".1", the rest a hyphen."""
    numbered = re.sub(r"\((\w+)\)", r".\1", text.lower())
    kept = re.sub(r"[^a-z0-9._]+", "-", numbered).strip("-")
    return kept if kept[:1].isalpha() else f"_{kept}"


def reference(path: str) -> str:
    """The path of a file as a relative URI reference: it has no scheme, and two slashes name no host."""
    made = quote(visible(path), safe="/") or "#"
    return f".{made}" if made.startswith("//") else made


def web_links(rel: str, address: str) -> Json:
    """A link to a web page; none where the text is no address of one, for what else it opens is not known."""
    if not re.match(r"https?://[^/\s]", address):
        return {}
    return {"links": [{"href": quote(visible(address), safe=":/?#[]@!$&'()*+,;=%"), "rel": rel}]}


def prop(name: str, value: object) -> Json:
    """A property of ours; its value is the exact text, on one line."""
    return {"name": name, "ns": NAMESPACE, "value": line(value)}


def props(**values: object) -> list[Json]:
    """Properties of ours, without those that have no value. values: a_name -> the value of a-name."""
    return [prop(name.replace("_", "-"), value) for name, value in values.items() if value not in ("", None)]


def hashes(sha256: str) -> list[Json]:
    """The digest as a file reference carries it; none where it is not known."""
    return [{"algorithm": "SHA-256", "value": sha256}] if _SHA256.fullmatch(sha256) else []


def digested(path: str, sha256: str) -> Json:
    """A reference to a file, with its digest."""
    known = hashes(sha256)
    return {"href": reference(path), **({"hashes": known} if known else {})}


def stamp(moment: datetime) -> str:
    """The moment in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def first_second(day: date) -> str:
    """The first second of a day, in UTC."""
    return stamp(datetime.combine(day, time(0, 0, 0), UTC))


def last_second(day: date) -> str:
    """The last second of a day, in UTC."""
    return stamp(datetime.combine(day, time(23, 59, 59), UTC))


def filled(name: str, items: Iterable[Json]) -> Json:
    """The key with its items, or nothing: OSCAL has no empty list."""
    made = list(items)
    return {name: made} if made else {}


@dataclass(frozen=True)
class Uuids:
    """UUIDs of one run: the same kind and names give the same UUID, in whatever process."""

    run: UUID

    @classmethod
    def of_run(cls, verdict: Verdict) -> Uuids:
        """Those of a verdict; one that nobody stamped is told apart by its input."""
        return cls(uuid5(NAMESPACE_URL, f"{NAMESPACE}:{(verdict.run.id, verdict.stack, verdict.source_sha256)!r}"))

    def of(self, kind: str, *names: str) -> str:
        """The UUID of a thing by its kind and what tells it from others of that kind."""
        return str(uuid5(self.run, repr((kind, *names))))  # repr: no name can end where the next begins
