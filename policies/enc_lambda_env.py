"""ENC.lambda-env."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.keys import customer_managed_key
from policies.terraform import Arguments


class EncLambdaEnv(Policy):
    """Whoever may call GetFunctionConfiguration reads the variables, unless they also need our key to do so.

    CKV_AWS_173 refuses a key on a function without variables. That is harmless, and ready for the first variable.
    """

    id = "PG_ENC_LAMBDA_ENV"
    name = "Ensure Lambda environment variables are encrypted with a customer managed key"
    severity = "MEDIUM"
    resources = ("aws_lambda_function",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(e)",),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 4.1", "SR 4.1 RE 1", "SR 4.3"),
        "iso27001-2022": ("A.8.24",),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a",),
        "nist-800-53-r5": ("SC-28", "SC-28(1)", "SC-12"),
        "nist-csf-2.0": ("PR.DS-01",),
        "soc2": ("CC6.1", "C1.1"),
    }
    confidence = "high"
    fix = "pass key= to guarded_lambda_function; in Terraform: kms_key_arn = aws_kms_key.<name>.arn"
    source = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """A declared key, where there are environment variables."""
        variables = [map_ for block in conf.blocks("environment") for map_ in block.blocks("variables") if map_.values]
        if variables:
            yield from customer_managed_key(conf, "kms_key_arn")
