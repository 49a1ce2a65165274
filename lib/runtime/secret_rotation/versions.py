"""The versions of one secret during one rotation: AWSCURRENT, the AWSPENDING that may replace it, and AWSPREVIOUS."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import BotoCoreError, ClientError

from .errors import RotationRefused, SecretsManagerFailed

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_secretsmanager.type_defs import GetSecretValueRequestTypeDef

PASSWORD_LENGTH = 40
# What has a meaning inside a URL (postgresql://user:password@host/), a quoted key='value' list, or a shell line.
EXCLUDED_CHARACTERS = ":/?#[]@%&=+" + "'\"\\" + "$`"


@dataclass(frozen=True)
class Versions:
    """One secret and the version, named by its `token`, that this rotation prepares."""

    client: "SecretsManagerClient"
    secret_arn: str
    token: str

    def finished(self) -> bool:
        """Whether the version is AWSCURRENT already; if not, it is AWSPENDING.

        Raises: RotationRefused where rotation is not enabled, or the version carries neither label.
        """
        with _call("DescribeSecret"):
            secret = self.client.describe_secret(SecretId=self.secret_arn)
        if not secret.get("RotationEnabled"):
            raise RotationRefused("rotation is not enabled for this secret", fix="give it a schedule: RotateSecret")
        stages = secret.get("VersionIdsToStages", {}).get(self.token, [])
        if "AWSCURRENT" not in stages and "AWSPENDING" not in stages:
            raise RotationRefused(
                f"version {self.token} is labelled {sorted(stages)}, requires AWSPENDING",
                fix="start a new rotation with RotateSecret; only Secrets Manager should invoke this function",
            )
        return "AWSCURRENT" in stages

    def pending(self) -> str | None:
        """The text of the version this rotation prepares; None while it is empty."""
        return self._text({"SecretId": self.secret_arn, "VersionId": self.token, "VersionStage": "AWSPENDING"})

    def labelled(self, stage: Literal["AWSCURRENT", "AWSPREVIOUS"]) -> str | None:
        """The text of the version that carries `stage`; None where none does."""
        return self._text({"SecretId": self.secret_arn, "VersionStage": stage})

    def random_password(self) -> str:
        """PASSWORD_LENGTH characters with at least one of each kind, none of them EXCLUDED_CHARACTERS."""
        with _call("GetRandomPassword"):
            answer = self.client.get_random_password(
                PasswordLength=PASSWORD_LENGTH, ExcludeCharacters=EXCLUDED_CHARACTERS, RequireEachIncludedType=True
            )
        return str(answer["RandomPassword"])

    def put_pending(self, text: str) -> bool:
        """Fill the pending version with `text`; False where another invocation was first, whose text then stands."""
        with _call("PutSecretValue"):
            try:
                self.client.put_secret_value(
                    SecretId=self.secret_arn,
                    ClientRequestToken=self.token,
                    SecretString=text,
                    VersionStages=["AWSPENDING"],
                )
            except ClientError as error:
                if _code(error) != "ResourceExistsException":
                    raise
                return False
        return True

    def promote(self) -> None:
        """Move AWSCURRENT to this version; Secrets Manager moves AWSPREVIOUS to the version that loses it.

        AWSPENDING is left where it is: taking it off in a call of its own reads as a rotation that did not complete.
        """
        with _call("DescribeSecret"):
            stages = self.client.describe_secret(SecretId=self.secret_arn)["VersionIdsToStages"]
        current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        with _call("UpdateSecretVersionStage"):
            self.client.update_secret_version_stage(
                SecretId=self.secret_arn,
                VersionStage="AWSCURRENT",
                MoveToVersionId=self.token,
                RemoveFromVersionId=current,
            )

    def _text(self, request: "GetSecretValueRequestTypeDef") -> str | None:
        with _call("GetSecretValue"):
            try:
                answer = self.client.get_secret_value(**request)
            except ClientError as error:
                if _code(error) != "ResourceNotFoundException":
                    raise
                return None
        # A binary version has no SecretString; the empty text is refused as malformed, unlike an absent version.
        return str(answer.get("SecretString", ""))


@contextmanager
def _call(operation: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        # Not chained: a parameter validation error quotes the parameter, and the parameter may be the password.
        raise SecretsManagerFailed(
            f"{operation} was answered with {_code(error)}",
            fix=f"allow secretsmanager:{operation} and the secret's KMS key to the function's role, and keep "
            "the Secrets Manager endpoint reachable from its subnets",
        ) from None


def _code(error: ClientError | BotoCoreError) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
