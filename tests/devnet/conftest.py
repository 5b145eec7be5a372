import pytest

from tests.devnet.client import Client


@pytest.fixture(scope="package")
def steem():
    with Client() as client:
        yield client


@pytest.fixture(scope="package")
def hive():
    with Client(flavour="hive") as client:
        yield client


@pytest.fixture(params=["steem", "hive"])
def chain(request):
    """Either flavour, for what is the same on both."""
    return request.getfixturevalue(request.param)
