import os
import signal

import pytest

from lib.emulator.programs import Program, reachable, run
from lib.errors import EmulatorError

DEAF = "trap '' TERM; echo deaf; while :; do sleep 0.1; done"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's programs run as somebody else")


@as_root
def test_programs_that_nobody_cannot_reach_are_copied_and_run(folder, tmp_path):
    installation = tmp_path / "closed"
    installation.mkdir()
    program = installation / "program"
    program.write_text("#!/bin/sh\nid -u >&2\nexit 3\n")
    program.chmod(0o755)
    tmp_path.chmod(0o700)
    copied = reachable(installation, folder)
    assert copied != installation
    with pytest.raises(EmulatorError, match=r"program ended \(exit 3\): 65534"):
        run([copied / "program"], folder)


@as_root
def test_programs_that_nobody_can_reach_stay_where_they_are(folder):
    (folder / "open").mkdir()
    assert reachable(folder / "open", folder / "elsewhere") == folder / "open"


def test_a_program_that_does_not_stop_is_ended(folder, monkeypatch):
    monkeypatch.setattr("lib.emulator.programs.STOP_SECONDS", 0.2)
    program = Program.start("deaf", ["/bin/sh", "-c", DEAF], folder, folder / "deaf.log")
    while "deaf" not in (folder / "deaf.log").read_text():
        program.require_alive()
    program.stop()
    assert program.process.returncode == -signal.SIGKILL


def test_a_program_that_ends_tells_its_last_words(folder):
    program = Program.start("brief", ["/bin/sh", "-c", "echo the reason >&2; exit 1"], folder, folder / "brief.log")
    program.process.wait(10)
    with pytest.raises(EmulatorError, match=r"brief ended \(exit 1\): the reason"):
        program.require_alive()
    program.stop()
