"""The zip that Lambda runs: the same bytes everywhere, importable, and pure Python."""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import pytest

from lib.errors import SynthError
from lib.stack.lambda_package import SECRET_ROTATION_DISTRIBUTIONS, lambda_package

SOURCE = Path(__file__).parents[3] / "lib" / "runtime" / "secret_rotation"


@pytest.fixture(scope="module")
def package():
    return lambda_package(SOURCE, SECRET_ROTATION_DISTRIBUTIONS)


@pytest.fixture
def source(tmp_path):
    """A copy of the source, to be touched."""
    return shutil.copytree(SOURCE, tmp_path / SOURCE.name, ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a distribution of the given files on the import path, as an installer would."""

    def install(name: str, files: dict[str, bytes], *, wheel: str = "Root-Is-Purelib: true\n") -> Path:
        folder = tmp_path / "site"
        own = {f"{name}-1.dist-info/METADATA": f"Name: {name}\nVersion: 1\n".encode()}
        own[f"{name}-1.dist-info/WHEEL"] = wheel.encode()
        for path, content in (files | own).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        record = "".join(f"{path},{recorded_hash(content)},{len(content)}\n" for path, content in (files | own).items())
        (folder / f"{name}-1.dist-info" / "RECORD").write_text(record)
        monkeypatch.syspath_prepend(str(folder))
        return folder

    return install


def recorded_hash(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def names(package):
    return zipfile.ZipFile(io.BytesIO(package.content)).namelist()


# The bytes


def test_the_same_source_gives_the_same_bytes(package):
    assert lambda_package(SOURCE, SECRET_ROTATION_DISTRIBUTIONS) == package


def test_the_bytes_do_not_depend_on_times_or_permissions(package, source):
    for path in source.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    assert lambda_package(source, SECRET_ROTATION_DISTRIBUTIONS).content == package.content


def test_the_bytes_do_not_depend_on_the_order_of_the_distributions(package):
    assert lambda_package(SOURCE, SECRET_ROTATION_DISTRIBUTIONS[::-1]) == package


def test_a_changed_line_gives_another_digest(package, source):
    (source / "handler.py").write_text("handler = print\n")
    assert lambda_package(source, SECRET_ROTATION_DISTRIBUTIONS).sha256_base64 != package.sha256_base64


def test_the_digest_is_the_one_aws_reports_for_the_code(package):
    assert package.sha256_base64 == base64.b64encode(hashlib.sha256(package.content).digest()).decode()


def test_every_member_is_a_plain_file_that_lambda_may_read(package):
    members = zipfile.ZipFile(io.BytesIO(package.content)).infolist()
    assert {member.external_attr >> 16 for member in members} == {0o100644}
    assert {member.compress_type for member in members} == {zipfile.ZIP_STORED}


# The members


def test_the_package_holds_the_handler_and_nothing_an_installer_wrote(package):
    assert "secret_rotation/handler.py" in names(package)
    assert "pg8000/native.py" in names(package)
    assert not [name for name in names(package) if "__pycache__" in name or name.endswith(("/RECORD", "/INSTALLER"))]


def test_a_certificate_bundle_beside_the_handler_is_packaged(source):
    (source / "rds-ca-bundle.pem").write_text("certificates")
    assert "secret_rotation/rds-ca-bundle.pem" in names(lambda_package(source, ()))


def test_only_source_and_certificates_are_taken_from_the_folder(source):
    before = lambda_package(source, ())
    (source / "notes.txt").write_text("not for AWS")
    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "handler.py").write_text("")
    assert lambda_package(source, ()) == before


def test_scripts_and_tests_of_a_distribution_stay_behind(source, install):
    install("pure", {"pure.py": b"", "tests/test_pure.py": b"", "../bin/pure": b"#!/here/python"})
    package = lambda_package(source, ["pure"])
    assert [name for name in names(package) if "pure" in name] == ["pure-1.dist-info/METADATA",
        "pure-1.dist-info/WHEEL", "pure.py"]  # fmt: skip


def test_the_handler_runs_from_the_zip_alone_with_the_boto3_of_lambda(package, tmp_path):
    archive, sdk = tmp_path / "package.zip", tmp_path / "sdk"
    archive.write_bytes(package.content)
    sdk.mkdir()
    site = Path(boto3.__file__).parents[1]
    # Of everything installed here the program sees the SDK alone, as in Lambda.
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "urllib3"):
        (sdk / name).symlink_to(site / name)
    program = f"""
import sys
sys.path[:0] = [{str(archive)!r}, {str(sdk)!r}]
from secret_rotation.handler import handler
import dateutil, pg8000, scramp
assert all(module.__file__.startswith(sys.path[0]) for module in (dateutil, pg8000, scramp))
try:
    handler({{"Step": "dropSecret"}}, None)
except Exception as error:
    print(type(error).__name__)
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "RotationRefused"


# Refused parts


def test_refuses_a_distribution_that_is_not_installed():
    with pytest.raises(SynthError, match="no-such-distribution is not installed"):
        lambda_package(SOURCE, ["no-such-distribution"])


@pytest.mark.parametrize("compiled", ["fast/_fast.cpython-311-x86_64-linux-gnu.so", "fast/_fast.pyd", "fast/libz.so.1"])
def test_refuses_a_compiled_distribution(install, compiled):
    install("fast", {"fast/__init__.py": b"", compiled: b""})
    with pytest.raises(SynthError, match=f"fast is not pure Python \\({compiled}"):
        lambda_package(SOURCE, ["fast"])


def test_refuses_a_distribution_built_for_one_platform(install):
    install("tool", {"tool/run": b"\x7fELF"}, wheel="Root-Is-Purelib: false\n")
    with pytest.raises(SynthError, match="its WHEEL says so"):
        lambda_package(SOURCE, ["tool"])


def test_refuses_an_editable_installation_whose_code_is_elsewhere(install):
    install("mine", {"__editable__.mine.pth": b"/elsewhere"})
    with pytest.raises(SynthError, match="mine is not pure Python"):
        lambda_package(SOURCE, ["mine"])


def test_refuses_a_file_that_was_changed_after_its_installation(install):
    folder = install("pure", {"pure.py": b"honest = True"})
    (folder / "pure.py").write_text("honest = False")
    with pytest.raises(SynthError, match=r"pure\.py of distribution pure is not the file its wheel recorded"):
        lambda_package(SOURCE, ["pure"])


def test_refuses_a_file_that_was_removed_after_its_installation(install):
    (install("pure", {"pure.py": b""}) / "pure.py").unlink()
    with pytest.raises(SynthError, match="install it again"):
        lambda_package(SOURCE, ["pure"])


def test_refuses_a_distribution_without_a_record(install):
    (install("pure", {"pure.py": b""}) / "pure-1.dist-info" / "RECORD").unlink()
    with pytest.raises(SynthError, match="records no file"):
        lambda_package(SOURCE, ["pure"])


def test_refuses_two_parts_with_the_same_file():
    with pytest.raises(SynthError, match=r"six\.py twice|six-.* twice"):
        lambda_package(SOURCE, ["six", "six"])


def test_refuses_a_folder_without_source(tmp_path):
    with pytest.raises(SynthError, match="holds no"):
        lambda_package(tmp_path, ())
