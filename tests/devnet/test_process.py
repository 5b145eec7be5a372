"""The process: a kill at any moment leaves whole blocks; a page for people; unmodified beem."""

import http.client
import itertools
import json
import sqlite3
import threading
import time
import urllib.request

import pytest

from bot.devnet.testing import Devnet, DevnetError
from tests.devnet.client import Client, RpcError


@pytest.mark.parametrize("patience", [0.11, 0.17, 0.23, 0.31, 0.37])
def test_a_kill_at_any_moment_leaves_whole_blocks(tmp_path, patience):
    with Client(data=tmp_path) as client:
        client.rpc("devnet_api.set_block_interval", {"seconds": 0.01})
        sender = threading.Thread(target=send_until_it_dies, args=(client,))
        sender.start()
        time.sleep(patience)
        client.devnet.kill()
        sender.join()
        client.devnet.start()

        blocks = client.head()["head_block_number"]
        included = []
        previous = "0" * 40
        for num in range(1, blocks + 1):
            block = client.rpc("condenser_api.get_block", [num])
            assert (block["previous"], int(block["block_id"][:8], 16)) == (previous, num)
            previous = block["block_id"]
            included += block["transaction_ids"]
        assert included
        # what the state and the history say is what the blocks say, no more and no less
        history = client.rpc("condenser_api.get_account_history", ["bob", -1, 1000])
        assert [entry["trx_id"] for _, entry in history] == included
        for trx_id in included[:3]:
            assert client.rpc("condenser_api.get_transaction", [trx_id])
        client.rpc("devnet_api.pop_blocks", {"count": min(5, blocks - 1)})
        client.blocks()


@pytest.mark.parametrize("kind", ["older", "no database"])
def test_a_folder_of_another_version_is_refused_in_words(tmp_path, kind):
    if kind == "older":
        with sqlite3.connect(tmp_path / "devnet.db") as connection:
            connection.execute("CREATE TABLE blocks (num INTEGER)")
        connection.close()
    else:
        (tmp_path / "devnet.db").write_text("something else " * 100)

    with pytest.raises(DevnetError, match="choose or empty the folder") as error:
        Devnet(data=tmp_path).start()
    assert "Traceback" not in str(error.value)


def send_until_it_dies(client):
    for number in itertools.count():
        try:
            client.send(client.custom("x", str(number), "bob"), signers=["bob"])
        except RpcError:
            continue  # five in a block
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return


def test_unmodified_beem_posts_and_reads_back_and_a_person_can_look(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    from beem import Steem
    from beem.comment import Comment

    with Devnet(block_interval=0.1) as devnet:
        time.sleep(0.3)
        steem = Steem(node=[devnet.url], keys=[devnet.key("alice")])
        steem.post("Title", "Body by beem", author="alice", permlink="by-beem", tags=["taliban"])
        time.sleep(0.5)

        assert Comment("@alice/by-beem", blockchain_instance=steem).body == "Body by beem"
        with urllib.request.urlopen(f"{devnet.url}/taliban/@alice/by-beem") as page:
            assert b"Body by beem" in page.read()
