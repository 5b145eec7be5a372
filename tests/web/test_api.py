"""The API keeps what its document says, whatever it is asked (issue 17).

`ROUNDS=1000 pytest tests/web/test_api.py` is the long form.
"""

import os

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.web.gate import LARGEST_BODY
from tests.web.whole import FEED_TOKEN, open_whole

EXAMPLES = int(os.environ.get("ROUNDS", "0")) or 12
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance,
]  # fmt: skip
DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture(scope="module")
def whole(tmp_path_factory, sqlite):
    with open_whole(tmp_path_factory.mktemp("api"), sqlite) as whole:
        yield whole


@pytest.fixture(scope="module")
def program(whole):
    """What a program of somebody who may everything says with each request."""
    return whole.program("anna")


@pytest.fixture(scope="module")
def document(whole, program):
    return whole.browser().get(DOCUMENT, **program).json()


@pytest.fixture(scope="module")
def operations(document):
    """What can be asked, by its name."""
    schema = schemathesis.openapi.from_dict(document)
    found = [one.ok() for one in schema.get_all_operations()]
    return {operation.label: operation for operation in found}


def asked(whole, operation, headers, **given):
    """The status of one answer, which is as the document says."""
    wanted = {parameter.name for parameter in operation.path_parameters}
    examples = whole.examples()
    case = operation.Case(path_parameters={name: examples[name] for name in wanted}, **given)
    answer = case.call(base_url=f"http://127.0.0.1:{whole.port}", headers=headers, timeout=20)
    case.validate_response(answer, checks=CHECKS)
    return answer.status_code


def test_whatever_is_asked_the_answer_is_as_the_document_says(whole, program, operations):
    failures = []
    for operation in operations.values():
        try:
            _try(whole, program, operation)
        except (AssertionError, BaseExceptionGroup) as error:
            failures.append(f"{operation.label}: {error}")
    assert not failures, "\n\n".join(failures)


def _try(whole, program, operation):
    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize="ROUNDS" not in os.environ,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy())
    def ask(case):
        case.call_and_validate(
            base_url=f"http://127.0.0.1:{whole.port}",
            headers=program,
            checks=CHECKS,
            timeout=20,
        )

    ask()


def test_what_there_is_is_told_as_the_document_says(whole, program, operations):
    at = {"brief": "harvest-ledger", "at": "2099-06-01T12:00", "zone": "Europe/Berlin"}
    token = {"token": FEED_TOKEN}
    queries = {
        "/api/v1/calendar/trial": [at],
        "/api/v1/calendar": [{"view": "list"}, {"view": "month", "on": "2099-01-01"}],
        "/api/v1/log/export": [{"format": "csv"}, {"format": "jsonl"}],
        "/calendar.ics": [token], "/feed.atom": [token],
    }  # fmt: skip
    told = {
        label: asked(whole, operation, program, query=query)
        for label, operation in operations.items()
        if operation.method == "get"
        for query in queries.get(operation.path, [{}])
    }
    assert len(told) > 12
    assert told == dict.fromkeys(told, 200)


FORM = {"text": "---\ntitle: X\n---\nBody.\n", "path": "harvest-ledger.md", "fingerprint": "0",
        "since": "0", "key": "title", "value": "Y", "code": "none", "line": "1"}  # fmt: skip


def test_each_refusal_is_told_as_the_document_says(whole, program, operations):
    """By who asks, from where, and of what was changed meanwhile."""
    reader = whole.program("ruth")
    named, stranger = {"Host": "evil.example"}, {"Authorization": "Bearer none"}
    for label, operation in operations.items():
        is_feed = not operation.path.startswith("/api/")
        body = _body(operation)
        assert asked(whole, operation, stranger, body=body) == (404 if is_feed else 401), label
        assert asked(whole, operation, program | named, body=body) == 421, label
        if operation.method != "get":
            assert asked(whole, operation, reader, body=body) == 403, label
    kept = operations["POST /api/v1/briefs/draft"]
    begun = {"path": FORM["path"], "text": "Begun in another window."}
    assert asked(whole, kept, program, body=begun) == 200
    conflicts = {
        label
        for label, operation in operations.items()
        if operation.method != "get"
        and asked(whole, operation, program, body=_body(operation)) == 409
    }
    assert conflicts == {
        "POST /api/v1/briefs/save", "POST /api/v1/briefs/draft",
        "POST /api/v1/publications/{number}/actions",
    }  # fmt: skip


def test_what_is_too_large_is_told_so(whole, program, operations):
    large = b"x" * (LARGEST_BODY + 1)
    for operation in operations.values():
        if operation.method == "put":
            assert asked(whole, operation, program, body=large, media_type="image/png") == 413


def _body(operation):
    if operation.method != "post":
        return NOT_SET
    if operation.path.endswith("/actions"):
        return {"action": "hold", "revision": "old"}
    return FORM if operation.body else NOT_SET
