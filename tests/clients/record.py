"""Records what the front ends' own code makes of every piece in kinds.py.

`FRONT_ENDS_FOLDER=… python -m tests.clients.record` (front_ends/README.md).
"""

import json

from tests.clients.kinds import KINDS
from tests.clients.renderers import rendered
from tests.format.front_ends import FRONT_ENDS
from tests.format.test_front_ends import FIXTURES


def main():
    pieces = list(dict.fromkeys(piece for kind in KINDS.values() for piece in kind))
    shown = {name: rendered(name, pieces) for name in FRONT_ENDS}
    shown["collected"] = rendered("condenser-editor", pieces)
    made = {
        piece: {name: answers[number] for name, answers in shown.items()}
        for number, piece in enumerate(pieces)
    }
    text = json.dumps(made, ensure_ascii=False, indent=1)
    (FIXTURES / "recorded.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main()
