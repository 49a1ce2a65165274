"""The guarded stack: provider, backend, concerns, outputs and ephemeral reads, all in its ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdktf import App, TerraformOutput, TerraformStack

from lib.errors import GuardViolation, Refusal
from lib.guards.guarded import Concern, Entry, Guarded, Ledger
from lib.guards.provider import PROVIDER_VERSIONS, TERRAFORM_VERSIONS, provider_class, structured
from lib.guards.tags import Tags
from policies.requirements import REGION, SECRET_NAME_WORDS


class GuardedStack(TerraformStack):
    """A stack for one environment in one account; everything in it is built through its concerns."""

    def __init__(self, app: App, id_: str, *, tags: Tags, account_id: str, backend: Mapping[str, Any]) -> None:
        """backend: `{"local": {...}}` or `{"s3": {...}}`, as Terraform takes it.

        Raises: GuardViolation for a remote state that is not encrypted with a named key and locked.
        """
        super().__init__(app, id_)
        self.name, self.tags, self.ledger = id_, tags, Ledger()
        _check_backend(id_, backend)
        arguments = {
            "region": REGION,
            "allowed_account_ids": [account_id],
            "default_tags": [{"tags": tags.as_terraform()}],
        }
        cls = provider_class()
        cls(self, "aws", **structured(cls, arguments))
        terraform = {
            "required_version": TERRAFORM_VERSIONS,
            "required_providers": {"aws": {"source": "aws", "version": PROVIDER_VERSIONS}},
            "backend": dict(backend),
        }
        self.add_override("terraform", terraform)
        if "local" not in backend:
            self.add_override("terraform.backend.local", None)
        self.ledger.record("provider", "", "", Entry(f"{id_}/aws", {"aws": [arguments]}))
        self.ledger.record("terraform", "", "", Entry(id_, terraform))

    def concern(self, id_: str) -> Concern:
        """A part of the stack for guards to build into."""
        return Concern(self, id_, path=f"{self.name}/{id_}", ledger=self.ledger)

    def output(self, id_: str, value: str, description: str) -> None:
        """An output for operators and tests.

        Raises: GuardViolation for a value that is read from a secret: outputs end up in the state and in logs.
        """
        if "ephemeral." in value or "secret_string" in value or _names_a_credential(id_):
            raise GuardViolation(
                "output",
                f"{self.name}/{id_}",
                [Refusal("value", value, "no secret, at most its ARN", "PG_SEC_NO_OUTPUT_LEAK")],
            )
        arguments = {"value": value, "description": description}
        TerraformOutput(self, id_, value=value, description=description).override_logical_id(id_)
        self.ledger.record("output", "", id_, Entry(f"{self.name}/{id_}", arguments))

    def ephemeral(self, type_: str, id_: str, arguments: Mapping[str, Any]) -> Guarded:
        """A block that Terraform reads while it runs and keeps in neither plan nor state.

        Source: https://developer.hashicorp.com/terraform/language/block/ephemeral
        """
        self.add_override(f"ephemeral.{type_}.{id_}", dict(arguments))
        path = f"{self.name}/{id_}"
        self.ledger.record("ephemeral", type_, id_, Entry(path, dict(arguments)))
        return Guarded(type_, id_, path, dict(arguments), kind="ephemeral")


def _names_a_credential(id_: str) -> bool:
    return any(word in id_ for word in SECRET_NAME_WORDS) and not id_.endswith(("_arn", "_name", "_id"))


def _check_backend(stack: str, backend: Mapping[str, Any]) -> None:
    s3 = backend.get("s3", {})
    wanted = {"encrypt": True, "use_lockfile": True, "region": REGION}
    refusals = [
        Refusal(f"backend.s3.{name}", s3.get(name), repr(value), "PG_SEC_STATE_BACKEND")
        for name, value in wanted.items()
        if "s3" in backend and s3.get(name) != value
    ]
    if "s3" in backend and not str(s3.get("kms_key_id", "")).startswith(f"arn:aws:kms:{REGION}:"):
        refusals.append(
            Refusal(
                "backend.s3.kms_key_id",
                s3.get("kms_key_id"),
                "the ARN of a customer managed key",
                "PG_SEC_STATE_BACKEND",
            )
        )
    if set(backend) - {"s3", "local"} or len(backend) != 1:
        refusals.append(Refusal("backend", sorted(backend), "s3 or local", "PG_SEC_STATE_BACKEND"))
    if refusals:
        raise GuardViolation("terraform backend", stack, refusals)
