"""The platform's own renderers, by Node."""

import json
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent


def rendered(name, bodies):
    """What a renderer of render.js makes of some bodies."""
    done = subprocess.run(
        ["node", "render.js", name],
        cwd=FOLDER,
        input=json.dumps(bodies),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
