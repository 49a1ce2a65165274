"""Stage 1 of 8, settings: command line, environment, cdktf context, TOML file -> Settings.

The only reader of the environment. `load_settings` is the way in: it takes every value from its strongest source
and refuses all wrong ones in one SettingsError. No field holds a secret: the database password is an entry in
Secrets Manager, and only its name and its key's ARN are settings. The key that signs runs is read apart, and goes
nowhere else.
"""

import getpass
import ipaddress
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, from_json

from lib.artifacts import Actor
from lib.errors import SettingsError

PREFIX: Final = "PLANTGUARD_"
THRESHOLD_PREFIX: Final = f"{PREFIX}THRESHOLD_"
THRESHOLD_TABLE: Final = "thresholds"
FILE_VARIABLE: Final = "PLANTGUARD_SETTINGS"
SUFFIX_VARIABLE: Final = "ENVIRONMENT_SUFFIX"
ACTOR_VARIABLE: Final = f"{PREFIX}ACTOR"
APPROVER_VARIABLE: Final = f"{PREFIX}APPROVER"
CONTEXT_VARIABLE: Final = "CDKTF_CONTEXT_JSON"
SIGNING_KEY_VARIABLE: Final = "PLANTGUARD_SIGNING_KEY"
PUBLIC_KEY_VARIABLE: Final = "PLANTGUARD_PUBLIC_KEY"
NOT_SETTINGS: Final = frozenset(
    {FILE_VARIABLE, ACTOR_VARIABLE, APPROVER_VARIABLE, SIGNING_KEY_VARIABLE, PUBLIC_KEY_VARIABLE}
)
"""Variables of our prefix that say nothing about the stack; they are read elsewhere here."""
DEFAULT_FILE: Final = Path(__file__).resolve().parents[1] / "plantguard.toml"

# Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
FARGATE_MEMORY_MIB: Final[Mapping[int, tuple[int, ...]]] = MappingProxyType(
    {
        256: (512, 1024, 2048),
        512: tuple(range(1024, 4096 + 1, 1024)),
        1024: tuple(range(2048, 8192 + 1, 1024)),
        2048: tuple(range(4096, 16384 + 1, 1024)),
        4096: tuple(range(8192, 30720 + 1, 1024)),
        8192: tuple(range(16384, 61440 + 1, 4096)),
        16384: tuple(range(32768, 122880 + 1, 8192)),
    }
)
RFC_1918: Final = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
# PostgreSQL's reserved key words, and the databases (and the word `db`) that RDS keeps for itself.
# Source: https://www.postgresql.org/docs/16/sql-keywords-appendix.html
_RESERVED_WORDS: Final = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
    column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze
    from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
    localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references
    returning right select session_user similar some symmetric system_user table tablesample then to trailing true
    union unique user using variadic verbose when where window with
    db postgres rdsadmin template0 template1
