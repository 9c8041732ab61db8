"""A release is signed with the key of its maker, and its image has a bill of materials."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from support.pages.repository import ROOT
from support.pages.shell_blocks import Desk, shell_block
from support.patience import PATIENCE

from fuse_otel import __version__

SCRIPTS = ROOT / "scripts"
BASE = f"python:3.13-slim@sha256:{'0123456789abcdef' * 4}"
needs_ssh = pytest.mark.skipif(
    not shutil.which("ssh-keygen"), reason="ssh-keygen (Debian: openssh-client) is missing"
)
STATUS = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.41-12
Description: the C library
 of the system

Package: libgcc-s1
Status: install ok installed
Architecture: amd64
Source: gcc-14 (14.2.0-19)
Version: 1:14.2.0-19

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

Package: unstated
Status: install ok installed
Architecture: all
Version: 1.0
"""
# Path → text, or → the target of a link.
IMAGE = {
    "usr/lib/os-release": 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="13"\n',
    "var/lib/dpkg/status": STATUS,
    "usr/share/doc/libc6/copyright": "Format: https://x\nLicense: LGPL-2.1+\n\nLicense: BSD-2\n",
    "usr/share/doc/gcc-14-base/copyright": "see /usr/share/common-licenses/GPL-3.\n",
    "usr/local/include/python3.13/patchlevel.h": '#define PY_VERSION      "3.13.9"\n',
    "opt/fuse-otel/lib/python3.13/site-packages/fuse_otel-1.dist-info/METADATA": (
        "Name: fuse-otel\nVersion: 1.2.3\nLicense-Expression: Apache-2.0\n"
    ),
    "opt/fuse-otel/lib/python3.13/site-packages/h11-1.dist-info/METADATA": (
        "Name: h11\nVersion: 0.16.0\nClassifier: License :: OSI Approved :: MIT License\n"
    ),
    "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
}
LINKS = {"etc/os-release": "../usr/lib/os-release", "usr/share/doc/libgcc-s1": "gcc-14-base"}


def archive(*left_out):
    """The files of an image, as an engine exports them."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for name, text in IMAGE.items():
            if name not in left_out:
                member = tarfile.TarInfo(f"./{name}")
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
        for name, target in LINKS.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return written.getvalue()


def bom_of(exported, file):
    return subprocess.run(
        [sys.executable, SCRIPTS / "image_bom.py", file],
        input=exported, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def read_bom(file):
    text = file.read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    return json.loads(text)


def licences(component):
    return {each["license"]["name"] for each in component.get("licenses", ())}


def test_the_bill_of_materials_of_an_image_lists_debians_packages_and_pythons(tmp_path):
    assert bom_of(archive(), tmp_path / "bom.json").returncode == 0
    bom = read_bom(tmp_path / "bom.json")
    found = {each.get("purl", each["name"]): licences(each) for each in bom["components"]}
    assert found == {
        "debian": set(),
        "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13&upstream=glibc": {
            "BSD-2", "LGPL-2.1+",
        },
        "pkg:deb/debian/libgcc-s1@1:14.2.0-19"
        "?arch=amd64&distro=debian-13&upstream=gcc-14%4014.2.0-19": {"GPL-3"},
        "pkg:deb/debian/unstated@1.0?arch=all&distro=debian-13": set(),
        "pkg:generic/python@3.13.9": {"PSF-2.0"},
        "pkg:pypi/h11@0.16.0": {"MIT License"},
    }  # fmt: skip
    product = bom["metadata"]["component"]
    assert (product["type"], product["purl"]) == ("container", "pkg:pypi/fuse-otel@1.2.3")


@pytest.mark.parametrize(
    ("exported", "problem"),
    [
        (archive("var/lib/dpkg/status"), b"no list of Debian's packages"),
        (archive(*(name for name in IMAGE if "fuse_otel" in name)), b"no list of fuse-otel"),
        (b"no archive", b"image: "),
    ],
    ids=["another base", "another program", "no archive"],
)
def test_an_image_that_does_not_state_its_packages_gets_no_bill(tmp_path, exported, problem):
    done = bom_of(exported, tmp_path / "bom.json")
    assert done.returncode == 1
    assert problem in done.stderr
    assert b"Traceback" not in done.stderr
    assert not (tmp_path / "bom.json").exists()


@pytest.fixture
def desk(tmp_path):
    """A copy of what the scripts read of the repository, and an engine that builds nothing."""
    made = Desk(tmp_path)
    shutil.copytree(SCRIPTS, made.repository / "scripts")
    shutil.copy(ROOT / "pyproject.toml", made.repository)
    (made.repository / "fuse_otel").mkdir()
    shutil.copy(ROOT / "fuse_otel" / "__init__.py", made.repository / "fuse_otel")
    (made.repository / ".venv" / "bin").mkdir(parents=True)
    python = made.repository / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (tmp_path / "image.tar").write_bytes(archive())
    made.add(
        "docker",
        f"""echo "$*" >>{tmp_path}/docker.txt
case $1 in
    create) echo a-container ;;
    export) [ "$2" = a-container ] && cat {tmp_path}/image.tar ;;
