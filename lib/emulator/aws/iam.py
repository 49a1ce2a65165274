"""IAM: what roles and users may do, checked where the emulator can.

moto's own check compares every resource with `*` for all services but three, and takes each condition of a policy for
not met, so it refuses every role that is written with least privilege. This one checks, for sessions of roles and for
users' keys, the identity's own policies: actions for all services, resources where the request names them (Kinesis,
KMS, CloudWatch Logs, Secrets Manager, SNS, SQS), and conditions on the region and the account.
It does not check: signatures, resource and key policies, permission boundaries, other conditions (kms:ViaService),
what a service does on the caller's behalf (GetSecretValue needs kms:Decrypt on AWS), nor trust when a role is assumed.
Keys that were never given out here, as Terraform's, belong to the account's administrator.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import AccessDeniedError, JsonRESTError
from moto.iam.models import iam_backends
from moto.kinesis.utils import decompose_shard_iterator
from moto.sts.models import sts_backends

from lib.emulator.aws.patching import Original, wrap
from lib.emulator.aws.policies import allows
from lib.emulator.aws.running import RUNNING

PREFIXES = {"monitoring": "cloudwatch", "iotdata": "iot", "iotdevicegateway": "iot"}
"""Services whose name in signatures is not the one in policies."""


def install() -> None:
    """Stand where moto checks before each operation."""
    wrap(ActionAuthenticatorMixin, "_authenticate_and_authorize_action", _authorize)


def role_may(role_arn: str, action: str, resource: str, region: str) -> bool:
    """Whether a role may, for what a service does as that role; always where nothing is enforced."""
    account_id = role_arn.split(":")[4]
    return not RUNNING.enforce_iam or allows(
        _role_policies(account_id, role_arn), action, resource, _facts(account_id, region)
    )


def _authorize(_: Original, self: Any, iam_request_cls: type, resource: str = "*") -> None:
    if not RUNNING.enforce_iam or not _given_out(self.current_account, self.access_key):
        return
    request = iam_request_cls(
        account_id=self.current_account,
        method=self.method,
        path=self.raw_path,
        data=self.data,
        body=self.raw_body,
        headers=self.headers,
        action=self._get_action(),
    )
    service, _dot, operation = request._action.partition(":")
    action = f"{PREFIXES.get(service, service)}:{operation}"
    if action == "sts:GetCallerIdentity":
        return
    named = resource if resource != "*" else _named_resource(self, service)
    key = request._access_key
    if not allows(map(_document, key.collect_policies()), action, named, _facts(self.current_account, self.region)):
        raise _denied(self, key.arn, action)


def _given_out(account_id: str, access_key: str) -> bool:
    sessions = sts_backends[account_id]["aws"].assumed_roles
    users = iam_backends[account_id]["aws"].users.values()
    known = {session.access_key_id for session in sessions}
    return access_key in known | {key.access_key_id for user in users for key in user.access_keys}


def _role_policies(account_id: str, role_arn: str) -> list[Mapping[str, Any]]:
    backend, name = iam_backends[account_id]["aws"], role_arn.rsplit("/", 1)[-1]
    inline = [backend.get_role_policy(name, policy)[1] for policy in backend.list_role_policies(name)]
    return [_document(policy) for policy in (*inline, *backend.list_attached_role_policies(name)[0])]


def _document(policy: Any) -> Mapping[str, Any]:
    """A policy in any of the forms in which moto keeps it."""
    if hasattr(policy, "versions"):
        policy = next(version.document for version in policy.versions if version.is_default)
    elif isinstance(policy, Mapping) and "policy_document" in policy:
        policy = policy["policy_document"]
    document: Mapping[str, Any] = json.loads(policy) if isinstance(policy, str) else policy
    return document


def _facts(account_id: str, region: str) -> dict[str, str]:
    return {"aws:RequestedRegion": region, "aws:PrincipalAccount": account_id, "aws:ResourceAccount": account_id}


def _named_resource(self: Any, service: str) -> str | None:
    find = RESOURCES.get(service)
    return find(self, f"arn:aws:{service}:{self.region}:{self.current_account}:") if find else None


def _stream(self: Any, prefix: str) -> str | None:
    arn: str | None = self._get_param("StreamARN") or self._get_param("ResourceARN")
    name = self._get_param("StreamName")
    if iterator := self._get_param("ShardIterator"):
        name = decompose_shard_iterator(iterator)[0]
    return arn or (f"{prefix}stream/{name}" if name else None)


def _secret(self: Any, _: str) -> str | None:
    secrets, id_ = self.backend.secrets, self._get_param("SecretId")
    return str(secrets[id_].arn) if id_ and id_ in secrets else None


def _key(self: Any, _: str) -> str | None:
    backend, id_ = self.kms_backend, self._get_param("KeyId")
    key = backend.keys.get(backend.get_key_id(id_)) if id_ else None
    return str(key.arn) if key else None


def _queue(self: Any, prefix: str) -> str | None:
    url, name = self._get_param("QueueUrl"), self._get_param("QueueName")
    return prefix + (name or url.rsplit("/", 1)[-1]) if name or url else None


def _log_group(self: Any, prefix: str) -> str | None:
    name, stream = self._get_param("logGroupName"), self._get_param("logStreamName")
    return f"{prefix}log-group:{name}:log-stream:{stream or ''}" if name else None


def _topic(self: Any, _: str) -> str | None:
    arn: str | None = self._get_param("TopicArn")
    return arn


RESOURCES: Mapping[str, Callable[[Any, str], str | None]] = {
    "kinesis": _stream,
    "kms": _key,
    "logs": _log_group,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
}


def _denied(self: Any, principal: str, action: str) -> Exception:
    if "json" in self.headers.get("Content-Type", ""):
        message = f"User: {principal} is not authorized to perform: {action}"
        error: Exception = JsonRESTError("AccessDeniedException", message)
    else:
        error = AccessDeniedError(principal, action)
    return error