"""
RESERVED_DATABASE_NAMES: Final = frozenset(_RESERVED_WORDS.split())


@dataclass(frozen=True)
class Problem:
    """One wrong setting: where its value came from, what it is and what it would have to be."""

    field: str
    source: str
    got: str
    requires: str

    def __str__(self) -> str:
        return f"{self.field} ({self.source}): got {self.got}, requires {self.requires}"


@dataclass(frozen=True)
class Requires:
    """What a type demands, in words, where its bounds cannot be read off it; `withheld` keeps a wrong value unseen."""

    words: str
    withheld: bool = False


Region = Annotated[
    Literal["eu-west-1"],
    Requires("'eu-west-1' (data residency: the platform's data and their processing stay in Ireland)"),
]
EnvironmentClass = Annotated[
    Literal["ephemeral"],
    Requires("'ephemeral' (every environment must be fully destroyable; a class that keeps its data is not offered)"),
]
EnvironmentSuffix = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9]{1,15}$"),
    Requires(
        "2 to 16 lower-case letters and digits, a letter first (no hyphen, so that two environments never share"
        " a derived name; 16 so that a replication group id stays within its 40 characters)"
    ),
]
AccountId = Annotated[str, Field(pattern=r"^[0-9]{12}$"), Requires("the 12 digits of an AWS account, as text")]
Project = Annotated[
    str,
    Field(min_length=2, max_length=16, pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"),
    Requires("2 to 16 lower-case letters, digits and single hyphens, a letter first and no hyphen last"),
]
Owner = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9+\-=._:/@][A-Za-z0-9 +\-=._:/@]{0,126}[A-Za-z0-9+\-=._:/@]$"),
    Requires("an email address or a team's name: 2 to 128 letters, digits, + - = . _ : / @ or spaces between them"),
]
CostCentre = Annotated[
    str, Field(pattern=r"^[A-Z]{2}-[0-9]{4,8}$"), Requires("two capitals, a hyphen and 4 to 8 digits, like 'CC-4711'")
]
VpcCidr = Annotated[str, Requires("a network in CIDR notation, as text")]
TopicPrefix = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$"), Requires("one MQTT topic level: 1 to 64 letters, digits, _ or -")
]
ImageDigest = Annotated[
    str,
    Field(pattern=r"^sha256:[0-9a-f]{64}$"),
    Requires("'sha256:' and 64 lower-case hexadecimal digits, never a tag"),
]
DatabaseName = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9_]{0,62}$"),
    Requires("a PostgreSQL identifier: 1 to 63 lower-case letters, digits and underscores, a letter first"),
]
# Withheld, because a refused name may well be the secret itself, pasted in the wrong place.
SecretName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9/_+=.@-]{1,512}$"),
    Requires("the name (not the ARN, not the value) of an entry: 1 to 512 letters, digits or / _ + = . @ -", True),
]
KeyArn = Annotated[
    str,
    Field(pattern=r"^arn:aws:kms:eu-west-1:[0-9]{12}:key/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
    Requires("arn:aws:kms:eu-west-1:<account>:key/<uuid> (no alias, and no mrk- key: it can leave the region)"),
]
BucketName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$"),
    Requires("3 to 63 lower-case letters, digits and hyphens (no dot: S3's TLS certificate would not match)"),
]
Subscriber = Annotated[
    str,
    Field(
        pattern=r"^([A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]+\.)+[A-Za-z]{2,63}"
        r"|https://([A-Za-z0-9-]+\.)+[A-Za-z]{2,63}(:[0-9]{1,5})?(/[!-~]*)?)$"
    ),
]


class Settings(BaseModel):
    """Everything an environment can be told; frozen, and valid once it exists.

    Cross-field rules sit on the later field of a pair and see only earlier fields that are valid themselves.
    Sources: each service's API reference, https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_default=True, hide_input_in_errors=True
    )

    environment_suffix: EnvironmentSuffix = Field("dev", description="Ends every name of this environment.")
    region: Region = Field("eu-west-1", description="AWS region of every resource.")
    account_id: AccountId = Field("123456789012", description="The only AWS account the provider may act in.")
    environment_class: EnvironmentClass = Field("ephemeral", description="What `destroy` leaves behind: nothing.")

    project: Project = Field("factory-sensors", description="Tag: the project that pays and decides.")
    owner: Owner = Field(description="Tag: email address or name of the team that answers for the environment.")
    cost_centre: CostCentre = Field(description="Tag: cost centre that is charged.")
    environment: Literal["development", "test", "staging", "production-like"] = Field(
        "development", description="Tag: what the environment is used for."
    )
    data_classification: Literal["internal", "confidential", "restricted"] = Field(
        "confidential", description="Tag: the highest class of data the environment may hold."
    )

    vpc_cidr: VpcCidr = Field("10.20.0.0/16", description="IPv4 range of the VPC.")
    availability_zone_count: Literal[2, 3] = Field(2, description="Availability zones in use.")

    stream_mode: Literal["ON_DEMAND", "PROVISIONED"] = Field("ON_DEMAND", description="Capacity mode of the stream.")
    shard_count: int | None = Field(None, ge=1, le=200, description="Shards of a PROVISIONED stream.")
    stream_retention_hours: int = Field(168, ge=168, le=8760, description="How long a record can be read, in hours.")
    sensor_topic_prefix: TopicPrefix = Field("factory", description="First level of the sensors' MQTT topics.")
    iot_rule_enabled: bool = Field(True, description="False leaves the IoT rule out; producers write to Kinesis.")

    image_digest: ImageDigest = Field(description="Digest of the processor's container image.")
    task_cpu_units: Literal[256, 512, 1024, 2048, 4096, 8192, 16384] = Field(
        512, description="CPU of one task, in units of 1/1024 vCPU."
    )
    task_memory_mib: int = Field(1024, ge=512, le=122880, description="Memory of one task, in MiB.")
    task_count_min: int = Field(2, ge=2, le=50, description="Tasks that always run.")
    task_count_max: int = Field(6, ge=3, le=100, description="Tasks at full scale.")
    task_cpu_target_percent: int = Field(60, ge=20, le=80, description="CPU use that scaling aims at, in percent.")
    task_stop_timeout_seconds: int = Field(
        120, ge=30, le=120, description="Time a task has to hand back its work before it is killed, in seconds."
    )

    cache_node_type: Literal[
        "cache.t4g.small", "cache.t4g.medium", "cache.m7g.large", "cache.m7g.xlarge", "cache.r7g.large"
    ] = Field("cache.t4g.small", description="Node type of the cache.")
    cache_replica_count: int = Field(1, ge=1, le=5, description="Replicas beside the primary node.")
    cache_snapshot_retention_days: int = Field(15, ge=15, le=35, description="Age a snapshot reaches, in days.")
    database_port: int = Field(5432, ge=1150, le=65535, description="TCP port of the database.")
    cache_port: int = Field(6379, ge=1024, le=65535, description="TCP port of the cache.")

    database_instance_class: Literal[
        "db.t4g.medium", "db.t4g.large", "db.m7g.large", "db.m7g.xlarge", "db.r7g.large"
    ] = Field("db.t4g.medium", description="Instance class of the database.")
    database_engine_version: Literal["16", "17"] = Field("16", description="Major version of PostgreSQL.")
    database_storage_gib: int = Field(50, ge=20, le=16384, description="Storage at the start, in GiB.")
    database_max_storage_gib: int = Field(
        200, ge=22, le=65536, description="Storage that autoscaling may reach, in GiB."
    )
    database_multi_az: bool = Field(True, description="Whether a standby runs in a second availability zone.")
    database_backup_retention_days: int = Field(14, ge=7, le=35, description="Age a backup reaches, in days.")
    database_monitoring_interval_seconds: Literal[1, 5, 10, 15, 30, 60] = Field(
        60, description="Interval of enhanced monitoring, in seconds."
    )
    database_name: DatabaseName = Field("sensors", description="Database that is created at the start.")
    database_secret_name: SecretName = Field(description="Name of the EXISTING Secrets Manager entry.")
    database_secret_kms_key_arn: KeyArn = Field(description="Customer managed key that encrypts that entry.")
    database_secret_version: int = Field(
        1, ge=1, le=2_147_483_647, description="Raise it to write the current secret into the database again."
    )

    log_retention_days: Literal[365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653] = Field(
        400, description="Age a log event reaches, in days."
    )
    plan_max_age_minutes: int = Field(
        60, ge=5, le=1440, description="Age at which a plan can be deployed no more, in minutes."
    )
    runs_kept: int = Field(100, ge=2, le=10_000, description="Gate runs of this stack that compliance_reports keeps.")
    flow_log_interval_seconds: Literal[60, 600] = Field(60, description="Aggregation of flow logs, in seconds.")
    alarm_subscribers: Annotated[
        tuple[Subscriber, ...],
        Requires("at most 10 subscribers, each an email address or an https:// URL (http:// is clear text)"),
    ] = Field((), max_length=10, strict=False, description="Who is told about alarms.")
    iterator_age_alarm_seconds: int = Field(
        60, ge=10, le=3600, description="Age of the oldest unread record that raises an alarm, in seconds."
    )
    kms_key_rotation_days: int = Field(365, ge=90, le=365, description="Rotation period of every key, in days.")

    state_backend: Literal["local", "s3"] = Field("local", description="Where Terraform keeps its state.")
    state_bucket: BucketName | None = Field(None, description="Bucket of the state; with s3 only.")
    state_kms_key_arn: KeyArn | None = Field(None, description="Key that encrypts the state; with s3 only.")

    @property
    def availability_zones(self) -> tuple[str, ...]:
        """Names of the zones in use, "eu-west-1a" first."""
        return tuple(f"{self.region}{letter}" for letter in "abc"[: self.availability_zone_count])

    @property
    def stack_name(self) -> str:
        """What the stack is called, in reports and for cdktf: one per environment."""
        return f"sensor-{self.environment_suffix}"

    @property
    def state_key(self) -> str:
        """Object key of the state: one per environment, so that no two share a state."""
        return f"plantguard/{self.environment_suffix}/terraform.tfstate"

    def public_view(self) -> dict[str, object]:
        """Every setting as JSON values, in the order of the fields, for the reports.

        No field holds a secret; a subscriber's URL is cut to its host, since webhooks carry tokens in their paths.
        """
        subscribers = [_without_url_path(subscriber) for subscriber in self.alarm_subscribers]
        return self.model_dump(mode="json") | {"alarm_subscribers": subscribers}

    @field_validator("vpc_cidr")
    @classmethod
    def _private_network(cls, cidr: str) -> str:
        try:
            network = ipaddress.IPv4Network(cidr)
        except ValueError:
            network = None
        private = network is not None and any(network.subnet_of(block) for block in RFC_1918)
        if not private or str(network) != cidr or int(cidr.partition("/")[2]) not in range(16, 23):
            raise ValueError("a private IPv4 network (RFC 1918), /16 to /22, without host bits, like '10.20.0.0/16'")
        return cidr

    @field_validator("shard_count")
    @classmethod
    def _shards_fit_the_mode(cls, shards: int | None, info: ValidationInfo) -> int | None:
        mode = info.data.get("stream_mode")
        if mode == "PROVISIONED" and shards is None:
            raise ValueError("a whole number from 1 to 200, since stream_mode is PROVISIONED")
        if mode == "ON_DEMAND" and shards is not None:
            raise ValueError("no value, since stream_mode is ON_DEMAND and the stream scales itself")
        return shards

    @field_validator("task_memory_mib")
    @classmethod
    def _memory_fits_the_cpu(cls, memory_mib: int, info: ValidationInfo) -> int:
        cpu_units = info.data.get("task_cpu_units")
        if cpu_units is not None and memory_mib not in FARGATE_MEMORY_MIB[cpu_units]:
            allowed = ", ".join(map(str, FARGATE_MEMORY_MIB[cpu_units]))
            raise ValueError(f"one of {allowed} (MiB), since task_cpu_units is {cpu_units} (Fargate's combinations)")
        return memory_mib

    @field_validator("task_count_max")
    @classmethod
    def _room_to_scale(cls, most: int, info: ValidationInfo) -> int:
        least = info.data.get("task_count_min")
        if least is not None and most <= least:
            raise ValueError(f"{least + 1} to 100, more than task_count_min = {least}, or nothing could scale")
        return most

    @field_validator("database_max_storage_gib")
    @classmethod
    def _room_to_grow(cls, most_gib: int, info: ValidationInfo) -> int:
        start_gib = info.data.get("database_storage_gib")
        if start_gib is not None and most_gib * 10 < start_gib * 11:
            least_gib = -(-start_gib * 11 // 10)
            raise ValueError(
                f"{least_gib} to 65536, at least 10 percent above database_storage_gib = {start_gib} (RDS autoscaling)"
            )
        return most_gib

    @field_validator("database_monitoring_interval_seconds", mode="before")
    @classmethod
    def _not_a_truth_value(cls, interval_s: object) -> object:
        if isinstance(interval_s, bool):  # Literal[1] compares by equality, and True == 1
            raise ValueError("one of 1, 5, 10, 15, 30, 60")
        return interval_s

    @field_validator("database_name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name in RESERVED_DATABASE_NAMES:
            raise ValueError("a name that neither PostgreSQL nor RDS reserves")
        return name

    @field_validator("database_secret_kms_key_arn", "state_kms_key_arn")
    @classmethod
    def _key_in_our_account(cls, arn: str | None, info: ValidationInfo) -> str | None:
        account_id = info.data.get("account_id")
        if arn is not None and account_id is not None and f":{account_id}:" not in arn:
            raise ValueError(f"a key of the account that account_id names, {account_id}")
        return arn

    @field_validator("alarm_subscribers")
    @classmethod
    def _no_subscriber_twice(cls, subscribers: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(subscribers)) < len(subscribers):
            raise ValueError("every subscriber once")
        return subscribers

    @field_validator("state_bucket", "state_kms_key_arn")
    @classmethod
    def _state_fits_the_backend(cls, value: str | None, info: ValidationInfo) -> str | None:
        backend = info.data.get("state_backend")
        if backend == "s3" and value is None:
            raise ValueError("a value, since state_backend is s3")
        if backend == "local" and value is not None:
            raise ValueError("no value, since state_backend is local")
        return value


RegionName = Annotated[
    str,
    Field(
        pattern=r"^(us|eu|ap|sa|ca|me|af|il|mx|cn)(-gov|-isob?)?-(north|south|central)?(east|west|north|south|central)?"
        r"-[1-9]$"
    ),
]
TagKey = Annotated[str, Field(pattern=r"^[\w .:/=+@-]{1,128}$")]
TagValues = Annotated[tuple[Annotated[str, Field(max_length=256)], ...], Field(strict=False)]
ServiceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$")]
RuntimeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9.]*$")]
MetricName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]*$")]


