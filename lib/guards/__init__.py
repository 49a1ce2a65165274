"""Stage 2 of 8, guards: Settings -> constructs. One guarded factory per Terraform type, and the seal over them.

A factory takes what its caller may decide, refuses everything wrong in one `GuardViolation`, and owns the rest.
"""
