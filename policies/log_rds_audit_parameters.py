"""LOG.rds-audit-parameters."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments

GROUPS = {
    "aws_db_instance": ("parameter_group_name", "aws_db_parameter_group"),
    "aws_rds_cluster": ("db_cluster_parameter_group_name", "aws_rds_cluster_parameter_group"),
}
"""Terraform type -> the argument that names its parameter group, and the group's type."""
ON = ("1", "on", "true", "yes", "all")
"""How PostgreSQL spells it; `all` since version 18."""
SCHEMA_CHANGES = ("ddl", "mod", "all")
PGAUDIT_CLASSES = frozenset({"ddl", "all"})


class LogRdsAuditParameters(Policy):
    """A stolen password leaves one trace: who connected, when, and which tables they altered or dropped.

    PostgreSQL records none of it by default. CKV2_AWS_30 looks for the names of parameters and so passes the value
    `none`; here the values count, and each repetition of a parameter must hold a good one.
    """

    id = "PG_LOG_RDS_AUDIT_PARAMETERS"
    name = "Ensure PostgreSQL records connections, disconnections and schema changes"
    severity = "MEDIUM"
    resources = tuple(GROUPS)
    controls = {
        "eu-cra": ("Annex I Part I (2)(l)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 2.8",),
        "iso27001-2022": ("A.8.15",),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.3.d",),
        "nist-800-53-r5": ("AU-2", "AU-3", "AU-12"),
        "nist-csf-2.0": ("PR.PS-04",),
        "pci-dss-4.0": ("10.2.1", "10.2.2"),
        "soc2": ("CC7.2",),
    }
    fix = "attach a parameter group with log_connections = 1, log_disconnections = 1 and log_statement = ddl"
    source = (
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.PostgreSQL.Query_Logging.html"
    )

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        engine = conf.text("engine")
        if engine is not None and "postgres" not in engine.lower():
            return  # of a restored instance or a replica the engine is not stated: judged as PostgreSQL
        argument, type_ = GROUPS[conf.block.type]
        other, _ = conf.reference(conf.values.get(argument)) or (None, "")
        if other is not None and other.type != type_ and other.type in dict(GROUPS.values()).values():
            yield Violation(argument, conf.values[argument], f"an {type_}")
            return
        group = conf.follow(argument, type_) if conf.text(argument) else None
        if group is None:
            yield Violation(argument, None, "a parameter group that turns the audit parameters on")
            return
        parameters = _parameters(group)
        for name in ("log_connections", "log_disconnections"):
            values = parameters.get(name, [])
            if not values or not all(value in ON for value in values):
                yield Violation(argument, f"{name} = {', '.join(values) or 'absent'}", f"{name} = 1")
        if not _all_in(parameters.get("log_statement", []), SCHEMA_CHANGES) and not _pgaudit(parameters):
            got = ", ".join(parameters.get("log_statement", [])) or "absent"
            wanted = f"log_statement = {' or '.join(SCHEMA_CHANGES)}, or pgaudit"
            yield Violation(argument, f"log_statement = {got}", wanted)


def _parameters(group: Arguments) -> dict[str, list[str]]:
    """Name -> values. The provider writes names in lower case, so another case is the same parameter."""
    found: dict[str, list[str]] = {}
    for parameter in group.blocks("parameter"):
        found.setdefault(str(parameter.text("name")).lower(), []).append(str(parameter.text("value")).lower())
    for name in sorted({"log_connections", "log_disconnections", "log_statement", "pgaudit.log"} & set(found)):
        group.note(name, ", ".join(found[name]))
    return found


def _pgaudit(parameters: dict[str, list[str]]) -> bool:
    libraries = parameters.get("shared_preload_libraries", [])
    classes = [_words(value) for value in parameters.get("pgaudit.log", [])]
    loaded = bool(libraries) and all("pgaudit" in _words(value) for value in libraries)
    return loaded and bool(classes) and all(words & PGAUDIT_CLASSES and "-ddl" not in words for words in classes)


def _all_in(values: list[str], accepted: tuple[str, ...]) -> bool:
    return bool(values) and all(value in accepted for value in values)


def _words(value: str) -> set[str]:
    return {word.strip() for word in value.split(",")}
