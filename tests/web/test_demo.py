"""`briefbot demo --serve`: the sample on a devnet, its readers, and the dashboard to see it by."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.test_commands import ROOT
from tests.web.serving import Browser
from tests.web.test_posts import SAMPLE, part, text_of

PATIENCE = 200


@pytest.mark.timeout(300)
def test_the_demo_shows_the_sample_with_votes_and_replies(tmp_path):
    (tmp_path / "posts").mkdir()
    shutil.copy(ROOT / f"posts/{SAMPLE}.md", tmp_path / "posts")
    told = tmp_path / "told"
    with told.open("w") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", "--serve"],
            cwd=tmp_path,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )
    end = time.monotonic() + PATIENCE

    def wait(what):
        while not (found := what()):
            assert time.monotonic() < end, told.read_text()
            assert demo.poll() is None, told.read_text()
            time.sleep(0.5)
        return found

    try:
        [port] = wait(
            lambda: re.findall(r"dashboard on http://127\.0\.0\.1:(\d+)/", told.read_text())
        )
        browser = Browser(int(port))
        [address] = wait(
            lambda: re.findall(
                r'href="(/posts/devnet/@alice/[a-z0-9-]+)"', browser.get("/log").text
            )
        )

        def whole():
            page = browser.get(address).text
            replies, votes = text_of(part(page, "replies")), text_of(part(page, "votes"))
            return (
                "+1 for a picture" in replies
                and "Upvoted! Thank you" in replies
                and "@judy" in votes
            )

        wait(whole)
    finally:
        demo.send_signal(signal.SIGINT)
        status = demo.wait(30)
    assert status == 0, told.read_text()
    assert "Look at it" in told.read_text()
