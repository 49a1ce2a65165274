"""The part of Valkey's protocol that carries credentials: commands told apart, and the password of a login replaced.

Source: https://valkey.io/topics/protocol/
"""

from __future__ import annotations

from collections.abc import Callable

Translate = Callable[[str, str], str]
"""User name and what was shown as a password -> the password that the server is given."""
MOST_ARGUMENTS = 64
"""No login has more; longer commands are passed on as they come."""


class Malformed(ValueError):
    """Bytes that are no command of this protocol."""


class Logins:
    """A client's stream, command by command, with the password of each login translated.

    The server answers every login itself, so answers keep their order. What is no command of the protocol, inline
    commands among it, goes through untouched, and so does all that follows it.
    """

    def __init__(self, translate: Translate) -> None:
        """translate: is asked for every login."""
        self._translate, self._buffer, self._raw = translate, bytearray(), False

    def feed(self, data: bytes) -> bytes:
        """What the server is to be sent, now that the client has sent `data`; an incomplete command waits."""
        if self._raw:
            return data
        self._buffer += data
        out, start = bytearray(), 0
        try:
            while found := _command(self._buffer, start):
                end, arguments = found
                changed = translated(arguments, self._translate)
                out += encode(changed) if changed else self._buffer[start:end]
                start = end
        except Malformed:
            self._raw = True
            out += self._buffer[start:]
            start = len(self._buffer)
        del self._buffer[:start]
        return bytes(out)


def translated(arguments: list[bytes], translate: Translate) -> list[bytes] | None:
    """A login with its password replaced, or None for every other command: AUTH user pw, HELLO 3 ... AUTH user pw."""
    name = arguments[0].upper() if arguments else b""
    at = 1 if name == b"AUTH" and len(arguments) == 3 else None
    if name == b"HELLO":
        words = [word.upper() for word in arguments]
        at = words.index(b"AUTH", 2) + 1 if b"AUTH" in words[2:] else None
    if at is None or at + 1 >= len(arguments):
        return None
    user, shown = (part.decode(errors="replace") for part in arguments[at : at + 2])
    return [*arguments[: at + 1], translate(user, shown).encode(), *arguments[at + 2 :]]


def encode(arguments: list[bytes]) -> bytes:
    """A command as the protocol has it."""
    return b"*%d\r\n" % len(arguments) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in arguments)


def _command(buffer: bytearray, start: int) -> tuple[int, list[bytes]] | None:
    """Where the command at `start` ends, and its arguments (none where too many); None while it is incomplete."""
    header = _number(buffer, start, b"*")
    if header is None:
        return None
    at, count = header
    arguments: list[bytes] = []
    for _ in range(count):
        bulk = _number(buffer, at, b"$")
        if bulk is None or len(buffer) < bulk[0] + bulk[1] + 2:
            return None
        at = bulk[0] + bulk[1] + 2
        if count <= MOST_ARGUMENTS:
            arguments.append(bytes(buffer[bulk[0] : at - 2]))
    return at, arguments


def _number(buffer: bytearray, at: int, mark: bytes) -> tuple[int, int] | None:
    """The line `<mark><number>` at `at`: where it ends, and the number."""
    if len(buffer) > at and buffer[at : at + 1] != mark:
        raise Malformed
    end = buffer.find(b"\r\n", at, at + 24)
    if end < 0:
        if len(buffer) >= at + 24:
            raise Malformed
        return None
    digits = buffer[at + 1 : end]
    if not digits.isdigit():
        raise Malformed
    return end + 2, int(digits)
