"""SEC.not-in-state."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.credentials import credential_name
from policies.disclosure import secret_references
from policies.terraform import Arguments, CannotDecide

STORED_ARGUMENTS = {
    "aws_acm_certificate": ("private_key",),
    "aws_cognito_identity_provider": ("provider_details.client_secret",),
    "aws_db_instance": ("password",),
    "aws_directory_service_directory": ("password",),
    "aws_dms_endpoint": ("password",),
    "aws_docdb_cluster": ("master_password",),
    "aws_elasticache_replication_group": ("auth_token",),
    "aws_elasticache_user": ("passwords", "authentication_mode.passwords"),
    "aws_glue_connection": ("connection_properties.PASSWORD",),
    "aws_iam_server_certificate": ("private_key",),
    "aws_lightsail_database": ("master_password",),
    "aws_memorydb_user": ("authentication_mode.passwords",),
    "aws_mq_broker": ("user.password",),
    "aws_opensearch_domain": ("advanced_security_options.master_user_options.master_user_password",),
    "aws_rds_cluster": ("master_password",),
    "aws_redshift_cluster": ("master_password",),
    "aws_redshiftserverless_namespace": ("admin_user_password",),
    "aws_secretsmanager_secret_version": ("secret_string", "secret_binary"),
    "aws_vpn_connection": ("tunnel1_preshared_key", "tunnel2_preshared_key"),
    "tls_cert_request": ("private_key_pem",),
    "tls_locally_signed_cert": ("ca_private_key_pem",),
    "tls_self_signed_cert": ("private_key_pem",),
}
"""Type -> arguments that Terraform writes into its state as they are; `_wo` beside them are write-only."""
STORED_ALWAYS = (
    "aws_iam_access_key",
    "aws_iam_service_specific_credential",
    "aws_iam_user_login_profile",
    "aws_lightsail_key_pair",
    "random_password",
    "tls_private_key",
)
"""Types whose secret is made by Terraform or given back by AWS, into the state in either case."""
READ_ALWAYS = (
    "aws_ecr_authorization_token",
    "aws_eks_cluster_auth",
    "aws_kms_secrets",
    "aws_secretsmanager_random_password",
    "aws_secretsmanager_secret_version",
    "aws_secretsmanager_secret_versions",
    "external",
    "vault_*",
)
"""Data sources that copy a secret, or what a program printed, into the state; `ephemeral` blocks do not."""
WRITE_ONLY = re.compile(r"(?:^|[.\]])\w+_wo(?:$|[.\[])")
READ_BY_DATA = re.compile(r"\$\{\s*(?:module\.[\w-]+(?:\[[^\]]*\])?\.)*data\.[\w.-]+(?:\[[^\]]*\][\w.-]*)*\s*\}")
RUNS = re.compile(r"^(?:provisioner|connection)(?:$|[.\[])")
"""Arguments for the run alone: an ephemeral value may stand there, what was read into the state may not."""
OTHER_STATE = "the outputs of another state, secrets among them or not"
CREDENTIAL_HEADERS = ("authorization", "proxy-authorization", "cookie")
PARAMETERS = ("aws_ssm_parameter", "aws_ssm_parameters_by_path")
REQUIRES_WRITE_ONLY = "absent: the write-only argument (`_wo`) with an ephemeral value, which no state keeps"


class SecNotInState(Policy):
    """The state holds the value of every argument in the clear, `sensitive` or not, and whoever plans can read it.

    A reference is as bad as a literal here: state keeps what it came to, in a trigger, an input, a tag or an output as
    well as in a password. Checkov has no rule for this.
    """

    id = "PG_SEC_NOT_IN_STATE"
    name = "Ensure secret values do not reach the Terraform state"
    severity = "CRITICAL"
    waivable = False
    resources = ("*",)
    data = (*READ_ALWAYS, *PARAMETERS, "http", "terraform_remote_state")
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
    fix = "read the existing secret with an ephemeral block into password_wo (secret_string_wo, value_wo)"
    source = "https://developer.hashicorp.com/terraform/language/manage-sensitive-data/write-only"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """The type has no secret in the state, and no argument that puts one there is set."""
        type_ = conf.block.type
        yield from _derived(conf)
        if conf.block.kind == "data":
            yield from _read(conf)
        elif type_ in STORED_ALWAYS:
            yield Violation("", type_, "an existing secret: this type keeps its secret in the state")
        elif type_ == "aws_iot_certificate":
            if not (conf.has("csr") or conf.has("certificate_pem")):
                yield Violation(
                    "csr", None, "a signing request made by the device: AWS's private key goes into the state"
                )
        elif type_ == "aws_ssm_parameter":
            yield from _parameter(conf)
        for path in STORED_ARGUMENTS.get(type_, ()):
            *outer, name = path.split(".")
            for place in _places(conf, outer):
                if place.has(name):
                    yield Violation(place.name_of(name), "a value (not shown)", REQUIRES_WRITE_ONLY)


def _derived(conf: Arguments) -> Iterator[Violation]:
    """Any argument that is given a secret's value; an output, if it is not for the run alone."""
    is_output = conf.block.kind == "output"
    if is_output and conf.flag("ephemeral"):
        return
    stored = STORED_ARGUMENTS.get(conf.block.type, ())
    for path, value in conf.raw():
        kept = path.startswith("value") if is_output else not WRITE_ONLY.search(path)
        if kept and isinstance(value, str) and re.sub(r"\[\d+\]", "", path) not in stored:
            found = secret_references(conf.configuration, value)
            bad = next((one for one in found if not (RUNS.match(path) and "ephemeral." in one)), None)
            if bad:
                yield Violation(path, f"a value that derives from {bad}", REQUIRES_WRITE_ONLY)
        elif isinstance(value, str) and WRITE_ONLY.search(path) and READ_BY_DATA.fullmatch(value.strip()):
            yield Violation(path, "what a data source reads", "an ephemeral value: state keeps what data sources read")


def _places(conf: Arguments, names: list[str]) -> list[Arguments]:
    places = [conf]
    for name in names:
        places = [inner for place in places for inner in place.blocks(name)]
    return places


def _parameter(conf: Arguments) -> Iterator[Violation]:
    """A parameter that is a secret by its type must be written with value_wo."""
    if conf.text("type") == "SecureString" and (conf.has("value") or conf.has("insecure_value")):
        yield Violation("value", "a value (not shown)", "absent: value_wo, which no state keeps")


def _read(conf: Arguments) -> Iterator[Violation]:
    type_ = conf.block.type
    if type_ == "terraform_remote_state":
        raise CannotDecide("", OTHER_STATE, "an existing thing, looked up by its name")
    if type_ == "http":
        headers = [header for block in conf.blocks("request_headers") for header in block.values]
        for header in headers:
            if credential_name(header) or header.lower() in CREDENTIAL_HEADERS:
                yield Violation(
                    f"request_headers.{header}", "a value (not shown)", "no credential: state keeps headers"
                )
    elif type_ not in PARAMETERS:
        yield Violation("", type_, "an ephemeral block: a data source copies the secret into the state")
    else:
        yield from _read_parameter(conf)


def _read_parameter(conf: Arguments) -> Iterator[Violation]:
    path = conf.text("name") if conf.block.type == "aws_ssm_parameter" else conf.text("path")
    public = str(path).startswith("/aws/service/")  # AWS's own public parameters, such as image ids
    if not public and conf.flag("with_decryption") is not False:
        yield Violation("with_decryption", conf.flag("with_decryption"), "false, or an ephemeral block")
