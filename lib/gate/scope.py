"""Source -> what a verdict says of its own reach: the environment, the files, the resources and what they refer to."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lib.artifacts import Digest, Resource, Scope
from lib.gate.sources import Source
from policies.disclosure import REFERENCE
from policies.environment import CLASS_TAG, default_tags
from policies.terraform import Arguments, Block, CannotDecide


def scope_of(source: Source) -> Scope:
    """What was looked at, as its own configuration states it; the commit is for whoever can ask the checkout."""
    provider = next((b for b in source.configuration.blocks if (b.kind, b.type) == ("provider", "aws")), None)
    conf = Arguments.of(source.configuration, provider) if provider else None
    tags = _tags(conf)
    root = common_folder(source)
    return Scope(
        environment=tags.get("EnvironmentSuffix", ""),
        environment_class=tags.get(CLASS_TAG, ""),
        region=next(_texts(conf, "region"), ""),
        account=", ".join(_texts(conf, "allowed_account_ids")),
        owner=tags.get("Owner", ""),
        form=source.form,
        files=tuple(Digest(_below(path, root), sha256) for path, sha256 in sorted(source.files.items())),
        target=_below(source.target, root),
        configuration=_below(source.declared, root) if source.declared else "",
        var_files=tuple(_below(path, root) for path in source.var_files),
    )


def common_folder(source: Source) -> Path:
    """The folder that all files of a source are named from: the one above the deepest that holds them all.

    A target keeps its own name so, by which findings call it.
    """
    places = [
        *(path.parent for path in source.files),
        *(p for p in (source.target, source.declared) if p and p.is_dir()),
    ]
    return Path(os.path.commonpath([str(place) for place in places])).parent


def resources_of(source: Source) -> tuple[Resource, ...]:
    """Every resource that was looked at, by address."""
    found = sorted((b for b in source.configuration.blocks if b.kind == "resource"), key=lambda b: b.address)
    return tuple(
        Resource(
            address=block.address,
            type=block.type,
            construct_path=block.construct_path,
            file=block.file or source.file,
            line=block.line,
            references=_references(source, block),
        )
        for block in found
    )


def _references(source: Source, block: Block) -> tuple[str, ...]:
    """Addresses of the other resources that an argument of the block names."""
    text = json.dumps(block.arguments, default=str).replace('\\\\\\"', '"').replace('\\"', '"')
    named = (source.configuration.referenced(match[0]) for match in REFERENCE.finditer(text))
    return tuple(sorted({to[0].address for to in named if to and to[0].kind == "resource"} - {block.address}))


def providers_of(source: Source) -> dict[str, str]:
    """Provider -> the versions that the configuration accepts, as its `required_providers` state them."""
    found: dict[str, str] = {}
    for block in source.configuration.blocks:
        for name, entry in _required(block.arguments) if block.kind == "terraform" else ():
            if isinstance(entry, Mapping):
                found[str(entry.get("source", name))] = str(entry.get("version", ""))
            else:
                found[name] = str(entry)
    return found


def _required(arguments: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    stated = arguments.get("required_providers")
    for body in stated if isinstance(stated, list) else [stated]:
        if isinstance(body, Mapping):
            yield from body.items()


def _tags(conf: Arguments | None) -> dict[str, str]:
    try:
        return {name: value for name, value in default_tags(conf).items() if value is not None}
    except CannotDecide:
        return {}


def _texts(conf: Arguments | None, name: str) -> Iterator[str]:
    """The texts that an argument of the provider states: one, several or none."""
    stated = conf.values.get(name) if conf else None
    for value in stated if isinstance(stated, Sequence) and not isinstance(stated, str) else [stated]:
        if isinstance(value, str) and not re.search(r"[$%]\{", value):
            yield value


def _below(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()
