"""NAM.suffix."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import suffix
from policies.naming import naming_of, words
from policies.terraform import Arguments, CannotDecide

PREFIXES = ("name_prefix", "identifier_prefix", "cluster_identifier_prefix", "bucket_prefix", "user_group_id_prefix")


class NamSuffix(Policy):
    """Whoever deletes `sensor-database` at night must see which environment's it is.

    The suffix is the EnvironmentSuffix tag of the resource. A name that Terraform or AWS makes up ends in random
    characters and tells nothing, so prefixes and absent names are refused.
    """

    id = "PG_NAM_SUFFIX"
    name = "Ensure physical names end in the environment suffix"
    severity = "MEDIUM"
    resources = ("aws_*",)
    profiles = ("sensor-platform",)
    controls = {
        "iec-62443-3-3": ("SR 7.8",),
        "iso27001-2022": ("A.8.31", "A.8.9"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.8.2.h", "6.3.1"),
        "nist-800-53-r5": ("CM-2", "CM-8"),
        "nist-csf-2.0": ("PR.PS-01", "ID.AM-02"),
        "pci-dss-4.0": ("6.5.3",),
        "soc2": ("CC8.1",),
    }
    strength = "internal"
    fix = "let the guarded factory derive the name; in Terraform: sensor-<thing>-<environment suffix>"
    source = "https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        naming = naming_of(conf)
        if naming is None:
            conf.note("name", f"{conf.block.type} has no physical name")
            return
        name = conf.text(naming.argument)
        prefix = None if name else next((argument for argument in PREFIXES if conf.has(argument)), None)
        if prefix:
            wanted = f"{naming.argument} instead: a generated name does not end in the suffix"
            yield Violation(prefix, conf.text(prefix), wanted)
        elif not name:
            yield Violation(naming.argument, name, "a name that ends in the environment suffix")
        else:
            expected = suffix(conf)
            where = words(name)[1:][-1:] if naming.ends_with_suffix else words(name)
            wanted = f"{expected} as its {'last word' if naming.ends_with_suffix else 'word'}"
            if expected not in where and "${" in name:
                raise CannotDecide(naming.argument, name, wanted)
            if expected not in where:
                yield Violation(naming.argument, name, wanted)
