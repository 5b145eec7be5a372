"""Every rule of the reference has a test, and the table in the documentation names it."""

from tests.devnet import rules


def test_every_rule_has_a_test():
    assert [number for number, tests in rules.tests_by_rule().items() if not tests] == []


def test_the_documented_table_is_current():
    assert rules.DOCUMENT.read_text() == rules.document(), "python -m tests.devnet.rules writes it"
