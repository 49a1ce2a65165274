"""Lambda: functions run as a process of this machine, without Docker."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import uuid
import zipfile
from pathlib import Path
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.core.utils import unix_time_millis, utcnow
from moto.sts.models import sts_backends

from lib.emulator.aws.patching import Original, wrap
from lib.emulator.aws.running import RUNNING
from lib.emulator.aws.turns import given_back

BOOTSTRAP = Path(__file__).with_name("lambda_bootstrap.py")


def install() -> None:
    """moto runs functions in containers of Docker, which is not needed here."""
    wrap(LambdaFunction, "_invoke_lambda", _invoke)


def _invoke(_: Original, self: Any, event: Any = None) -> tuple[str, bool, str]:
    """What the handler returned, or the error it raised, as JSON; whether it is an error; what it wrote.

    The zip's own folder comes first on the module path; what AWS provides (boto3) comes from this environment.
    """
    with tempfile.TemporaryDirectory(prefix="function-") as folder:
        task, reply = Path(folder, "task"), Path(folder, "reply.json")
        zipfile.ZipFile(io.BytesIO(self.code_bytes)).extractall(task)
        environ = _environ(self, task)
        with given_back():
            written = _run(
                [sys.executable, "-I", str(BOOTSTRAP), str(task), self.handler, str(reply)], self, event, environ
            )
        answer = reply.read_text() if reply.exists() else json.dumps(_ended(self, written))
    self.logs_backend.ensure_log_group(_log_group(self))
    _save_logs(self, written)
    outcome = json.loads(answer)
    return json.dumps(outcome.get("result", outcome)), "result" not in outcome, written


def _run(command: list[str], self: Any, event: Any, environ: dict[str, str]) -> str:
    try:
        run = subprocess.run(
            command,
            input=json.dumps(event),
            env=environ,
            cwd=command[3],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=self.timeout,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        output = late.stdout.decode(errors="replace") if isinstance(late.stdout, bytes) else (late.stdout or "")
        return f"{output}Task timed out after {self.timeout} seconds"
    return run.stdout


def _ended(self: Any, written: str) -> dict[str, str]:
    last = written.splitlines()[-1:] or ["without a word"]
    return {"errorType": "Runtime.ExitError", "errorMessage": f"{self.function_name} ended: {last[0]}"}


def _environ(self: Any, task: Path) -> dict[str, str]:
    """Nothing of this process's own environment: what a function reads must be what it would read on AWS."""
    stores = RUNNING.stores
    trust = {"SSL_CERT_FILE": str(stores.ca)} if stores and stores.ca else {}
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "_HANDLER": self.handler,
        "AWS_ENDPOINT_URL": RUNNING.url,
        "AWS_REGION": self.region,
        "AWS_DEFAULT_REGION": self.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.run_time}",
        "AWS_LAMBDA_FUNCTION_NAME": self.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_size),
        "AWS_LAMBDA_FUNCTION_VERSION": str(self.version),
        "AWS_LAMBDA_LOG_GROUP_NAME": _log_group(self),
        "LAMBDA_TASK_ROOT": str(task),
        **trust,
        **_credentials(self),
        **{name: str(value) for name, value in self.environment_vars.items()},
    }


def _credentials(self: Any) -> dict[str, str]:
    """A session of the function's own role, so that what it may do can be checked."""
    session = sts_backends[self.account_id][self.partition].assume_role(
        region_name=self.region,
        role_session_name=self.function_name,
        role_arn=self.role,
        policy="",
        duration=3600,
        external_id="",
    )
    return {
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
    }


def _log_group(self: Any) -> str:
    return str(self.kept.get("LoggingConfig", {}).get("LogGroup") or self.logs_group_name)


def _save_logs(self: Any, output: str) -> None:
    stream = f"{utcnow():%Y/%m/%d}/[{self.version}]{uuid.uuid4().hex}"
    events = [{"timestamp": unix_time_millis(), "message": line} for line in output.splitlines()]
    self.logs_backend.create_log_stream(_log_group(self), stream)
    if events:
        self.logs_backend.put_log_events(_log_group(self), stream, events)
