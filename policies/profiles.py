"""By which numbers and names is a configuration judged? Two profiles, and any threshold of either can be set.

`sensor-platform` is this project's own stack: every policy. `generic` is any other team's Terraform: the same
numbers, but nothing that only this house knows (its names, tags, region and endpoints). What a profile leaves out
is listed in the verdict, and a threshold that a user sets brings back the policies that serve it (`Policy.serves`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from policies.requirements import (
    BACKUP_RETENTION_DAYS,
    CACHE_SNAPSHOT_DAYS,
    DEAD_LETTER_RETENTION_SECONDS,
    ENDPOINT_SERVICES,
    KEY_DELETION_WINDOW_DAYS,
    KEY_ROTATION_DAYS,
    LAMBDA_RUNTIMES,
    LOG_RETENTION_DAYS,
    MONITORING_INTERVALS_SECONDS,
    REGION,
    REQUIRED_TAGS,
    ROTATION_DAYS,
    SHARD_METRICS,
    STREAM_RETENTION_HOURS,
    TAG_PATTERNS,
    TAG_VOCABULARY,
)

ANY_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"
OWN_REGION = r"\$\{data\.aws_region\.[\w-]+\.(?:id|name|region)\}"
"""The region of the provider, as a reference has it."""
PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-isob-", "aws-iso-b"), ("us-iso-", "aws-iso"))
DIRECTION = re.compile(r"north|south|east|west|central")


@dataclass(frozen=True)
class Profile:
    """A name, and every threshold that policies compare with; units are in the names.

    required_tags, regions, endpoint_services: empty means that nothing is required, and any region is accepted.
    accounts: ids of own accounts, beside those that the provider's `allowed_account_ids` lists.
    tag_vocabulary: tag -> the values it may have. tag_patterns: tag -> the form of its values.
    """

    name: str
    rotation_days: int
    key_rotation_days: int
    key_deletion_window_days: int
    log_retention_days: int
    stream_retention_hours: int
    backup_retention_days: int
    cache_snapshot_days: int
    dead_letter_retention_seconds: int
    monitoring_interval_seconds: int
    regions: tuple[str, ...]
    accounts: tuple[str, ...]
    required_tags: tuple[str, ...]
    tag_vocabulary: Mapping[str, tuple[str, ...]]
    tag_patterns: Mapping[str, str]
    endpoint_services: tuple[str, ...]
    lambda_runtimes: tuple[str, ...]
    shard_metrics: tuple[str, ...]

    def thresholds(self) -> dict[str, Any]:
        """Every threshold as JSON values, in the order of the fields, for the verdict."""
        found = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "name"}
        return {name: _plain(value) for name, value in found.items()}

    @classmethod
    def of_thresholds(cls, name: str, thresholds: Mapping[str, Any]) -> Profile:
        """The profile of these thresholds: the inverse of `thresholds`. Raises: TypeError where one is missing."""
        return cls(name, **{threshold: _frozen(value) for threshold, value in thresholds.items()})

    def with_thresholds(self, given: Mapping[str, Any]) -> Profile:
        """The profile with some thresholds replaced; maps are added to, so that no key is lost unseen."""
        merged = {name: {**getattr(self, name), **value} for name, value in given.items() if isinstance(value, Mapping)}
        return replace(self, **{**given, **merged})

    def changed(self) -> tuple[str, ...]:
        """Names of the thresholds that are not those of the profile of this name."""
        usual = PROFILES[self.name].thresholds() if self.name in PROFILES else {}
        return tuple(name for name, value in self.thresholds().items() if value != usual.get(name))

    @property
    def one_region(self) -> bool:
        """Whether data may be in a single region only."""
        return len(self.regions) == 1

    @property
    def region_form(self) -> str:
        """Regular expression of an accepted region's name."""
        return "|".join(map(re.escape, self.regions)) or ANY_REGION

    @property
    def region_words(self) -> str:
        """The accepted regions as a sentence has them."""
        return " or ".join(self.regions) or "any region"

    @property
    def quoted_regions(self) -> str:
        """The accepted regions as Terraform has them."""
        return " or ".join(f'"{region}"' for region in self.regions) or "any region"

    def accepts_region(self, region: str | None) -> bool:
        """Whether data may be in a region of this name."""
        return region is not None and re.fullmatch(self.region_form, region) is not None

    def arn_form(self, service: str) -> str:
        """Regular expression of an ARN's beginning (`arn:aws:kms:eu-west-1`), for the accepted regions."""
        listed = "|".join(f"arn:{partition(region)}:{service}:{re.escape(region)}" for region in self.regions)
        return listed or rf"arn:aws(?:-[a-z]+)*:{service}:{ANY_REGION}"


def partition(region: str) -> str:
    """The partition that a region belongs to, as ARNs name it.

    Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
    """
    return next((name for prefix, name in PARTITIONS if region.startswith(prefix)), "aws")


def abbreviated(region: str) -> str:
    """A region as ElastiCache's host names have it: eu-west-1 is euw1, us-gov-east-1 is usge1."""
    area, *middle, number = region.split("-")
    initials = "".join(
        "".join(word[0] for word in DIRECTION.findall(part)) if DIRECTION.match(part) else part[0] for part in middle
    )
    return f"{area}{initials}{number}"


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


SENSOR_PLATFORM = Profile(
    name="sensor-platform",
    rotation_days=ROTATION_DAYS,
    key_rotation_days=KEY_ROTATION_DAYS,
    key_deletion_window_days=KEY_DELETION_WINDOW_DAYS,
    log_retention_days=LOG_RETENTION_DAYS,
    stream_retention_hours=STREAM_RETENTION_HOURS,
    backup_retention_days=BACKUP_RETENTION_DAYS,
    cache_snapshot_days=CACHE_SNAPSHOT_DAYS,
    dead_letter_retention_seconds=DEAD_LETTER_RETENTION_SECONDS,
    monitoring_interval_seconds=max(MONITORING_INTERVALS_SECONDS),
    regions=(REGION,),
    accounts=(),
    required_tags=REQUIRED_TAGS,
    tag_vocabulary=MappingProxyType(TAG_VOCABULARY),
    tag_patterns=MappingProxyType(TAG_PATTERNS),
    endpoint_services=ENDPOINT_SERVICES,
    lambda_runtimes=LAMBDA_RUNTIMES,
    shard_metrics=SHARD_METRICS,
)
GENERIC = replace(
    SENSOR_PLATFORM,
    name="generic",
    regions=(),
    required_tags=(),
    tag_vocabulary=MappingProxyType({}),
    tag_patterns=MappingProxyType({}),
    endpoint_services=(),
)
PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in (SENSOR_PLATFORM, GENERIC)})