class Thresholds(BaseModel):
    """The numbers and lists that policies compare with, where the profile's own do not fit; only what is given counts.

    No list may be empty: a policy is left out by choosing another profile, which the verdict says, never by asking
    it for nothing. The defaults below stand for "as the profile has it" and are never used.
    Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html
    https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    rotation_days: int = Field(0, ge=1, le=365, description="Longest life of a credential, in days.")
    key_rotation_days: int = Field(0, ge=90, le=2560, description="Longest life of a KMS backing key, in days.")
    key_deletion_window_days: int = Field(0, ge=7, le=30, description="Waiting period of an ephemeral key, in days.")
    log_retention_days: int = Field(0, ge=1, le=3653, description="Shortest life of a log event, in days.")
    stream_retention_hours: int = Field(0, ge=24, le=8760, description="Shortest life of a stream's record, in hours.")
    backup_retention_days: int = Field(0, ge=1, le=35, description="Shortest life of a database's backup, in days.")
    cache_snapshot_days: int = Field(0, ge=1, le=35, description="Shortest life of a cache's snapshot, in days.")
    dead_letter_retention_seconds: int = Field(
        0, ge=60, le=1_209_600, description="Shortest life of a message in a dead-letter queue, in seconds."
    )
    monitoring_interval_seconds: int = Field(
        0, ge=1, le=60, description="Longest interval of enhanced monitoring, in seconds."
    )
    regions: Annotated[tuple[RegionName, ...], Requires("at least one region, like 'eu-west-1'")] = Field(
        (), min_length=1, strict=False, description="Regions where data may be."
    )
    accounts: Annotated[tuple[AccountId, ...], Requires("at least one account of yours: 12 digits each, as text")] = (
        Field((), min_length=1, strict=False, description="Own accounts, beside the provider's allowed_account_ids.")
    )
    required_tags: Annotated[tuple[TagKey, ...], Requires("at least one tag key of AWS, up to 128 characters")] = Field(
        (), min_length=1, strict=False, description="Tags that every taggable resource carries."
    )
    tag_vocabulary: Annotated[
        dict[TagKey, TagValues], Requires('tag keys with the values each may have: {"Stage": ["test"]}')
    ] = Field({}, min_length=1, strict=False, description="Tags with the values they may have.")
    tag_patterns: Annotated[
        dict[TagKey, str], Requires('tag keys with a regular expression each: {"CostCentre": "[0-9]+"}')
    ] = Field({}, min_length=1, strict=False, description="Tags with the form of their values.")
    endpoint_services: Annotated[
        tuple[ServiceName, ...], Requires("at least one service as endpoints name it, like 's3' or 'ecr.api'")
    ] = Field((), min_length=1, strict=False, description="AWS services that each VPC has an endpoint for.")
    lambda_runtimes: Annotated[tuple[RuntimeName, ...], Requires("at least one runtime, like 'python3.13'")] = Field(
        (), min_length=1, strict=False, description="Lambda runtimes that count as supported."
    )
    shard_metrics: Annotated[tuple[MetricName, ...], Requires("at least one metric, like 'IncomingBytes'")] = Field(
        (), min_length=1, strict=False, description="Metrics that each shard of a stream publishes."
    )

    @field_validator("tag_vocabulary")
    @classmethod
    def _values_for_each_key(cls, vocabulary: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if not all(vocabulary.values()):
            raise ValueError("at least one value for each tag key")
        return vocabulary

    @field_validator("tag_patterns")
    @classmethod
    def _expressions_compile(cls, patterns: dict[str, str]) -> dict[str, str]:
        for pattern in patterns.values():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"regular expressions; {error}") from None
        return patterns


def load_settings(
    *,
    file: Path | None = None,
    overrides: Mapping[str, object] = MappingProxyType({}),
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings of one environment, every value from its strongest source.

    Strongest first: `overrides` (command line), environment (ENVIRONMENT_SUFFIX, PLANTGUARD_<FIELD>), cdktf context
    (environmentSuffix), TOML file (`file`, else PLANTGUARD_SETTINGS, else plantguard.toml beside main.py), default.
    Strings in `overrides` are read as in the environment: JSON, or plain text where the field takes text, lists
    also comma separated. A key whose value is None counts as given.

    Raises: SettingsError, naming every wrong value of every source.
    """
    variables = os.environ if environ is None else environ
    given: dict[str, _Given] = {}
    problems: list[Problem] = []
    for entry in chain(
        _from_file(file, variables), _from_context(variables), _from_environ(variables), _from_overrides(overrides)
    ):
        if isinstance(entry, Problem):
            problems.append(entry)
        elif entry.field != THRESHOLD_TABLE:  # the gate reads that one: load_thresholds
            given[entry.field] = entry
    try:
        settings = Settings.model_validate({field: entry.value for field, entry in given.items()})
    except ValidationError as refused:
        # What an unread file may hold cannot be called missing.
        file_unread = any(problem.field == "settings file" for problem in problems)
        errors = [error for error in refused.errors() if not (file_unread and error["type"] == "missing")]
        raise SettingsError((*problems, *(_problem(error, given) for error in errors))) from None
    if problems:
        raise SettingsError(tuple(problems))
    return settings


