"""The pages of docs/ as a site: complete, without a broken link, rendered as on the code host."""

import html
import importlib.util
import re
import subprocess
import sys
from urllib.parse import unquote

import pytest
from support.pages.repository import ROOT, repository_files
from support.patience import PATIENCE

_EXTERNAL = re.compile(r"[a-z]+:|//")
_LEFT_OVER = re.compile(r"^\s*[-*+] \S|^\s*\|.*\|$|```|\*\*|\]\(", re.MULTILINE)


def _hooks():
    spec = importlib.util.spec_from_file_location("hooks", ROOT / "scripts" / "site_hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HOOKS = _hooks()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "properdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def rendered(site):
    return {path: path.read_text() for path in site.rglob("*.html") if path.name != "404.html"}


def links(text):
    return [unquote(html.unescape(link)) for link in re.findall(r'<a [^>]*href="([^"]+)"', text)]


def test_every_page_of_the_repository_is_on_the_site(site):
    pages = {
        str(path.relative_to(ROOT / "docs"))
        for path in repository_files()
        if path.suffix == ".md" and ROOT / "docs" in path.parents
    }
    pages |= set(HOOKS.OTHER_PAGES.values())
    made = {str(path.relative_to(site)) for path in rendered(site)} - {"search.html"}
    assert made == {
        page.replace("README.md", "index.html").replace(".md", ".html") for page in pages
    }


def test_every_page_is_in_the_navigation(site):
    first = (site / "index.html").read_text()
    navigation = re.search(r'<nav data-toggle="wy-nav-shift".*?</nav>', first, re.DOTALL)[0]
    shown = {link.partition("#")[0] or "index.html" for link in links(navigation)}
    assert shown >= {str(path.relative_to(site)) for path in rendered(site)} - {"search.html"}


def test_the_links_of_the_site_lead_somewhere(site):
    pages = rendered(site)
    for page, text in pages.items():
        for link in links(text):
            path, _, fragment = link.partition("#")
            if _EXTERNAL.match(link):
                continue
            target = (page.parent / path).resolve() if path else page
            assert target.is_file(), f"{page.name}: {link}"
            if fragment:
                assert f'id="{fragment}"' in pages[target], f"{page.name}: {link}"


def test_links_to_the_repository_lead_to_its_files(site):
    prefix = f"{HOOKS.repository()}/blob/HEAD/"
    found = {link for text in rendered(site).values() for link in links(text)}
    files = {link.removeprefix(prefix) for link in found if link.startswith(prefix)}
    assert "LICENSE" in files
    assert all((ROOT / file.partition("#")[0]).exists() for file in files)


def test_no_markdown_is_left_on_a_page(site):
    for path, text in rendered(site).items():
        main = re.search(r'<div role="main".*?<footer>', text, re.DOTALL)
        body = re.sub(r"<(pre|code)\b.*?</\1>", "", main[0], flags=re.DOTALL)
        found = _LEFT_OVER.search(html.unescape(re.sub(r"<[^>]+>", "", body)))
        assert not found, f"{path.name}: {found[0]}"


def test_a_page_loads_nothing_from_another_host(site):
    for text in rendered(site).values():
        loaded = re.findall(r'<(?:script|img)[^>]* src="([^"]+)"', text)
        loaded += re.findall(r'<link [^>]*rel="stylesheet"[^>]* href="([^"]+)"', text)
        assert not [each for each in loaded if _EXTERNAL.match(each)]


@pytest.mark.parametrize(
    ("page", "link", "there"),
    [
        ("index.md", "docs/install.md", "install.md"),
        ("index.md", "CHANGELOG.md", "changelog.md"),
        ("contributing.md", "../docs/decisions/README.md", "decisions/README.md"),
        ("upgrade.md", "../CHANGELOG.md#unreleased", "changelog.md#unreleased"),
        ("decisions/0005-x.md", "../privacy.md#the-caller", "../privacy.md#the-caller"),
        ("install.md", "#systemd", "#systemd"),
        ("install.md", "https://example.com/a.md", "https://example.com/a.md"),
    ],
)
def test_a_link_of_a_page_leads_to_its_neighbour_on_the_site(page, link, there):
    assert HOOKS.site_links(f"[x]({link})", page) == f"[x]({there})"


def test_a_link_to_a_file_that_is_not_on_the_site_leads_to_the_repository():
    there = f"{HOOKS.repository()}/blob/HEAD/tests/data/golden"
    assert HOOKS.site_links("[x](../tests/data/golden)", "telemetry.md") == f"[x]({there})"


def test_a_list_gets_the_columns_that_the_renderer_requires():
    narrow = "- a\n  b\n\n  c\n- d\n\n1. e\n   f\n\ng\n  h\n```\n- i\n  j\n```"
    wide = "- a\n    b\n\n    c\n\n- d\n\n1. e\n    f\n\ng\n  h\n```\n- i\n  j\n```"
    assert HOOKS.wide_lists(narrow) == wide
