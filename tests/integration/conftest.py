"""One deployment for all tests that ask for it, made by the verbs that users type.

PLANTGUARD_INTEGRATION_TARGET=aws looks at a stack that is deployed to a real account instead: credentials and
ENVIRONMENT_SUFFIX come from the environment, outputs and state from this checkout, and nothing is deployed, changed or
destroyed: tests that do so, or that need a way into the VPC, are skipped. That path has been run with the embedded AWS
in the place of an account, never on a real one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.deployment import ROOT, Deployment, deployed

SUFFIX = "check"
LAST = ("destroyed", "changed")
"""Fixtures that change the deployment for good: their tests come last, those of the first of all."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow, all on one worker of pytest-xdist, and what destroys the deployment last."""
    for item in items:
        if "deployment" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("deployment"))
    items.sort(key=lambda item: [name in getattr(item, "fixturenames", ()) for name in LAST])


@pytest.fixture(scope="session")
def deployment(provider_mirror: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    if os.environ.get("PLANTGUARD_INTEGRATION_TARGET", "local") == "aws":
        yield Deployment(ROOT, os.environ["ENVIRONMENT_SUFFIX"], dict(os.environ))
        return
    if not (shutil.which("terraform") and provider_mirror):
        assert not os.environ.get("REQUIRE_TERRAFORM"), "Terraform, or a mirror of the AWS provider, was not found"
        pytest.skip("needs terraform on PATH and a filesystem mirror that holds registry.terraform.io/hashicorp/aws")
    home = tmp_path_factory.mktemp("deployment")
    rc = home / "terraform.rc"
    rc.write_text(f'provider_installation {{ filesystem_mirror {{ path = "{provider_mirror}" }} }}')
    environ = {"TF_CLI_CONFIG_FILE": str(rc), "XDG_CACHE_HOME": str(home / "cache")}
    yield from deployed(home / "project", environ, SUFFIX)


@pytest.fixture
def embedded(deployment: Deployment) -> Deployment:
    """The deployment, for tests that change it or go past the AWS API."""
    if deployment.session is None:
        pytest.skip("a real account is only looked at, and its stores are inside the VPC")
    return deployment
