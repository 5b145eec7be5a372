"""What a release is made of is listed whole: each locked package, with version and hashes."""

import json
import re

from bot import __version__
from tests.packaging.archives import ROOT
from tests.packaging.sbom import written


def test_every_locked_package_is_listed_with_its_hashes(tmp_path):
    told = json.loads(written(tmp_path).read_text())

    lock = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    locked = {
        re.match(r"[\w.-]+", line)[0]: (
            re.search(r"==([^\s;]+)", line)[1], set(re.findall(r"--hash=sha256:(\w+)", line))
        )
        for line in lock.splitlines()
    }  # fmt: skip
    listed = {
        one["name"]: (
            one["version"],
            {each["content"] for reference in one["externalReferences"]
             for each in reference["hashes"]},
        )
        for one in told["components"]
    }  # fmt: skip
    assert len(locked) > 50
    assert listed == locked
    main = told["metadata"]["component"]
    assert (main["name"], main["version"]) == ("briefbot", __version__)
