"""One factory call: collects every refusal, raises one GuardViolation, and only then builds.

Merge order: secure defaults < what the caller overrides < what the guard owns. An override that touches what the
guard owns is refused, never quietly dropped and never a warning.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from lib.errors import GuardViolation, Refusal
from lib.guards.guarded import Concern, Entry, Guarded
from lib.guards.naming import physical_name
from lib.guards.provider import construct_class, structured
from lib.guards.tags import Tags
from policies.requirements import REGION, SECRET_NAME_WORDS

T = TypeVar("T", bound=Guarded)
ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
ESCAPES = {
    "region": "PG_REG_EU_WEST_1",
    "provider": "PG_REG_EU_WEST_1",
    "lifecycle": "PG_DES_NO_PREVENT_DESTROY",
    "skip_destroy": "PG_DES_NO_PREVENT_DESTROY",
    "provisioners": "PG_SEC_NO_PLAINTEXT_SECRET",
    "connection": "PG_SEC_NO_PLAINTEXT_SECRET",
    "count": "the seal",
    "for_each": "the seal",
    "tags": "PG_TAG_MANDATORY",
    "tags_all": "PG_TAG_MANDATORY",
}
"""Arguments of any type that would lead around a guard, and the policy that each would break."""
OTHER_REGION = re.compile(
    r"\b(?:af|ap|ca|eu|il|me|mx|sa|us|cn)-(?:gov-|iso-)?(?:north|south|east|west|central|northeast|southeast|northwest|southwest)+-\d\b"
)
SECRET_VALUE = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_[A-Za-z0-9]{36}|\bxox[abpr]-[A-Za-z0-9-]{10,}|://[^/\s:@]+:[^/\s:@${}]+@"
)


class Call:
    """One call of a guarded factory for one resource."""

    def __init__(self, scope: Concern, id_: str, type_: str, kind: str = "resource") -> None:
        """scope: the concern to build into. id_: Terraform name of the block, snake_case. type_: Terraform type."""
        self.scope, self.id, self.type, self.kind = scope, id_, type_, kind
        self.path = f"{getattr(scope, 'path', '(no concern)')}/{id_}"
        self.refusals: list[Refusal] = []
        if not isinstance(scope, Concern):
            self.refuse("scope", type(scope).__name__, "a Concern of a guarded stack", "the seal")
        elif scope.ledger.taken(type_, id_, self.path):
            self.refuse(
                "id_", id_, f"an id that no other {type_} of the stack and no sibling has", "PG_NAM_NO_COLLISION"
            )
        if not ID.fullmatch(id_):
            self.refuse("id_", id_, "lower-case words joined by single underscores", "PG_NAM_VALID")

    def refuse(self, argument: str, got: object, requires: str, policy: str, fix: str = "") -> None:
        """Notes one refusal; the call goes on, so that one violation lists them all."""
        refusal = Refusal(argument, _withheld(argument, got), requires, policy, fix)
        if refusal not in self.refusals:
            self.refusals.append(refusal)

    def unless(self, fine: bool, argument: str, got: object, requires: str, policy: str, fix: str = "") -> None:
        """Refuses unless `fine`."""
        if not fine:
            self.refuse(argument, got, requires, policy, fix)

    def need(self, argument: str, value: object, kind: type[Guarded] | type[Tags], policy: str) -> None:
        """Refuses unless the value was built by the guard that builds this kind."""
        self.unless(isinstance(value, kind), argument, value, f"a {kind.__name__}", policy)

    def between(self, argument: str, value: object, low: float, high: float, policy: str, fix: str = "") -> None:
        """Refuses unless low <= value <= high; a bool is no number."""
        fine = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        self.unless(fine, argument, value, f"{low:_} to {high:_}", policy, fix)

    def one_of(self, argument: str, value: object, allowed: Sequence[object], policy: str, fix: str = "") -> None:
        """Refuses unless the value is one of the allowed ones."""
        self.unless(value in allowed, argument, value, " or ".join(map(str, allowed)), policy, fix)

    def matches(self, argument: str, value: object, pattern: str, requires: str, policy: str) -> None:
        """Refuses unless the whole value matches a regular expression."""
        self.unless(
            isinstance(value, str) and re.fullmatch(pattern, value) is not None, argument, value, requires, policy
        )

    def fits(self, name: str, limit: int, argument: str = "name") -> str:
        """The derived physical name, refused where AWS would cut it off."""
        self.unless(
            len(name) <= limit,
            argument,
            name,
            f"at most {limit} characters",
            "PG_NAM_VALID",
            "shorten the id or Settings.environment_suffix",
        )
        return name

    def name(self, tags: Tags, limit: int, form: Callable[[str, Tags], str] = physical_name) -> str:
        """The physical name derived from the id, or nothing where `tags` (refused here) hold no suffix."""
        self.need("tags", tags, Tags, "PG_TAG_MANDATORY")
        return self.fits(form(self.id, tags), limit) if isinstance(tags, Tags) else ""

    def ref(self, argument: str, value: object, type_: str, policy: str, *, attribute: str = "arn") -> str:
        """A reference to `attribute`; nothing where no guard built the value as such a resource (refused here)."""
        if isinstance(value, Guarded) and (value.kind, value.type) == ("resource", type_):
            return value.ref(attribute)
        got = value.address if isinstance(value, Guarded) else value
        self.refuse(argument, got, f"an {type_} that its guard built", policy)
        return ""

    def refs(
        self, argument: str, values: Sequence[object], type_: str, policy: str, *, attribute: str = "id", least: int = 1
    ) -> list[str]:
        """One reference each, in the order given; refused where they are fewer than `least`, or one stands twice."""
        refs = [self.ref(f"{argument}[{i}]", one, type_, policy, attribute=attribute) for i, one in enumerate(values)]
        known = [ref for ref in refs if ref]
        self.unless(len(refs) >= least, argument, f"{len(refs)} given", f"at least {least}", policy)
        self.unless(len(set(known)) == len(known), argument, known, "each once", policy)
        return refs

    def raise_refusals(self) -> None:
        """Raises: GuardViolation, if anything was refused."""
        if self.refusals:
            raise GuardViolation(self.type, self.path, self.refusals)

    def build(
        self,
        result: type[T],
        *,
        owned: Mapping[str, Any],
        tags: Tags | None = None,
        defaults: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
        depends_on: Sequence[Guarded] = (),
    ) -> T:
        """The resource, if nothing was refused. tags: None only for a type that takes no tags.

        Raises: GuardViolation, naming every refused argument and override.
        """
        if "tags" in _parameters(self.kind, self.type) and self.kind == "resource":
            self.need("tags", tags, Tags, "PG_TAG_MANDATORY")
        overrides = overrides or {}
        self._check_overrides(overrides, owned, defaults or {})
        arguments = {k: v for k, v in {**(defaults or {}), **overrides, **owned}.items() if v is not None}
        for argument, value, requires, policy in _suspicious(arguments):
            self.refuse(argument, value, requires, policy)
        self.raise_refusals()
        if isinstance(tags, Tags):
            arguments["tags"] = tags.as_terraform()
        return self._construct(result, arguments, depends_on)

    def _check_overrides(
        self, overrides: Mapping[str, Any], owned: Mapping[str, Any], defaults: Mapping[str, Any]
    ) -> None:
        for name, value in overrides.items():
            if name in ESCAPES:
                self.refuse(f"overrides[{name}]", value, "nothing: no caller may set it", ESCAPES[name])
            elif name in owned and value != owned[name]:
                self.refuse(
                    f"overrides[{name}]",
                    value,
                    f"{owned[name]!r}, which the guard owns",
                    "the guard",
                    "change it through the factory's own arguments",
                )
            elif name not in owned and name not in defaults:
                allowed = ", ".join(sorted(defaults)) or "nothing"
                requires = f"an argument whose default may be overridden: {allowed}"
                self.refuse(
                    f"overrides[{name}]", value, requires, "the guard", "add it to the factory, with its bounds"
                )

    def _construct(self, result: type[T], arguments: dict[str, Any], depends_on: Sequence[Guarded]) -> T:
        cls = construct_class(self.kind, self.type)
        extra = {"depends_on": [other.construct for other in depends_on]} if depends_on else {}
        construct = cls(self.scope, self.id, **structured(cls, arguments), **extra)
        construct.override_logical_id(self.id)
        approved = {**arguments, **({"depends_on": [other.address for other in depends_on]} if depends_on else {})}
        self.scope.ledger.record(self.kind, self.type, self.id, Entry(self.path, approved))
        return result(self.type, self.id, self.path, arguments, self.kind, construct)


@cache
def _parameters(kind: str, type_: str) -> frozenset[str]:
    return frozenset(inspect.signature(construct_class(kind, type_).__init__).parameters)


def _withheld(argument: str, got: object) -> object:
    """What a refusal may show: refusals are logged, so nothing that stands under a credential's name."""
    names = f"{argument} {' '.join(map(str, got))}" if isinstance(got, Mapping) else argument
    credential = any(word in names.lower() for word in SECRET_NAME_WORDS)
    return "a value (withheld)" if credential and got and isinstance(got, str | Mapping | list | tuple) else got


def _suspicious(value: object, path: str = "") -> Iterator[tuple[str, object, str, str]]:
    """What no argument of any type may hold: another region, a literal credential (which it does not show)."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _suspicious(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _suspicious(item, f"{path}[{index}]")
    elif isinstance(value, str):
        for other in {*OTHER_REGION.findall(value)} - {REGION}:
            yield path, other, f"only {REGION}", "PG_REG_ARN_REGION"
        if SECRET_VALUE.search(value):
            yield (
                path,
                "a literal credential (not shown)",
                "a reference to Secrets Manager",
                "PG_SEC_NO_PLAINTEXT_SECRET",
            )
