"""Terraform's functions, as far as a value can be known before the apply.

Each takes the arguments and `known`, which gives a literal or raises NotKnown. Functions on collections leave their
elements as they are, so that a list of references stays one. What is missing here is an unknown value.
Source: https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import itertools
import json
import math
import posixpath
import re
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import re2
import yaml

from policies.terraform.model import loaded, whole_characters
from policies.terraform.values import (
    LONGEST_TEXT,
    Invalid,
    NotKnown,
    Ref,
    Template,
    Unknown,
    encoded,
    is_known,
    joined,
    text_of,
)

Known = Callable[[Any], Any]
Function = Callable[[list[Any], Known], Any]
LONGEST_RANGE = 20_000
WIDEST_FIELD = re.compile(r"\d{4}")
"""A width in a format verb that is there to fill memory."""
QUIET = re2.Options()
QUIET.log_errors = False


def container(value: Any) -> Any:
    """A list or map whose elements may be unknown. Raises: NotKnown."""
    if isinstance(value, Unknown | Ref | Template):
        raise NotKnown(value.text)
    return value


def listed(value: Any) -> list[Any]:
    """A list; one of a map's values where Terraform would convert. Raises: NotKnown, Invalid."""
    found = container(value)
    if not isinstance(found, list):
        raise Invalid("not a list")
    return found


def mapped(value: Any) -> dict[str, Any]:
    """A map. Raises: NotKnown, Invalid."""
    found = container(value)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Invalid("not a map")
    return found


def distinct(items: Iterable[Any]) -> list[Any]:
    """Without repeats, in order."""
    found: dict[Any, Any] = {}
    for item in items:
        plain = isinstance(item, str | int | float | bool | None)
        found.setdefault((type(item), item if plain else json.dumps(item, default=repr, sort_keys=True)), item)
    return list(found.values())


def as_set(value: Any) -> list[Any]:
    """A set as a list: without repeats, sorted where all elements are known strings."""
    items = distinct(listed(value))
    return sorted(items) if all(isinstance(item, str) for item in items) else items


def text(value: Any) -> str:
    """A known string. Raises: Invalid."""
    if value is None or isinstance(value, list | dict):
        raise Invalid("not a string")
    return text_of(value)


def literal(function: Callable[..., Any]) -> Function:
    """A function of known values only."""

    def call(values: list[Any], known: Known) -> Any:
        result = function(*(known(value) for value in values))
        if isinstance(result, str) and len(result) > LONGEST_TEXT:
            raise NotKnown("a text too long to evaluate")
        return result

    return call


def structural(function: Callable[..., Any]) -> Function:
    """A function of collections whose elements need not be known."""
    return lambda values, known: function(*values)


def _coalesce(values: list[Any], known: Known) -> Any:
    for value in values:
        if isinstance(value, Unknown):
            raise NotKnown(value.text)
        if value is not None and value != "":
            return value
    raise Invalid("coalesce: no value")


def _coalescelist(*lists: Any) -> Any:
    for candidate in lists:
        if listed(candidate):
            return candidate
    raise Invalid("coalescelist: no value")


def _element(values: list[Any], known: Known) -> Any:
    items, index = listed(values[0]), int(known(values[1]))
    if not items:
        raise Invalid("element of an empty list")
    return items[index % len(items)]


def _lookup(values: list[Any], known: Known) -> Any:
    found, key = mapped(values[0]), text(known(values[1]))
    if key in found:
        return found[key]
    if len(values) > 2:
        return values[2]
    raise Invalid("lookup: no such key")


def _contains(values: list[Any], known: Known) -> bool:
    items, wanted = listed(values[0]), known(values[1])
    if any(is_known(item) and item == wanted for item in items):
        return True
    if not all(is_known(item) for item in items):
        raise NotKnown("contains")
    return False


def _length(value: Any) -> int:
    found = container(value)
    if isinstance(found, list | dict | str):
        return len(found)
    raise Invalid("length")


def _one(value: Any) -> Any:
    items = listed(value)
    if len(items) > 1:
        raise Invalid("one: several elements")
    return items[0] if items else None


