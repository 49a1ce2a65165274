"""What each of the four steps does; all of them can be repeated and resumed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ssl import SSLContext

from . import database
from .errors import LoginRefused, RotationRefused
from .login import Login, parse_login, with_password
from .versions import Versions


@dataclass(frozen=True)
class Rotation:
    """What every step works on: the secret's versions and the function's environment."""

    versions: Versions
    environ: Mapping[str, str]

    def current(self) -> str:
        """The secret that is in force. Raises: RotationRefused where there is none."""
        text = self.versions.labelled("AWSCURRENT")
        if text is None:
            raise RotationRefused("no version is labelled AWSCURRENT", fix="store the login once before rotating it")
        parse_login(text, self.environ)
        return text

    def pending(self) -> Login:
        """The login that this rotation prepares.

        Raises: RotationRefused where createSecret has not filled it, or it differs from AWSCURRENT in more than its
        password: another host would be handed the current one.
        """
        text = self.versions.pending()
        if text is None:
            raise RotationRefused("the AWSPENDING version is empty", fix="run createSecret first")
        return alike(parse_login(text, self.environ), parse_login(self.current(), self.environ))

    def context(self) -> SSLContext:
        """How the database's certificate is checked."""
        return database.trust(self.environ.get("DATABASE_CA_BUNDLE"))


def alike(login: Login, current: Login) -> Login:
    """`login`, if it differs from `current` in nothing but the password. Raises: RotationRefused."""
    if not login.same_place_and_user(current):
        raise RotationRefused(
            "a version of the secret names another user, host, port or database than AWSCURRENT",
            fix="take the label off that version (UpdateSecretVersionStage) and start a new rotation",
        )
    return login


def create_secret(rotation: Rotation) -> str:
    """Fill the pending version with the current login and a new random password."""
    current = rotation.current()
    if rotation.versions.pending() is not None:
        rotation.pending()
        return "already pending"
    text = with_password(current, rotation.versions.random_password())
    return "created" if rotation.versions.put_pending(text) else "already pending"


def set_secret(rotation: Rotation) -> str:
    """Make the database accept the pending password, entering with whichever older one it still accepts."""
    pending, context = rotation.pending(), rotation.context()
    with suppress(LoginRefused):
        database.probe(pending, context)
        return "already set"
    for login in _older(rotation, pending):
        with suppress(LoginRefused):
            database.replace_password(login, pending.password, context)
            return "set"
    raise LoginRefused(
        f"{pending.host} accepts neither the AWSPENDING, AWSCURRENT nor AWSPREVIOUS password of {pending.username!r}",
        fix="the password was changed outside this secret: set it in the database by an administrator "
        "and store the same as AWSCURRENT, then rotate again",
    )


def test_secret(rotation: Rotation) -> str:
    """Log in with the pending password and run a query."""
    database.probe(rotation.pending(), rotation.context())
    return "tested"


def finish_secret(rotation: Rotation) -> str:
    """Make the pending version the one that is in force."""
    rotation.pending()
    rotation.versions.promote()
    return "finished"


def _older(rotation: Rotation, pending: Login) -> Iterator[Login]:
    """The logins the database may still know, newest first; AWSPREVIOUS is read only when AWSCURRENT is refused."""
    yield parse_login(rotation.current(), rotation.environ)
    previous = rotation.versions.labelled("AWSPREVIOUS")
    if previous is not None:
        yield alike(parse_login(previous, rotation.environ), pending)


STEPS: Mapping[str, Callable[[Rotation], str]] = {
    "createSecret": create_secret,
    "setSecret": set_secret,
    "testSecret": test_secret,
    "finishSecret": finish_secret,
}
