"""What does the Resource of a statement name? Told from the pattern alone, once for all IAM policies."""

from __future__ import annotations

import re

from policies.requirements import AWS_NAMED_RESOURCES
from policies.terraform import CannotDecide

REFERENCE = "reference"
VARIABLE = re.compile(r"\$\$\{([^{}]*)\}")
"""An IAM policy variable, as Terraform escapes it."""
INTERPOLATION = re.compile(r"\$\{([^{}]*)\}")
KNOWN_OF_DATA = re.compile(r"\.(?:\w*arn|id|name|account_id|region|partition)$")
"""What a data source tells that AWS itself has set, so that it cannot be a wildcard."""
NAME_FIRST = frozenset({"s3", "sns", "sqs"})
"""Services whose ARNs begin the last part with the name; all others put a type before it."""
LITERAL_START = re.compile(r"[^*?]{3}")


def names_resource(pattern: str, path: str) -> bool:
    """Whether a Resource names something: a reference, or an ARN whose name begins with three fixed characters.

    `*` in the partition, service, region or account, or in place of the whole name (`role/*`, `key/*`), names
    nothing; types that AWS names at creation (AWS_NAMED_RESOURCES) are excused. path: of the Resource.
    Raises: CannotDecide where a data source fills in what may be a wildcard.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    text = plain(pattern, path)
    if text.startswith(REFERENCE):
        return True
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or wild("".join(parts[:5])):
        return False
    service, name = parts[2], parts[5]
    if service not in NAME_FIRST:
        kind, name = [*re.split("[:/]", name, maxsplit=1), ""][:2]
        if wild(kind) or f"{service}:{kind}" in AWS_NAMED_RESOURCES:
            return not wild(kind)
    return LITERAL_START.match(name.lstrip("/")) is not None


def any_service(pattern: str) -> bool:
    """Whether a Resource reaches into every service: `*`, `arn:aws:*`, `arn:*:*:*:*:*`."""
    parts = pattern.split(":")
    return wild(parts[2]) if len(parts) > 2 else wild(pattern)


def wild(text: str) -> bool:
    """Whether IAM would read a wildcard in it."""
    return "*" in text or "?" in text


def plain(pattern: str, path: str) -> str:
    """The pattern with a fixed word for each reference and policy variable, so that only real wildcards are left.

    Raises: CannotDecide for a data source whose value this configuration does not bound.
    """

    def reference(match: re.Match[str]) -> str:
        if match[1].strip().startswith("data.") and not KNOWN_OF_DATA.search(match[1].strip()):
            raise CannotDecide(path, pattern, "a resource that this configuration names")
        return REFERENCE

    variables_out = VARIABLE.sub(lambda match: "*" if "," in match[1] else "variable", pattern)
    return INTERPOLATION.sub(reference, variables_out)
