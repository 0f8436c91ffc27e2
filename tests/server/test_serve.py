"""`scribes serve`: what it says, what it refuses, how it ends."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from scribes.server.running import cautions
from scribes.server.settings import ServerSettings

from .serving import SOURCE, Served


def scribes(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scribes", *words],
        env={**os.environ, "PYTHONPATH": str(SOURCE), **environment}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_a_server_says_where_it_listens_and_that_it_made_a_secret_which_only_its_user_can_read(tmp_path: Path) -> None:
    with Served(tmp_path / "data") as served:
        ready = httpx2.get(served.url + "/readyz")

    assert ready.status_code == 200
    assert served.lines[0].startswith(f"made a secret for this server: {tmp_path}/data/secret")
    assert served.lines[1] == f"Scribes listens on {served.url}, data in {tmp_path}/data"
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600


def test_a_server_started_again_makes_no_other_secret(tmp_path: Path) -> None:
    with Served(tmp_path / "data"):
        pass
    with Served(tmp_path / "data") as served:
        assert len(served.lines) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_soon_and_without_a_trace(tmp_path: Path, number: int) -> None:
    with Served(tmp_path / "data") as served:
        served.stop(number)

        assert "Traceback" not in served.said()
        assert '"level": "error"' not in served.said()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET", "short", "too weak"),
        ("SECRET", "a" * 64, "too weak"),
        ("SECRET", "please-change-me-0123456789-abcdefgh", "looks like one from an example"),
        ("SECRET", "my-Secret-0123456789-abcdefghijklmno", "looks like one from an example"),
        ("PORT", "99999", "setting port"),
        ("MODE", "prodution", "setting mode: it should be 'production' or 'development'"),
        ("METRICS", "token", "metrics_token"),
        ("ALLOWED_ORIGINS", "https://a.example,*", "an origin is"),
        ("ALLOWED_ORIGINS", "https://a.example/path", "an origin is"),
        ("PUBLIC_URL", "notes.example.org", "an address is"),
    ],
)
def test_a_setting_that_cannot_be_taken_is_refused_by_name_and_never_shown(
    tmp_path: Path, name: str, value: str, words: str
) -> None:
    done = scribes("serve", "--data", str(tmp_path / "data"), **{f"SCRIBES_SERVER_{name}": value})

    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert name != "SECRET" or value not in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_weak_secret_is_let_pass_in_development(tmp_path: Path) -> None:
    with Served(tmp_path / "data", mode="development", secret="change-me") as served:
        assert "development mode" in served.said()


def test_a_port_that_is_taken_is_said_in_a_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = scribes("serve", "--port", str(other.getsockname()[1]), "--data", str(tmp_path / "data"))

    assert done.returncode == 6
    assert "cannot be listened on" in done.stderr


def test_another_secret_than_that_of_the_database_is_an_error_and_nothing_is_changed(tmp_path: Path) -> None:
    with Served(tmp_path / "data"):
        pass
    before = (tmp_path / "data" / "scribes.db").read_bytes()
    done = scribes(
        "serve", "--port", "0", "--data", str(tmp_path / "data"),
        SCRIBES_SERVER_SECRET="0123456789abcdefghijklmnopqrstuvwxyz",
    )  # fmt: skip

    assert done.returncode == 7
    assert "does not open with this secret" in done.stderr
    assert (tmp_path / "data" / "scribes.db").read_bytes() == before


def test_an_address_that_others_reach_without_tls_is_warned_of() -> None:
    assert "nothing encrypts" in cautions(ServerSettings(host="0.0.0.0"))[0]
    assert "nothing encrypts" in cautions(ServerSettings(host="192.168.1.5", public_url="http://notes.example"))[0]
    assert cautions(ServerSettings(host="0.0.0.0", public_url="https://notes.example")) == []
    assert cautions(ServerSettings(host="127.0.0.1")) == cautions(ServerSettings(host="::1")) == []


def test_a_mistyped_setting_is_named_with_the_likely_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBES_SERVER_PORTT", "3")
    monkeypatch.setenv("SCRIBES_SERVER_PASSWORD", "of scribes login, four words are good")
    (tmp_path / "server.toml").write_text('pulic_url = "https://notes.example.org"\n')
    done = scribes("serve", SCRIBES_SERVER_CONFIG=str(tmp_path / "server.toml"))

    assert cautions(ServerSettings()) == ["SCRIBES_SERVER_PORTT is no setting: did you mean port?"]
    assert done.returncode == 2
    assert done.stderr == "scribes: the server has no setting pulic_url\nhint: did you mean public_url?\n"


def test_without_the_packages_of_the_server_the_error_says_what_to_install(tmp_path: Path) -> None:
    hide = tmp_path / "hide"
    hide.mkdir()
    (hide / "sitecustomize.py").write_text("import sys; sys.modules['fastapi'] = None\n")
    done = subprocess.run(
        [sys.executable, "-m", "scribes", "serve"],
        env={**os.environ, "PYTHONPATH": f"{SOURCE}:{hide}"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert done.returncode == 6
    assert 'pip install "scribes[server]"' in done.stderr


def test_settings_come_from_toml_below_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text('allowed_origins = ["https://app.example.org"]\nthreads = 3\nkeep_alive_s = 7\n')
    environment = {"SCRIBES_SERVER_CONFIG": str(file), "SCRIBES_SERVER_THREADS": "5"}
    program = (
        "from scribes.server.settings import read_settings as r; s = r(port=1);"
        "print(s.allowed_origins, s.threads, s.keep_alive_s, s.port)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert done.stdout == "('https://app.example.org',) 5 7 1\n", done.stderr


def test_a_database_newer_than_the_server_is_refused(tmp_path: Path) -> None:
    from scribes.adapters.engine_sqlite import SqliteEngine
    from scribes.crypto.keys import subkey
    from scribes.crypto.server_key import key_of
    from scribes.hosting import FILE_KEY

    with Served(tmp_path / "data"):
        pass
    key = key_of((tmp_path / "data" / "secret").read_text())
    engine = SqliteEngine(str(tmp_path / "data" / "scribes.db"), subkey(key, FILE_KEY))
    with engine.write() as tx:
        tx.run("PRAGMA user_version = 9999")
    engine.close()
    done = scribes("serve", "--port", "0", "--data", str(tmp_path / "data"))

    assert done.returncode == 7
    assert "format 9999" in done.stderr
