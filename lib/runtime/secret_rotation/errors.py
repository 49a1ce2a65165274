"""Why a rotation stopped.

    RotationError
      RotationRefused        the event or the state of the secret is not one this function acts on
      SecretMalformed        a version of the secret is not a PostgreSQL login
      TrustMissing           the certificate authorities to check the database against cannot be loaded
      DatabaseUnreachable    no verified TLS session with the database, or it ended early
      LoginRefused           the database accepts none of the passwords this secret holds
      PasswordNotChanged     the database did not carry out ALTER ROLE
      SecretsManagerFailed   a call to Secrets Manager was not answered with success

Secrets Manager repeats a step that raises, so raising is how a step asks to be run again. No message holds a secret
value.
"""

from typing import Self


class RotationError(Exception):
    """One stopped step. `cause` and `fix` are known where it is raised; the handler adds the secret and the step."""

    def __init__(self, cause: str, *, fix: str, secret_arn: str = "unknown secret", step: str = "unknown step") -> None:
        super().__init__(f"{step} of {secret_arn}: {cause}\n  fix: {fix}")
        self.cause = cause
        self.fix = fix
        self.secret_arn = secret_arn
        self.step = step

    def during(self, *, step: str, secret_arn: str) -> Self:
        """The same error, saying which step of which secret it stopped."""
        return type(self)(self.cause, fix=self.fix, secret_arn=secret_arn, step=step)


class RotationRefused(RotationError):
    """The event or the state of the secret is not one this function acts on."""


class SecretMalformed(RotationError):
    """A version of the secret is not a PostgreSQL login."""


class TrustMissing(RotationError):
    """The certificate authorities to check the database against cannot be loaded."""


class DatabaseUnreachable(RotationError):
    """No verified TLS session with the database, or it ended before the answer."""


class LoginRefused(RotationError):
    """The database accepts none of the passwords this secret holds."""


class PasswordNotChanged(RotationError):
    """The database did not carry out ALTER ROLE."""


class SecretsManagerFailed(RotationError):
    """A call to Secrets Manager was not answered with success."""