esac""",
    )
    git(made, "init", "--quiet")
    (made.repository / ".git" / "info" / "exclude").write_text("*\n")
    git(made, "add", "--force", "pyproject.toml")
    git(made, "-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "--quiet", "-m", "a")
    return made


def git(desk, *words):
    return subprocess.run(
        ["git", *words],
        cwd=desk.repository, env={"PATH": os.environ["PATH"], "HOME": str(desk.home)},
        check=True, capture_output=True, text=True, timeout=PATIENCE,
    ).stdout.strip()  # fmt: skip


def test_the_image_of_a_release_has_its_base_its_labels_and_a_bill_of_materials(desk, tmp_path):
    done = desk.run(f"scripts/release-image.sh {BASE}")
    assert done.returncode == 0, done.stderr
    build, *others = (tmp_path / "docker.txt").read_text().splitlines()
    given = dict(re.findall(r"--build-arg (\w+)=(\S+)", build))
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert given.keys() == set(re.findall(r"^ARG (\w+)", dockerfile, re.MULTILINE))
    assert given["BASE"] == BASE
    assert given["VERSION"] == __version__
    assert given["REVISION"] == git(desk, "rev-parse", "HEAD")
    assert f'repository = "{given["SOURCE"]}"' in (ROOT / "pyproject.toml").read_text()
    assert re.fullmatch(r"20[\d-]+T[\d:]+Z", given["CREATED"])
    image = f"fuse-otel:{__version__}"
    assert f"--tag {image} " in build
    assert others == [f"create {image}", "export a-container", "rm a-container"]
    assert read_bom(desk.repository / "dist" / f"fuse-otel-{__version__}-image.cdx.json")


def test_a_changed_checkout_shows_in_the_label_of_the_image(desk, tmp_path):
    with (desk.repository / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert desk.run(f"scripts/build-image.sh {BASE} docker build").returncode == 0
    assert (
        f"REVISION={git(desk, 'rev-parse', 'HEAD')}-dirty " in (tmp_path / "docker.txt").read_text()
    )


@pytest.mark.parametrize("base", ["python:3.13-slim", f"{BASE}0", "''"])
def test_a_base_without_a_digest_is_refused(desk, tmp_path, base):
    done = desk.run(f"scripts/release-image.sh {base}")
    assert done.returncode == 2
    assert "BASE has no digest" in done.stderr
    assert not (tmp_path / "docker.txt").exists()


def new_key(folder, name="key"):
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "a test", "-f", folder / name]
    subprocess.run(words, check=True, timeout=PATIENCE)
    return folder / name


@pytest.fixture
def signed(tmp_path):
    """The folder of a release, and a function that runs a script with words."""
    folder = tmp_path / "dist"
    folder.mkdir()
    for name in ("fuse_otel-1-py3-none-any.whl", "LICENCES.txt"):
        (folder / name).write_text(name)
    signers = tmp_path / "release_signers"
    public = new_key(tmp_path).with_suffix(".pub").read_text()
    form = re.search(
        r"^#   (fuse-otel .+) ssh-ed25519",
        (ROOT / ".github/release_signers").read_text(),
        re.MULTILINE,
    )
    signers.write_text(f"{form[1]} {public}")

    def run(script, *words):
        return subprocess.run(
            [SCRIPTS / script, *words],
            env={"PATH": os.environ["PATH"], "SIGNERS": str(signers)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip

    sums = subprocess.run(
        ["sha256sum", *sorted(path.name for path in folder.iterdir())],
        cwd=folder, check=True, capture_output=True, timeout=PATIENCE,
    ).stdout  # fmt: skip
    (folder / "SHA256SUMS").write_bytes(sums)
    done = run("sign-release.sh", folder, tmp_path / "key")
    assert done.returncode == 0, done.stderr
    return folder, run


@needs_ssh
def test_what_was_signed_is_accepted_also_by_the_lines_for_users(signed, tmp_path):
    folder, run = signed
    assert run("check-release.sh", folder).stdout == "release: every file is as it was signed\n"
    # A second signature replaces the first.
    assert run("sign-release.sh", folder, tmp_path / "key").returncode == 0
    user = Desk(tmp_path / "user")
    for path in (*folder.iterdir(), tmp_path / "release_signers"):
        shutil.copy(path, user.repository)
    # Nobody downloads everything.
    (user.repository / "LICENCES.txt").unlink()
    block = shell_block("docs/install.md", "ssh-keygen -Y verify")
    done = user.run(block)
    assert done.returncode == 0, done.stderr
    (user.repository / "fuse_otel-1-py3-none-any.whl").write_text("changed")
    assert user.run(block).returncode != 0


def another_file(folder):
    (folder / "LICENCES.txt").write_text("changed")


def another_checksum(folder):
    (folder / "SHA256SUMS").write_text((folder / "SHA256SUMS").read_text().replace("  f", "  g"))


def one_file_more(folder):
    (folder / "more.whl").touch()


def no_signature(folder):
    (folder / "SHA256SUMS.sig").unlink()


@needs_ssh
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (another_file, "LICENCES.txt"),
        (another_checksum, "no key in"),
        (one_file_more, "more.whl has no checksum"),
        (no_signature, "SHA256SUMS has no signature"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_change_after_the_signature_is_found(signed, change, problem):
    folder, run = signed
    change(folder)
    done = run("check-release.sh", folder)
    assert done.returncode == 1
    assert problem in done.stdout + done.stderr


@needs_ssh
def test_the_key_of_somebody_else_signs_no_release(signed, tmp_path):
    folder, run = signed
    done = run("sign-release.sh", folder, new_key(tmp_path, "foreign"))
    assert done.returncode == 1
    assert "no key in" in done.stderr
