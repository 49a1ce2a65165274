"""The base of every policy, and the one place that knows Checkov's shapes.

A policy is facts, then a generator: `violations` yields what is wrong, and nothing yielded means PASSED.
What Checkov would lose (a crash, an unknown value) is a finding here: both become FAILED.
"""

from __future__ import annotations

import re
import traceback
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar

from checkov.common.bridgecrew.severities import Severities
from checkov.common.checks.base_check import BaseCheck
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.data.registry import data_registry
from checkov.terraform.checks.provider.registry import provider_registry
from checkov.terraform.checks.resource.registry import resource_registry

from policies.graph import blocks_meant, plain
from policies.profiles import Profile
from policies.terraform import Arguments, Block, CannotDecide, Configuration, shown

CATEGORIES = {
    "ENC": CheckCategories.ENCRYPTION,
    "TLS": CheckCategories.ENCRYPTION,
    "IAM": CheckCategories.IAM,
    "ROT": CheckCategories.SECRETS,
    "SEC": CheckCategories.SECRETS,
    "LOG": CheckCategories.LOGGING,
    "NET": CheckCategories.NETWORKING,
    "BKP": CheckCategories.BACKUP_AND_RECOVERY,
}


TOP_LEVEL = re.compile(r"[.\[:]")
CRASHED = "an answer from {}; it crashed"
"""What a crash requires; no waiver holds it, since nobody knows what it hides."""
SCALED_BY_AWS = frozenset({("aws_ecs_service", "desired_count")})
"""What autoscaling moves between bounds that are judged themselves: Terraform must leave it alone."""


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong: the argument, what it holds, what it must hold. Never put a secret into `got`.

    address: where it is wrong, if not in the judged block itself. fix: what to do, if not what the policy says.
    """

    argument: str
    got: object
    requires: str
    undecided: bool = False
    address: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Judgement:
    """A policy's whole answer for one block: no violations means PASSED, proved by `evidence`."""

    violations: tuple[Violation, ...]
    evidence: Mapping[str, object]


class Policy(BaseCheck):
    """Subclass with the facts below and a generator `violations`; being defined registers it with Checkov."""

    id: str = ""
    name: str = ""
    severity: Any = ""
    """CRITICAL, HIGH, MEDIUM or LOW."""
    resources: ClassVar[tuple[str, ...]] = ()
    """Terraform types it judges; `aws_*` means every one."""
    data: ClassVar[tuple[str, ...]] = ()
    """Types of data sources it judges."""
    blocks: ClassVar[tuple[str, ...]] = ()
    """Other kinds of block it judges: provider, output, variable."""
    controls: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Framework id -> control ids it is evidence for."""
    confidence: ClassVar[str] = "medium"
    """How apt that mapping is: high, medium or low."""
    strength: ClassVar[str] = "direct"
    """direct: the controls ask for this. supporting: it helps to show them. internal: they say where it belongs."""
    conflicts: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Framework id -> control ids that a reader sees violated where the policy is met."""
    waivable: ClassVar[bool] = True
    """False where no risk owner may accept a finding: policies/waivers.toml cannot name it."""
    fix: ClassVar[str] = ""
    source: ClassVar[str] = ""
    profiles: ClassVar[tuple[str, ...]] = ("sensor-platform", "generic")
    """Names of the profiles it is part of; README.md says when a policy is the house's alone."""
    serves: ClassVar[tuple[str, ...]] = ()
    """Thresholds that bring it into any other profile where they are set: `required_tags`, `regions`."""

    catalogue: ClassVar[dict[str, Policy]] = {}
    """id -> policy, for all that are loaded."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Registers the policy when its class is defined, as Checkov's own convention has it."""
        super().__init_subclass__(**kwargs)
        if cls.id:
            Policy.catalogue[cls.id] = cls()

    def __init__(self) -> None:
        cls = type(self)
        super().__init__(
            name=cls.name,
            id=cls.id,
            categories=[CATEGORIES.get(self.family, CheckCategories.CONVENTION)],
            supported_entities=[*cls.resources, *cls.data, *(["aws"] if "provider" in cls.blocks else [])],
            block_type="resource",
            guideline=cls.source,
        )
        self.severity = Severities[cls.severity]
        self.judgement: Judgement | None = None
        wanted = (
            (resource_registry, cls.resources),
            (data_registry, cls.data),
            (provider_registry, "provider" in cls.blocks),
        )
        for registry, entities in wanted:
            if entities:
                registry.register(self)

    @property
    def family(self) -> str:
        """ENC, TLS, IAM, ROT, SEC, TAG, NAM, REG, LOG, NET, BKP or DES."""
        return type(self).id.split("_")[1]

    @property
    def subject(self) -> str:
        """The subject of the control mapping: `PG_ENC_KINESIS` is `ENC.kinesis`."""
        _, family, rest = type(self).id.split("_", 2)
        return f"{family}.{rest.lower().replace('_', '-')}"

    def applies_to(self, profile: Profile) -> bool:
        """Whether a configuration that is judged by the profile is judged by this policy."""
        cls = type(self)
        return profile.name in cls.profiles or any(getattr(profile, threshold) for threshold in cls.serves)

    def judges(self, block: Block) -> bool:
        """Whether the block is one of those that the policy says it judges."""
        cls = type(self)
        wanted = {"resource": cls.resources, "data": cls.data}.get(block.kind)
        if wanted is None:
            return block.kind in cls.blocks and (block.kind != "provider" or block.type == "aws")
        return any(fnmatchcase(block.type, pattern) for pattern in wanted)

    @abstractmethod
    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """What is wrong with one block. May raise CannotDecide, which is reported as undecided."""

    def judge(self, conf: Arguments) -> Judgement:
        """The answer for one block, whatever happens: a crash and an unknown value are violations."""
        found: list[Violation] = []
        try:
            for violation in self.violations(conf):
                found.append(violation)
        except CannotDecide as gap:
            found.append(Violation(gap.argument, gap.got, gap.requires, undecided=True))
        except Exception as crash:  # whatever a policy does wrong must not look like a pass
            frame = traceback.extract_tb(crash.__traceback__)[-1]
            where = f"{type(crash).__name__} at {Path(frame.filename).name}:{frame.lineno}"
            found.append(Violation("", where, CRASHED.format(self.id)))
        found.extend(_hidden(conf))
        return Judgement(tuple(found), dict(conf.reads))

    def scan_entity_conf(self, conf: dict[str, Any], entity_type: str) -> CheckResult:
        """Checkov's entry. `self.graph` is our Configuration in the gate, and Checkov's graph under plain Checkov."""
        judgements = [self.judge(Arguments.of(whole, block)) for whole, block in self._meant(conf, entity_type)]
        if not judgements:
            return CheckResult.UNKNOWN
        self.judgement = judgements[0]
        violations = [violation for judgement in judgements for violation in judgement.violations]
        self.details = [f"{v.argument}: got {shown(v.got)}, requires {v.requires}" for v in violations]
        self.evaluated_keys = [v.argument for v in violations]
        return CheckResult.FAILED if violations else CheckResult.PASSED

    def _meant(self, conf: dict[str, Any], entity_type: str) -> list[tuple[Configuration, Block]]:
        """The blocks to judge: none where Checkov asks about one that has no instance."""
        if isinstance(self.graph, Configuration):
            return [(self.graph, conf["__block__"])]
        file = self.entity_path.partition(":")[0]
        found = blocks_meant(self.graph, file, conf, self.entity_path)
        if found:
            return [(whole, block) for whole, block in found if self.judges(block)]
        if self.graph is not None and (conf.get("count") or conf.get("for_each")):
            return []
        name = self.entity_path.rpartition(":")[2].rpartition(".")[2]
        return [(Configuration(()), Block("resource", entity_type, name, plain(conf)))]