def load_thresholds(
    *,
    file: Path | None = None,
    overrides: Mapping[str, object] = MappingProxyType({}),
    environ: Mapping[str, str] | None = None,
) -> Mapping[str, object]:
    """The thresholds that are not to be the profile's own, by name; needs none of the stack's settings.

    Strongest first: `overrides` (command line), environment (PLANTGUARD_THRESHOLD_<NAME>), the table [thresholds] of
    the TOML file that `load_settings` reads. Strings are read as there.

    Raises: SettingsError, naming every wrong value of every source.
    """
    variables = os.environ if environ is None else environ
    given: dict[str, _Given] = {}
    problems: list[Problem] = []
    for entry in chain(
        _from_table(_from_file(file, variables)),
        _from_threshold_environ(variables),
        _from_overrides(overrides, Thresholds),
    ):
        if isinstance(entry, Problem):
            problems.append(entry)
        else:
            given[entry.field] = entry
    try:
        thresholds = Thresholds.model_validate({field: entry.value for field, entry in given.items()})
    except ValidationError as refused:
        raise SettingsError((*problems, *(_problem(error, given, Thresholds) for error in refused.errors()))) from None
    if problems:
        raise SettingsError(tuple(problems))
    return {name: getattr(thresholds, name) for name in Thresholds.model_fields if name in thresholds.model_fields_set}


