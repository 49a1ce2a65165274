"""A small stack that passes the real gate, planned by real Terraform with the real provider against a real moto."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from moto.server import ThreadedMotoServer
from securesystemslib.signer import CryptoSigner

from lib.artifacts import Actor, Run, Target
from lib.deploy.applying import Deployed, Recording, apply_plan
from lib.deploy.checking import Demand
from lib.deploy.planning import Judging, Place, Planned, make_plan, waivers_sha256
from lib.deploy.terraform import Terraform, environ_for, find_terraform
from lib.evidence.keeping import Keeping
from lib.evidence.keys import read_public_key, read_signer
from lib.evidence.sealing import Trusted, seal_by
from lib.gate import judge
from lib.gate.sources import read_source
from lib.gate.waiver_file import read_waivers
from policies.profiles import SENSOR_PLATFORM, Profile
from tests.unit.conftest import PROVIDER

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTOR = Actor("tester", "person")
STACK, ACCOUNT = "sensor-dev", "123456789012"
MINUTE = timedelta(minutes=1)
TERRAFORM = {
    "required_version": ">= 1.11.0",
    "required_providers": {"aws": {"source": "aws", "version": ">= 5.100.0, < 7.0.0"}},
    "backend": {"local": {"path": "../terraform.tfstate"}},
}
PARAMETER = {"aws_ssm_parameter": {"line": {"name": "/line-dev", "type": "String", "insecure_value": "one"}}}
OUTPUT = {"line_name": {"value": "${aws_ssm_parameter.line.name}"}}


def configuration(resource: Any = PARAMETER, output: Any = OUTPUT, **blocks: Any) -> dict[str, Any]:
    """Terraform JSON of a small stack."""
    provider = {"aws": [{**PROVIDER["aws"][0], "allowed_account_ids": [ACCOUNT], "max_retries": 1}]}
    outputs = {"output": output} if output else {}
    return {"terraform": TERRAFORM, "provider": provider, "resource": resource, **outputs, **blocks}


def sleeping(seconds: float) -> dict[str, Any]:
    """A resource that exists, one that takes its time, and one that comes after it."""
    slow = {"provisioner": [{"local-exec": {"command": f"sleep {seconds}"}}]}
    first, last = (
        {"name": f"/{name}-dev", "type": "String", "insecure_value": "one", **further}
        for name, further in (("first", {}), ("last", {"depends_on": ["terraform_data.slow"]}))
    )
    return {
        "aws_ssm_parameter": {"first": first, "last": last},
        "terraform_data": {"slow": {"depends_on": ["aws_ssm_parameter.first"], **slow}},
    }


@dataclass
class World:
    """A folder with everything that is planned, applied and kept; `told` is what progress and notices said."""

    root: Path
    place: Place
    told: list[Any] = field(default_factory=list)

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def waivers(self) -> tuple[str, Path]:
        return "waivers.toml", self.root / "waivers.toml"

    @property
    def waiting(self) -> Path:
        """The folder of the one plan that waits."""
        (found,) = (path for path in self.place.folder.iterdir() if not path.name.startswith(".") and path.is_dir())
        return found

    @property
    def run(self) -> Path:
        return self.reports / STACK / self.waiting.name

    def configure(self, document: dict[str, Any]) -> Path:
        folder = self.root / "configuration"
        folder.mkdir(exist_ok=True)
        (folder / "cdk.tf.json").write_text(json.dumps(document, indent=2))
        return folder

    def plan(self, document: dict[str, Any] | None = None, now: datetime = NOW, **by: Any) -> Planned:
        folder = self.configure(document or configuration())
        if not self.waivers[1].exists():
            self.waivers[1].write_text("")
        return make_plan(self.place, folder, self.judging(now, **by), self.told.append)

    def judging(
        self, now: datetime = NOW, profile: Profile = SENSOR_PLATFORM, key: Path | None = None, **by: Any
    ) -> Any:
        signer = read_signer(key) if key else None

        def judged(printed: Path, sources: Path) -> Any:
            source = read_source(printed, sources)
            entries = read_waivers(self.waivers[1], self.waivers[0])
            return source, judge(source, STACK, entries, now.date(), profile)

        return Judging(
            judge=judged,
            how=Keeping(self.reports, Run("", now, now, ACTOR), seal_by(signer, keyless=False), 10, signer is not None),
            own_thresholds=SENSOR_PLATFORM.thresholds(),
            longest=60 * MINUTE,
            signer=signer,
            waivers=self.waivers,
            **by,
        )

    def deploy(self, run: str = "", place: Place | None = None, **demand: Any) -> Deployed:
        return apply_plan(place or self.place, run, self.demand(**demand), self.recording(), self.told.append)

    def demand(self, key: Path | None = None, **demand: Any) -> Demand:
        usual = Demand(
            now=NOW + MINUTE,
            longest=60 * MINUTE,
            trusted=Trusted(read_public_key(key) if key else None),
            allow_unsigned=True,
            own_thresholds=SENSOR_PLATFORM.thresholds(),
            waivers_sha256=waivers_sha256(self.waivers),
        )
        return replace(usual, **demand)

    def recording(self, signer: CryptoSigner | None = None) -> Recording:
        return Recording(self.reports, ACTOR, signer, lambda: NOW + 2 * MINUTE)

    def records(self) -> list[dict[str, Any]]:
        found = sorted((self.reports / STACK / "deployments").glob("*/outcome.json"))
        return [json.loads(path.read_text()) for path in found]


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """URL of a moto server; what one test deploys, another one finds, so names are the test's own."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def clean(moto: str) -> str:
    """The same, with nothing in it."""
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{moto}/moto-api/reset", method="POST"))
    return moto


