"""`make sbom`: what a release is made of, as CycloneDX has it (ECMA-424).

python -m tests.packaging.sbom FOLDER

Made of requirements.lock, so it is the same whenever and wherever it is made: each package that may
be installed with briefbot, its version, and the hashes of what is handed out of it.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bot import __version__
from tests.packaging.archives import ROOT, epoch

NAME = f"briefbot-{__version__}.cdx.json"


def written(folder):
    """Write it, held against its schema; its path."""
    file = folder / NAME
    with tempfile.TemporaryDirectory(prefix="briefbot-") as scratch:
        project = Path(scratch) / "pyproject.toml"
        text = (ROOT / "pyproject.toml").read_text()
        told = text.replace('dynamic = ["version"]', f'version = "{__version__}"')
        assert told != text
        project.write_text(told)
        subprocess.run(
            [Path(sys.executable).with_name("cyclonedx-py"), "requirements", "requirements.lock",
             "--pyproject", str(project), "--output-reproducible", "--validate",
             "--spec-version", "1.6", "--output-format", "JSON", "--output-file", str(file)],
            cwd=ROOT, check=True,
            env=os.environ | {"SOURCE_DATE_EPOCH": epoch(), "PYTHONWARNINGS": "ignore"},
        )  # fmt: skip
    return file


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    print(written(folder))
