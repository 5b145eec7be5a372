"""What people are told has words for what nodes are asked, not the names of methods."""

import re
from pathlib import Path

import pytest

import bot.chain
from bot.chain.questions import asked

CHAIN = Path(bot.chain.__file__).parent
METHOD = re.compile(r"[a-z_]+_api\.[a-z_]+|bridge\.[a-z_]+")
SENT = "network_broadcast_api.broadcast_transaction"  # nobody is asked anything by it
METHODS = {
    method
    for file in CHAIN.glob("*.py")
    for quoted in re.findall(r"\"([a-z_.]+)\"", file.read_text())
    for method in METHOD.findall(quoted)
} - {SENT}


@pytest.mark.parametrize("method", sorted(METHODS))
def test_each_question_has_its_words(method):
    assert asked(method) != asked("something.else")
    assert not METHOD.search(asked(method))


def test_the_methods_are_found():
    assert len(METHODS) >= 12
