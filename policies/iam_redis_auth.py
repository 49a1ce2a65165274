"""IAM.redis-auth."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments, CannotDecide

GROUPS = {"aws_elasticache_replication_group": "user_group_ids", "aws_elasticache_serverless_cache": "user_group_id"}
SECRETS = ("data.aws_secretsmanager_secret_version", "ephemeral.aws_secretsmanager_secret_version")
METHODS = ("iam", "password")
EVERYONE = "default"
"""The user that AWS makes: every command on every key, without a password."""
ADMINISTRATION = ("+@admin", "+@dangerous")


class IamRedisAuth(Policy):
    """Redis without authentication serves whoever reaches its port, the first compromised neighbour included.

    AwsSolutions-AEC6 insists on an AUTH token. We accept it, but prefer user groups: a token is one password for all,
    and never expires, while IAM users sign in with a request that is valid for minutes.
    """

    id = "PG_IAM_REDIS_AUTH"
    name = "Ensure Redis clients authenticate"
    severity = "HIGH"
    resources = (
        *GROUPS,
        "aws_elasticache_cluster",
        "aws_elasticache_user",
        "aws_elasticache_user_group",
        "aws_elasticache_user_group_association",
        "aws_memorydb_cluster",
    )
    controls = {
        "aws-fsbp": ("ElastiCache.6",),
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 1.2", "SR 1.5", "SR 2.1"),
        "iso27001-2022": ("A.8.5", "A.5.15"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.6.1",),
        "nist-800-53-r5": ("AC-3", "IA-5", "IA-9"),
        "nist-csf-2.0": ("PR.AA-03", "PR.AA-05"),
        "pci-dss-4.0": ("8.3.2",),
        "soc2": ("CC6.3",),
    }
    confidence = "high"
    fix = "set user_group_ids to an aws_elasticache_user_group whose users authenticate with IAM"
    source = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """A cache has a user group or a token from Secrets Manager; each user proves who he is."""
        if conf.block.type == "aws_elasticache_user":
            yield from _user(conf)
        elif conf.block.type in ("aws_elasticache_user_group", "aws_elasticache_user_group_association"):
            yield from _members(conf)
        elif conf.block.type == "aws_memorydb_cluster":
            if (rights := conf.text("acl_name")) in (None, "", "open-access"):
                yield Violation("acl_name", rights, "an aws_memorydb_acl: open-access asks for nothing")
        elif conf.block.type == "aws_elasticache_cluster":
            if conf.text("engine") != "memcached" and not conf.text("replication_group_id"):
                yield Violation("replication_group_id", None, "a replication group: a lone cluster cannot authenticate")
        else:
            yield from _cache(conf)


def _cache(conf: Arguments) -> Iterator[Violation]:
    if conf.text("engine") == "memcached":
        return  # knows neither users nor tokens
    argument = GROUPS[conf.block.type]
    raw = conf.values.get(argument)
    groups = [item for item in (raw if isinstance(raw, list) else [raw]) if item not in (None, "")]
    conf.note(argument, ", ".join(map(str, groups)) or None)
    for group in groups:
        if conf.target(group, "aws_elasticache_user_group") is None:
            conf.configuration.resolve(group, argument)
            raise CannotDecide(argument, group, "an aws_elasticache_user_group of the same configuration")
    if groups:
        return
    token = conf.values.get("auth_token")
    if token is None:
        yield Violation(argument, None, "a user group, or auth_token from Secrets Manager")
    elif conf.target(token, *SECRETS) is None:
        conf.configuration.resolve(token, "auth_token")
        yield Violation("auth_token", "a value that is not from Secrets Manager", "a reference to a secret's version")


def _user(conf: Arguments) -> Iterator[Violation]:
    rights = (conf.text("access_string") or "").lower().split()
    if rights[:1] == ["off"] and "on" not in rights:
        return  # switched off, as the default user must be: it cannot sign in at all
    if not rights or any(group in rights for group in ADMINISTRATION):
        yield Violation("access_string", " ".join(rights) or None, "the commands and keys that the workload needs")
    if "+@all" in rights or "allcommands" in rights:
        yield Violation("access_string", "+@all", "the commands that the workload needs")
    if "nopass" in rights:
        yield Violation("access_string", "nopass", "no nopass")
    if conf.flag("no_password_required"):
        yield Violation("no_password_required", True, "false")
    mode = conf.block_at("authentication_mode")
    method = mode.text("type") if mode else ("password" if conf.values.get("passwords") else None)
    if method not in METHODS:
        yield Violation("authentication_mode", method, '"iam" or "password"')


def _members(conf: Arguments) -> Iterator[Violation]:
    """Users that are declared here, and so judged here; never the one that AWS makes."""
    argument = "user_ids" if conf.block.type == "aws_elasticache_user_group" else "user_id"
    for user in conf.strings(argument):
        if conf.target(user, "aws_elasticache_user"):
            continue
        if user != EVERYONE:
            raise CannotDecide(argument, user, "an aws_elasticache_user of the same configuration")
        yield Violation(argument, user, "a user named default that is switched off, under another id")
