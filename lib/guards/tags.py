"""The tags that every resource carries. A `Tags` cannot lack one, so a factory that takes it cannot build untagged."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lib.errors import GuardViolation, Refusal
from policies.requirements import REQUIRED_TAGS, TAG_VOCABULARY

VALUE = re.compile(r"[A-Za-z0-9 +\-=._:/@]{1,256}")


@dataclass(frozen=True)
class Tags:
    """One value for each required tag. Raises: GuardViolation, naming every value that a tag may not hold.

    Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
    """

    owner: str
    cost_centre: str
    data_classification: str
    project: str
    environment: str
    environment_suffix: str
    environment_class: str = "ephemeral"
    managed_by: str = "cdktf"

    def __post_init__(self) -> None:
        refusals = [
            Refusal(
                f"tags[{name}]",
                value,
                " or ".join(TAG_VOCABULARY.get(name, ("1 to 256 letters, digits or +-=._:/@",))),
                "PG_TAG_VALUES",
            )
            for name, value in self._pairs()
            if not isinstance(value, str)
            or not VALUE.fullmatch(value)
            or value not in TAG_VOCABULARY.get(name, (value,))
        ]
        if refusals:
            raise GuardViolation("tags", "settings", refusals)

    def as_terraform(self) -> dict[str, str]:
        """The `tags` argument, in the order of REQUIRED_TAGS."""
        return dict(self._pairs())

    def _pairs(self) -> list[tuple[str, str]]:
        return [(tag, getattr(self, re.sub(r"(?<!^)(?=[A-Z])", "_", tag).lower())) for tag in REQUIRED_TAGS]
