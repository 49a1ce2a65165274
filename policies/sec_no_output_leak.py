"""SEC.no-output-leak."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.disclosure import REFERENCE, secret_references
from policies.terraform import Arguments, CannotDecide

VALUES = ("value", "insecure_value")


class SecNoOutputLeak(Policy):
    """Outputs are printed by every apply, kept by every pipeline and read by other stacks.

    `sensitive` keeps a value out of the logs. It stays in the state: SEC.not-in-state asks that it is not there either.
    """

    id = "PG_SEC_NO_OUTPUT_LEAK"
    name = "Ensure outputs and parameters do not reveal secrets"
    severity = "MEDIUM"
    waivable = False
    resources = ("aws_ssm_parameter",)
    blocks = ("output",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)", "Annex I Part I (2)(e)"),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 1.5", "SR 4.1"),
        "iso27001-2022": ("A.5.17",),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.6.2.b",),
        "nist-800-53-r5": ("IA-5", "IA-5(7)"),
        "nist-csf-2.0": ("PR.AA-01",),
        "pci-dss-4.0": ("8.3.2", "8.6.2"),
        "soc2": ("CC6.1",),
    }
    strength = "supporting"
    fix = "output the ARN of the secret instead of its value, or set sensitive = true"
    source = "https://developer.hashicorp.com/terraform/language/values/outputs#sensitive"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """What derives from a secret is sensitive; in a parameter, a SecureString."""
        protected = conf.flag("sensitive") if conf.block.kind == "output" else conf.text("type") == "SecureString"
        for path, value in conf.raw():
            if not path.startswith(VALUES) or (protected and not path.startswith("insecure_value")):
                continue
            found = list(secret_references(conf.configuration, str(value)))
            conf.note(path, ", ".join(found) if found else "derives from no secret")
            if found:
                yield Violation(path, f"derives from {', '.join(found)}", "the ARN alone, or a protected value")
            elif "${" in str(value) and _hides_source(conf, str(value)):
                raise CannotDecide(path, value, "a value whose source this configuration shows")


def _hides_source(conf: Arguments, text: str) -> bool:
    """Whether a reference is to the output of a module whose blocks are not here."""
    for match in REFERENCE.finditer(text):
        of_module = match[3] == "module" or (match[1] and match[3] not in ("var", "local"))
        if of_module and conf.configuration.referenced(match[0]) is None:
            return True
    return False
