"""A wheel has all that the program needs, and nothing else; who builds it again gets its bytes."""

import re
import subprocess

import pytest

import bot
from tests.packaging.archives import ROOT, built, in_sdist, in_wheel, sha256, unpacked

SECRET = re.compile(r"(^|/)(\.env|.*\.(db|db-wal|db-shm|pyc)|__pycache__)(/|$)")


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    return built(ROOT, tmp_path_factory.mktemp("dist"), "sdist", "wheel")


def committed(*folders):
    """Files of these folders that are the project's, with what is about to be."""
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return {path for path in told if (ROOT / path).exists()}


def test_the_wheel_is_the_package_whole_and_nothing_else(archives):
    files = in_wheel(archives["wheel"])
    name = f"briefbot-{bot.__version__}.dist-info"

    assert {path for path in files if not path.startswith(name)} == committed("bot")
    for kind in (
        ".py",
        ".html",
        ".css",
        ".js",
        ".svg",
        ".po",
        ".mako",
        ".json",
        ".txt",
        ".service",
    ):
        assert any(path.endswith(kind) for path in files), kind
    assert {f"{name}/METADATA", f"{name}/licenses/LICENSE", f"{name}/entry_points.txt"} <= files
    assert not [path for path in files if SECRET.search(path)]


def test_the_source_archive_is_what_is_committed(archives):
    files = in_sdist(archives["sdist"])

    assert not [path for path in files if SECRET.search(path)]
    assert committed("bot", "posts", "docs", "config") <= files
    assert {"Containerfile", "compose.yaml", "requirements.lock", "README.md", "LICENSE"} <= files


def test_who_builds_them_again_elsewhere_gets_the_same_bytes(archives, tmp_path):
    """Also from the source archive: what is handed out is what was looked at."""
    for folder in ("again", "source", "wheel"):
        (tmp_path / folder).mkdir()
    source = unpacked(archives["sdist"], tmp_path / "source")

    again = built(ROOT, tmp_path / "again", "sdist")
    wheel = built(source, tmp_path / "wheel", "wheel")

    assert sha256(again["sdist"]) == sha256(archives["sdist"])
    assert sha256(wheel["wheel"]) == sha256(archives["wheel"])
