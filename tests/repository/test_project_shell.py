"""What the project shows to strangers: its page on PyPI, the files of a release, and the forms and
the workflow of the host.
"""

import email
import hashlib
import json
import re
import subprocess
import sys
import zipfile

import pytest
import yaml
from readme_renderer import markdown
from support.pages.repository import ROOT, repository_files
from support.patience import PATIENCE

from fuse_otel import __version__

GITHUB = ROOT / ".github"
FORMS = [path for path in repository_files() if path.match(".github/ISSUE_TEMPLATE/*.yaml")]


def run(*words):
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=PATIENCE,
    ).stdout  # fmt: skip


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run("-m", "hatchling", "build", "-d", str(folder))
    run("scripts/release_files.py", str(folder))
    return folder


@pytest.fixture(scope="module")
def metadata(dist):
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("/METADATA"))
        return email.message_from_bytes(archive.read(name))


def address():
    return re.search(r'^repository = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[
        1
    ]


def test_the_address_of_the_repository_is_in_one_place():
    found = [path for path in repository_files() if address().encode() in path.read_bytes()]
    assert found == [ROOT / "pyproject.toml"]


def test_the_links_of_the_project_lead_to_the_repository(metadata):
    links = dict(each.split(", ") for each in metadata.get_all("Project-URL"))
    assert links.keys() == {"Repository", "Documentation", "Changelog", "Issues"}
    assert all(link.startswith(address()) for link in links.values())
    files = [re.search(r"/blob/HEAD/([^#]+)", link) for link in links.values()]
    assert all((ROOT / file[1]).exists() for file in files if file)


def test_the_readme_renders_on_pypi_and_its_links_lead_somewhere(metadata):
    assert metadata["Description-Content-Type"] == "text/markdown"
    html = markdown.render(metadata.get_payload(decode=True).decode())
    assert html
    assert "<table>" in html
    links = re.findall(r'href="([^#"][^"]*)"', html)
    files = [link.removeprefix(f"{address()}/blob/HEAD/") for link in links]
    ours = [file for file, link in zip(files, links, strict=True) if file != link]
    assert len(ours) > 10
    assert all((ROOT / file.partition("#")[0]).exists() for file in ours)
    assert all(re.match(r"https?:", link) for link in links)


def test_the_checksums_are_those_of_the_files(dist):
    lines = (dist / "SHA256SUMS").read_text().splitlines()
    stated = dict(reversed(line.split("  ")) for line in lines)
    assert stated.keys() == {path.name for path in dist.iterdir()} - {"SHA256SUMS"}
    for name, checksum in stated.items():
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == checksum


def test_the_bill_of_materials_and_the_licences_list_what_is_locked(dist):
    bom = json.loads((dist / f"fuse-otel-{__version__}.cdx.json").read_text())
    lock = (ROOT / "requirements" / "runtime.txt").read_text()
    locked = set(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", lock, re.MULTILINE))
    assert {(each["name"], each["version"]) for each in bom["components"]} == locked
    hashes = {
        one["content"]
        for each in bom["components"]
        for reference in each["externalReferences"]
        for one in reference["hashes"]
    }
    assert hashes == set(re.findall(r"sha256:([0-9a-f]{64})", lock))
    assert bom["metadata"]["component"]["version"] == __version__
    licences = dict(
        line.split(": ", 1) for line in (dist / "LICENCES.txt").read_text().splitlines()
    )
    assert licences.keys() == {f"{name} {version}" for name, version in locked}
    # What may be in the image of somebody else's product. The LGPL allows it for a library that is
    # imported as it is; only the driver of the extra `postgres` has it.
    gpl = {name.split()[0]: licence for name, licence in licences.items() if "GPL" in licence}
    assert gpl.keys() == {"psycopg", "psycopg-binary", "psycopg-pool"}
    assert all("LGPL" in licence for licence in gpl.values())


def test_the_workflow_calls_the_script_of_ci_and_nothing_else():
    workflow = yaml.safe_load((GITHUB / "workflows" / "ci.yaml").read_text())
    ((_, job),) = workflow["jobs"].items()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step] == [
        "actions/checkout"
    ]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
    # The workflow of a pull request by a stranger may read, and nothing else.
    assert workflow["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_a_form_for_issues_has_what_the_host_requires(form):
    """GitHub's syntax for issue forms: names, types, and an id used once."""
    stated = yaml.safe_load(form.read_text())
    assert {"name", "description", "body"} <= stated.keys()
    fields = [each for each in stated["body"] if each["type"] != "markdown"]
    assert {each["type"] for each in fields} <= {"textarea", "input", "dropdown", "checkboxes"}
    assert all(each["attributes"]["label"] for each in fields)
    ids = [each["id"] for each in fields]
    assert len(set(ids)) == len(ids)


def test_the_files_for_contributors_are_where_the_host_looks():
    assert FORMS
    for name in ("CONTRIBUTING", "SECURITY", "CODE_OF_CONDUCT", "pull_request_template"):
        assert (GITHUB / f"{name}.md").exists()


def test_the_readme_names_the_page_for_contributors():
    assert ".github/CONTRIBUTING.md" in (ROOT / "README.md").read_text()
