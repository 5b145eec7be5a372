"""The Containerfile and compose.yaml as they are written; `make container` runs what they make."""

import json
import re

import yaml

from tests.packaging.archives import ROOT
from tests.packaging.container import stages

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCS = (ROOT / "docs/operations.md").read_text()


def test_the_image_runs_as_nobody_special_and_is_looked_after():
    build, image = stages((ROOT / "Containerfile").read_text())
    steps = dict(image.steps)

    assert not re.match(r"0|root", steps["USER"])
    assert "RUN" not in steps, "what runs is made in the first stage"
    assert "/health/live" in steps["HEALTHCHECK"]
    port = json.loads(steps["CMD"])[-1]
    assert f":{port}/" in steps["HEALTHCHECK"]
    assert "CREDENTIALS_DIRECTORY=/run/secrets" in steps["ENV"].split()
    copied = [rest for word, rest in build.steps if word == "COPY"]
    assert not [rest for rest in copied if ".env" in rest or rest.startswith(". ")]


def test_composed_it_has_no_right_that_it_could_do_without():
    service = COMPOSE["services"]["briefbot"]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service["volumes"] == ["./workspace:/workspace"]
    assert (ROOT / service["build"]["dockerfile"]).exists()


def test_its_secrets_are_files_and_the_page_says_how_they_are_made():
    named = {name for service in COMPOSE["services"].values() for name in service["secrets"]}

    assert named == set(COMPOSE["secrets"])
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
        assert f"secrets/{name}" in DOCS
    for service in COMPOSE["services"].values():
        for value in service.get("environment", {}).values():
            assert not re.search("://.*:.*@", value), "no password stands here"
