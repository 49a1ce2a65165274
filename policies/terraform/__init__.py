"""A Terraform configuration as policies read it; `reading` makes one from HCL, JSON, plans and states."""

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
