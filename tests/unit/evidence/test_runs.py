from __future__ import annotations

import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lib.artifacts import Outcome
from lib.errors import ReportError
from lib.evidence import runs
from lib.evidence.runs import counts_of, keep_run, kept_runs, read_verdict, run_folder
from lib.reports import RENDERERS, views_of
from lib.verdict_json import to_json
from tests.samples import sample

STARTED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def verdict(number=0, **changes):
    when = STARTED + timedelta(minutes=number)
    return replace(sample(), past=(), run=replace(sample().run, id="", started=when, ended=when), **changes)


def keep(stack, judged=None, *, seal=lambda *_: {}, most=100, inputs=None):
    return keep_run(stack, judged or verdict(), inputs or {}, seal, most)[0]


def test_a_run_is_a_folder_named_by_its_start_and_its_source(tmp_path):
    folder = keep(tmp_path / "s", inputs={"input/s/a.tf": b"a"})
    assert folder.name == "20260301T120000Z-abababab"
    assert (folder / "input/s/a.tf").read_bytes() == b"a"
    assert read_verdict(folder).run.id == folder.name


def test_a_run_holds_every_view_as_it_is_rendered_again_from_its_verdict(tmp_path):
    folder = keep(tmp_path / "s")
    views = views_of(read_verdict(folder))
    assert len(views) == len(RENDERERS)
    assert {name: (folder / name).read_bytes() for name in views} == views


def test_latest_is_the_last_run(tmp_path):
    keep(tmp_path / "s")
    last = keep(tmp_path / "s", verdict(1))
    assert (tmp_path / "s" / "latest").resolve() == last
    assert (tmp_path / "s" / "latest").readlink() == runs.Path(last.name)


def test_where_there_are_no_symbolic_links_latest_names_the_last_run(tmp_path, monkeypatch):
    monkeypatch.setattr(runs.Path, "symlink_to", lambda *_, **__: (_ for _ in ()).throw(OSError("no links here")))
    folder = keep(tmp_path / "s")
    assert (tmp_path / "s" / "latest").read_text() == f"{folder.name}\n"


def test_the_seal_is_told_the_digest_of_every_file_and_is_written_beside_them(tmp_path):
    told = {}

    def seal(_verdict, digests):
        told.update(digests)
        return {"seal": b"s"}

    folder = keep(tmp_path / "s", seal=seal, inputs={"input/s/a.tf": b"a"})
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(told) == there - {"seal"}


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, OSError, ReportError])
def test_a_run_that_is_interrupted_leaves_nothing_and_latest_as_it_was(tmp_path, trouble):
    first = keep(tmp_path / "s")

    def seal(*_):
        raise trouble

    with pytest.raises(trouble):
        keep(tmp_path / "s", verdict(1), seal=seal)
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == [first.name, "latest"]
    assert (tmp_path / "s" / "latest").resolve() == first


def test_runs_of_the_same_second_are_kept_side_by_side(tmp_path):
    threads = [threading.Thread(target=keep, args=(tmp_path / "s",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = kept_runs(tmp_path / "s")
    assert [path.name[25:] for path in found] == ["", "-2", "-3", "-4"]
    assert {read_verdict(path).run.id for path in found} == {path.name for path in found}


def test_the_oldest_runs_go_and_what_is_no_run_stays(tmp_path):
    (tmp_path / "s" / "notes").mkdir(parents=True)
    (tmp_path / "s" / "20260101T000000Z-abababab").mkdir()  # without a verdict: nobody knows what it is
    found = [keep(tmp_path / "s", verdict(number), most=3) for number in range(5)]
    assert kept_runs(tmp_path / "s") == found[2:]
    assert (tmp_path / "s" / "notes").is_dir()
    assert (tmp_path / "s" / "20260101T000000Z-abababab").is_dir()


def test_what_a_killed_process_left_is_removed_after_a_day(tmp_path):
    old, fresh = (tmp_path / "s" / f".2026030{day}T110000Z-abababab.new" for day in (1, 2))
    old.mkdir(parents=True)
    fresh.mkdir()
    for path, age in ((old, timedelta(days=2)), (fresh, timedelta(hours=1))):
        changed = (STARTED - age).timestamp()
        os.utime(path, (changed, changed))
    keep(tmp_path / "s")
    assert not old.exists()
    assert fresh.exists()


def test_a_verdict_holds_the_runs_that_are_still_there_the_oldest_first(tmp_path):
    names = [keep(tmp_path / "s", verdict(number), most=3).name for number in range(4)]
    past = read_verdict(tmp_path / "s" / names[-1]).past
    assert [one.run for one in past] == names[1:3]
    assert past[0].outcome is Outcome.FAIL
    assert past[0].counts == counts_of(sample())


def test_an_earlier_verdict_that_cannot_be_read_does_not_stop_the_gate(tmp_path):
    first = keep(tmp_path / "s")
    broken = keep(tmp_path / "s", verdict(1))
    (broken / "verdict.json").write_text("{")
    last = keep(tmp_path / "s", verdict(2))
    assert [one.run for one in read_verdict(last).past] == [first.name]


def test_a_run_is_found_by_folder_verdict_stack_name_or_as_the_only_one(tmp_path):
    folder = keep(tmp_path / "s")
    reports = tmp_path
    for given in (folder, folder / "verdict.json", tmp_path / "s", tmp_path / "s" / "latest", None):
        assert run_folder(given, reports) == folder
    for name in ("s", f"s/{folder.name}"):
        assert run_folder(runs.Path(name), reports) == folder


@pytest.mark.parametrize("given", [None, "nowhere"])
def test_a_run_that_cannot_be_meant_is_refused_with_what_there_is(tmp_path, given):
    with pytest.raises(ReportError, match="none in"):
        run_folder(given and tmp_path / given, tmp_path)
    keep(tmp_path / "a")
    keep(tmp_path / "b")
    with pytest.raises(ReportError, match="a, b"):
        run_folder(given and tmp_path / given, tmp_path)


def test_counts_are_by_family_and_miss_no_result():
    judged = sample()
    found = counts_of(judged)
    total = sum(count.passed + count.failed + count.undecided + count.waived for count in found)
    assert total == len(judged.passed) + len(judged.findings) + len(judged.waived)


def test_the_same_run_gives_the_same_bytes(tmp_path):
    one, two = keep(tmp_path / "one" / "s"), keep(tmp_path / "two" / "s")
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert names
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names)
    assert to_json(read_verdict(one)).encode() == (one / "verdict.json").read_bytes()
