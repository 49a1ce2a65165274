"""For all tests: Node comes from the environment that was set up, as in the product, before anything imports cdktf."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.guards.provider import use_packaged_node

use_packaged_node()


@pytest.fixture(scope="session")
def provider_mirror() -> Path | None:
    """A filesystem mirror with the AWS provider, if this machine has one.

    Terraform's own places first, then the whole disk: where a mirror is kept is up to the machine.
    """
    wanted = Path("registry.terraform.io", "hashicorp", "aws")
    homes = [Path.home() / ".terraform.d" / "plugins", Path("/usr/local/share/terraform/plugins"), Path("/opt")]
    for home in homes:
        if (home / wanted).is_dir():
            return home
    for folder, names, _ in os.walk("/"):
        names[:] = [n for n in names if n not in (".terraform", "proc", "sys", "node_modules", "site-packages", ".git")]
        if (Path(folder) / wanted).is_dir():
            return Path(folder)
    return None


@pytest.fixture
def terraform(provider_mirror: Path | None, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Terraform in a folder, with the real AWS provider: `terraform(folder, "init")`.

    Nothing can stand in for the provider's own schema; REQUIRE_TERRAFORM turns the gap into a failure.
    """
    binary = shutil.which("terraform")
    if not (binary and provider_mirror):
        assert not os.environ.get("REQUIRE_TERRAFORM"), "Terraform, or a mirror of the AWS provider, was not found"
        pytest.skip("needs terraform on PATH and a filesystem mirror that holds registry.terraform.io/hashicorp/aws")
    configuration = tmp_path / "terraform.rc"
    configuration.write_text(f'provider_installation {{ filesystem_mirror {{ path = "{provider_mirror}" }} }}')
    environ = {**os.environ, "TF_CLI_CONFIG_FILE": str(configuration), "CHECKPOINT_DISABLE": "1"}

    def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False
        )

    return run
