"""What does the Resource of a statement name? Told from the pattern alone, once for all IAM policies."""

from __future__ import annotations

import re
from functools import lru_cache

from policies.requirements import AWS_NAMED_RESOURCES
from policies.terraform import TRAVERSAL, Arguments, Block, CannotDecide

REFERENCE = "<reference>"
VARIABLE = re.compile(r"\$\$\{([^{}]*)\}")
"""An IAM policy variable, as Terraform escapes it."""
INTERPOLATION = re.compile(r"(?<!\$)\$\{[^{}]*\}")
SEPARATOR = re.compile(r":(?![^{}]*\})")
"""The colon of an ARN, not one inside a reference or a policy variable."""
KNOWN_OF_DATA = re.compile(r"(?:^|\.)(?:\w*arn|(?:\w+_)?(?:id|name)|bucket|url|region|partition|dns_suffix)$")
"""What a data source tells that AWS itself has set, so that it cannot be a wildcard."""
ANY_TEXT = frozenset({"metadata", "outputs", "parameters", "result", "tags", "tags_all", "values", "variables"})
"""Attributes of AWS resources and data sources that hold whatever an author or a program put there."""
ARN_GIVEN = frozenset({"aws_lakeformation_resource"})
"""Resources whose ARN is an argument, so that it is what an author wrote."""
NAME_FIRST = frozenset({"codecommit", "codepipeline", "s3", "sns", "sqs"})
"""Services whose ARNs begin the last part with the name; all others put a type before it."""
AWS_PATHS = {
    "elasticloadbalancing": re.compile(r"(?:app|net|gwy)(?:/|(?=[*?]))"),
    "iam": re.compile(r"(?:service-role|aws-service-role|aws-reserved)(?:/(?:[\w.-]+\.com/)?|(?=[*?]))"),
    "logs": re.compile(r"/?aws/[^/*?]*(?:/|(?=[*?]))"),
}
"""Service -> what AWS itself puts before a name, so that it says nothing of whose it is."""
LITERAL_START = re.compile(r"[^*?]{3}")


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether an action pattern covers a text as IAM reads it: `*`, `?`, any letter case; `[` is a letter like others.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    """
    return _compiled(pattern).fullmatch(text) is not None


def names_resource(conf: Arguments, pattern: str, path: str) -> bool:
    """Whether a Resource names something: a reference, an ARN without wildcards, or three fixed characters before one.

    `*` in the partition, service, region or account, or in place of the whole name (`role/*`, `key/*`), names
    nothing, nor does a path that AWS gives everyone (`log-group:/aws/lambda/*`); types that AWS names at creation
    (AWS_NAMED_RESOURCES) are excused. path: of the Resource.
    Raises: CannotDecide where a reference fills in what may be a wildcard.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    text = plain(conf, pattern, path)
    if text.startswith(REFERENCE):
        return True
    parts = fields(text)
    if len(parts) < 6 or parts[0] != "arn" or wild("".join(parts[:5])):
        return False
    service, account, name = parts[2], parts[4], parts[5]
    if service not in NAME_FIRST or (service == "s3" and account):
        kind, *rest = re.split("[:/]", name, maxsplit=1)
        if wild(kind) or not rest or f"{service}:{kind}" in AWS_NAMED_RESOURCES:
            return not wild(kind)
        path_of_aws = AWS_PATHS[service].match(rest[0]) if service in AWS_PATHS else None
        name = rest[0][path_of_aws.end() :] if path_of_aws else rest[0]
    return bool(name) and (not wild(name) or LITERAL_START.match(name.lstrip("/")) is not None)


def fields(arn: str) -> list[str]:
    """The six parts of an ARN, references in it left whole; fewer where it is none."""
    return SEPARATOR.split(arn, maxsplit=5)


def any_service(pattern: str) -> bool:
    """Whether a Resource reaches into every service: `*`, `arn:aws:*`, `arn:*:*:*:*:*`."""
    parts = fields(pattern)
    return wild(parts[2]) if len(parts) > 2 else wild(pattern)


def wild(text: str) -> bool:
    """Whether IAM would read a wildcard in it."""
    return "*" in text or "?" in text


def plain(conf: Arguments, pattern: str, path: str) -> str:
    """The pattern with a fixed word for each reference and policy variable, so that only real wildcards are left.

    Raises: CannotDecide for a reference whose value neither AWS nor this configuration bounds.
    """

    def reference(match: re.Match[str]) -> str:
        block, attribute = told(conf, match[0], path)
        echo = block.arguments.get(attribute) if block.kind == "data" else None
        return REFERENCE if echo is None else plain(conf, str(conf.configuration.resolve(echo, path)), path)

    variables_out = VARIABLE.sub(lambda match: "*" if "," in match[1] else "variable", pattern)
    return INTERPOLATION.sub(reference, variables_out)


def meant(conf: Arguments, reference: str) -> tuple[Block, str] | None:
    """The block and attribute of a `${...}`; for the ARN of a resource that is not declared here, a block without any.

    `.arn` of a resource names one thing wherever that is declared, and AWS makes it. Of a data source it may be what
    an author asked for, and other attributes (`.id`, `.name`) hold what an author may choose.
    """
    found = conf.reference(reference)
    whole = INTERPOLATION.fullmatch(reference) if found is None else None
    named = TRAVERSAL.fullmatch(whole[0][2:-1].strip()) if whole else None
    if not named or named[2] or named[6] != ".arn" or not named[3].startswith("aws_") or named[3] in ARN_GIVEN:
        return found
    return Block("resource", named[3], named[4], {}, module=named[1].rstrip("."), key=named[5] or ""), "arn"


def told(conf: Arguments, reference: str, path: str) -> tuple[Block, str]:
    """The block and attribute of a `${...}` whose value AWS makes: an ARN, an id, a name it was found by.

    Raises: CannotDecide for what an author, a program or another state puts in: tags, outputs, terraform_data.
    """
    found = meant(conf, reference)
    if found is not None and found[0].type.startswith("aws_"):
        block, attribute = found
        head = attribute.partition(".")[0]
        told_by_data = block.kind == "data" and KNOWN_OF_DATA.search(attribute)
        made = head == "id" or (head == "arn" and block.type not in ARN_GIVEN)  # known to a plan or state, or not
        told_by_resource = block.kind == "resource" and head and (made or head not in block.arguments)
        if head not in ANY_TEXT and (told_by_data or told_by_resource):
            return found
    raise CannotDecide(path, reference, "a value of an AWS resource that this configuration names")
