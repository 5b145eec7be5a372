"""Keys and signatures, held against beem's own."""

import hashlib
import traceback

import pytest
from beemgraphenebase.account import PrivateKey
from beemgraphenebase.ecdsasig import _is_canonical, verify_message
from hypothesis import given
from hypothesis import strategies as st

from bot.chain import PermanentChainError
from bot.chain.keys import is_canonical, public_key, signature


class Key:
    def __init__(self, text):
        self._text = text

    def reveal(self):
        return self._text


def wif(seed):
    return format(PrivateKey(hashlib.sha256(seed.encode()).hexdigest()), "WIF")


@pytest.mark.parametrize("seed", ["alice", "bob", "carol", "0", "1", "2"])
@pytest.mark.parametrize("prefix", ["STM", "BLT", "TST"])
def test_a_public_key_is_the_one_that_beem_derives(seed, prefix):
    expected = format(PrivateKey(wif(seed), prefix=prefix).pubkey, prefix)
    assert public_key(Key(wif(seed)), prefix) == expected


@pytest.mark.parametrize("message", [b"", b"one", b"two", b"three", b"four"])
def test_beem_recovers_the_signers_key_from_a_canonical_signature(message):
    made = signature(Key(wif("alice")), hashlib.sha256(message).digest())
    assert len(made) == 65
    assert _is_canonical(made[1:])
    expected = repr(PrivateKey(wif("alice")).pubkey)
    assert verify_message(message, made).hex() == expected


def test_the_same_digest_is_signed_to_the_same_bytes():
    digest = hashlib.sha256(b"once").digest()
    assert signature(Key(wif("alice")), digest) == signature(Key(wif("alice")), digest)


@given(st.binary(min_size=65, max_size=65))
def test_canonical_means_what_beem_means_by_it(made):
    assert is_canonical(made) == _is_canonical(made[1:])


@pytest.mark.parametrize("half", [slice(1, 33), slice(33, 65)])
@pytest.mark.parametrize(
    ("start", "canonical"), [(b"\x80", False), (b"\x00\x7f", False), (b"\x00\x80", True)]
)
def test_edges_of_canonical(half, start, canonical):
    made = bytearray(b"\x01" * 65)
    made[half] = start.ljust(32, b"\x01")
    assert is_canonical(bytes(made)) is canonical
    assert _is_canonical(made[1:]) is canonical


WIF = wif("alice")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        WIF[:-1],
        WIF + "x",
        WIF[:-1] + ("2" if WIF[-1] == "1" else "1"),
        WIF.replace(WIF[10], "0", 1),
        "z" * 51,
        "é" * 51,
        "STM7tNEATevzuMop3XYfnXpH3xgFDhbW6cHYAxVycNW3eeEe4utjM",
        "P5JhVsxMzfPaGzF3kRT5oCD1PLnyD6dDGUJ3XPBGSNsp7xxxxxx",
        PrivateKey(WIF).__repr__(),
    ],
)
@pytest.mark.parametrize(
    "use", [lambda key: public_key(key, "STM"), lambda key: signature(key, b"\x01" * 32)]
)
def test_what_is_no_private_key_is_refused_without_being_shown(text, use):
    with pytest.raises(PermanentChainError) as caught:
        use(Key(text))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    ours = [
        frame
        for frame, _ in traceback.walk_tb(caught.value.__traceback__)
        if frame.f_globals["__name__"].startswith("bot.")
    ]
    assert ours
    assert all(local != text for frame in ours for local in frame.f_locals.values())
