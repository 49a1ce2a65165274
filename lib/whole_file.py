"""Files that are whole or not there: written beside their place, brought to disk, then renamed over it."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Replaces `path` by `data` in one step; an interruption leaves the old file. Raises: OSError.

    mode: who may read and write it, less what the umask takes away.
    What is no file, as /dev/null or a pipe, is written to: replaced, a device would be gone for everyone.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    try:
        beside.touch(mode)
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def point_at(link: Path, target: str) -> None:
    """Makes `link` a symbolic link to `target` in one step; where the file system has none, a file that names it."""
    beside = link.with_name(f".{link.name}.{target}.new")
    beside.unlink(missing_ok=True)
    try:
        beside.symlink_to(target, target_is_directory=True)
        beside.replace(link)
    except OSError:
        write_whole(link, f"{target}\n".encode())
