"""SEC.no-plaintext-secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from policies.base import Policy, Violation
from policies.credentials import credential_in, credential_name, is_literal_secret, named_values
from policies.disclosure import REFERENCE
from policies.terraform import INTERPOLATION, Arguments, Block, CannotDecide

HIDDEN = "(not shown)"
REQUIRES = "no literal credential: a reference to an existing secret, or its ARN"
ISSUERS = ("aws_", "random_", "tls_")
"""Providers whose attributes are made by them; elsewhere (terraform_data) an attribute may repeat a literal."""


class SecNoPlaintextSecret(Policy):
    """What stands in the configuration stands in every clone, build log and backup of it, for good.

    Checkov's own secret scan needs high entropy and misses `hunter2`. Names, shapes and randomness are judged here, in
    every block; no finding is no proof. AwsSolutions-ECS2 forbids any plain environment variable; we, secret ones.
    """

    id = "PG_SEC_NO_PLAINTEXT_SECRET"
    name = "Ensure the configuration holds no literal credential"
    severity = "CRITICAL"
    waivable = False
    resources = ("*",)
    data = ("*",)
    blocks = ("ephemeral", "locals", "module", "output", "provider", "terraform", "variable")
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)", "Annex I Part I (2)(e)"),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 1.5", "SR 4.1"),
        "iso27001-2022": ("A.5.17", "A.8.28"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.6.2.b",),
        "nist-800-53-r5": ("IA-5", "IA-5(7)"),
        "nist-csf-2.0": ("PR.AA-01", "PR.PS-06"),
        "pci-dss-4.0": ("8.3.2", "8.6.2"),
        "soc2": ("CC6.1",),
    }
    confidence = "high"
    fix = "put the value into Secrets Manager, change it (it has leaked), and refer to the secret"
    source = "https://developer.hashicorp.com/terraform/language/manage-sensitive-data"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """One violation for each argument that holds a credential, or that hides whether it does."""
        yield from _search(conf)
        providers = conf.of_kind("provider") if conf.block.kind == "provider" else []
        if providers and _first_of(providers, "aws") is conf.block:  # the gate asks about AWS's providers alone
            for other in providers:
                if other.block.type != "aws":
                    for found in _search(other):
                        yield replace(found, argument=f"{other.address}.{found.argument}")


def _first_of(providers: list[Arguments], type_: str) -> Block | None:
    return next((provider.block for provider in providers if provider.block.type == type_), None)


def _search(conf: Arguments) -> Iterator[Violation]:
    searched = 0
    marked = conf.block.kind == "variable" and any(conf.flag(word) for word in ("sensitive", "ephemeral"))
    if marked and is_literal_secret(conf.values.get("default")):
        yield Violation("default", f"a literal that is marked as secret {HIDDEN}", REQUIRES)
    for path, name, value in named_values(conf.values, "", conf.block.name):
        searched += 1
        kind = credential_in(value, name) if isinstance(value, str) else ""
        if kind:
            yield Violation(path, f"{kind} {HIDDEN}", REQUIRES)
        elif credential_name(name) and is_literal_secret(value):
            yield from _named(conf, path, value)
    conf.note("values", f"{searched} searched, no credential among them")


def _named(conf: Arguments, path: str, value: Any) -> Iterator[Violation]:
    """A value under a credential's name: no literal, neither here nor at the end of its references."""
    resolved = _resolved(conf, value)
    if resolved is not None and not INTERPOLATION.search(resolved):
        if is_literal_secret(resolved):
            yield Violation(path, f"a literal {HIDDEN}", REQUIRES)
    elif not _is_from_elsewhere(conf, str(value) if resolved is None else resolved):
        yield Violation(path, f"an expression {HIDDEN}", REQUIRES, undecided=True)


def _resolved(conf: Arguments, value: Any) -> str | None:
    try:
        return str(conf.configuration.resolve(value, ""))
    except CannotDecide:
        return None


def _is_from_elsewhere(conf: Arguments, text: str) -> bool:
    """Whether it is one expression, without a literal of its own, of attributes that a provider makes."""
    text = text.strip()
    expression = re.sub(r'\[\s*"[^"]*"\s*\]', "", text[2:-1])
    if not (text.startswith("${") and text.endswith("}")) or '"' in expression or "${" in expression:
        return False
    references = list(REFERENCE.finditer(text[2:-1]))
    made = all(reference[3].startswith(ISSUERS) for reference in references)
    values = [_resolved(conf, f"${{{reference[0]}}}") for reference in references]
    return bool(references) and made and all(value is None or "${" in value for value in values)
