"""`briefbot service`: a unit that systemd itself finds whole, and safe."""

import os
import re
import shlex
import shutil
import subprocess

import pytest

from tests.cli.rights import give_up_roots_rights
from tests.cli.test_new_user import briefbot
from tests.publishing.forked import Forked

EXPOSURE = 20  # tenths; 0 is safe, 100 isn't
analyze = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd's package isn't on this machine"
)


@pytest.fixture
def blog(tmp_path):
    folder = tmp_path / "my blog"
    briefbot(tmp_path, "init", str(folder), "--author", "alice", "--chain", "devnet")
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "daemon")
    return folder


def systemd_analyze(*arguments, **environment):
    done = subprocess.run(
        ["systemd-analyze", *arguments],
        env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def lines(text, name):
    return re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)


@analyze
def test_systemd_takes_the_unit_and_finds_it_safe(blog, tmp_path):
    (blog / "config/briefbot.toml").write_text(
        'posts = "/srv/desk"\ndatabase = "sqlite:////var/lib/briefbot/briefbot.db"\n'
        '[author.alice]\nsigner = "desk"\n[news]\natom = "public/feed.atom"\n[news.ways.mail]\n'
    )
    unit = tmp_path / "briefbot.service"
    unit.write_text(briefbot(blog, "service", "install", "--dry-run", "--", "--health", "8086"))

    assert systemd_analyze("verify", str(unit)) == (0, "")
    status, told = systemd_analyze(
        "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(unit)
    )
    assert status == 0, told
    text = unit.read_text()
    assert lines(text, "ReadWritePaths") == [f'"{blog}"', "-/srv/desk", "-/var/lib/briefbot"]
    assert lines(text, "LoadCredential") == [
        f"BRIEFBOT_{name}" for name in ("DATABASE", "POSTING_KEY_DESK", "NEWS_MAIL",
                                        "NEWS_MAIL_SECRET", "PRICES_KEY", "WEB_FEED_TOKEN")
    ]  # fmt: skip
    assert lines(text, "User") != ["root"]


@analyze
def test_what_the_unit_starts_is_this_very_program(blog, tmp_path):
    unit = tmp_path / "mine.service"
    unit.write_text(briefbot(blog, "service", "install", "--user", "--dry-run"))
    found = systemd_analyze("verify", "--user", str(unit), XDG_RUNTIME_DIR=str(tmp_path))
    assert found == (0, "")

    [command] = lines(unit.read_text(), "ExecStart")
    done = subprocess.run(
        [*shlex.split(command), "--once"], cwd="/", capture_output=True, text=True, check=False,
        env=os.environ | {"BRIEFBOT_CHAINS__DEVNET__NODES": '["http://127.0.0.1:9"]'},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (blog / "briefbot.db").exists()


def test_a_unit_of_ones_own_is_written_over_and_removed(blog, tmp_path):
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": ""}
    file = tmp_path / "home/systemd/user/briefbot.service"

    said = briefbot(blog, "service", "install", "--user", **environment)
    assert f"written  {file}\n" in said
    assert "loginctl enable-linger" in said
    assert "systemctl --user enable --now briefbot" in said
    briefbot(blog, "service", "install", "--user", "--", "--metrics", "9464", **environment)
    assert file.read_text().count("run --metrics 9464\n") == 1
    told = briefbot(blog, "service", "status", "--user", expect=3, **environment)
    assert told == f"systemd doesn't run here, {file} waits for it; see `briefbot status`\n"

    briefbot(tmp_path, "init", "other")
    said = briefbot(tmp_path / "other", "service", "install", "--user", expect=1, **environment)
    assert f"{file} serves {blog}: choose another --name" in said
    briefbot(tmp_path / "other", "service", "install", "--user", "--name", "two", **environment)

    assert f"removed  {file}\n" in briefbot(blog, "service", "uninstall", "--user", **environment)
    assert [one.name for one in file.parent.iterdir()] == ["two.service"]
    told = briefbot(blog, "service", "status", "--user", expect=3, **environment)
    assert "no unit is installed" in told
    assert "there is no" in briefbot(
        blog, "service", "uninstall", "--user", expect=1, **environment
    )


def test_what_somebody_else_has_written_stays(blog, tmp_path):
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": ""}
    file = tmp_path / "home/systemd/user/briefbot.service"
    file.parent.mkdir(parents=True)
    file.write_text("[Service]\nExecStart=/bin/true\n")

    for command in ("install", "uninstall"):
        said = briefbot(blog, "service", command, "--user", expect=1, **environment)
        assert "wasn't written by briefbot" in said
        assert len(said.splitlines()) == 1
    assert file.read_text() == "[Service]\nExecStart=/bin/true\n"


def test_who_isnt_root_is_told_in_one_sentence(blog, tmp_path):
    output = tmp_path / "said"
    command = Forked("service", "install", folder=blog, output=output, prepare=nobody)
    assert command.wait(60) == 1
    assert output.read_text() == (
        "briefbot: only root may write /etc/systemd/system: use sudo, or --user for a service of "
        "your own\n"
    )


def nobody():
    give_up_roots_rights()
    os.geteuid = lambda: 65534


def test_what_cant_be_a_service_is_wrong_usage(tmp_path):
    def refused(*arguments, folder=tmp_path):
        [*_, line] = briefbot(
            folder, "service", "install", "--dry-run", *arguments, expect=2
        ).splitlines()
        return line

    assert "there is no configuration" in refused()
    assert "No such option '--nonsense'" in refused("--", "--nonsense")
    assert "expected a port" in refused("--", "--health", "somewhere")
    assert "--once" in refused("--", "--once")
    assert "--name" in refused("--name", "../etc")
    briefbot(tmp_path, "init", "100%")
    assert "can't stand in a unit" in refused("--user", folder=tmp_path / "100%")
    if os.geteuid() == 0:
        briefbot(tmp_path, "init", "roots")
        assert "belongs to root" in refused(folder=tmp_path / "roots")