def load_signing_key(environ: Mapping[str, str] | None = None) -> str | None:
    """What PLANTGUARD_SIGNING_KEY holds, None where it is not set: the text of a private key, so never to be shown."""
    return (os.environ if environ is None else environ).get(SIGNING_KEY_VARIABLE)


def load_public_key(environ: Mapping[str, str] | None = None) -> str | None:
    """What PLANTGUARD_PUBLIC_KEY holds, None where it is not set."""
    return (os.environ if environ is None else environ).get(PUBLIC_KEY_VARIABLE)


@dataclass(frozen=True)
class _Given:
    field: str
    source: str
    value: object


def _from_file(file: Path | None, variables: Mapping[str, str]) -> Iterator[_Given | Problem]:
    source = "command line"
    if file is None and FILE_VARIABLE in variables:
        file, source = Path(variables[FILE_VARIABLE]), f"environment variable {FILE_VARIABLE}"
    if file is None:
        if not DEFAULT_FILE.exists():
            return
        file, source = DEFAULT_FILE, "default"
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        yield Problem("settings file", source, f"{file}: {error.strerror}", "a file that can be read")
    except (ValueError, RecursionError) as error:
        yield Problem("settings file", source, f"{file}: {error}", "TOML in UTF-8")
    else:
        yield from (_Given(field, f"{file}:{field}", value) for field, value in values.items())


