"""A Terraform configuration as policies read it: `reading` makes one from HCL and JSON, `plans` from plans and states.

It lives beside the policies, not in lib/gate, so that plain Checkov, which has the policies alone, reads a file as the
gate does. From text to blocks: syntax, templates -> evaluate, functions -> bodies, constraints -> folders, modules ->
reading; printed -> states, plans -> overlay. What policies see of it is model and arguments.
"""

from policies.terraform.arguments import Arguments
from policies.terraform.model import (
    INTERPOLATION,
    KEY,
    TRAVERSAL,
    Block,
    CannotDecide,
    Configuration,
    Problem,
    decoded,
    is_reference,
    shown,
)

__all__ = [
    "INTERPOLATION",
    "KEY",
    "TRAVERSAL",
    "Arguments",
    "Block",
    "CannotDecide",
    "Configuration",
    "Problem",
    "decoded",
    "is_reference",
    "shown",
]
