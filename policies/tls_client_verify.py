"""TLS.client-verify."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.profiles import SENSOR_PLATFORM
from policies.terraform import Arguments

SSL_MODE = re.compile(r"sslmode=([\w-]*)")
CLEAR_TEXT_CACHE = re.compile(r"(?<![a-z])redis://", re.IGNORECASE)
UNVERIFIED_CACHE = re.compile(r"ssl_cert_reqs=(cert_)?(none|optional)|ssl_check_hostname=(false|0)", re.IGNORECASE)
UNVERIFIED_DATABASE = re.compile(
    r"NonValidatingFactory|rejectUnauthorized[=:\s\"']+false|trustServerCertificate=true|[?&;\s]ssl=(false|0)",
    re.IGNORECASE,
)
"""What other drivers than libpq call the same thing."""
NAMES_DATABASE = re.compile(r"(PG|DB_(HOST|URL|USER)|DATABASE_|POSTGRES)")
POINTS_AT_DATABASE = re.compile(r"\baws_(db_instance|rds_cluster)\.")
NAMES_CACHE = re.compile(r"REDIS|VALKEY", re.IGNORECASE)
SWITCHED_OFF = {"NODE_TLS_REJECT_UNAUTHORIZED": "0", "PYTHONHTTPSVERIFY": "0"}
"""Variables that turn verification off for a whole process."""
Settings = list[tuple[str, str]]


class TlsClientVerify(Policy):
    """Encryption to whoever answers is encryption to the attacker: a forged server gets the password.

    libpq's default (`prefer`) falls back to clear text, and `require` accepts any certificate, so every container,
    and every function with a place in the VPC, must state verify-full. Where a cache is named, its URL must be
    `rediss://`. Names and schemes are reported, never values: URLs hold passwords. Terraform is a client as well: a
    provider that does not verify, or calls another endpoint in clear text, is refused in every profile.
    """

    id = "PG_TLS_CLIENT_VERIFY"
    name = "Ensure clients verify the certificates of PostgreSQL, Redis and AWS"
    severity = "MEDIUM"
    resources = ("aws_ecs_task_definition", "aws_lambda_function")
    blocks = ("provider",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(e)", "Annex I Part I (2)(f)"),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 3.1", "SR 3.1 RE 1", "SR 3.8"),
        "iso27001-2022": ("A.8.24", "A.5.14"),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a", "6.7.2.i"),
        "nist-800-53-r5": ("SC-8(1)", "SC-23"),
        "nist-csf-2.0": ("PR.DS-02",),
        "pci-dss-4.0": ("4.2.1",),
        "soc2": ("CC6.7",),
    }
    strength = "supporting"
    fix = "in the environment: PGSSLMODE=verify-full, and REDIS_URL=rediss://... where the workload uses the cache"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.kind == "provider":
            yield from in_turn((_verifies(conf), in_turn(map(_over_tls, conf.each_block("endpoints")))))
            return
        if conf.profile.name != SENSOR_PLATFORM.name:
            conf.note("environment", "how other teams' clients are configured is theirs")
            return
        if conf.block.type == "aws_lambda_function":
            settings = _of_function(conf)
            yield from _cache(settings, "environment.variables")
            if conf.has("vpc_config") or any(_is_about_database(name, value) for name, value in settings):
                yield from _database(conf, settings, "environment.variables")
            return
        containers = conf.documents("container_definitions")
        if not containers:
            yield Violation("container_definitions", None, "containers that state PGSSLMODE=verify-full")
        for container in containers:
            settings = _of_container(container)
            yield from _cache(settings, container.name_of("environment"))
            yield from _database(container, settings, container.name_of("environment"))


def _verifies(provider: Arguments) -> Iterator[Violation]:
    if provider.flag("insecure"):
        yield Violation("insecure", True, "false: whoever answers gets our credentials' signature and our secrets")


def _over_tls(endpoints: Arguments) -> Iterator[Violation]:
    for service in endpoints.values:
        url = endpoints.text(service)
        if url and not url.startswith("https://"):
            yield Violation(endpoints.name_of(service), url, "an https:// URL, or none")


def _of_function(conf: Arguments) -> Settings:
    environment = conf.block_at("environment", "variables")
    return _decided(environment, list(environment.values.items())) if environment else []


def _of_container(container: Arguments) -> Settings:
    pairs = [(entry.values.get("name"), entry.values.get("value")) for entry in container.blocks("environment")]
    commands = [("command", container.values.get(name, "")) for name in ("command", "entryPoint")]
    return _decided(container, [*pairs, *commands])


def _decided(conf: Arguments, pairs: list[tuple[object, object]]) -> Settings:
    """The values as the workload sees them; read past the accessors, whose evidence would show them."""
    resolve = conf.configuration.resolve
    return [(str(name), str(resolve(value, conf.name_of(str(name))))) for name, value in pairs]


def _is_about_database(name: str, value: str) -> bool:
    return NAMES_DATABASE.match(name) is not None or POINTS_AT_DATABASE.search(value) is not None


def _database(conf: Arguments, settings: Settings, where: str) -> Iterator[Violation]:
    modes = [value for name, value in settings if name == "PGSSLMODE"]
    modes += [mode for _, value in settings for mode in SSL_MODE.findall(value)]
    conf.note("PGSSLMODE", " and ".join(modes) or None)
    if not modes or any(mode != "verify-full" for mode in modes):
        yield Violation(f"{where}: PGSSLMODE", " and ".join(modes) or None, "verify-full")
    for name, value in settings:
        if UNVERIFIED_DATABASE.search(value):
            yield Violation(f"{where}: {name}", "a driver told not to verify", "a verified certificate and host name")


def _cache(settings: Settings, where: str) -> Iterator[Violation]:
    named = [name for name, value in settings if NAMES_CACHE.search(name) or "aws_elasticache_" in value]
    if named and not any(value.startswith("rediss://") for _, value in settings):
        yield Violation(f"{where}: {named[0]}", "no rediss:// URL", "the URL of the cache, with the scheme rediss://")
    for name, value in settings:
        if CLEAR_TEXT_CACHE.search(value):
            yield Violation(f"{where}: {name}", "redis://...", "the scheme rediss://")
        if UNVERIFIED_CACHE.search(value):
            yield Violation(f"{where}: {name}", "a URL without verification", "a verified certificate and host name")
        if SWITCHED_OFF.get(name) == value:
            yield Violation(f"{where}: {name}", value, "no switch that turns verification off")
