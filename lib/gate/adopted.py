"""Native Checkov policies that the gate also enforces, each chosen and described in policies/adopted.toml.

Checkov drops what a native policy cannot answer: UNKNOWN, a crash, a reference. Here each of these is undecided. A
native policy reads arguments by name, so an argument whose value the configuration does not decide counts against it
wherever the policy's source names that argument; any other one raises when the policy touches it all the same.
"""

from __future__ import annotations

import ast
import copy
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from checkov.common.models.enums import CheckResult
from checkov.terraform.checks.resource.registry import resource_registry

import policies
from lib.errors import GateError
from policies.base import Policy, Violation
from policies.profiles import PROFILES
from policies.requirements import SECRET_NAME_WORDS
from policies.terraform import Arguments, CannotDecide, shown

FILE = Path(next(iter(policies.__path__))) / "adopted.toml"
FACTS = {"severity": str, "family": str, "why": str, "fix": str, "controls": dict}
"""What each entry states; `profiles` may be left out, and is every profile then, and so may `confidence`: medium."""
OPTIONAL = frozenset({"profiles", "confidence"})
CONFIDENCES = ("high", "medium", "low")
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
NATIVE_CHECKS = "checkov.terraform.checks.resource.aws."
NEVER_SHOWN = (*SECRET_NAME_WORDS, "user_data")
NO_SECRET = frozenset({"metadata_options.http_tokens"})
"""Names that only sound like a credential's: this one says whether a token is asked for."""
AWS_MANAGED = "alias/aws/"
META_ARGUMENTS = frozenset({"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"})
"""Terraform's own: how a block is made, never what it is."""


class Adopted(Policy):
    """A native policy with the facts of ours. It is registered with Checkov already, by Checkov."""

    native: ClassVar[Any] = None
    of_family: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Keeps it out of the catalogue of custom policies and out of Checkov's registries."""
        super(Policy, cls).__init_subclass__(**kwargs)

    def __init__(self) -> None:
        self.judgement = None
        self.words = _words(type(self).native)

    @property
    def family(self) -> str:
        """The family that the entry names."""
        return type(self).of_family

    @property
    def subject(self) -> str:
        """The family and Checkov's id: `ENC.ckv-aws-3`."""
        return f"{self.family}.{type(self).id.lower().replace('_', '-')}"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Nothing where the native policy passes; what it refuses, or cannot tell, otherwise."""
        unknown: list[CannotDecide] = []
        own = {name: value for name, value in conf.block.arguments.items() if name not in META_ARGUMENTS}
        resolved = _resolved(conf, own, "", unknown)
        for gap in unknown:
            if re.split(r"[.\[]", re.sub(r"(?:\[[^\]]*\])+$", "", gap.argument))[-1] in self.words:
                raise gap
        check = copy.copy(type(self).native)
        try:
            result = _run(check, conf.block.type, _block(resolved))
        except CannotDecide:
            raise
        except Exception as crash:  # the check is Checkov's: what it cannot read is not known to be wrong
            yield Violation("", type(crash).__name__, f"an answer; {self.id} crashed on this block", undecided=True)
            return
        keys = _keys(check)
        for key in keys:
            conf.note(key, _evidence(key, resolved))
        foreign = [key for key in keys if "kms" in key and AWS_MANAGED in str(_evidence(key, resolved))]
        for key in foreign:
            yield Violation(key, _evidence(key, resolved), "a customer managed key, not one that AWS manages")
        if result == CheckResult.PASSED or foreign:
            return
        values = {key: _evidence(key, resolved) for key in keys}
        listed = ", ".join(f"{key} = {value}" for key, value in values.items())
        got = listed if len(keys) > 1 else values.get("".join(keys), "a block that it refuses")
        reads = f" (reads {', '.join(keys)})" if keys else ""
        known = result == CheckResult.FAILED
        requires = "" if known else f"a value that {self.id} can judge: "
        requires += f"{type(self).name}{reads}"
        yield Violation(keys[0] if keys else "", got, requires, undecided=not known)


@cache
def load_adopted(file: Path = FILE) -> Mapping[str, Adopted]:
    """Every adopted policy, by id. Raises: GateError where an entry is incomplete, or Checkov has no such policy."""
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GateError(f"{file}: cannot be read: {error}. Without it adopted policies would be silent.") from error
    natives: dict[str, Any] = {}
    for _, check in resource_registry.all_checks():
        natives.setdefault(check.id, check)
    return {id_: _adopted(id_, entry, natives) for id_, entry in entries.items()}


def _adopted(id_: str, entry: Mapping[str, Any], natives: Mapping[str, Any]) -> Adopted:
    wrong = [name for name, type_ in FACTS.items() if not (isinstance(entry.get(name), type_) and entry[name])]
    wrong += sorted(set(entry) - set(FACTS) - OPTIONAL)
    profiles = tuple(entry.get("profiles", PROFILES))
    confidence = entry.get("confidence", Policy.confidence)
    known = not wrong and entry["severity"] in SEVERITIES and confidence in CONFIDENCES
    if not known or not set(profiles) <= set(PROFILES):
        raise GateError(f"policies/adopted.toml: {id_} is incomplete or unknown in: {', '.join(wrong) or 'a value'}")
    native = natives.get(id_)
    if native is None:
        raise GateError(f"policies/adopted.toml: Checkov has no resource policy {id_}: it would be silent")
    facts = {
        "id": id_,
        "name": native.name.rstrip("."),
        "__doc__": entry["why"],
        "severity": entry["severity"],
        "resources": tuple(native.supported_resources),
        "controls": {framework: tuple(ids) for framework, ids in entry["controls"].items()},
        "confidence": confidence,
        "fix": entry["fix"],
        "source": native.guideline or f"https://www.checkov.io/5.Policy%20Index/terraform.html ({id_})",
        "profiles": profiles,
        "native": native,
        "of_family": entry["family"],
    }
    adopted: Adopted = type(id_, (Adopted,), facts)()
    return adopted


def _run(check: Any, type_: str, conf: dict[str, Any]) -> CheckResult:
    for cls in type(check).__mro__:
        for name, value in vars(cls).items():
            if "cache" in name.lower() and isinstance(value, dict | list | set):
                value.clear()  # an answer about another configuration is none about this one
    check.evaluated_keys = []
    result = check.scan_entity_conf(conf, type_)
    outcome = result[0] if isinstance(result, tuple) else result
    if _touched(conf):
        raise CannotDecide(_touched(conf), "a value that the configuration does not decide")
    return CheckResult(outcome) if outcome else CheckResult.UNKNOWN


class _Unknown(str):
    """Stands for an undecided value that the native policy does not name: whoever reads it ends the judgement."""

    argument = ""
    touched = False

    def _read(self, *_: Any, **__: Any) -> Any:
        self.touched = True
        raise CannotDecide(self.argument, "a value that the configuration does not decide")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __len__ = __getitem__ = __iter__ = _read
    __bool__ = __add__ = __mod__ = __str__ = __format__ = __int__ = __float__ = _read
    startswith = endswith = lower = upper = split = strip = replace = find = count = encode = _read
    __hash__ = _read


def _touched(value: Any) -> str:
    """The argument of an undecided value that was read although nothing came of it; empty where there is none."""
    if isinstance(value, _Unknown):
        return value.argument if value.touched else ""
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return next((found for item in items if (found := _touched(item))), "")


def _unknown(argument: str) -> _Unknown:
    value = _Unknown()
    value.argument = argument
    return value


def _resolved(conf: Arguments, value: Any, path: str, unknown: list[CannotDecide]) -> Any:
    """`value` with what the configuration decides put in; the rest is collected, and stands in it as `_Unknown`."""
    if isinstance(value, Mapping):
        found = {}
        for key, item in value.items():
            inner = f"{path}.{key}" if path else str(key)
            if key == "dynamic" and isinstance(item, Mapping | list):
                names = {name for one in (item if isinstance(item, list) else [item]) for name in one}
                unknown.extend(CannotDecide(f"{path}.{name}".lstrip("."), "a dynamic block") for name in names)
            else:
                found[key] = _resolved(conf, item, inner, unknown)
        return found
    if isinstance(value, list | tuple):
        return [_resolved(conf, item, f"{path}[{index}]", unknown) for index, item in enumerate(value)]
    try:
        return conf.configuration.resolve(value, path)
    except CannotDecide as gap:
        unknown.append(gap)
        return _unknown(path)


def _wrapped(value: Any) -> list[Any]:
    """An argument as Checkov's parser has it: in a list, and a nested block as a list of such blocks."""
    if isinstance(value, Mapping):
        return [_block(value)]
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return [_block(item) for item in value]
    return [_plain(value)]