def _from_table(entries: Iterator[_Given | Problem]) -> Iterator[_Given | Problem]:
    """The thresholds in a settings file, and what kept the file from being read."""
    for entry in entries:
        if isinstance(entry, Problem):
            yield entry
        elif entry.field == THRESHOLD_TABLE and isinstance(entry.value, dict):
            yield from (_Given(name, f"{entry.source}.{name}", value) for name, value in entry.value.items())
        elif entry.field == THRESHOLD_TABLE:
            yield Problem(THRESHOLD_TABLE, entry.source, _shown(entry.value), "a table: [thresholds]")


def _from_context(variables: Mapping[str, str]) -> Iterator[_Given | Problem]:
    text = variables.get(CONTEXT_VARIABLE)
    if not text:  # cdktf itself reads an empty variable as no context
        return
    source = f"environment variable {CONTEXT_VARIABLE}"
    try:
        context = from_json(text)
    except ValueError:
        context = None
    if not isinstance(context, dict):
        yield Problem("cdktf context", source, "something else (withheld)", "a JSON object")
    elif "environmentSuffix" in context:
        yield _Given("environment_suffix", "cdktf context environmentSuffix", context["environmentSuffix"])


def _from_environ(variables: Mapping[str, str]) -> Iterator[_Given | Problem]:
    for variable in sorted(variables):
        if variable.startswith(PREFIX) and variable not in NOT_SETTINGS and not _sets_threshold(variable):
            field = variable.removeprefix(PREFIX).lower() if variable.isupper() else variable
            yield _Given(field, f"environment variable {variable}", _read(field, variables[variable]))
    if SUFFIX_VARIABLE in variables:
        suffix, twin = variables[SUFFIX_VARIABLE], f"{PREFIX}{SUFFIX_VARIABLE}"
        source = f"environment variable {SUFFIX_VARIABLE}"
        if variables.get(twin, suffix) != suffix:
            yield Problem("environment_suffix", source, _shown(suffix), f"the value of {twin}, or only one of the two")
        yield _Given("environment_suffix", source, suffix)


