"""Where plans wait: `<home>/<stack>/<run>/`, all that is applied, read by its owner alone; and who may work there.

Each is as deep below the project as cdktf's own `cdktf.out/stacks/<stack>`, since a backend's path is relative to it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from lib.artifacts import Digest
from lib.deploy.terraform import Terraform, is_running
from lib.errors import DeployRefused, TerraformFailed
from lib.whole_file import write_whole

PLAN, PLAN_JSON, LOCK_FILE, ERRORED = "plan.tfplan", "plan.json", ".terraform.lock.hcl", "errored.tfstate"
LOCK, PID, PREFIX = ".lock", ".terraform.pid", ".new-"
NOT_KEPT = frozenset({ERRORED, ".terraform.tfstate.lock.info"})


@contextmanager
def exclusive(stack: Path, terraform: Terraform) -> Iterator[Terraform]:
    """Terraform that nobody else runs on this stack, on this machine; elsewhere the state's own lock holds.

    A Terraform that outlived who started it counts as well: it is still at work, and its folder must stay.
    Raises: DeployRefused, TerraformFailed where an earlier one could not save its state.
    """
    stack.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(stack / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _taken(descriptor) or is_running(stack / PID):
            raise DeployRefused(
                f"to work on {stack.name}",
                ["another plan, deploy or destroy of it is running on this machine"],
                "wait until it has ended, then run the same again",
            )
        _no_unsaved_state(stack)
        _swept(stack)
        yield terraform.noting(stack / PID)
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def scratch(stack: Path) -> Iterator[Path]:
    """A folder of its own, which is gone afterwards unless it was renamed, or holds a state that is nowhere else."""
    stack.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=stack))
    try:
        yield folder
    finally:
        if not (folder / ERRORED).exists():
            shutil.rmtree(folder, ignore_errors=True)


def contents(folder: Path) -> dict[str, bytes]:
    """Relative path -> content of everything in a plan's folder. Raises: DeployRefused for what is no plain file."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise DeployRefused(f"the plan in {folder}", [f"{name} is no plain file"])
        if path.is_file() and name not in NOT_KEPT:
            found[name] = path.read_bytes()
    return found


def digests(files: Mapping[str, bytes]) -> tuple[Digest, ...]:
    """What identifies them, by name."""
    return tuple(Digest(name, hashlib.sha256(content).hexdigest()) for name, content in sorted(files.items()))


def differences(attested: Sequence[Digest], found: Sequence[Digest]) -> list[str]:
    """Each file that is not what it was, in words."""
    then, now = ({file.path: file.sha256 for file in files} for files in (attested, found))
    wrong = []
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            how = "is not the file that was judged" if name in then and name in now else "is missing"
            wrong.append(f"{name} {how if name in then else 'was not there when it was judged'}")
    return wrong


def write_private(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes files that their owner alone reads: a plan may hold what the state holds."""
    folder.chmod(0o700)
    for name, content in files.items():
        write_whole(folder / name, content)
        (folder / name).chmod(0o600)


def plans(stack: Path) -> list[Path]:
    """The folders of the plans that wait, the oldest first."""
    found = stack.iterdir() if stack.is_dir() else ()
    return sorted(path for path in found if not path.name.startswith(".") and (path / PLAN).is_file())


def drop(folder: Path) -> None:
    """Removes a plan, which can be applied no more."""
    shutil.rmtree(folder, ignore_errors=True)


def _swept(stack: Path) -> None:
    for path in stack.iterdir():
        if path.name.startswith(PREFIX):  # of a process that was killed: nobody else is here
            shutil.rmtree(path, ignore_errors=True)


def _no_unsaved_state(stack: Path) -> None:
    for errored in sorted(stack.glob(f"*/{ERRORED}")):
        raise TerraformFailed(
            f"beginning work on {stack.name}",
            f"an earlier run could not save its state, and left it in {errored}",
            "",
            f"terraform -chdir={errored.parent} init && terraform -chdir={errored.parent} state push {ERRORED}; "
            f"then remove {errored.parent}, and run the same again",
        )
