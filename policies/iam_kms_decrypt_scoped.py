"""IAM.kms-decrypt-scoped."""

from __future__ import annotations

from collections.abc import Iterator

from policies.accounts import own_key_arn
from policies.base import Policy, Violation
from policies.gaps import certain, decided, refuse_gap, together
from policies.iam import IDENTITY_POLICIES, Statement, identity_statements
from policies.principals import via_service
from policies.profiles import SENSOR_PLATFORM
from policies.terraform import Arguments, CannotDecide

DECRYPTION = ("kms:CreateGrant", "kms:Decrypt", "kms:ReEncryptFrom")
"""A grant lends decryption to whomever it names, its maker included."""
MADE_HERE = ("aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key")
DECLARED = (*MADE_HERE, "data.aws_kms_key")
VIA = "kms:ViaService"
REQUIRES = "ARNs of single keys: aws_kms_key.<name>.arn, or a key ARN of our account and region"


class IamKmsDecryptScoped(Policy):
    """A role that decrypts under every key reads every store; the keys then separate nothing.

    A condition (kms:ViaService, kms:ResourceAliases) does not replace the ARN. An alias as Resource is refused too:
    AWS does not apply it to kms:Decrypt, and where it points can be changed without the policy.
    In sensor-platform decryption under a key that is made elsewhere needs kms:ViaService: nobody here sees that key's
    own policy, and it may guard more than the one secret.
    """

    id = "PG_IAM_KMS_DECRYPT_SCOPED"
    name = "Ensure decryption is granted for named keys only"
    severity = "HIGH"
    resources = ("aws_iam_role", *IDENTITY_POLICIES)
    controls = {
        "aws-fsbp": ("KMS.1", "KMS.2"),
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1"),
        "iso27001-2022": ("A.5.15", "A.5.18", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.a",),
        "nist-800-53-r5": ("AC-3", "AC-6", "SC-12"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("3.6.1.3", "7.2.1"),
        "soc2": ("CC6.3",),
    }
    confidence = "high"
    fix = "name the key: Resource = aws_kms_key.<name>.arn"
    source = "https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies-best-practices.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Each Allow of decryption or re-encryption has key ARNs as its only resources."""
        yield from together(_unnamed(conf, statement) for statement in identity_statements(conf))


def _unnamed(conf: Arguments, statement: Statement) -> Iterator[Violation]:
    granted = decided(DECRYPTION, lambda action: action if statement.grants(action) else "")
    actions = [action for action in certain(granted) if action]
    if actions:
        path = f"{statement.path}.Resource"
        keys = decided(statement.resources, lambda resource: (resource, _is_key(conf, resource, path)))
        unnamed = [resource for resource, is_key in certain(keys) if not is_key]
        if unnamed or not keys:
            yield Violation(path, f"{', '.join(unnamed) or 'none'} for {', '.join(actions)}", REQUIRES)
        elsewhere = [resource for resource, is_key in certain(keys) if is_key and not conf.target(resource, *MADE_HERE)]
        if elsewhere and conf.profile.name == SENSOR_PLATFORM.name and not via_service(statement):
            yield Violation(VIA, f"not in {statement.path}.Condition for {', '.join(elsewhere)}", f"StringEquals {VIA}")
        refuse_gap(keys)
    refuse_gap(granted)


def _is_key(conf: Arguments, resource: str, path: str) -> bool:
    found = conf.reference(resource)
    if found is None:
        return own_key_arn(conf, resource)
    block, attribute = found
    if block.kind == "data" and block.type not in ("aws_kms_alias", "aws_kms_key"):
        raise CannotDecide(path, resource, REQUIRES)
    key = str(block.arguments.get("key_id")) if block.kind == "data" else ""
    if "arn:" in key:  # looked up by its ARN, so it may be anybody's
        return attribute == "arn" and own_key_arn(conf, str(conf.configuration.resolve(key, path)))
    return block.label in DECLARED and attribute == "arn"