def _from_threshold_environ(variables: Mapping[str, str]) -> Iterator[_Given]:
    for variable in filter(_sets_threshold, sorted(variables)):
        known = variable.isupper() and variable.startswith(THRESHOLD_PREFIX)
        name = variable.removeprefix(THRESHOLD_PREFIX).lower() if known else variable
        yield _Given(name, f"environment variable {variable}", _read(name, variables[variable], Thresholds))


def _sets_threshold(variable: str) -> bool:
    """Whether a variable is meant for a threshold; a misspelt prefix (..._THRESHOLDS_...) is refused with the names."""
    return variable.upper().startswith(THRESHOLD_PREFIX.rstrip("_"))


def _from_overrides(overrides: Mapping[str, object], model: type[BaseModel] = Settings) -> Iterator[_Given]:
    for field, value in overrides.items():
        yield _Given(field, "command line", _read(field, value, model) if isinstance(value, str) else value)


def _read(field: str, text: str, model: type[BaseModel] = Settings) -> object:
    """`text` as the JSON value that the field's type asks for; unchanged where it is none, for the type to refuse."""
    known = model.model_fields.get(field)
    if known is None or _takes_text(known):
        return text
    if get_origin(known.annotation) is tuple and not text.lstrip().startswith("["):
        return [item.strip() for item in text.split(",")] if text.strip() else []
    try:
        return from_json(text)
    except ValueError:
        return text


def _takes_text(field: FieldInfo) -> bool:
    if get_origin(field.annotation) is Literal:
        return all(isinstance(value, str) for value in get_args(field.annotation))
    if get_origin(field.annotation) in (tuple, dict):
        return False
    choices = (field.annotation, *get_args(field.annotation))
    return any(getattr(choice, "__origin__", choice) is str for choice in choices)


