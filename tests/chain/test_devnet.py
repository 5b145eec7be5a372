"""The whole way, against a node that checks signatures and rules: sign, send, block, read back."""

import json
import subprocess
import sys
import time

import pytest

from bot.briefs.brief import Beneficiary
from bot.chain import DuplicateTransaction, PermanentChainError, TransientChainError, profile
from bot.chain.beem_chain import BeemChain
from bot.chain.operations import operations
from bot.devnet.testing import Devnet
from bot.format.post import PayoutOptions
from bot.http import Http
from tests.chain.test_operations import post

BODY = '# Top\n\n- **a:** b\n\t- ünï 日本 🎉 \\u00e9 \\ "quoted" \x7f\u2028\r\n\n```\n@@ -1,3 +1,3 @@\n```\n'


@pytest.fixture(scope="module")
def devnet():
    with Devnet(block_interval=0.1) as devnet:
        yield devnet


@pytest.fixture(scope="module")
def chain(devnet):
    with BeemChain(profile("devnet", {"nodes": [devnet.url]}), Http()) as chain:
        yield chain


class Key:
    def __init__(self, wif):
        self._wif = wif

    def reveal(self):
        return self._wif


def published(chain, devnet, made, author, lifetime=600):
    signed = chain.sign(made, Key(devnet.key(author)), chain.head(), lifetime)
    assert chain.broadcast(signed) == devnet.url
    return signed, block_of(chain, signed)


def block_of(chain, signed, patience=10):
    deadline = time.monotonic() + patience
    number = signed.ref_block_num + 1
    while time.monotonic() < deadline:
        if chain.head().block_num < number:
            time.sleep(0.05)
            continue
        block = chain.block(number)
        if signed.trx_id in block.transaction_ids:
            return block
        number += 1
    raise AssertionError("never included")


def test_a_post_comes_into_a_block_and_back_byte_for_byte(chain, devnet):
    made = operations(
        post(
            author="alice",
            permlink="whole-way",
            body=BODY,
            options=PayoutOptions(
                percent=0, allow_votes=True, beneficiaries=(Beneficiary("bob", 500),)
            ),
            self_vote=10000,
        ),
        chain.profile,
    )
    assert chain.content("alice", "whole-way") is None
    signed, block = published(chain, devnet, made, "alice")
    assert block.num > signed.ref_block_num
    assert block.writes(signed.trx_id, "alice", "whole-way")
    told = devnet.rpc("condenser_api.get_block", [block.num])
    transaction = told["transactions"][block.transaction_ids.index(signed.trx_id)]
    assert [name for name, _ in transaction["operations"]] == ["comment", "comment_options", "vote"]
    assert transaction["operations"][0][1]["body"] == BODY
    raw = devnet.rpc("condenser_api.get_content", ["alice", "whole-way"])
    assert raw["body"] == BODY
    assert raw["json_metadata"] == made[0][1]["json_metadata"]
    assert raw["beneficiaries"] == [{"account": "bob", "weight": 500}]
    content = chain.content("alice", "whole-way")
    assert (content.title, content.body, content.votes) == ("Hello", BODY, 1)
    assert content.category == "taliban"


def test_votes_can_be_turned_off_because_the_own_form_is_sent(chain, devnet):
    options = PayoutOptions(allow_votes=False)
    made = operations(post(author="bob", permlink="no-votes", options=options), chain.profile)
    published(chain, devnet, made, "bob")
    assert devnet.rpc("condenser_api.get_content", ["bob", "no-votes"])["allow_votes"] is False


def test_the_same_bytes_again_are_known(chain, devnet):
    made = operations(post(author="carol", permlink="twice"), chain.profile)
    signed, _ = published(chain, devnet, made, "carol")
    with pytest.raises(DuplicateTransaction):
        chain.broadcast(signed)


def test_a_second_post_within_five_minutes_is_refused_for_now(chain, devnet):
    for permlink in ("first", "second"):
        made = operations(post(author="dave", permlink=permlink), chain.profile)
        if permlink == "first":
            published(chain, devnet, made, "dave")
    signed = chain.sign(made, Key(devnet.key("dave")), chain.head(), 600)
    with pytest.raises(TransientChainError) as caught:
        chain.broadcast(signed)
    assert caught.value.retry_after == 303


def test_somebody_elses_key_is_refused_for_good(chain, devnet):
    made = operations(post(author="erin", permlink="forged"), chain.profile)
    signed = chain.sign(made, Key(devnet.key("frank")), chain.head(), 600)
    with pytest.raises(PermanentChainError, match="Missing Posting Authority erin"):
        chain.broadcast(signed)
    assert chain.content("erin", "forged") is None


def test_an_account_its_key_and_its_credits(chain, devnet):
    account = chain.account("alice")
    public = chain.public_key(Key(devnet.key("alice")))
    assert public in dict(account.posting.key_auths)
    assert chain.accounts_of_key(public) == ("alice",)
    assert chain.account("nobody-here") is None
    assert 0 < chain.resource_credits("alice").share(chain.head().time) <= 1
    assert chain.chain_id() == chain.profile.chain_id


def test_a_hive_style_chain_takes_its_own_dollar_and_field():
    with Devnet(block_interval=0.1, arguments=("--flavour", "hive")) as devnet:
        chain_id = devnet.rpc("condenser_api.get_config", [])["HIVE_CHAIN_ID"]
        table = {"nodes": [devnet.url], "chain_id": chain_id}
        with BeemChain(profile("hive", table), Http()) as chain:
            options = PayoutOptions(percent=0, allow_curation_rewards=False)
            made = operations(post(author="alice", options=options), chain.profile)
            published(chain, devnet, made, "alice")
            raw = devnet.rpc("condenser_api.get_content", ["alice", "hello"])
    assert raw["percent_hbd"] == 0
    assert raw["max_accepted_payout"] == "1000000.000 HBD"
    assert raw["allow_curation_rewards"] is False


READ_BACK = """
import json, sys
from beem import Steem
from beem.blockchain import Blockchain
from beem.comment import Comment
steem = Steem(node=[sys.argv[1]], num_retries=3, num_retries_call=3)
comment = Comment("@grace/for-beem", api="condenser", blockchain_instance=steem)
block = Blockchain(blockchain_instance=steem, mode="head").get_current_block_num()
print(json.dumps([comment.title, comment.body, comment["category"], block]))
"""


def test_unmodified_beem_reads_it_back(chain, devnet, tmp_path):
    made = operations(post(author="grace", permlink="for-beem", body=BODY), chain.profile)
    published(chain, devnet, made, "grace")
    done = subprocess.run(
        [sys.executable, "-c", READ_BACK, devnet.url],
        check=True,
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
    )
    title, body, category, head = json.loads(done.stdout)
    assert (title, body, category) == ("Hello", BODY, "taliban")
    assert head > 0
