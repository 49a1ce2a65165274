from __future__ import annotations

import os
import stat
import threading

import pytest

from lib.whole_file import point_at, write_whole


def test_a_file_is_replaced_whole_and_its_folders_are_made(tmp_path):
    write_whole(tmp_path / "a" / "b", b"one")
    write_whole(tmp_path / "a" / "b", b"two")
    assert (tmp_path / "a" / "b").read_bytes() == b"two"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    write_whole(tmp_path / "b", b"one")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "b", b"two")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"one"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_whole(tmp_path / "pipe", b"one")
    reader.join(timeout=10)
    assert read == [b"one"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_link_points_at_its_new_target_in_one_step(tmp_path):
    point_at(tmp_path / "latest", "one")
    point_at(tmp_path / "latest", "two")
    assert (tmp_path / "latest").readlink().name == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["latest"]


def test_a_file_for_its_owner_alone_is_never_open_to_others(tmp_path):
    write_whole(tmp_path / "private", b"one", mode=0o600)
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600
