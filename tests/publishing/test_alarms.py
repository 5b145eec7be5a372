"""The service's alarms at their worst moments."""

import threading

import pytest
import structlog

from bot import app
from bot.clock import utc_now
from bot.config import Settings


@pytest.fixture
def service(tmp_path):
    (tmp_path / "posts").mkdir()
    settings = Settings(
        root=tmp_path,
        chain="devnet",
        posts=tmp_path / "posts",
        database=f"sqlite:///{tmp_path}/briefbot.db",
        chains={"devnet": {"nodes": ["http://127.0.0.1:1"]}},
    )
    with app.records(settings, create=True) as records:
        yield app.service(settings, records, utc_now, structlog.get_logger())


def test_it_ends_while_a_job_sets_its_next_alarm(service, monkeypatch):
    scheduler = service._scheduler
    set_alarm, shut_down = scheduler.modify_job, scheduler.shutdown
    arming, ending = threading.Event(), threading.Event()

    def slowly(job, **changes):
        arming.set()
        ending.wait(1)
        threading.Event().wait(0.2)  # for shutdown to have taken what it takes
        set_alarm(job, **changes)

    def told():
        ending.set()
        shut_down()

    monkeypatch.setattr(scheduler, "modify_job", slowly)
    monkeypatch.setattr(scheduler, "shutdown", told)
    service.start()
    assert arming.wait(10)

    assert service.stop()


def test_an_alarm_that_rings_before_its_job_has_quite_ended_is_not_lost(service, monkeypatch):
    scheduler = service._scheduler
    set_alarm = scheduler.modify_job
    followed = threading.Semaphore(0)

    def and_then_slowly(job, **changes):
        set_alarm(job, **changes)
        threading.Event().wait(0.3)  # a loaded machine: the alarm rings meanwhile

    monkeypatch.setattr(scheduler, "modify_job", and_then_slowly)
    monkeypatch.setitem(service._jobs, "follow", (followed.release, lambda: 0.0))
    service.start()
    try:
        for _ in range(3):
            assert followed.acquire(timeout=10)
    finally:
        service.stop()


def test_files_that_change_while_another_job_takes_long_ring_no_alarm_in_vain(
    service, monkeypatch, tmp_path, caplog
):
    looks = threading.Semaphore(0)

    def slowly():
        threading.Event().wait(1.5)

    def look():
        service.scan()
        looks.release()

    monkeypatch.setitem(service._jobs, "dispatch", (slowly, lambda: 0.0))
    monkeypatch.setitem(service._jobs, "scan", (look, lambda: 30.0))
    service.start()
    try:
        for number in range(12):
            (tmp_path / f"posts/{number}.md").write_text("---\ntitle: T\n---\nBody.\n")
            threading.Event().wait(0.3)
        for _ in range(2):
            assert looks.acquire(timeout=10), "the folder is looked at, though 30 s aren't over"
    finally:
        service.stop()
    assert [told for told in caplog.messages if "skipped" in told] == []