def _block(value: Mapping[str, Any]) -> dict[str, Any]:
    """A block without what says nothing: null, and a list of no blocks, which Checkov takes for one block."""
    nothing = [name for name, item in value.items() if item is None or (isinstance(item, list) and not item)]
    return {name: _wrapped(item) for name, item in value.items() if name not in nothing}


def _plain(value: Any) -> Any:
    """A scalar or a list of them; Terraform takes "true" for true, Checkov does not."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if type(value) is str and value in ("true", "false"):
        return value == "true"
    return value


def _keys(check: Any) -> list[str]:
    """The arguments that the policy says it looked at, as our findings name them."""
    named = (re.sub(r"/?\[?\d+\]?(?=/|$)", "", str(key)) for key in check.get_evaluated_keys())
    return list(dict.fromkeys(key.strip("/").replace("/", ".") for key in named if key.strip("/")))


def _evidence(key: str, resolved: Any) -> object:
    """What stands at a path, `absent` where nothing does; never a value that could be a secret."""
    for name in key.split("."):
        while isinstance(resolved, list) and len(resolved) == 1:
            resolved = resolved[0]
        resolved = resolved.get(name) if isinstance(resolved, Mapping) else None
    if resolved is None:
        return "absent"
    secret = key not in NO_SECRET and any(word in key.lower() for word in NEVER_SHOWN)
    hidden = secret or isinstance(resolved, _Unknown)
    return "(not shown)" if hidden else shown(resolved)


@cache
def _words(check: Any) -> frozenset[str]:
    """Every name in the constants of a native policy's modules, prose left out: what it can ask a block for."""
    modules = {cls.__module__ for cls in type(check).__mro__ if cls.__module__.startswith(NATIVE_CHECKS)}
    found: set[str] = set()
    for module in modules:
        for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and not re.search(r"\s", node.value):
                found.update(re.findall(r"\w+", node.value))
    return frozenset(found)
