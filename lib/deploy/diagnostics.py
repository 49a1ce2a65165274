"""What Terraform says of its own failure -> TerraformFailed: what it was doing, its words, how to go on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lib.errors import TerraformFailed
from lib.gate.archive import without_secret

MOST_LINES, MOST_SHOWN = 12, 5
HIDDEN, WITHHELD = "(withheld)", "(withheld: the line may hold a secret)"
REQUEST = re.compile(r"(?:RequestID|HostID): [\w+/=-]*,? ?")
"""AWS's names of requests look like secrets, and tell a reader nothing."""
UNLOCK = re.compile(r"^\s*ID:\s*([0-9a-fA-F-]{36})", re.MULTILINE)
HINTS = (
    (
        "state lock",
        "somebody else works on this state (see Who and Created above): wait until they are done. If that process is "
        "dead: {terraform} force-unlock {lock}",
    ),
    (
        "saved plan is stale|does not match the given plan",
        "the state has changed since the plan: python main.py plan, then deploy",
    ),
    (
        "query available provider|could not retrieve the list of available versions|install provider|"
        "required plugins? (?:is|are) not installed|inconsistent dependency lock|provider registry"
        "|no available releases",
        "Terraform must reach a registry, or a mirror that its own configuration names (TF_CLI_CONFIG_FILE); "
        "then run the same again",
    ),
    (
        r"account id not allowed|not allowed: \d{12}|allowed_account_ids",
        "the credentials are for another account than account_id of the settings: change one of the two",
    ),
    (
        "can't find the specified secret|secrets manager secret.*couldn't find resource|reading secrets manager secret"
        "|couldn't find resource.*secret",
        "the secret that database_secret_name names must exist before, with a value: JSON with engine, username and "
        "password; create it, then run the same again",
    ),
    (
        "secret_string",
        "the secret that database_secret_name names must be JSON with engine, username and password: write it anew, "
        "then run the same again",
    ),
    (
        "no valid credential sources|expiredtoken|invalidclienttokenid|unrecognizedclient|signaturedoesnotmatch"
        "|security token|authfailure|no ec2 imds role",
        "AWS does not accept these credentials: sign in anew (aws sso login, or AWS_PROFILE), then run the same again",
    ),
    (
        "accessdenied|unauthorizedoperation|not authorized to perform|kmsaccessdenied",
        "the role lacks the permission that is named above: grant it, then python main.py plan",
    ),
    (
        "connection refused|no such host|dial tcp|i/o timeout|connection reset|request send failed|tls handshake",
        "the endpoint does not answer: for the embedded AWS `python main.py local up`, for AWS look at network and "
        "proxy; then python main.py plan, and deploy",
    ),
    ("backend", "the backend of the state is not as it was: check the settings state_backend and state_bucket"),
)
OTHERWISE = "correct what it names, then python main.py plan"
GO_ON = "python main.py plan shows what is left to do, and deploy does it"


def failure_of(
    doing: str,
    ended: int,
    events: Iterable[Mapping[str, Any]],
    stderr: str,
    *,
    interrupted: bool = False,
    secrets: Sequence[str] = (),
) -> TerraformFailed:
    """What a run that did not end well is told as. ended: its exit code, negative by a signal."""
    told = [event.get("diagnostic", {}) for event in events if event.get("type") == "diagnostic"]
    errors = [each for each in told if each.get("severity") == "error"]
    hint = _hint(errors, stderr)
    summary = "; ".join(dict.fromkeys(_shown(str(each.get("summary", "")), secrets) for each in errors[:MOST_SHOWN]))
    detail = "\n".join(dict.fromkeys(_about(each, secrets) for each in errors[:MOST_SHOWN]))
    if interrupted:
        return TerraformFailed(doing, "it was interrupted and stopped by itself", detail, GO_ON, interrupted=True)
    if not errors:
        detail = _shown(_told(stderr), secrets)
        summary = f"it was ended by signal {-ended}" if ended < 0 else f"it ended with {ended} and no diagnosis"
        hint = hint if hint != OTHERWISE else GO_ON
    elif len(errors) > MOST_SHOWN:
        detail += f"\nand {len(errors) - MOST_SHOWN} more errors"
    return TerraformFailed(doing, summary, detail, hint)


def _hint(errors: Sequence[Mapping[str, Any]], stderr: str) -> str:
    text = "\n".join(map(_matched, errors)) or stderr
    for pattern, words in HINTS:
        if re.search(pattern, text, re.IGNORECASE | re.DOTALL):
            lock = UNLOCK.search(text)
            return words.replace("{lock}", lock[1] if lock else "ID").replace("{terraform}", "terraform")
    return OTHERWISE


def _matched(diagnostic: Mapping[str, Any]) -> str:
    """By what a cause is recognised: also by the expression that it arose in, which is never shown."""
    code = (diagnostic.get("snippet") or {}).get("code", "")
    return f"{diagnostic.get('summary', '')}\n{diagnostic.get('detail', '')}\n{code}"


def _about(diagnostic: Mapping[str, Any], secrets: Sequence[str]) -> str:
    where = str(diagnostic.get("address", ""))
    return _shown("\n".join(filter(None, (where and f"at {where}", str(diagnostic.get("detail", ""))))), secrets)


def _told(stderr: str) -> str:
    """The error itself: Terraform's warnings about its own configuration come first, and drawn boxes around all."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", stderr)
    lines = [line.strip("╷│╵ ") for line in plain.splitlines()]
    start = next((number for number, line in enumerate(lines) if re.match(r"Error|panic|fatal", line)), 0)
    return "\n".join(filter(None, lines[start:]))


def _shown(text: str, secrets: Sequence[str]) -> str:
    """The first lines of a text, each without control characters and without what may be a secret."""
    return "\n".join(_line(line, secrets) for line in text.splitlines()[:MOST_LINES])


def _line(line: str, secrets: Sequence[str]) -> str:
    """Words that may be a secret are hidden; the line as a whole, where only its words together tell of one."""
    plain = REQUEST.sub("", "".join(character for character in line if character.isprintable()))[:400]
    for secret in secrets:
        plain = plain.replace(secret, HIDDEN)
    if not without_secret(plain.encode()):
        plain = " ".join(word if without_secret(word.encode()) else HIDDEN for word in plain.split(" "))
    return plain if without_secret(plain.encode()) else WITHHELD
