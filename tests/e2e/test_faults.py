"""Faults that a hard user found, each with the least that shows it. A mark `xfail` goes when its fault is mended."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time

import pytest

from .machine import Machine, Terminal
from .test_terminal import ended, shown, stuck_in_editor, until


def known(reason: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(strict=True, reason=reason)


# Loss of text -----------------------------------------------------------------------------------------------------


def test_a_leftover_of_one_vault_is_not_taken_into_another(machine: Machine) -> None:
    machine.runtime()
    machine.ok("--vault", "a.scribes", "init")
    machine.ok("--vault", "b.scribes", "init")
    machine.env["EDITOR"] = "false"
    shown(machine, "--vault", "b.scribes", "add", "--edit", "the text of B")
    terminal, editor = stuck_in_editor(machine, "typed for A", "--vault", "a.scribes", "add")
    terminal.process.kill()
    ended(terminal, editor)
    in_b = machine.ok("--vault", "b.scribes", "drafts", "--json")
    in_a = machine.ok("--vault", "a.scribes", "drafts", "--json")

    assert "the text of B" in in_b
    assert "typed for A" in in_a
    assert "typed for A" not in in_b


def test_resume_right_after_a_kill_has_what_was_typed_last(machine: Machine) -> None:
    machine.runtime()
    machine.ok("init")
    terminal, editor = stuck_in_editor(machine, "typed in the last moment", "add")
    os.kill(terminal.process.pid, signal.SIGKILL)
    ended(terminal, editor)
    machine.editor("pass")
    machine.run("drafts", "resume", "1")

    assert "typed in the last moment" in machine.ok("list") + machine.ok("drafts", "--json")


def test_an_import_that_was_undone_can_be_done_again(machine: Machine) -> None:
    machine.file("notes/a.md", "hello there\n")
    machine.ok("import", "markdown", "notes")
    machine.ok("undo")

    assert "1 added" in machine.ok("import", "markdown", "notes") or machine.ok("find", "hello")
    assert "hello" in machine.ok("show", "-")


def test_undo_passes_over_an_import_that_took_nothing(machine: Machine) -> None:
    machine.ok("add", "A note")
    machine.file("notes/nul.md", b"a\x00b")
    machine.run("import", "markdown", "notes")
    machine.ok("undo")

    assert machine.ok("list") == ""


def test_undo_passes_over_commands_whose_notes_are_purged(machine: Machine) -> None:
    machine.ok("add", "First", "--date", "2025-01-01")
    machine.ok("add", "Second", "--date", "2025-01-02")
    machine.ok("rm", "-")
    machine.ok("trash", "empty", "--older-than", "0", "--yes")

    assert "First" in machine.ok("undo")


def test_numbers_of_an_older_listing_end_with_an_empty_one(machine: Machine) -> None:
    machine.ok("add", "Precious")
    machine.ok("list")
    machine.run("find", "nothingatall")

    assert machine.run("rm", "1").status == 3


def test_an_empty_reference_means_no_note(machine: Machine) -> None:
    machine.ok("add", "Precious")

    assert machine.run("rm", "").status in (2, 3)
    assert "Precious" in machine.ok("list")


def test_an_edit_cannot_empty_a_note(machine: Machine) -> None:
    machine.ok("add", "Title")

    assert machine.run("edit", "-", "--title", "").status == 2


def test_a_file_changed_after_an_undone_edit_is_imported(machine: Machine) -> None:
    machine.file("a.md", "first words\n")
    machine.ok("import", "markdown", "a.md")
    machine.ok("list")
    machine.ok("edit", "1", "--venue", "Here")
    machine.ok("undo")
    machine.file("a.md", "second words\n")

    assert "1 changed" in machine.ok("import", "markdown", "a.md")


def test_a_draft_that_conflicted_can_be_saved_in_the_end(machine: Machine) -> None:
    machine.ok("add", "Note")
    machine.editor(
        "import subprocess\n"
        "subprocess.run(['scribes', 'edit', '-', '--speaker', 'Other'], check=True, stdout=subprocess.DEVNULL)\n"
        "text += 'typed words'"
    )
    assert machine.run("edit", "-").status == 5
    machine.editor("pass")
    machine.run("drafts", "resume", "1")
    machine.run("drafts", "resume", "1")

    assert "typed words" in machine.ok("list", "--json")


@pytest.mark.parametrize("command", ["add", "edit"])
def test_an_editor_left_with_an_error_and_no_change_leaves_no_draft(machine: Machine, command: str) -> None:
    machine.ok("add", "Note")
    machine.env["EDITOR"] = "false"
    shown(machine, *{"add": ["add"], "edit": ["edit", "-"]}[command])

    assert machine.ok("drafts") == ""


def test_a_file_with_an_odd_name_does_not_end_the_import(machine: Machine) -> None:
    machine.file("notes/good.md", "good\n")
    with open(os.fsencode(machine.path("notes")) + b"/caf\xe9.md", "wb") as file:
        file.write(b"latin name\n")
    machine.run("import", "markdown", "notes")

    assert "good" in machine.ok("list")


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_at_the_end_of_time_does_not_break_every_listing(machine: Machine, moment: str) -> None:
    machine.ok("add", "Note")
    machine.file("far.md", f'---\ntitle: Far\ndate: "{moment}"\n---\n\ntext\n')
    machine.run("import", "markdown", "far.md")

    assert "Note" in machine.ok("list")


def test_show_at_a_revision_shows_its_tags_and_date(machine: Machine) -> None:
    machine.ok("add", "Note", "--date", "2025-01-01")
    machine.ok("tag", "-", "later")
    machine.ok("edit", "-", "--date", "2026-01-01")

    said = machine.ok("show", "-", "--at", "1")
    assert "2025-01-01" in said
    assert "#later" not in said


# Keys -------------------------------------------------------------------------------------------------------------


def test_a_passphrase_is_changed_where_the_environment_unlocks(machine: Machine) -> None:
    machine.ok("init", "--passphrase", stdin="correct horse battery\n")
    machine.ok("lock")
    machine.env["SCRIBES_PASSPHRASE"] = "correct horse battery"

    assert machine.run("key", "passphrase", stdin="another horse battery\n").err == ""


def test_the_environment_gives_the_first_passphrase(machine: Machine) -> None:
    machine.env["SCRIBES_PASSPHRASE"] = "correct horse battery"

    assert machine.run("init", "--passphrase").status == 0


def test_lock_says_when_the_environment_still_unlocks(machine: Machine) -> None:
    machine.ok("init", "--passphrase", stdin="correct horse battery\n")
    machine.ok("lock")
    machine.env["SCRIBES_PASSPHRASE"] = "correct horse battery"
    done = machine.run("lock")

    assert "SCRIBES_PASSPHRASE" in done.out + done.err


@pytest.mark.parametrize("command", [["list"], ["find", "x"], ["show", "1"], ["key"]])
def test_a_reading_command_founds_no_vault_at_a_mistyped_place(machine: Machine, command: list[str]) -> None:
    done = machine.run("--vault", "typo.scribes", *command)

    assert done.status in (2, 3)
    assert not machine.path("typo.scribes").exists()


def test_a_lost_vault_file_is_not_answered_with_init(machine: Machine) -> None:
    machine.ok("init")
    machine.vault.unlink()

    assert "scribes init" not in machine.run("doctor").err


def test_doctor_tells_more_of_a_damaged_vault(machine: Machine) -> None:
    machine.ok("add", "Note")
    machine.ok("backup")
    data = bytearray(machine.vault.read_bytes())
    data[40000:40010] = b"0123456789"
    machine.vault.write_bytes(data)
    done = machine.run("doctor")

    assert done.status == 7
    assert "damaged" in done.out


def test_doctor_mends_a_header_whose_check_is_wrong(machine: Machine) -> None:
    machine.ok("add", "Note")
    header = machine.vault.with_name("notes.scribes.keys.json")
    header.write_text(re.sub(r'"check":"..', '"check":"00', header.read_text()))

    assert machine.run("doctor", "--fix").status == 0


def test_end_of_input_at_the_passphrase_is_no_fault_of_ours(machine: Machine) -> None:
    machine.ok("init", "--passphrase", stdin="correct horse battery\n")
    machine.ok("lock")
    terminal = machine.terminal("list")
    terminal.wait_for("passphrase: ")
    terminal.send("\x04")
    terminal.finish()

    assert "unexpected" not in terminal.text


# Programs reading us ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["rm", "restore"])
def test_json_for_several_notes_is_one_document(machine: Machine, command: str) -> None:
    machine.ok("add", "One")
    machine.ok("add", "Two")
    machine.ok("list")
    if command == "restore":
        machine.ok("rm", "1", "2")

    assert len(json.loads(machine.ok(command, "1", "2", "--json"))) == 2


def test_the_first_overview_is_json_when_asked(machine: Machine) -> None:
    assert json.loads(machine.ok("--json"))["notes"] == 0


def test_exported_front_matter_is_one_field_a_line(machine: Machine) -> None:
    machine.ok("add", "Title", "--date", "2025-01-01")

    assert "\ntitle: Title\n" in machine.ok("show", "-", "--raw")


def test_exported_dates_are_yaml_dates(machine: Machine) -> None:
    machine.ok("add", "Title", "--date", "2025-01-01", "--tag", "x")

    assert "\ndate: 2025-01-01\n" in machine.ok("show", "-", "--raw")


def test_a_dry_run_counts_what_the_import_will_take(machine: Machine) -> None:
    machine.file("notes/good.md", "good\n")
    machine.file("notes/nul.md", b"a\x00b")
    machine.file("notes/tag.md", '---\ntitle: x\ntags: ["!!!"]\n---\ntext\n')

    assert "1 added" in machine.ok("import", "markdown", "notes", "--dry-run")


def test_skip_works_with_a_filter(machine: Machine) -> None:
    for number in range(3):
        machine.ok("add", f"Note {number}", "--tag", "x")

    assert len(machine.run("list", "--skip", "2", "tag:x").out.splitlines()) == 1


def test_a_file_name_cannot_control_the_terminal(machine: Machine) -> None:
    machine.file("notes/\x1b]0;pwned\x07.md", b"\xff\xfe")

    assert "\x1b]" not in shown(machine, "import", "markdown", "notes").text


def test_a_log_of_the_errors_has_no_escapes(machine: Machine) -> None:
    machine.ok("init")
    log = machine.path("log")
    program = machine.file(
        "run.py",
        f"import os, subprocess, sys\nsubprocess.run(['scribes', 'key'], stderr=open({str(log)!r}, 'wb'))\n",
    )
    Terminal(machine, [sys.executable, str(program)]).finish()

    assert "\x1b" not in log.read_text(encoding="utf-8")


def test_an_output_that_lacks_a_letter_is_no_fault_of_ours(machine: Machine) -> None:
    machine.env["PYTHONIOENCODING"] = "ascii"
    done = machine.run("add", "Zoë 日本")

    assert done.status == 0, done.err


def test_ctrl_c_in_an_export_says_what_was_kept(machine: Machine) -> None:
    for number in range(4000):
        machine.file(f"notes/{number}.md", f"Note {number}\n\nSome words.\n")
    machine.ok("import", "markdown", "notes")
    running = machine.start("export", "markdown", "out")
    until(lambda: len(list(machine.path("out").parent.glob("out.*.part/*"))) > 20 or running.poll() is not None)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)

    assert running.returncode == 130
    assert b"stopped" in err


def test_words_in_angle_brackets_are_shown(machine: Machine) -> None:
    machine.ok("add", "A word study\n\nThe word <hesed> means steadfast love.")
    machine.ok("list")

    assert "<hesed>" in "\n".join(shown(machine, "show", "1").shown)


def test_a_missing_backup_is_reported_before_the_question(machine: Machine) -> None:
    machine.ok("init")

    assert machine.run("restore-backup", "nowhere").status == 3


# What is typed ----------------------------------------------------------------------------------------------------


def test_a_word_can_be_left_out_as_the_help_says(machine: Machine) -> None:
    machine.ok("add", "grace alone")
    machine.ok("add", "grace and law")

    assert len(machine.run("find", "grace", "-law").out.splitlines()) == 1


@pytest.mark.parametrize(
    "command", [["list", "--skip", "9" * 20], ["trash", "empty", "--yes", "--older-than", "9" * 14]]
)
def test_huge_numbers_are_no_fault_of_ours(machine: Machine, command: list[str]) -> None:
    machine.ok("init")

    assert "unexpected" not in machine.run(*command).err


def test_odd_bytes_in_an_argument_are_no_fault_of_ours(machine: Machine) -> None:
    machine.ok("add", "Note")

    assert "unexpected" not in machine.run("find", "caf\udce9").err


@pytest.mark.parametrize("command", [["show", "²"], ["show", "-", "--at", "²"], ["restore", "-", "--to", "²"]])
def test_odd_digits_are_no_fault_of_ours(machine: Machine, command: list[str]) -> None:
    machine.ok("add", "Note")

    assert "unexpected" not in machine.run(*command).err


@pytest.mark.parametrize("group", ["trash", "import", "export"])
def test_a_group_without_a_verb_is_answered_in_our_words(machine: Machine, group: str) -> None:
    said = machine.run(group)

    assert "\ufffd" not in said.out + said.err
    assert len(said.err.splitlines()) <= 2 or not said.err.startswith("scribes:")


def test_the_help_says_what_each_command_does(machine: Machine) -> None:
    assert re.search(r"\n  list +List notes", machine.ok("--help"))


def test_edit_opens_the_editor_without_a_terminal_too(machine: Machine) -> None:
    machine.editor("text = 'Typed in the editor'")

    assert "Typed in the editor" in machine.run("add", "--edit").out


def test_a_full_listing_fits_80_columns(machine: Machine) -> None:
    machine.ok(
        "add", "Blessed be the God and Father of our Lord", "--speaker", "Charles Haddon Spurgeon",
        "--tag", "perseverance", "--tag", "resurrection", "--tag", "hope",
    )  # fmt: skip

    assert len(shown(machine, "list").shown) == 1


def test_a_text_that_begins_with_a_rule_is_kept(machine: Machine) -> None:
    assert machine.run("add", "--title", "Rule", stdin="---\n\nAfter the rule\n").status == 0


def test_help_is_a_command(machine: Machine) -> None:
    assert "list" in machine.run("help").out


def test_a_missing_value_points_at_the_help_of_its_command(machine: Machine) -> None:
    assert "scribes list --help" in machine.run("list", "--limit").err


def test_a_vault_that_cannot_be_opened_is_named(machine: Machine) -> None:
    machine.path("cellar").mkdir()

    assert "cellar" in machine.run("--vault", "cellar", "list").err


# What held -------------------------------------------------------------------------------------------------------


def test_what_is_not_text_is_refused_with_a_hint(machine: Machine) -> None:
    for data in (b"caf\xe9", b"a\x00b", b"\xff\xfea\x00"):
        done = machine.run("add", stdin=data)

        assert done.status == 2
        assert "hint:" in done.err


def test_a_header_changed_by_hand_is_found_and_mended(machine: Machine) -> None:
    machine.ok("add", "Note")
    header = machine.vault.with_name("notes.scribes.keys.json")
    header.write_text(header.read_text().replace('"revision":1', '"revision":0'))

    assert machine.run("doctor").status == 7
    assert "mended" in machine.ok("doctor", "--fix")
    assert machine.run("doctor").status == 0


def test_a_damaged_vault_is_replaced_by_its_backup_and_kept_aside(machine: Machine) -> None:
    machine.ok("add", "Note")
    machine.ok("backup", "kept.scribes-backup")
    machine.vault.write_bytes(machine.vault.read_bytes()[:10000])
    assert machine.run("list").status == 7
    done = machine.run("restore-backup", "kept.scribes-backup", "--yes")

    assert done.status == 0, done.err
    assert "Note" in machine.ok("list")
    assert list(machine.vault.parent.glob("*.unreadable-*"))


def test_a_backup_with_one_flipped_bit_is_refused(machine: Machine) -> None:
    machine.ok("add", "Note")
    path = machine.path("kept.scribes-backup")
    machine.ok("backup", str(path))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    assert machine.run("restore-backup", str(path), "--yes").status == 7
    assert "Note" in machine.ok("list")


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_reported(machine: Machine) -> None:
    machine.file("notes/closed.md", "x").chmod(0)
    machine.file("notes/open.md", "y")
    done = machine.run("import", "markdown", "notes")

    assert "closed.md" in done.err
    assert "1 added" in done.out


@pytest.mark.parametrize("answer", ["\x03", "n\n", "\n"])
def test_nothing_but_yes_is_yes(machine: Machine, answer: str) -> None:
    machine.ok("add", "Note")
    machine.ok("rm", "-")
    terminal = machine.terminal("trash", "empty", "--older-than", "0")
    terminal.wait_for("[y/N] ")
    # A signal that comes between the question and the wait for its answer is only seen when input comes.
    time.sleep(0.3)
    terminal.send(answer)

    assert terminal.finish() in (2, 130)
    assert "Traceback" not in terminal.text
    assert machine.ok("list", "--trash")
