"""What the gate is pointed at -> configurations: HCL, Terraform JSON, cdktf.out, the JSON of a plan or a state."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib.errors import GateError
from policies.terraform import Block, Configuration
from policies.terraform.folders import SUFFIXES, parse_json
from policies.terraform.plans import is_plan_or_state, read_plan
from policies.terraform.reading import Reading, read_module, root_folders

READS = "a folder of .tf files, a .tf or .tf.json file, a cdktf.out folder, or the JSON of terraform show -json"
LARGEST_PLAN = 1024 * 1024 * 1024


@dataclass(frozen=True)
class Source:
    """One configuration as it was read: its name in reports, and a SHA-256 (hex).

    sha256: of the file, of a plan or state alone; where several files were read, over their names and digests.
    without_sources: whether it is a plan or state alone, which leaves out what only the sources say.
    form: hcl, json, plan or state. files: absolute path -> SHA-256 (hex) of everything that was read.
    target, declared, var_files: absolute paths, what the gate was pointed at.
    """

    file: str
    sha256: str
    configuration: Configuration
    without_sources: bool = False
    form: str = ""
    files: Mapping[Path, str] = field(default_factory=dict)
    target: Path = Path()
    declared: Path | None = None
    var_files: tuple[Path, ...] = ()

    def block(self, address: str) -> Block | None:
        """The block of an address."""
        return self.configuration.by_address.get(address)

    def file_of(self, address: str) -> str:
        """The file that declares a block."""
        block = self.block(address)
        return block.file if block and block.file else self.file

    def line_of(self, address: str, argument: str) -> int:
        """Line of an argument, else of its block, else 0."""
        block = self.block(address)
        top = re.split(r"[.\[]", argument, maxsplit=1)[0]
        return block.lines.get(top, block.line) if block else 0

    def construct_path_of(self, address: str) -> str:
        """CDKTF's construct path of a block, empty where the input has none."""
        block = self.block(address)
        return block.construct_path if block else ""


def find_sources(target: Path) -> list[Path]:
    """The configurations that a target holds: itself, or each root module below a folder.

    Raises: GateError where there is none.
    """
    if not target.is_dir():
        return [target]
    try:
        found = root_folders(target)
    except OSError as error:
        raise GateError(f"{target}: cannot be read: {error.strerror}. Without it there is no verdict.") from error
    if not found:
        raise GateError(f"{target}: holds no Terraform. The gate reads {READS}.")
    return found


def read_source(path: Path, configuration: Path | None = None, var_files: Sequence[Path] = ()) -> Source:
    """What stands at a path. configuration: the sources of a plan or state, for what JSON of Terraform leaves out.

    Raises: GateError where it is missing, of no known type, or declares no resource: nothing was judged then.
    """
    if not path.exists():
        raise GateError(f"{path}: does not exist. The gate reads {READS}.")
    missing = [str(file) for file in var_files if not file.is_file()]
    if missing:
        raise GateError(f"{', '.join(missing)}: no such file of variable values")
    reading, form = _read(path, configuration, tuple(var_files))
    printed = form in ("plan", "state")
    if configuration and not printed:
        raise GateError(f"{path}: is no plan and no state, so --configuration says nothing of it")
    if not any(block.kind == "resource" for block in reading.configuration.blocks):
        problems = reading.configuration.problems
        causes = "".join(f"\n  {p.file}:{p.line}: {p.got}, requires {p.requires}" for p in problems)
        raise GateError(f"{path}: declares no resource. A gate that looked at nothing gives no verdict.{causes}")
    return Source(
        file=path.resolve().name,
        sha256=reading.sha256,
        configuration=reading.configuration,
        without_sources=printed and not configuration,
        form=form,
        files=reading.files,
        target=path.resolve(),
        declared=configuration.resolve() if configuration else None,
        var_files=tuple(file.resolve() for file in var_files),
    )


def _read(path: Path, configuration: Path | None, var_files: tuple[Path, ...]) -> tuple[Reading, str]:
    """What was read, and its form."""
    if path.is_dir() or path.name.endswith(SUFFIXES):
        folder, only = (path, None) if path.is_dir() else (path.parent, path)
        reading = read_module(folder, only, var_files)
        return reading, "hcl" if any(file.suffix == ".tf" for file in reading.files) else "json"
    if path.suffix != ".json":
        raise GateError(f"{path}: is of no type that the gate reads: {READS}.")
    document, sha256 = _json_of(path)
    if not is_plan_or_state(document):
        if isinstance(document, dict) and "lineage" in document:
            raise GateError(f"{path}: is a raw state; the gate reads what `terraform show -json {path}` prints")
        return read_module(path.parent, path, var_files), "json"
    declared = _read(configuration, None, var_files)[0] if configuration else None
    return read_plan(document, path.resolve(), sha256, declared), "state" if "values" in document else "plan"


def _json_of(path: Path) -> tuple[Any, str]:
    try:
        if path.stat().st_size > LARGEST_PLAN:
            raise ValueError(f"more than {LARGEST_PLAN} bytes")
        content = path.read_bytes()
        return parse_json(content), hashlib.sha256(content).hexdigest()
    except (OSError, ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else error
        raise GateError(f"{path}: cannot be read as JSON: {what}. Without it there is no verdict.") from error
