"""REG.arn-region."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.profiles import Profile, abbreviated
from policies.requirements import SECRET_NAME_WORDS
from policies.terraform import INTERPOLATION, TRAVERSAL, Arguments, CannotDecide, decoded

REGION_NAME = re.compile(
    r"(?<![A-Za-z0-9])(?:us-gov|us-isob?|eu-isoe|us|eu|ap|sa|ca|me|af|il|mx|cn)"
    r"-(?:north|south|east|west|central)(?:east|west)?-\d(?!\d)",
    re.IGNORECASE,
)
SHORT_NAME = re.compile(r"\.((?:us|eu|ap|sa|ca|me|af|il|mx)g?[nsewc]{1,2}\d)\.(?:cache|memorydb)\.amazonaws\.com")
"""ElastiCache abbreviates the region in its host names: euw1."""
ARN_REGION = re.compile(r"\barn:[\w*?-]+:[\w*?-]+:([^:$\s\"]+):")
FREE_TEXT = ("body", "content", "insecure_value", "json", "rendered", "result", "value")
"""Attributes of data sources that hold whatever someone stored elsewhere."""
TEXT_ONLY = re.compile(r"^(?:description|tags|tags_all|comment|lifecycle|depends_on|provider|region|count|for_each)\b")
"""Arguments that nobody connects to; `region` is REG.eu-west-1's."""


class RegArnRegion(Policy):
    """An endpoint or an ARN of another region moves data there with every request, whatever the provider says.

    The name of another region is refused anywhere in an argument, since ARNs, hosts, image URIs and log options all
    hold it in other places. A wildcard as an ARN's region means every region. Descriptions and tags may say what
    they like. Documents are decoded first, so that an escape does not hide a name.
    """

    id = "PG_REG_ARN_REGION"
    name = "Ensure nothing refers to another region"
    severity = "HIGH"
    resources = ("aws_*",)
    data = ("aws_*",)
    profiles = ("sensor-platform",)
    serves = ("regions",)
    controls = {
        "gdpr": ("Art.44",),
        "iso27001-2022": ("A.5.31", "A.5.23"),
        "nist-800-53-r5": ("SA-9(5)", "CM-12"),
        "nist-csf-2.0": ("GV.OC-03",),
    }
    strength = "supporting"
    fix = "use the resource of eu-west-1, or a reference to what this configuration declares"
    source = "https://docs.aws.amazon.com/general/latest/gr/rande.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """No string, and no string in a document, names another region."""
        texts = ((path, raw) for path, raw in conf.raw() if isinstance(raw, str) and not TEXT_ONLY.match(path))
        yield from in_turn(_elsewhere(conf, path, raw) for path, raw in texts)
        conf.note("regions named", conf.profile.region_words)


def _elsewhere(conf: Arguments, path: str, raw: str) -> Iterator[Violation]:
    found: set[str] = set()
    for text in _texts(conf, path, raw):
        new = sorted({*_regions(conf.profile, text)} - found)
        found.update(new)
        if new:
            requires = f"{conf.profile.region_words}, or a global service without region"
            yield Violation(path, ", ".join(new), requires)


def _regions(profile: Profile, text: str) -> Iterator[str]:
    """Names of regions that are not accepted."""
    short = [abbreviated(region) for region in profile.regions]
    for pattern in (REGION_NAME, ARN_REGION):
        names = (match[match.lastindex or 0] for match in pattern.finditer(text))
        yield from (name for name in names if name not in profile.regions)
    yield from (match[1] for match in SHORT_NAME.finditer(text) if match[1] not in short)


def _texts(conf: Arguments, path: str, raw: str) -> Iterator[str]:
    """The string as written, with its values put in, and what a JSON document in it decodes to."""
    yield raw
    if any(word in path.lower() for word in SECRET_NAME_WORDS) and not raw.startswith("arn:"):
        return  # a credential: it names no place, and no finding may show it
    text = INTERPOLATION.sub(lambda match: _value(conf, match[0], path), raw)
    conf.configuration.resolve(INTERPOLATION.sub("", raw), path)  # an expression around expressions
    yield text
    if text[:1] in ("{", "["):
        yield from _strings(_document(text))


def _value(conf: Arguments, expression: str, path: str) -> str:
    found = conf.configuration.referenced(expression[2:-1])
    rest = TRAVERSAL.sub("", expression[2:-1].strip(), count=1)
    if found and re.fullmatch(r"(?:\[[^\]]*\]|\.[\w*]+)*", rest):
        block, attribute = found
        if block.kind == "data" and attribute in FREE_TEXT:
            raise CannotDecide(path, expression, f"a value that shows its region to be {conf.profile.region_words}")
        literal = block.arguments.get(attribute) if block.kind == "resource" else None
        return str(conf.configuration.resolve(literal, path)) if isinstance(literal, str) else "$reference"
    value = conf.configuration.resolve(expression, path)
    return value if isinstance(value, str) else json.dumps(value)


def _document(text: str) -> object:
    try:
        return decoded(text)
    except (ValueError, RecursionError):
        return text


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value
