"""The JSON of `terraform show -json`, a plan or a state -> Configuration.

A plan tells values, but not how an unknown one comes about. Of an expression in JSON, as CDKTF writes it, it keeps the
template; of one in HCL the references only. One that refers to a single attribute which identifies something (`.arn`,
`.id`) is taken for that reference; everything else that is unknown stays unknown. What no plan holds (backend,
lifecycle, locals) is unknown too, unless the configuration is given beside it.
Source: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from policies.terraform.documents import TYPE as POLICY_DOCUMENT
from policies.terraform.documents import policy_document
from policies.terraform.links import Links, own_values
from policies.terraform.model import TRAVERSAL, Block, Configuration, Problem
from policies.terraform.overlay import Overlay
from policies.terraform.printed import (
    ABSENT,
    HIDDEN,
    default_tags,
    is_set,
    made,
    part,
    refers,
    resources,
    shown_values,
    with_all_tags,
)
from policies.terraform.reading import Reading
from policies.terraform.states import State
from policies.terraform.templates import NotATemplate, pieces
from policies.terraform.values import Invalid, NotKnown, Ref, Template, Unknown, is_known, joined, rendered

FORMAT = re.compile(r"[01]\.\d+")
IDENTIFYING = re.compile(r"\.(?:arn|id|key_id|url|invoke_arn|\w+_arn|\w+_id)$")
MODULE_STEP = re.compile(r'module\.([\w-]+)((?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?)')


def is_plan_or_state(document: Any) -> bool:
    """Whether JSON is what `terraform show -json` prints."""
    return isinstance(document, dict) and "format_version" in document and "resource" not in document


def read_plan(document: Mapping[str, Any], path: Path, sha256: str, declared: Reading | None = None) -> Reading:
    """The configuration that a plan leads to, or that a state holds.

    path: of the file that held the document, absolute; sha256: of its content.
    declared: the same configuration from its sources; it then says what the JSON cannot.
    """
    file, files = path.name, {path: sha256, **(declared.files if declared else {})}
    try:
        blocks = (State if "values" in document else _Plan)(document, file).blocks()
    except (AttributeError, TypeError, KeyError, ValueError, RecursionError) as error:
        wrong = Problem(file, 0, f"{type(error).__name__}", "the JSON of terraform show -json", "make it anew")
        return Reading(Configuration((), (wrong,)), sha256, files)
    problems: list[Problem] = []
    if not FORMAT.fullmatch(str(document.get("format_version"))):
        got = f"format_version {document.get('format_version')}"
        problems.append(Problem(file, 0, got, "format 1.x", "use a Terraform whose JSON is of format 1"))
    if document.get("errored"):
        got = "a plan that ended with an error"
        problems.append(Problem(file, 0, got, "a whole plan", "mend the error, and plan again"))
    if declared is None:
        return Reading(Configuration(tuple(blocks), tuple(problems)), sha256, files)
    over = Overlay(declared.configuration, blocks, file)
    configuration = Configuration(tuple(over.blocks()), (*declared.configuration.problems, *problems, *over.problems))
    return Reading(configuration, sha256, files)


class _Plan:
    def __init__(self, document: Mapping[str, Any], file: str) -> None:
        self.document, self.file = document, file
        self.root = document.get("configuration", {}).get("root_module", {})
        self.variables = document.get("variables", {})
        self.changes = [
            change
            for change in document.get("resource_changes", [])
            if change["change"]["actions"] != ["delete"] and not change.get("deposed")
        ]
        self.each_known = False
        """Whether each.value of the block that is read comes from values that the plan knows."""
        self.data = {change["address"]: change for change in self.changes if change["mode"] == "data"}
        prior = document.get("prior_state", {}).get("values", {}).get("root_module", {})
        self.prior = {entry["address"]: entry for entry in resources(prior) if entry["mode"] == "data"}
        self.links = Links(resources(prior))
        self.known = {address: entry.get("values") or {} for address, entry in self.prior.items()}
        self.known.update({change["address"]: change["change"].get("after") or {} for change in self.changes})
        """Address -> the values that are known of it."""

    def blocks(self) -> list[Block]:
        planned = [self._block(change) for change in self.changes if change["mode"] in ("managed", "data")]
        read = {block.address for block in planned}
        blocks = [Block("terraform", "", "", {"backend": rendered(Unknown("backend, which no plan holds"))}, self.file)]
        blocks.extend(self._providers({change["address"]: change["change"].get("after") for change in self.changes}))
        blocks.extend(planned)
        blocks.extend(block for block in self._prior_data() if block.address not in read)
        blocks.extend(self._ephemerals(self.root, ""))
        blocks.extend(self._variables())
        blocks.extend(self._outputs())
        return blocks

    def _block(self, change: Mapping[str, Any]) -> Block:
        module = change.get("module_address", "")
        config = self._config_of(change["mode"], change["type"], change["name"], module)
        expressions = config.get("expressions", {}) if config else {}
        each = _primary(config.get("for_each_expression", {}).get("references", []))
        self.each_known = all(text.startswith("var.") for text in each) and not module
        arguments = self._arguments(change["change"], expressions, module)
        kind = "resource" if change["mode"] == "managed" else "data"
        if config and "provider_config_key" in config and "." in (alias := _alias(config["provider_config_key"])):
            arguments["provider"] = alias
        arguments["lifecycle"] = Unknown("lifecycle, which no plan holds")
        if (kind, change["type"]) == ("data", POLICY_DOCUMENT):
            arguments["json"] = self._document(change["address"])
        return made(kind, change, arguments, self.file)

    def _arguments(self, change: Mapping[str, Any], expressions: Mapping[str, Any], module: str) -> dict[str, Any]:
        after, unknown = change.get("after") or {}, change.get("after_unknown") or {}
        own = own_values(after)
        sensitive = change.get("after_sensitive") or {}
        found = {}
        for name in dict.fromkeys((*after, *(unknown if isinstance(unknown, dict) else ()))):
            expression = expressions.get(name)
            value = self._value(after.get(name), part(unknown, name), part(sensitive, name), expression, module)
            if value is None and name.endswith("_wo") and expression:
                value = self._referred(expression, module) or HIDDEN
            if value not in ABSENT or isinstance(value, bool):
                found[name] = value if name == "name" or _is_constant(expression) else self.links.linked(value, own)
        return with_all_tags(found)

    def _value(self, value: Any, unknown: Any, sensitive: Any, expression: Any, module: str) -> Any:
        """A planned value: its unknown parts as the references that they come from, its sensitive ones hidden."""
        if unknown is True:
            return None if not expression or self._all_known(expression, module) else self._referred(expression, module)
        if sensitive is True and is_set(value):
            texts = _primary(expression.get("references", [])) if isinstance(expression, dict) else []
            variable = not module and len(texts) == 1 and texts[0].startswith("var.")
            return Unknown(texts[0]) if variable else HIDDEN
        if isinstance(value, dict):
            inner = expression if isinstance(expression, dict) and "references" not in expression else {}
            made = {
                key: self._value(value.get(key), part(unknown, key), part(sensitive, key), inner.get(key), module)
                for key in dict.fromkeys((*value, *(unknown if isinstance(unknown, dict) else ())))
            }
            if isinstance(expression, dict) and "references" in expression:
                parts = {key: self._part_of(expression, module, unknown, key) for key in made}
                return {key: parts[key] if item is None else item for key, item in made.items()}
            return {key: item for key, item in made.items() if item not in ABSENT or isinstance(item, bool)}
        if isinstance(value, list):
            return self._list(value, unknown, sensitive, expression, module)
        return self._same(value, expression, module) if isinstance(value, str) else value

    def _same(self, value: str, expression: Any, module: str) -> Any:
        """A known value, as the reference that it comes from where its expression has one to just this value."""
        texts = _primary(expression.get("references", [])) if isinstance(expression, dict) else []
        for text in texts:
            match = TRAVERSAL.fullmatch(text)
            address = f"{module}.{text}" if module else text
            if match and match[6] and self.known.get(address[: -len(match[6])], {}).get(match[6][1:]) == value:
                return Ref(address[: -len(match[6])], match[6])
        return value

    def _part_of(self, expression: Mapping[str, Any], module: str, unknown: Any, key: str) -> Any:
        return self._referred(expression, module) if part(unknown, key) is True else None

    def _list(self, value: list[Any], unknown: Any, sensitive: Any, expression: Any, module: str) -> list[Any]:
        parts = unknown if isinstance(unknown, list) else [False] * len(value)
        hidden = sensitive if isinstance(sensitive, list) else [sensitive is True] * len(value)
        nested = expression if isinstance(expression, list) else []
        references = self._references(expression, module) if isinstance(expression, dict) else []
        gaps, made = iter(references if len(references) >= sum(p is True for p in parts) else ()), []
        for index, item in enumerate(value):
            part = parts[index] if index < len(parts) else False
            if part is True:
                made.append(next(gaps, None) or Unknown("an element that is known after apply"))
            else:
                inner = nested[index] if len(nested) == len(value) else nested[0] if len(nested) == 1 else None
                inner = expression if inner is None and isinstance(item, str) else inner
                made.append(self._value(item, part, hidden[index] if index < len(hidden) else False, inner, module))
        return made

    def _referred(self, expression: Any, module: str) -> Any:
        """What an expression whose value is unknown refers to."""
        if isinstance(expression, list):
            referred = [{key: self._referred(inner, module) for key, inner in block.items()} for block in expression]
            return [{key: value for key, value in block.items() if value is not None} for block in referred]
        if "constant_value" in expression:
            constant = expression["constant_value"]
            made = self._template(constant, module) if "references" in expression else constant
            if not isinstance(made, Unknown):
                return made
        if "references" not in expression:
            return {key: self._referred(inner, module) for key, inner in expression.items()} or None
        found = self._references(expression, module)
        if len(found) == 1:
            return found[0]
        if not found:
            return Unknown("a value that is known after apply")
        return Unknown(", ".join(_primary(expression["references"])) or "a value that is known after apply")

    def _template(self, value: Any, module: str) -> Any:
        """A value of a configuration in JSON: its strings are templates that the plan does not evaluate."""
        if isinstance(value, dict):
            return {key: self._template(item, module) for key, item in value.items()}
        if isinstance(value, list):
            return [self._template(item, module) for item in value]
        if not isinstance(value, str) or "{" not in value:
            return value
        try:
            cut = pieces(value)
        except NotATemplate:
            return Unknown.of(value)
        if any(piece.kind == "directive" for piece in cut):
            return Unknown.of(value)
        parts = [piece.text if piece.kind == "literal" else self._exactly(piece.text, module) for piece in cut]
        return parts[0] if len(parts) == 1 else joined(parts)

    def _exactly(self, text: str, module: str) -> Any:
        """A reference that is a whole expression, so that any attribute of it is what it says."""
        match = TRAVERSAL.fullmatch(text)
        document = text.startswith(f"data.{POLICY_DOCUMENT}.") and text.endswith("json")
        if match and match[6] and not document:
            address = f"{module}.{text}" if module else text
            return Ref(address[: -len(match[6])], match[6])
        simple = re.fullmatch(r"(?:var|module|data)\.[\w.\[\]\"-]+", text)
        return self._resolved(text, module) if simple else Unknown.of(text)

    def _references(self, expression: Mapping[str, Any], module: str) -> list[Any]:
        """The references that an unknown value can come from: what is known to the plan cannot hide it."""
        found = [
            self._resolved(text, module) for text in _primary(expression.get("references", [])) if not self._known(text)
        ]
        unknown = [item for item in found if isinstance(item, Ref | Template | Unknown)]
        return unknown if len(unknown) == 1 or len(unknown) == len(found) else found

    def _all_known(self, expression: Any, module: str) -> bool:
        """Whether the plan knows all that an expression refers to: it is null then, and AWS gives the unknown value."""
        texts = expression.get("references") if isinstance(expression, dict) else None
        if not texts:
            return False
        rest = [text for text in _primary(texts) if not (self._known(text) or self._is_given(text, module))]
        return all(is_known(self._resolved(text, module)) for text in rest)

    def _is_given(self, text: str, module: str) -> bool:
        """Whether it is a variable of the root, whose value a plan holds."""
        return (
            not module
            and re.split(r"[.\[]", text.removeprefix("var."))[0] in self.variables
            and text.startswith("var.")
        )

    def _known(self, reference: str) -> bool:
        """Whether the plan knows what a reference means, so that it hides nothing."""
        always = ("each.key", "count.", "path.", "terraform.")
        return reference.startswith(always) or (self.each_known and reference.startswith("each.value"))

    def _resolved(self, text: str, module: str, depth: int = 0) -> Any:
        """A reference of an expression, as the root sees it."""
        if depth > 16:
            return Unknown(text)
        if text.startswith("var."):
            return self._variable(text, module, depth)
        if text.startswith("module."):
            return self._output(text, module, depth)
        match = TRAVERSAL.match(text)
        address = f"{module}.{text}" if module else text
        if text.startswith(f"data.{POLICY_DOCUMENT}.") and text.endswith("json"):
            return self._document(address.rpartition(".")[0])
        if match and IDENTIFYING.search(match[6]):
            return Ref(address[: -len(match[6])], match[6])
        return Unknown(address)

    def _variable(self, text: str, module: str, depth: int) -> Any:
        name, _, rest = text.removeprefix("var.").partition(".")
        if not module:
            secret = self.root.get("variables", {}).get(name, {}).get("sensitive")
            return Unknown(text) if secret or not depth else self.variables.get(name, {}).get("value", Unknown(text))
        outer, step = _outer(module)
        call = self._module(outer).get("module_calls", {}).get(step, {})
        expression = call.get("expressions", {}).get(name)
        if not expression or rest or "[" in name:
            return Unknown(f"{module}.{text}")
        if "constant_value" in expression:
            return self._referred(expression, outer)
        primary = [text for text in _primary(expression.get("references", [])) if not self._known(text)]
        return self._resolved(primary[0], outer, depth + 1) if len(primary) == 1 else Unknown(f"{module}.{text}")

    def _output(self, text: str, module: str, depth: int) -> Any:
        match = MODULE_STEP.match(text)
        name = text[match.end() :].lstrip(".") if match else ""
        if not match or not re.fullmatch(r"[\w-]+", name):
            return Unknown(text)
        inner = f"{module}.{match[0]}" if module else match[0]
        expression = self._module(inner).get("outputs", {}).get(name, {}).get("expression", {})
        primary = _primary(expression.get("references", []))
        if "constant_value" in expression:
            return self._referred(expression, inner)
        return self._resolved(primary[0], inner, depth + 1) if len(primary) == 1 else Unknown(f"{module}.{text}")

    def _document(self, address: str) -> Any:
        change = self.data.get(address)
        if change is None:
            return Unknown(f"{address}.json")
        block = self._config_of("data", change["type"], change["name"], change.get("module_address", ""))
        arguments = self._arguments(change["change"], block.get("expressions", {}), change.get("module_address", ""))

        def known(value: Any) -> Any:
            if not is_known(value):
                raise NotKnown("known after apply")
            return value

        try:
            return policy_document(arguments, known)
        except (NotKnown, Invalid):
            return Unknown(f"{address}.json")

    def _module(self, address: str) -> Mapping[str, Any]:
        here: Mapping[str, Any] = self.root
        for name, _ in MODULE_STEP.findall(address):
            here = here.get("module_calls", {}).get(name, {}).get("module", {})
        return here

    def _config_of(self, mode: str, type_: str, name: str, module: str) -> Mapping[str, Any]:
        found = self._module(module).get("resources", [])
        return next((r for r in found if (r["mode"], r["type"], r["name"]) == (mode, type_, name)), {})

    def _providers(self, after: Mapping[str, Any]) -> Iterator[Block]:
        for key, provider in self.document.get("configuration", {}).get("provider_config", {}).items():
            alias = _alias(key).partition(".")[2]
            arguments = {
                name: value
                for name, expression in provider.get("expressions", {}).items()
                if (value := self._constant(expression, provider.get("module_address", ""))) is not None
            }
            if alias:
                arguments["alias"] = alias
            if refers(rendered(arguments.get("default_tags"))):
                arguments["default_tags"] = {"tags": default_tags(after.values())}
            yield Block("provider", provider["name"], alias, rendered(arguments), self.file)

    def _constant(self, expression: Any, module: str) -> Any:
        """A value of an expression that is not planned: a provider's argument, a module's."""
        if isinstance(expression, list):
            return [{key: self._constant(inner, module) for key, inner in block.items()} for block in expression]
        if "constant_value" in expression:
            return self._referred(expression, module)
        if "references" not in expression:
            return {key: self._constant(inner, module) for key, inner in expression.items()} or None
        primary = _primary(expression["references"])
        variable = primary[0].removeprefix("var.") if len(primary) == 1 else ""
        declared = self.root.get("variables", {}).get(variable, {})
        if not module and variable in self.variables and not declared.get("sensitive"):
            return self.variables[variable].get("value")
        return self._referred(expression, module)

    def _prior_data(self) -> Iterator[Block]:
        for entry in self.prior.values():
            lifecycle = {"lifecycle": Unknown("lifecycle, which no plan holds")}
            yield made("data", entry, {**shown_values(entry), **lifecycle}, self.file)

    def _ephemerals(self, module: Mapping[str, Any], address: str) -> Iterator[Block]:
        """Ephemeral blocks have no planned value: the configuration's part of the plan declares them."""
        for entry in module.get("resources", []):
            if entry["mode"] == "ephemeral":
                expressions = entry.get("expressions", {})
                arguments = {name: self._constant(expression, address) for name, expression in expressions.items()}
                yield Block("ephemeral", entry["type"], entry["name"], rendered(arguments), self.file, module=address)
        for name, call in module.get("module_calls", {}).items():
            yield from self._ephemerals(call.get("module", {}), f"{address}.module.{name}".lstrip("."))

    def _variables(self) -> Iterator[Block]:
        for name, variable in self.root.get("variables", {}).items():
            arguments = {key: variable[key] for key in ("default", "sensitive") if key in variable}
            yield Block("variable", "", name, rendered(arguments), self.file)

    def _outputs(self) -> Iterator[Block]:
        for name, output in self.root.get("outputs", {}).items():
            expression = output.get("expression", {})
            primary = _primary(expression.get("references", []))
            value = expression.get("constant_value")
            if value is not None:
                value = self._referred(expression, "")
            elif len(primary) == 1:
                value = self._resolved(primary[0], "")
                value = Ref(primary[0]) if isinstance(value, Unknown) else value
            elif primary:
                value = Template(tuple(Ref(text) for text in primary))
            arguments = {"value": value, **({"sensitive": True} if output.get("sensitive") else {})}
            yield Block("output", "", name, rendered(arguments), self.file)


def _is_constant(expression: Any) -> bool:
    """Whether a configuration states a literal: what it equals, it does not refer to."""
    return isinstance(expression, dict) and "constant_value" in expression and "references" not in expression


def _primary(references: list[str]) -> list[str]:
    """The references that no longer one begins with: a plan lists each with all its prefixes."""
    return [
        text
        for text in references
        if not any(other != text and other.startswith((f"{text}.", f"{text}[")) for other in references)
    ]


def _outer(module: str) -> tuple[str, str]:
    """`module.a["x"].module.b` -> (`module.a["x"]`, `b`)."""
    steps = list(MODULE_STEP.finditer(module))
    return module[: steps[-1].start()].rstrip("."), steps[-1][1]


def _alias(key: str) -> str:
    """A plan's provider key: `aws.west`, `module.site:aws.west`."""
    module, _, name = key.rpartition(":")
    type_, _, alias = name.partition(".")
    if module:
        return f"{type_}.{module}{'.' if alias else ''}{alias}"
    return name
