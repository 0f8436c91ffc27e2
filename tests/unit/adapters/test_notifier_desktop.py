"""Notices on the desktop: a program on PATH that writes down what it is given stands for the desktop."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scribes.adapters.notifier_desktop import DesktopNotifier
from scribes.errors import Unavailable
from scribes.models.notices import Notice
from scribes.records import replaced

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the programs that stand for the desktop are scripts")

NOTICE = Notice(
    "reminder-1", "Pray for Anna", "She begins on Monday", datetime(2026, 11, 25, 8, tzinfo=ZoneInfo("Europe/London"))
)
PROGRAMS = {"linux": "notify-send", "darwin": "osascript", "win32": "powershell"}
PLATFORMS = pytest.mark.parametrize("platform", PROGRAMS)

Told = Callable[[], list[dict[str, object]]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    made = tmp_path / "programs"
    made.mkdir()
    monkeypatch.setenv("PATH", str(made))
    return made


def program(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport os, sys, json, time\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def told(folder: Path, tmp_path: Path) -> Told:
    """What the programs of all systems were given: their arguments, and the variables that are for them."""
    log = tmp_path / "told"
    for name in PROGRAMS.values():
        program(
            folder,
            name,
            "arguments = [os.fsencode(a).decode() for a in sys.argv[1:]]\n"
            "notice = {k: os.environb[k.encode()].decode() for k in os.environ if k.startswith('SCRIBES_NOTICE_')}\n"
            f"open({str(log)!r}, 'a').write(json.dumps({{'arguments': arguments, **notice}}) + '\\n')",
        )

    def read() -> list[dict[str, object]]:
        import json

        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]

    return read


def shown(told: dict[str, object]) -> tuple[object, object]:
    arguments = told["arguments"]
    assert isinstance(arguments, list)
    return told.get("SCRIBES_NOTICE_TITLE", arguments[-2]), told.get("SCRIBES_NOTICE_BODY", arguments[-1])


@PLATFORMS
def test_the_program_of_the_system_gets_title_and_body(platform: str, told: Told) -> None:
    DesktopNotifier(platform=platform).send(NOTICE)

    (call,) = told()
    assert shown(call) == ("Pray for Anna", "She begins on Monday")


@PLATFORMS
@pytest.mark.parametrize(
    "text",
    ["--help", "-e beep", "'; rm -rf ~; '", '" & (do shell script "id") & "', "$(id) `id` $HOME %PATH%", "祈り 🙏"],
)
def test_texts_are_never_read_as_options_or_scripts(platform: str, text: str, told: Told) -> None:
    DesktopNotifier(platform=platform).send(replaced(NOTICE, title=text, body=text))

    (call,) = told()
    arguments = call["arguments"]
    assert isinstance(arguments, list)
    body = text.replace("&", "&amp;") if platform == "linux" else text
    assert shown(call) == (text, body)
    if platform == "win32":
        assert not [argument for argument in arguments if text in argument]
    else:
        before = arguments[:-2]
        assert before[-1] == {"linux": "--", "darwin": "scribes"}[platform]
        assert not [argument for argument in before if text in argument]


@PLATFORMS
def test_in_a_locale_without_unicode_texts_come_whole(
    platform: str, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONUTF8", "0")
    DesktopNotifier(platform=platform).send(replaced(NOTICE, title="בְּרֵאשִׁית\ud800\x00", body=""))

    assert shown(told()[0]) == ("בְּרֵאשִׁית?", "")


def test_markup_and_escapes_are_shown_as_they_were_typed_on_linux(told: Told) -> None:
    DesktopNotifier(platform="linux").send(replaced(NOTICE, title="a < b & c", body=r"<b>C:\new</b> & more"))

    assert shown(told()[0]) == ("a < b & c", r"&lt;b&gt;C:\\new&lt;/b&gt; &amp; more")


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_a_second_notice_of_a_key_takes_the_place_of_the_first(platform: str, told: Told) -> None:
    notifier = DesktopNotifier(platform=platform)
    for key in ("one", "one", "two", "with:colon\nand more"):
        notifier.send(replaced(NOTICE, key=key))

    tags = [
        call.get("SCRIBES_NOTICE_TAG")
        or next(a.removeprefix("--hint=string:x-canonical-private-synchronous:") for a in arguments if "--hint" in a)
        for call in told()
        if isinstance(arguments := call["arguments"], list)
    ]
    assert tags[0] == tags[1]
    assert len(set(tags)) == 3
    assert all(isinstance(tag, str) and len(tag) == 16 and tag.isalnum() for tag in tags)


@PLATFORMS
def test_a_late_notice_says_so(platform: str, told: Told) -> None:
    DesktopNotifier(platform=platform).send(replaced(NOTICE, late=True))

    assert shown(told()[0])[1] == "She begins on Monday\nlate: was due 2026-11-25 08:00 GMT"


@PLATFORMS
def test_without_the_program_there_is_a_hint(platform: str, folder: Path) -> None:
    with pytest.raises(Unavailable, match=PROGRAMS[platform]) as refused:
        DesktopNotifier(platform=platform).send(NOTICE)

    assert refused.value.hint


def test_a_program_in_the_working_folder_is_not_meant(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, mark = tmp_path / "downloads", tmp_path / "planted"
    elsewhere.mkdir()
    program(elsewhere, "notify-send", f"open({str(mark)!r}, 'w')")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("PATH", f".::{folder}")

    with pytest.raises(Unavailable, match="no program"):
        DesktopNotifier(platform="linux").send(NOTICE)
    program(folder, "notify-send", "")
    DesktopNotifier(platform="linux").send(NOTICE)
    assert not mark.exists()


@pytest.mark.parametrize(
    "body",
    ["sys.exit('Pray for Anna: Cannot autolaunch D-Bus without X11 $DISPLAY')", "os.kill(os.getpid(), 9)"],
    ids=["fails", "is killed"],
)
def test_a_program_that_fails_is_unavailable_and_what_it_says_is_not_repeated(body: str, folder: Path) -> None:
    program(folder, "notify-send", body)

    with pytest.raises(Unavailable, match="ended with status") as refused:
        DesktopNotifier(platform="linux").send(NOTICE)
    assert refused.value.hint is not None
    assert "Anna" not in "".join(traceback.format_exception(refused.value))


def test_a_program_that_cannot_be_run_is_unavailable(folder: Path) -> None:
    (folder / "notify-send").write_bytes(b"\x7fELF nothing")
    (folder / "notify-send").chmod(0o755)

    with pytest.raises(Unavailable, match="could not be run"):
        DesktopNotifier(platform="linux").send(NOTICE)


def test_a_program_that_hangs_is_ended(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ended by itself"
    program(folder, "notify-send", f"time.sleep(5); open({str(mark)!r}, 'w')")
    begun = time.monotonic()

    with pytest.raises(Unavailable, match=r"did not end in 0\.3 s") as refused:
        DesktopNotifier(platform="linux", timeout_s=0.3).send(NOTICE)
    assert time.monotonic() - begun < 4
    assert "Anna" not in "".join(traceback.format_exception(refused.value))


def test_a_child_that_holds_the_output_open_does_not_hold_us(folder: Path) -> None:
    program(folder, "notify-send", "if os.fork() == 0: time.sleep(3); os._exit(0)")
    begun = time.monotonic()
    DesktopNotifier(platform="linux").send(NOTICE)

    assert time.monotonic() - begun < 2.5


def test_a_very_long_notice_is_cut_and_arrives(told: Told) -> None:
    DesktopNotifier(platform="linux").send(replaced(NOTICE, title="a" * 1_000_000, body="b" * 1_000_000))

    title, body = shown(told()[0])
    assert (title, body) == ("a" * 199 + "…", "b" * 999 + "…")
