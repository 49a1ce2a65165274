"""Custom Checkov policies: one file per requirement, found by being in this folder.

`terraform/` is a configuration as a policy reads it, `iam.py` the documents inside it, `base.py` the one
place that knows Checkov's shapes, `requirements.py` the numbers and names shared with the guards, `profiles.py` those
in force.
"""
