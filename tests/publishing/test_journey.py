"""The journey of a brief, through the commands, to the chain and back over plain HTTP."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "posts"


def test_what_was_written_stands_on_the_chain_byte_for_byte(newsroom):
    text = (SAMPLES / "russia-taliban-delisting.md").read_text()
    newsroom.write("russia.md", text)
    dry = json.loads(newsroom.run("publish", "posts/russia.md", "--dry-run", "--json"))

    [row] = newsroom.publish_all(1)

    content = newsroom.content("alice", row["permlink"])
    [[_, comment]] = dry["operations"]
    assert content["body"] == comment["body"] == text.split("---\n", 2)[2].strip()
    assert content["json_metadata"] == comment["json_metadata"]
    assert (content["title"], content["category"]) == (row["title"], "taliban")
    block = newsroom.devnet.rpc("condenser_api.get_block", [row["block_num"]])
    assert row["trx_id"] in block["transaction_ids"]
    assert row["attempts"] == 1
    assert dry["size"] < 65280


def test_a_finished_newsroom_publishes_nothing_twice(newsroom):
    newsroom.brief("one.md")
    newsroom.publish_all(1)
    newsroom.run("run", "--once")
    newsroom.run("publish", "posts/one.md", "--wait", "final")

    assert len(newsroom.comments()) == 1


def test_a_title_used_before_never_overwrites_the_older_post(newsroom, tmp_path, postgresql):
    newsroom.brief("first.md", title="The same title", body="The older text.")
    newsroom.publish_all(1)
    other = type(newsroom)(tmp_path / "other", newsroom.devnet, f"sqlite:///{tmp_path}/other.db")
    other.brief("second.md", title="The same title", body="A newer text.")

    told = other.run("publish", "posts/second.md", "--wait", "final", expect=1)

    assert "permlink taken by @alice/the-same-title" in told
    assert newsroom.content("alice", "the-same-title")["body"] == "The older text."
    assert [row["status"] for row in other.log()] == ["rejected"]


def test_two_briefs_with_one_title_are_told_apart_before_anything_is_sent(newsroom):
    newsroom.brief("first.md", title="The same title", body="First.")
    newsroom.brief("second.md", title="The same title", body="Second.")

    rows = newsroom.publish_all(1)

    assert [row["brief"] for row in rows] == ["first"]
    assert "permlink taken by first.md" in (newsroom.root / "service.log").read_text()
    assert len(newsroom.comments()) == 1


def test_the_five_minutes_between_posts_are_waited_out(newsroom):
    newsroom.brief("first.md")
    newsroom.brief("second.md")
    service = newsroom.start()
    newsroom.wait_for("waiting")
    rows = newsroom.wait_for("final", 2)
    newsroom.stop(service)

    posts = [newsroom.content("alice", row["permlink"]) for row in rows]
    created = sorted(datetime.fromisoformat(post["created"]) for post in posts)
    assert created[1] - created[0] > timedelta(minutes=5)
    assert [row["attempts"] for row in rows] == [1, 1]


def test_a_brief_goes_out_at_its_date_and_not_before(newsroom):
    head = newsroom.devnet.rpc("condenser_api.get_dynamic_global_properties", [])
    soon = datetime.fromisoformat(head["time"]).replace(tzinfo=UTC) + timedelta(minutes=1)
    newsroom.brief("later.md", date=f'"{soon:%Y-%m-%dT%H:%M:%SZ}"')
    service = newsroom.start()
    [row] = newsroom.wait_for("final")
    newsroom.stop(service)

    assert row["included_at"] >= row["scheduled_at"] == f"{soon:%Y-%m-%dT%H:%M:%SZ}"


def test_the_plan_says_when_and_why(newsroom):
    newsroom.brief("later.md", date="2099-01-01")
    newsroom.run("run", "--once")
    step = json.loads(newsroom.run("plan", "--json"))

    assert (step["state"], step["why"]) == ("queued", "its date")
    assert step["when"] == "2099-01-01T00:00:00Z"
    assert newsroom.comments() == []


def test_what_has_expired_is_missed_and_not_sent(newsroom):
    newsroom.brief("old.md", expires="2020-01-01")
    newsroom.run("run", "--once")

    assert [row["status"] for row in newsroom.log()] == ["missed"]
    assert newsroom.comments() == []


def test_a_bad_brief_a_draft_and_a_held_one_stop_no_other(newsroom):
    newsroom.write("bad.md", "---\ntitle: [unclosed\n---\nBody\n")
    newsroom.brief("draft.md", draft="true")
    newsroom.brief("held.md", author="bob")
    newsroom.brief("good.md", author="alice")
    later = datetime.now(UTC) + timedelta(hours=1)
    newsroom.brief("dated.md", author="bob", date=f'"{later:%Y-%m-%dT%H:%M:%SZ}"')
    newsroom.run("publish", "posts/dated.md")
    newsroom.run("hold", "dated")

    newsroom.publish_all(2)

    states = {row["brief"]: row["status"] for row in newsroom.log()}
    assert states == {"good": "final", "held": "final", "dated": "held"}
    plan = newsroom.run("plan")
    assert "problem" in plan
    assert "draft" in plan
    newsroom.run("release", "dated")
    newsroom.run("cancel", "dated")
    assert newsroom.log("--brief", "dated")[-1]["status"] == "cancelled"


def test_a_changed_brief_goes_out_as_changed_and_a_removed_one_does_not(newsroom):
    later = f'"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"'
    newsroom.brief("changing.md", author="alice", date=later, body="Before.")
    gone = newsroom.brief("gone.md", author="bob", date=later)
    newsroom.run("run", "--once")
    newsroom.brief("changing.md", author="alice", body="After.")
    gone.unlink()
    config = newsroom.root / "config/briefbot.toml"
    config.write_text(f'{config.read_text()}[queue]\ngrace = "1s"\n')

    service = newsroom.start()
    newsroom.wait_for("final")
    newsroom.wait_for("cancelled")
    newsroom.stop(service)

    states = {row["brief"]: row["status"] for row in newsroom.log()}
    assert states == {"changing": "final", "gone": "cancelled"}
    assert newsroom.content("alice", "changing")["body"] == "After."


def test_a_queued_brief_that_is_spoiled_does_not_go_out_as_it_was(newsroom):
    newsroom.brief("spoiled.md", date="2099-01-01", body="Before.")
    newsroom.run("run", "--once")
    newsroom.write("spoiled.md", "---\ntitle:\n---\n")
    newsroom.run("run", "--once")

    assert [row["status"] for row in newsroom.log()] == ["rejected"]
    assert newsroom.comments() == []


def test_a_granted_account_posts_for_the_author(newsroom):
    key = newsroom.devnet.key("newsroom")
    newsroom.write_keys({"alice": key})
    refused = newsroom.run("doctor", expect=1)
    assert "it belongs to newsroom" in refused
    grant(newsroom.devnet, "alice", "newsroom")

    assert "newsroom, to which alice has granted" in newsroom.run("doctor", expect=1)
    newsroom.brief("one.md")
    newsroom.run("publish", "posts/one.md", "--wait", "included")
    assert newsroom.log()[0]["status"] in {"included", "final"}


@pytest.mark.parametrize("role", ["owner", "active"])
def test_a_key_that_can_move_money_signs_nothing(newsroom, role):
    newsroom.write_keys({"alice": newsroom.devnet.key("alice", role)})
    newsroom.brief("one.md")

    told = newsroom.run("doctor", expect=1)

    assert f"the key given is the {role} key of alice" in told
    assert "the key given" in newsroom.run("publish", "posts/one.md", expect=1)
    assert newsroom.comments() == []


def test_one_authors_bad_key_holds_up_only_that_author_until_it_is_mended(newsroom):
    keys = {name: newsroom.devnet.key(name) for name in ("alice", "bob")}
    newsroom.write_keys({"alice": "5Jgarbage", "bob": keys["bob"]})
    newsroom.brief("first.md", author="alice")
    newsroom.brief("second.md", author="alice")
    newsroom.brief("third.md", author="bob")
    service = newsroom.start()
    newsroom.wait_for("final")
    rows = {row["brief"]: row for row in newsroom.wait_for("waiting", 2)}
    assert rows["third"]["status"] == "final"
    for brief in ("first", "second"):
        assert "the key for alice can't be used" in rows[brief]["error"]
        assert rows[brief]["retry_at"] is None
    assert "key alice" in newsroom.run("doctor", expect=1)
    newsroom.stop(service)

    newsroom.write_keys(keys)
    assert {row["status"] for row in newsroom.publish_all(3)} == {"final"}


def test_no_key_is_in_any_log_record_page_or_argument(newsroom):
    keys = [newsroom.devnet.key("alice"), newsroom.devnet.key("bob")]
    newsroom.brief("one.md")
    newsroom.write("leak.md", f"---\ntitle: Leak\ntags: [a]\nauthor: bob\n---\nkey {keys[0]}\n")
    told = ""
    with (
        (newsroom.root / "service.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=newsroom.root, stdout=log, stderr=log
        ) as service,
    ):
        newsroom.wait_for("final")
        for file in ("cmdline", "environ"):
            told += Path(f"/proc/{service.pid}/{file}").read_text()
        service.terminate()
    told += (newsroom.root / "service.log").read_text()
    for command in ("log", "plan", "check", "doctor", "show"):
        rest = ["one"] if command == "show" else []
        told += newsroom.run(command, *rest, expect=1 if command == "check" else 0)
    with_database = [path for path in newsroom.root.rglob("*") if path.is_file()]
    for path in [*with_database, *newsroom.root.parent.glob("*.db*")]:
        if path.name not in {".env", "leak.md"}:
            told += path.read_bytes().decode(errors="replace")

    assert not any(key in told for key in keys)
    assert "private key" in told


def test_a_stop_takes_less_than_ten_seconds_and_exits_with_0(newsroom):
    newsroom.brief("one.md")
    service = newsroom.start()
    newsroom.wait_for("final")
    begun = time.monotonic()

    assert newsroom.stop(service) == 0
    assert time.monotonic() - begun < 10


def test_show_tells_the_whole_story(newsroom):
    newsroom.brief("one.md")
    newsroom.run("publish", "posts/one.md", "--wait", "final")
    [row] = newsroom.log()

    for name in ("one", "@alice/one", row["trx_id"]):
        told = json.loads(newsroom.run("show", name, "--json"))
        assert [event["to"] for event in told["events"]] == [
            "queued",
            "publishing",
            "included",
            "final",
        ]
        [attempt] = told["attempts"]
        assert attempt["trx_id"] == row["trx_id"]
        assert attempt["outcome"] == "final"


def grant(devnet, author, to):
    """The author's active key grants posting authority, by beem's own transaction types."""
    from beembase import operations
    from beembase.objects import Operation
    from beembase.signedtransactions import Signed_Transaction

    account = devnet.rpc("condenser_api.get_accounts", [[author]])[0]
    head = devnet.rpc("condenser_api.get_dynamic_global_properties", [])
    chain_id = devnet.rpc("condenser_api.get_config", [])["STEEM_CHAIN_ID"]
    update = operations.Account_update(
        account=author,
        posting=account["posting"] | {"account_auths": [[to, 1]]},
        memo_key=account["memo_key"],
        json_metadata="",
        prefix="STM",
    )
    block_id = bytes.fromhex(head["head_block_id"])
    expiration = datetime.fromisoformat(head["time"]) + timedelta(minutes=5)
    transaction = Signed_Transaction(
        ref_block_num=head["head_block_number"] & 0xFFFF,
        ref_block_prefix=int.from_bytes(block_id[4:8], "little"),
        expiration=f"{expiration:%Y-%m-%dT%H:%M:%S}",
        operations=[Operation(update)],
    )
    chain = {"chain_id": chain_id, "prefix": "STM", "chain_assets": []}
    transaction.sign([devnet.key(author, "active")], chain=chain)
    devnet.rpc("condenser_api.broadcast_transaction", [transaction.json()])
    time.sleep(0.2)
