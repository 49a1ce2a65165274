"""NAM.valid."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import suffix
from policies.naming import NAMES, words
from policies.requirements import SUFFIX_MAXIMUM_LENGTH
from policies.terraform import Arguments, CannotDecide


class NamValid(Policy):
    """A name that is a character too long fails at the end of an hour's apply, and leaves half an environment behind.

    Measured with the longest suffix that is permitted: what fits for `dev` must fit for every other environment.
    """

    id = "PG_NAM_VALID"
    name = "Ensure physical names satisfy the limits of their services"
    severity = "LOW"
    resources = tuple(NAMES)
    profiles = ("sensor-platform",)
    controls = {
        "iso27001-2022": ("A.8.9",),
        "nist-800-53-r5": ("CM-6",),
        "nist-csf-2.0": ("PR.PS-01",),
        "soc2": ("CC8.1",),
    }
    strength = "internal"
    fix = "shorten the id that the guarded factory derives the name from"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        naming = NAMES[conf.block.type]
        name = conf.text(naming.argument)
        if not name:
            return  # a generated name is valid
        if "${" in name:
            raise CannotDecide(naming.argument, name, "a name that the configuration itself decides")
        if not re.fullmatch(naming.form, name, re.ASCII):
            yield Violation(naming.argument, name, f"a name of the form {naming.form}")
        room = SUFFIX_MAXIMUM_LENGTH - len(suffix(conf)) if suffix(conf) in words(name) else 0
        if len(name) + room > naming.longest:
            got = f"{len(name)} characters, {len(name) + room} with the longest suffix"
            yield Violation(naming.argument, got, f"at most {naming.longest} characters")