@pytest.fixture(scope="session")
def caller(provider_mirror: Path | None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a caller whose Terraform finds the provider."""
    if not (shutil.which("terraform") and provider_mirror):
        assert not os.environ.get("REQUIRE_TERRAFORM"), "Terraform, or a mirror of the AWS provider, was not found"
        pytest.skip("needs terraform on PATH and a filesystem mirror that holds registry.terraform.io/hashicorp/aws")
    file = tmp_path_factory.mktemp("rc") / "terraform.rc"
    file.write_text(f'provider_installation {{ filesystem_mirror {{ path = "{provider_mirror}" }} }}')
    return {**os.environ, "TF_CLI_CONFIG_FILE": str(file)}


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Terraform's own folder; providers are installed there once."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def terraform_at(caller: dict[str, str], data: Path) -> Callable[..., Terraform]:
    """Terraform that meets an AWS at a URL."""

    def at(url: str, notice: Callable[[str], None] = print) -> Terraform:
        aws = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return find_terraform(environ_for(caller, aws, data, own_aws=False), notice)

    return at


@pytest.fixture(scope="session")
def world_at(terraform_at: Callable[..., Terraform]) -> Callable[[Path, str], World]:
    """A world in a folder, with the AWS at a URL."""

    def at(root: Path, url: str) -> World:
        told: list[Any] = []
        target = Target("local", ACCOUNT, "eu-west-1", url, "first")
        place = Place(root / "plans", STACK, "dev", target, terraform_at(url, told.append), {})
        return World(root, place, told)

    return at


@pytest.fixture
def world(world_at: Callable[[Path, str], World], clean: str, tmp_path: Path) -> World:
    """Nothing planned yet, on an empty AWS."""
    return world_at(tmp_path / "world", clean)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(private, public) key files of whoever signs."""
    return key_pair(tmp_path_factory.mktemp("keys"))


def key_pair(folder: Path) -> tuple[Path, Path]:
    key = Ed25519PrivateKey.generate()
    private, public = folder / "private.pem", folder / "public.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(0o600)
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.fixture(scope="session")
def planned_once(
    world_at: Callable[[Path, str], World], moto: str, keys: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> World:
    """A signed plan that waits, made once; nobody applies it here."""
    world = world_at(tmp_path_factory.mktemp("planned") / "world", moto)
    world.root.mkdir()
    assert world.plan(key=keys[0]).plan
    return world


@pytest.fixture
def planned(planned_once: World, tmp_path: Path) -> World:
    """The same in a folder of its own, for a test that spoils it."""
    root = tmp_path / "world"
    shutil.copytree(planned_once.root, root, symlinks=True)
    return World(root, replace(planned_once.place, home=root / "plans"))


def terraform_version() -> str:
    return str(json.loads(subprocess.check_output(["terraform", "version", "-json"]))["terraform_version"])