def _merge(*maps: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for each in maps:
        merged.update(mapped(each))
    return merged


def _concat(*lists: Any) -> list[Any]:
    return [item for each in lists for item in listed(each)]


def _flatten(value: Any) -> list[Any]:
    found: list[Any] = []
    for item in listed(value):
        if isinstance(item, Unknown):
            raise NotKnown(item.text)
        found.extend(_flatten(item) if isinstance(item, list) else [item])
    return found


def _compact(value: Any) -> list[Any]:
    items = listed(value)
    if any(isinstance(item, Unknown) for item in items):
        raise NotKnown("compact")
    return [item for item in items if item not in ("", None)]


def _join(values: list[Any], known: Known) -> Any:
    separator, items = text(known(values[0])), [item for each in values[1:] for item in listed(each)]
    return joined(part for index, item in enumerate(items) for part in ((separator, item) if index else (item,)))


def _format(values: list[Any], known: Known) -> Any:
    """Verbs with literals; `%s` takes references as well."""
    pattern, rest = text(known(values[0])), iter(values[1:])
    parts: list[Any] = []
    for chunk in re.split(r"(%(?:\[\d+\])?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z%])", pattern):
        if WIDEST_FIELD.search(chunk) and chunk.startswith("%"):
            raise NotKnown("format")
        if not re.match(r"%.", chunk):
            parts.append(chunk)
        elif chunk == "%%":
            parts.append("%")
        elif chunk in ("%s", "%v", "%d"):
            parts.append(next(rest))
        elif chunk == "%q":
            parts.append(json.dumps(text(known(next(rest)))))
        else:
            kind = chunk[-1]
            number = known(next(rest))
            parts.append(chunk % (number if kind == "s" else float(number) if kind in "eEfFgG" else int(number)))
    return joined(parts)


def _formatlist(values: list[Any], known: Known) -> list[Any]:
    length = max((len(value) for value in values[1:] if isinstance(value, list)), default=0)
    if any(isinstance(value, Unknown) for value in values):
        raise NotKnown("formatlist")
    return [
        _format([values[0], *(v[index] if isinstance(v, list) else v for v in values[1:])], known)
        for index in range(length)
    ]


def _replace(string: Any, old: str, new: str) -> str:
    if len(old) > 1 and old[0] == old[-1] == "/":
        template = re.sub(r"\$\{?(\d+)\}?", r"\\g<\1>", new.replace("\\", "\\\\"))
        return str(compiled(old[1:-1]).sub(template, text(string)))
    if text(string).count(old) * len(new) > LONGEST_TEXT:
        raise NotKnown("replace")
    return text(string).replace(old, new)


def compiled(pattern: Any) -> Any:
    """A regular expression as Terraform reads it: RE2, whose time is linear whatever the pattern. Raises: Invalid."""
    try:
        return re2.compile(text(pattern), QUIET)
    except re2.error:
        raise Invalid("not a regular expression") from None


def _regex(pattern: str, string: Any) -> Any:
    found = compiled(pattern).search(text(string))
    if not found:
        raise Invalid("regex: no match")
    return _captured(found)


def _captured(found: Any) -> Any:
    return found.groupdict() or (list(found.groups()) if found.groups() else found[0])


def _range(*bounds: Any) -> list[Any]:
    start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    if step == 0 or abs((stop - start) / step) > LONGEST_RANGE:
        raise NotKnown("range")
    return list(range(int(start), int(stop), int(step)))


def _setproduct(*lists: Any) -> list[Any]:
    if math.prod(len(listed(each)) for each in lists) > LONGEST_RANGE:
        raise NotKnown("setproduct")
    return [list(combination) for combination in itertools.product(*map(listed, lists))]


def _same_in_all(*lists: Any) -> list[Any]:
    first, *others = [literal_list(each) for each in lists]
    return as_set([item for item in first if all(item in other for other in others)])


def literal_list(value: Any) -> list[Any]:
    """A list of known values. Raises: NotKnown."""
    items = listed(value)
    if not is_known(items):
        raise NotKnown("a list of values that are not known")
    return items


def _slice(values: list[Any], known: Known) -> list[Any]:
    items, start, stop = listed(values[0]), int(known(values[1])), int(known(values[2]))
    if not 0 <= start <= stop <= len(items):
        raise Invalid("slice")
    return items[start:stop]


def _zipmap(values: list[Any], known: Known) -> dict[str, Any]:
    keys, items = known(values[0]), listed(values[1])
    return dict(zip(map(text, keys), items, strict=True))


def _tobool(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    return {"true": True, "false": False}[text(value)]


def _tonumber(value: Any) -> Any:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    number = float(text(value))
    return int(number) if number.is_integer() else number


def _tostring(values: list[Any], known: Known) -> Any:
    value = values[0]
    if value is None or isinstance(value, Ref | Template):
        return value
    return text(known(value))


def _jsondecode(values: list[Any], known: Known) -> Any:
    return loaded(text(known(values[0])))


def _yamldecode(document: Any) -> Any:
    if re.search(r"(?:^|[\s\[{:,-])[&*]\w", text(document)):
        raise NotKnown("a YAML document with anchors")
    return whole_characters(yaml.safe_load(text(document)))


def _cidrsubnet(prefix: Any, bits: Any, number: Any) -> str:
    network = ipaddress.ip_network(text(prefix), strict=False)
    length = network.prefixlen + int(bits)
    if length > network.max_prefixlen or not 0 <= int(number) < 2 ** int(bits):
        raise Invalid("cidrsubnet")
    address = int(network.network_address) + (int(number) << (network.max_prefixlen - length))
    return f"{type(network.network_address)(address)}/{length}"


def _cidrsubnets(prefix: Any, *bits: Any) -> list[str]:
    network, found = ipaddress.ip_network(text(prefix), strict=False), list[str]()
    position = int(network.network_address)
    for more in bits:
        size = 1 << (network.max_prefixlen - network.prefixlen - int(more))
        position = -(-position // size) * size
        found.append(f"{type(network.network_address)(position)}/{network.prefixlen + int(more)}")
        position += size
    return found


def _cidrhost(prefix: Any, number: Any) -> str:
    network = ipaddress.ip_network(text(prefix), strict=False)
    return str(network[int(number)])


def _digest(algorithm: str, *, in_base64: bool = False) -> Function:
    def digest(value: Any) -> str:
        made = hashlib.new(algorithm, text(value).encode())
        return base64.b64encode(made.digest()).decode() if in_base64 else made.hexdigest()

    return literal(digest)


def _transpose(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, items in mapped(value).items():
        for item in items:
            found.setdefault(item, []).append(key)
    return found


def _indent(spaces: Any, value: Any) -> str:
    return text(value).replace("\n", "\n" + " " * int(spaces))


def _chunklist(value: Any, size: Any) -> list[Any]:
    items = listed(value)
    return [items[index : index + int(size)] for index in range(0, len(items), int(size))]


def _alltrue(value: Any) -> bool:
    return all(item in (True, "true") for item in literal_list(value))


def _anytrue(value: Any) -> bool:
    return any(item in (True, "true") for item in literal_list(value))


FUNCTIONS: Mapping[str, Function] = {
    "abs": literal(abs),
    "alltrue": structural(_alltrue),
    "anytrue": structural(_anytrue),
    "base64decode": literal(lambda value: base64.b64decode(text(value), validate=True).decode()),
    "base64encode": literal(lambda value: base64.b64encode(text(value).encode()).decode()),
    "base64sha256": _digest("sha256", in_base64=True),
    "base64sha512": _digest("sha512", in_base64=True),
    "basename": literal(lambda value: posixpath.basename(text(value))),
    "ceil": literal(math.ceil),
    "chomp": literal(lambda value: text(value).rstrip("\r\n")),
    "chunklist": structural(_chunklist),
    "cidrhost": literal(_cidrhost),
    "cidrnetmask": literal(lambda prefix: str(ipaddress.ip_network(text(prefix), strict=False).netmask)),
    "cidrsubnet": literal(_cidrsubnet),
    "cidrsubnets": literal(_cidrsubnets),
    "coalesce": _coalesce,
    "coalescelist": structural(_coalescelist),
    "compact": structural(_compact),
    "concat": structural(_concat),
    "contains": _contains,
    "dirname": literal(lambda value: posixpath.dirname(text(value)) or "."),
    "distinct": structural(lambda value: distinct(listed(value))),
    "element": _element,
    "endswith": literal(lambda value, end: text(value).endswith(text(end))),
    "flatten": structural(_flatten),
    "floor": literal(math.floor),
    "format": _format,
    "formatlist": _formatlist,
    "indent": literal(_indent),
    "index": literal(lambda items, wanted: listed(items).index(wanted)),
    "join": _join,
    "jsondecode": _jsondecode,
    "jsonencode": structural(lambda value: encoded(value, as_terraform=True)),
    "keys": structural(lambda value: sorted(mapped(value))),
    "length": structural(_length),
    "lookup": _lookup,
    "lower": literal(lambda value: text(value).lower()),
    "matchkeys": literal(lambda v, k, s: [item for item, key in zip(v, k, strict=True) if key in s]),
    "max": literal(lambda *values: max(values)),
    "md5": _digest("md5"),
    "merge": structural(_merge),
    "min": literal(lambda *values: min(values)),
    "nonsensitive": structural(lambda value: value),
    "one": structural(_one),
    "parseint": literal(lambda value, base: int(text(value), int(base))),
    "pow": literal(lambda base, exponent: float(base) ** min(float(exponent), 64)),
    "range": literal(_range),
    "regex": literal(_regex),
    "regexall": literal(lambda pattern, value: [_captured(m) for m in compiled(pattern).finditer(text(value))]),
    "replace": literal(_replace),
    "reverse": structural(lambda value: listed(value)[::-1]),
    "sensitive": structural(lambda value: value),
    "setintersection": structural(_same_in_all),
    "setproduct": structural(_setproduct),
    "setsubtract": structural(
        lambda left, right: as_set([item for item in literal_list(left) if item not in literal_list(right)])
    ),
    "setunion": structural(lambda *lists: as_set(_concat(*lists))),
    "sha1": _digest("sha1"),
    "sha256": _digest("sha256"),
    "sha512": _digest("sha512"),
    "signum": literal(lambda value: (value > 0) - (value < 0)),
    "slice": _slice,
    "sort": literal(lambda value: sorted(map(text, listed(value)))),
    "split": literal(lambda separator, value: text(value).split(text(separator)) if value != "" else [""]),
    "startswith": literal(lambda value, start: text(value).startswith(text(start))),
    "strcontains": literal(lambda value, part: text(part) in text(value)),
    "strrev": literal(lambda value: text(value)[::-1]),
    "substr": literal(lambda value, at, n: text(value)[int(at) :][: None if n < 0 else int(n)]),
    "sum": literal(sum),
    "title": literal(lambda value: re.sub(r"\b[a-z]", lambda match: match[0].upper(), text(value))),
    "tobool": literal(_tobool),
    "tolist": structural(listed),
    "tomap": structural(mapped),
    "tonumber": literal(_tonumber),
    "toset": structural(as_set),
    "tostring": _tostring,
    "transpose": literal(_transpose),
    "trim": literal(lambda value, characters: text(value).strip(text(characters))),
    "trimprefix": literal(lambda value, prefix: text(value).removeprefix(text(prefix))),
    "trimspace": literal(lambda value: text(value).strip()),
    "trimsuffix": literal(lambda value, suffix: text(value).removesuffix(text(suffix))),
    "upper": literal(lambda value: text(value).upper()),
    "urlencode": literal(lambda value: urllib.parse.quote_plus(text(value))),
    "values": structural(lambda value: [item for _, item in sorted(mapped(value).items())]),
    "yamldecode": literal(_yamldecode),
    "zipmap": _zipmap,
}