def in_turn(parts: Iterable[Iterable[Violation]]) -> Iterator[Violation]:
    """All that independent checks yield: what one of them cannot decide is raised when every other has spoken."""
    gap = None
    remaining = iter(parts)
    while True:
        try:
            part = next(remaining, None)
            if part is None:
                break
            yield from part
        except CannotDecide as found:
            gap = gap or found
    if gap:
        raise gap


def _hidden(conf: Arguments) -> Iterator[Violation]:
    """What `lifecycle.ignore_changes` keeps Terraform from setting right again, of what this policy looked at.

    Of other blocks as well: a flow log or a parameter group decides the verdict on what refers to it.
    Source: https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#ignore_changes
    """
    for block, ignored in conf.configuration.index("ignored", lambda: _ignoring(conf.configuration)):
        own = block.address == conf.address
        prefix = "" if own else f"{block.address}."
        looked_at = [key.removeprefix(prefix) for key in conf.reads if key.startswith(prefix)]
        read = {TOP_LEVEL.split(key, maxsplit=1)[0] for key in looked_at} | ({"all"} if own or looked_at else set())
        for name in sorted(ignored & read):
            if (block.type, name) not in SCALED_BY_AWS:
                requires = "no argument that a policy judges, or its change would go unseen"
                address, fix = "" if own else block.address, f"remove {name} from ignore_changes"
                yield Violation("lifecycle.ignore_changes", name, requires, address=address, fix=fix)


def _ignoring(configuration: Configuration) -> list[tuple[Block, set[str]]]:
    return [(block, names) for block in configuration.blocks if (names := _ignored(block))]


def _ignored(block: Block) -> set[str]:
    lifecycle = block.arguments.get("lifecycle")
    blocks = lifecycle if isinstance(lifecycle, list) else [lifecycle]
    listed = [inner.get("ignore_changes") for inner in blocks if isinstance(inner, Mapping)]
    names = {str(name) for entry in listed for name in (entry if isinstance(entry, list) else [entry]) if name}
    return {TOP_LEVEL.split(name.strip("${} "), maxsplit=1)[0] for name in names}
