"""The process behind `main.py local up`: an entry of its own, with a command line and a clock."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from lib.emulator import hold
from lib.emulator.local import Owner
from lib.emulator.place import Wanted, folder_of
from lib.errors import EmulatorError


def main() -> int:
    """Runs until it is told to stop; an error is one line on standard error, never a traceback."""
    given = _arguments()
    wanted = Wanted(given.root, given.secret, given.port, given.postgres_port, given.cache_port)
    try:
        held = given.lock if given.lock is not None else hold.take(folder_of(given.root))
        os.set_inheritable(held, False)
        hold.sign(held, os.getpid())
        Owner(wanted, held, lambda: datetime.now(UTC), lambda line: print(line, flush=True)).run()
    except EmulatorError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return error.exit_code
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m lib.emulator", description=__doc__)
    parser.add_argument("root", type=Path, help="the project, whose folder .local holds the session")
    parser.add_argument("--secret", default="factory/database", help="name of the database secret")
    parser.add_argument("--port", type=int, default=0, help="of the AWS API; 0 for any")
    parser.add_argument("--postgres-port", type=int, default=0)
    parser.add_argument("--cache-port", type=int, default=0)
    parser.add_argument("--lock", type=int, help="descriptor, inherited, that holds .local already")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
