"""What Prometheus is told, by a port and by a file, and what that costs."""

import threading
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
import sqlalchemy as sa
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bot.chain.protocol import NodeHealth, ResourceCredits
from bot.metrics import names
from bot.metrics.collector import Figured, Mana, Seen, registry
from bot.records import Outcome, Status, Transition
from bot.records.tables import publications
from tests.news.conftest import devnet, free_port, newsroom, sqlite_newsroom, wait_until
from tests.records.test_records import NOW, PLAN, SIGNED, bring

__all__ = ["devnet", "newsroom", "sqlite_newsroom"]


class Figures:
    """The figures of some records, with a clock that a test sets."""

    def __init__(self, records, monkeypatch):
        monkeypatch.setattr("bot.metrics.collector.KEPT", 0.0)
        monkeypatch.setattr("bot.metrics.collector.SHARE", 0.0)
        self.now = NOW
        self.seen = Seen([], [], [], None, NOW)
        figured = Figured(
            records, lambda: self.seen, ["alice"], timedelta(minutes=15), lambda: self.now
        )
        self.registry = registry(figured)

    def ask(self):
        """Value by name and labels, as Prometheus reads them."""
        text = generate_latest(self.registry).decode()
        return {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@pytest.fixture
def figures(records, monkeypatch):
    return Figures(records, monkeypatch)


def test_publications_are_counted_by_chain_and_status(records, figures):
    for number, status in enumerate((Status.QUEUED, Status.QUEUED, Status.FINAL)):
        bring(records, status, named(number))
    told = figures.ask()
    assert told["briefbot_publications", "devnet", "queued"] == 2
    assert told["briefbot_publications", "devnet", "final"] == 1


def named(number, **changes):
    from dataclasses import replace

    return replace(PLAN, brief=f"b{number}", path=f"b{number}.md", permlink=f"p{number}", **changes)


def put(records, row, **values):
    with records.writing() as connection:
        connection.execute(
            sa.update(publications).where(publications.c.id == row.id).values(**values)
        )


def test_ages_and_what_is_overdue(records, figures):
    late = bring(records, Status.QUEUED, named(1))
    put(records, late, due_at=NOW, look_at=NOW)
    later = bring(records, Status.QUEUED, named(2))
    put(records, later, due_at=NOW + timedelta(days=9), look_at=NOW + timedelta(days=9))
    bring(records, Status.WAITING, named(3))
    bring(records, Status.INCLUDED, named(4))
    figures.now = NOW + timedelta(minutes=20)
    told = figures.ask()
    assert told["briefbot_overdue_publications",] == 1
    assert told["briefbot_oldest_queued_seconds",] == 1200
    assert told["briefbot_oldest_waiting_seconds",] == 1200
    assert told["briefbot_oldest_in_flight_seconds",] == 1200


def test_nothing_has_no_age(figures):
    told = figures.ask()
    assert told["briefbot_oldest_queued_seconds",] == 0
    assert told["briefbot_database_up",] == 1
    assert told["briefbot_database_size_bytes",] > 10_000
    assert told["process_resident_memory_bytes",] > 0


def test_each_step_of_a_publication_is_observed_once(records, figures):
    figures.ask()
    row = records.add(PLAN, NOW)
    row = records.move(row, Transition(Status.PUBLISHING, "due"), NOW)
    attempt = records.write_ahead(row.id, SIGNED, NOW)
    records.record_outcome(attempt.id, Outcome.SENT, now=NOW + timedelta(seconds=4))
    included = Transition(
        Status.INCLUDED, "in block 7", included_at=NOW + timedelta(seconds=6),
        attempt=(attempt.id, Outcome.INCLUDED),
    )  # fmt: skip
    row = records.move(records.get(row.id), included, NOW)
    assert figures.ask()["briefbot_open_attempts", "included"] == 1
    final = Transition(
        Status.FINAL, "irreversible", final_at=NOW + timedelta(seconds=50),
        attempt=(attempt.id, Outcome.FINAL),
    )  # fmt: skip
    records.move(row, final, NOW)
    for _ in range(3):
        told = figures.ask()
    for name, seconds in (
        ("due_to_accepted", 4),
        ("accepted_to_included", 2),
        ("included_to_final", 44),
    ):
        assert told[f"briefbot_{name}_seconds_count",] == 1
        assert told[f"briefbot_{name}_seconds_sum",] == seconds
    assert told["briefbot_included_to_final_seconds_bucket", "30.0"] == 0
    assert told["briefbot_included_to_final_seconds_bucket", "45.0"] == 1
    assert told["briefbot_attempts_total", "final"] == 1
    assert told["briefbot_attempts_total", "expired"] == 0


def test_nodes_credits_and_the_scan_are_this_workers(figures):
    half = ResourceCredits(50, 100, NOW)
    figures.seen = Seen(
        [("devnet", NodeHealth("a.example.org", None, 1, 9)),
         ("devnet", NodeHealth("b.example.org", 12.0, 3, 0)),
         ("steem", NodeHealth("never-asked.example.org", None, 0, 0))],
        [Mana("devnet", "alice", half), Mana("devnet", "stranger", half)],
        [Mana("devnet", "alice", half)],
        NOW,
        NOW + timedelta(days=1),
    )  # fmt: skip
    told = figures.ask()
    assert told["briefbot_node_up", "a.example.org", "devnet"] == 1
    assert told["briefbot_node_up", "b.example.org", "devnet"] == 0
    assert told["briefbot_node_failures_total", "b.example.org", "devnet"] == 3
    assert told["briefbot_node_answers_total", "a.example.org", "devnet"] == 9
    assert not [key for key in told if "never-asked.example.org" in key or "stranger" in key]
    assert told["briefbot_resource_credits_ratio", "alice", "devnet"] == pytest.approx(0.7)
    assert told["briefbot_voting_mana_ratio", "alice", "devnet"] == pytest.approx(0.7)
    assert told["briefbot_last_scan_timestamp_seconds",] == NOW.timestamp()


def test_while_the_database_is_away_the_rest_is_told(tmp_path, sqlite, monkeypatch):
    from bot.records import Records

    file = tmp_path / "briefbot.db"
    file.write_bytes(sqlite.read_bytes())
    with Records.open(f"sqlite:///{file}") as records:
        figures = Figures(records, monkeypatch)
        file.unlink()
        told = figures.ask()
    assert told["briefbot_database_up",] == 0
    assert ("briefbot_overdue_publications",) not in told
    assert [key for key in told if key[0] == "briefbot_build_info"]


def test_names_follow_the_conventions():
    for metric in names.ALL:
        assert metric.name.startswith("briefbot_")
        assert metric.name.endswith("_total") == (metric.type is names.Type.COUNTER)
        if metric.type is names.Type.HISTOGRAM:
            assert metric.name.endswith("_seconds")
    assert len({metric.name for metric in names.ALL}) == len(names.ALL)


# -- by a running service --------------------------------------------------------------------------


def scraped(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def test_a_service_tells_all_its_metrics_by_port_and_file(newsroom):
    port, file = free_port(), newsroom.root / "briefbot.prom"
    newsroom.brief("one.md")
    service = newsroom.start(None, "--metrics", str(port), "--metrics-file", str(file))
    newsroom.wait_for("final")
    wait_until(lambda: scraped(port)["briefbot_publications"].samples, 70)  # one is kept a while
    told = scraped(port)
    assert told["briefbot_publications"].samples[0].labels["chain"] == "devnet"
    [up] = told["briefbot_node_up"].samples
    assert up.value == 1
    known = {metric.name.removesuffix("_total") for metric in names.ALL}
    assert {name for name in told if name.startswith("briefbot_")} == known
    text = file.read_text()
    assert text.endswith("\n")
    assert "briefbot_database_up 1.0" in text
    assert newsroom.stop(service) == 0
    assert [each.name for each in newsroom.root.iterdir() if "prom" in each.name] == [file.name]
    with pytest.raises(urllib.error.URLError):
        scraped(port)


def test_only_this_machine_is_answered_unless_another_address_is_named(sqlite_newsroom):
    room, port = sqlite_newsroom, free_port()
    service = room.start(None, "--metrics", f"0.0.0.0:{port}")
    room.wait_until(lambda: room.told("metrics_open"))
    room.stop(service)
    (room.root / "service.log").unlink()
    service = room.start(None, "--metrics", f"[::1]:{port}")
    room.wait_until(lambda: room.told("started"))
    room.stop(service)
    assert room.told("metrics_open") == []


def test_an_address_or_file_that_there_cant_be_is_told_in_one_sentence(sqlite_newsroom):
    room = sqlite_newsroom
    for bad in ("nowhere", "127.0.0.1:", "127.0.0.1:99999", "0"):
        assert "expected a port" in room.run("run", "--metrics", bad, expect=2)
    port = free_port()
    service = room.start(None, "--metrics", str(port))
    room.wait_until(lambda: room.told("started"))
    said = room.run("run", "--metrics", str(port), expect=2)
    assert f"can't listen on 127.0.0.1:{port}: Address already in use" in said
    room.stop(service)
    assert "NAME.prom only" in room.run("run", "--once", "--metrics-file", "m.txt", expect=2)
    said = room.run("run", "--once", "--metrics-file", "nowhere/m.prom", expect=2)
    assert "can't write nowhere/m.prom: No such file or directory" in said


def test_once_writes_the_file_at_its_end(sqlite_newsroom):
    room = sqlite_newsroom
    room.brief("late.md", expires="2020-01-01")
    room.run("run", "--once", "--metrics-file", "m.prom")
    assert 'briefbot_publications{chain="devnet",status="missed"} 1.0' in (
        (room.root / "m.prom").read_text()
    )


def test_many_who_ask_at_once_cost_one_answer(records):
    asked = []

    def seen():
        asked.append(threading.get_ident())
        return Seen([], [], [], None, NOW)

    made = registry(Figured(records, seen, [], timedelta(minutes=15), lambda: NOW))
    threads = [threading.Thread(target=generate_latest, args=[made]) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1