def _problem(error: ErrorDetails, given: Mapping[str, _Given], model: type[BaseModel] = Settings) -> Problem:
    name = str(error["loc"][0])
    label = name + "".join(f"[{index}]" for index in error["loc"][1:])
    source = given[name].source if name in given else "default"
    if error["type"] == "extra_forbidden":  # its value stays unseen: it is none of ours, and may be a secret
        kind = "setting" if model is Settings else "threshold"
        return Problem(label, source, f"a name that no {kind} has", f"the name of a {kind}{_did_you_mean(name, model)}")
    words, withheld = _requirement(model.model_fields[name])
    if error["type"] == "missing":
        nowhere = f"neither in the settings file nor {PREFIX}{name.upper()} nor on the command line"
        return Problem(label, nowhere, "nothing", words)
    if error["type"] == "value_error":
        words = str(error["ctx"]["error"])
    return Problem(label, source, "a value (withheld)" if withheld else _shown(error["input"]), words)


def _requirement(field: FieldInfo) -> tuple[str, bool]:
    """What the field's type demands, in words, and whether a wrong value is withheld."""
    choices = get_args(field.annotation)
    facts = [*field.metadata, *(fact for choice in choices for fact in getattr(choice, "__metadata__", ()))]
    for fact in facts:
        if isinstance(fact, Requires):
            return fact.words, fact.withheld
    if get_origin(field.annotation) is Literal:
        return f"one of {', '.join(map(repr, choices))}", False
    if field.annotation is bool:
        return "true or false", False
    least = next(fact.ge for fact in facts if hasattr(fact, "ge"))
    most = next(fact.le for fact in facts if hasattr(fact, "le"))
    return f"a whole number from {least} to {most}", False


def _did_you_mean(name: str, model: type[BaseModel] = Settings) -> str:
    prefix = PREFIX if model is Settings else THRESHOLD_PREFIX
    near = name.upper().removeprefix(f"{THRESHOLD_PREFIX[:-1]}S_").removeprefix(prefix).lower()
    close = get_close_matches(near, model.model_fields, n=1)
    return f"; did you mean {close[0]} (in the environment {prefix}{close[0].upper()})?" if close else ""


def _shown(value: object) -> str:
    text = _without_url_path(repr(value))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _without_url_path(text: str) -> str:
    """`text` with every URL cut to scheme and host, or to the scheme where a user name may stand before the host."""
    return re.sub(r"://(?:(?![^\s'\"]*@)([\w.-]+))?[^\s'\"]*", r"://\1/...", text)


def load_actor(environ: Mapping[str, str] | None = None) -> Actor:
    """Who runs us: what PLANTGUARD_ACTOR says, else the CI job as its own variables name it, else the user.

    approver: PLANTGUARD_APPROVER, which a pipeline sets from its approval step; nothing here can check it.
    Source: https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    Source: https://docs.gitlab.com/ci/variables/predefined_variables/
    """
    env = os.environ if environ is None else environ
    name, kind, url = _identity(env)
    return Actor(env.get(ACTOR_VARIABLE) or name, kind, env.get(APPROVER_VARIABLE, ""), url)


def _identity(env: Mapping[str, str]) -> tuple[str, str, str]:
    """(name, pipeline or person, URL of the job)."""
    if env.get("GITHUB_ACTIONS") == "true":
        home = f"{env.get('GITHUB_SERVER_URL', '')}/{env.get('GITHUB_REPOSITORY', '')}"
        name = f"github:{env.get('GITHUB_WORKFLOW_REF', '')} by {env.get('GITHUB_ACTOR', '')}"
        return name, "pipeline", f"{home}/actions/runs/{env.get('GITHUB_RUN_ID', '')}"
    if env.get("GITLAB_CI") == "true":
        name = f"gitlab:{env.get('CI_PROJECT_PATH', '')} by {env.get('GITLAB_USER_LOGIN', '')}"
        return name, "pipeline", env.get("CI_JOB_URL", "")
    if env.get("CI"):
        return f"ci:{env.get('JOB_NAME', 'unnamed')}", "pipeline", env.get("BUILD_URL", "")
    try:
        return getpass.getuser(), "person", ""
    except (KeyError, OSError):  # a user without a name, as in some containers
        return f"uid {os.getuid()}", "person", ""
