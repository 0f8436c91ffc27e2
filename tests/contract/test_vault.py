import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import scribes
from scribes import NewNote
from scribes.config import Settings, load
from scribes.errors import (
    AlreadyExists,
    Busy,
    Conflict,
    Damaged,
    InvalidInput,
    Locked,
    NewerFormat,
    NotFound,
    WrongKey,
)
from scribes.services import vault as vault_files
from scribes.wiring import restore_backup

FIXTURES = Path(__file__).parents[1] / "fixtures"
PASSPHRASE = "four good words here"
SECRET = "Zacchaeus-sycamore"


def key_files(home: Path) -> list[Path]:
    return sorted((home / ".config/scribes/keys").glob("*.key"))


def test_the_first_open_makes_a_private_vault_with_its_key_elsewhere(vault: scribes.Scribes, home: Path) -> None:
    assert vault.founded
    files = [Path(vault.path), Path(vault.path + ".keys.json"), *key_files(home)]
    assert len(files) == 3
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert key_files(home)[0].parent != Path(vault.path).parent


def test_no_file_holds_plain_text_not_even_while_it_is_written(vault: scribes.Scribes, home: Path) -> None:
    vault.notes.add(SECRET, f"{SECRET} " * 300, tags=[SECRET])
    vault.drafts.begin(SECRET)
    vault.backups.make()
    key = vault.keys.rotate()
    vault.notes.add(SECRET)

    files = [file for file in home.rglob("*") if file.is_file()]
    assert any(file.name.endswith("-wal") and file.stat().st_size for file in files)
    for file in files:
        data = file.read_bytes().lower()
        assert SECRET.lower().encode() not in data
        assert b"sqlite format" not in data
        assert key.encode().lower() not in data


def test_without_the_encrypting_sqlite_nothing_is_opened(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    import apsw

    monkeypatch.delattr(apsw, "mc_version")

    with pytest.raises(Damaged, match="encrypting"):
        scribes.open(settings=settings)
    assert not os.path.exists(settings.vault)


def test_a_lost_key_means_locked_and_the_recovery_key_opens(settings: Settings, home: Path) -> None:
    with scribes.open(settings=settings) as s:
        s.notes.add("grace")
        recovery_key = s.keys.recovery_key()
    key_files(home)[0].unlink()

    with pytest.raises(Locked):
        scribes.open(settings=settings)
    with scribes.open(settings=settings, recovery_key=recovery_key.lower()) as s:
        assert s.notes.count() == 1


def test_another_vaults_key_is_told_apart_from_a_damaged_file(settings: Settings, home: Path) -> None:
    with scribes.open(settings=settings) as s:
        s.notes.add("grace")
    key_file = key_files(home)[0]
    key, page = key_file.read_text(), Path(settings.vault).read_bytes()

    key_file.write_text(f"scribes-key-1 {'ab' * 32} 0\n")
    with pytest.raises(WrongKey):
        scribes.open(settings=settings)

    key_file.write_text(key)
    Path(settings.vault).write_bytes(page[:100] + bytes([page[100] ^ 1]) + page[101:])
    with pytest.raises(Damaged, match="vault file is damaged"):
        scribes.open(settings=settings)


@pytest.mark.parametrize("offset", [100_000, -3_000])
def test_a_flipped_bit_deep_in_the_file_is_noticed(settings: Settings, offset: int) -> None:
    with scribes.open(settings=settings) as s:
        s.notes.add_many(NewNote(f"note {number}", "word " * 300) for number in range(100))
    data = bytearray(Path(settings.vault).read_bytes())
    data[offset] ^= 1
    Path(settings.vault).write_bytes(data)

    with scribes.open(settings=settings) as s:
        assert next(iter(s.checks.run())).state == "damaged"


def test_a_lost_or_damaged_header_is_made_anew(settings: Settings) -> None:
    with scribes.open(settings=settings) as s:
        s.notes.add("grace")
    header = Path(settings.vault + ".keys.json")
    whole = header.read_bytes()

    for damage in (header.unlink, lambda: header.write_bytes(whole[:50]), lambda: header.write_bytes(b"")):
        damage()
        with scribes.open(settings=settings) as s:
            assert s.notes.count() == 1
        assert header.read_bytes() == whole


def test_a_missing_vault_is_not_silently_made_anew(settings: Settings) -> None:
    scribes.open(settings=settings).close()
    os.unlink(settings.vault)

    with pytest.raises(InvalidInput, match="missing"):
        scribes.open(settings=settings)


def test_the_passphrase_is_rewrapped_without_touching_the_file(settings: Settings) -> None:
    with scribes.open(settings=settings, passphrase=PASSPHRASE) as s:
        s.notes.add("grace")
    before = Path(settings.vault).read_bytes()
    with scribes.open(settings=settings, passphrase=PASSPHRASE) as s:
        s.keys.set_passphrase("another four words")

    assert len(Path(settings.vault).read_bytes()) == len(before)
    with pytest.raises(WrongKey):
        scribes.open(settings=settings, passphrase=PASSPHRASE)
    with scribes.open(settings=settings, passphrase="another four words") as s:
        assert s.notes.count() == 1


def test_a_vault_with_a_passphrase_keeps_its_key_in_no_key_file(settings: Settings, home: Path) -> None:
    scribes.open(settings=settings, passphrase=PASSPHRASE).close()

    assert key_files(home) == []


def test_locking_forgets_the_key_and_wants_a_way_back_first(settings: Settings, home: Path) -> None:
    with scribes.open(settings=settings) as s:
        with pytest.raises(Conflict):
            s.keys.lock()
        s.keys.set_passphrase(PASSPHRASE)
        assert "key file" in s.keys.lock()

    assert key_files(home) == []
    with pytest.raises(Locked):
        scribes.open(settings=settings)
    scribes.open(settings=settings, passphrase=PASSPHRASE).close()


def test_rotation_changes_the_key_and_keeps_every_note(settings: Settings, home: Path) -> None:
    with scribes.open(settings=settings) as s:
        s.notes.add_many(NewNote(f"note {number}") for number in range(50))
        old_recovery, old_key = s.keys.recovery_key(), key_files(home)[0].read_text()
        new_recovery = s.keys.rotate()
        s.notes.add("after")

    assert key_files(home)[0].read_text() != old_key
    with scribes.open(settings=settings) as s:
        assert s.notes.count() == 51
        assert s.keys.recovery_key() == new_recovery
    with pytest.raises(WrongKey):
        scribes.open(settings=settings, recovery_key=old_recovery)
    assert not list(home.rglob("*rotating*.key"))


def test_rotation_of_a_vault_with_passphrase_wants_it(settings: Settings) -> None:
    with scribes.open(settings=settings, passphrase=PASSPHRASE) as s:
        with pytest.raises(InvalidInput):
            s.keys.rotate()
        with pytest.raises(WrongKey):
            s.keys.rotate(passphrase="not this one")
        s.keys.rotate(passphrase=PASSPHRASE)
    scribes.open(settings=settings, passphrase=PASSPHRASE).close()


@pytest.mark.parametrize("step", ["_mark", "put", "put_in_place", "replace_with", "after"])
def test_a_rotation_that_dies_at_any_step_leaves_a_vault_that_opens(
    settings: Settings, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scribes.adapters.engine_sqlite import SqliteEngine
    from scribes.adapters.keystore_file import FileKeyStore
    from scribes.services import keys

    with scribes.open(settings=settings) as s:
        s.notes.add("kept")

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with scribes.open(settings=settings) as s, monkeypatch.context() as broken:
        rotating = s.keys
        if step == "_mark":
            broken.setattr(keys.Keys, "_mark", die)
        elif step == "put":
            broken.setattr(FileKeyStore, "put", die)
        elif step == "put_in_place":
            broken.setattr(keys, "put_in_place", die)
        elif step == "replace_with":
            broken.setattr(SqliteEngine, "replace_with", die)
        else:
            # The file is replaced and the header not yet: the moment that needs the pending key.
            real = os.replace
            broken.setattr(vault_files.os, "replace", lambda a, b: die() if str(a).endswith(".next") else real(a, b))
        with pytest.raises(Killed):
            rotating.rotate()

    with scribes.open(settings=settings) as s:
        assert [note.title for note in s.notes.each()] == ["kept"]
        s.notes.add("after")
    assert not os.path.exists(settings.vault + ".keys.json.next")


def test_writers_elsewhere_meet_the_new_file_after_a_rotation(settings: Settings) -> None:
    with scribes.open(settings=settings) as other, scribes.open(settings=settings) as s:
        other.notes.add("before")
        s.keys.rotate()

        other.notes.add("after")
        assert [note.title for note in s.notes.each()] == ["before", "after"]
        made = other.backups.make()
    restore_backup(made.path, settings)


def test_a_writer_that_cannot_learn_the_new_key_is_told_and_loses_nothing(settings: Settings) -> None:
    with scribes.open(settings=settings, passphrase=PASSPHRASE) as other:
        with scribes.open(settings=settings, passphrase=PASSPHRASE) as s:
            s.keys.rotate(passphrase=PASSPHRASE)
            for store in s.keys._stores:
                store.remove(s._header().vault)

        with pytest.raises(Conflict, match="another key"):
            other.notes.add("lost?")


def test_rotation_waits_for_nobody_who_holds_the_file_for_long(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scribes.locks.WAIT_S", 0.1)
    with scribes.open(settings=settings) as other, scribes.open(settings=settings) as s:
        with other._context.engine.read(), pytest.raises(Busy):
            s.keys.rotate()
        s.notes.add("still works")


def test_a_rotation_that_dies_before_the_key_has_its_place_still_opens(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scribes.adapters.keystore_file import FileKeyStore

    class Killed(BaseException):
        pass

    def put(self: FileKeyStore, vault: bytes, data_key: bytes) -> None:
        if self.name == "key file":
            raise Killed
        real(self, vault, data_key)

    with scribes.open(settings=settings) as s:
        s.notes.add("kept")
        real = FileKeyStore.put
        with monkeypatch.context() as broken:
            broken.setattr(FileKeyStore, "put", put)
            broken.setattr(FileKeyStore, "remove", lambda *_: False)
            # The pending store has another name: it works, the resting place does not.
            with pytest.raises(Killed):
                s.keys.rotate()

    for _ in range(2):
        with scribes.open(settings=settings) as s:
            assert s.notes.count() == 1
    assert not list(Path(settings.config_folder, "keys", "rotating").glob("*.key"))


def test_a_backup_made_after_a_rotation_opens_with_the_new_recovery_key(settings: Settings, tmp_path: Path) -> None:
    with scribes.open(settings=settings) as s:
        s.notes.add("kept")
        recovery_key = s.keys.rotate()
        made = s.backups.make()

    elsewhere = load({"HOME": str(tmp_path / "new"), "SCRIBES_KEYSTORE": "file"})
    restore_backup(made.path, elsewhere, recovery_key=recovery_key)
    with scribes.open(settings=elsewhere) as s:
        assert s.notes.count() == 1


def test_a_backup_from_before_a_rotation_and_the_one_made_when_restoring_it_both_open(settings: Settings) -> None:
    with scribes.open(settings=settings) as s:
        s.notes.add("old")
        old = s.backups.make()
        s.notes.add("new")
        s.keys.rotate()

    safety, _ = restore_backup(old.path, settings)
    with scribes.open(settings=settings) as s:
        assert [note.title for note in s.notes.each()] == ["old"]
    assert safety is not None
    restore_backup(safety.path, settings)
    with scribes.open(settings=settings) as s:
        assert [note.title for note in s.notes.each()] == ["old", "new"]


def test_what_is_written_while_a_backup_is_restored_is_in_the_backup_made_before(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scribes.services import backups

    with scribes.open(settings=settings) as s:
        s.notes.add("old")
        made = s.backups.make()
    real = backups._prepare

    def prepare(*values: object, **named: object) -> None:
        with scribes.open(settings=settings) as s:
            s.notes.add("at the last moment")
        real(*values, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(backups, "_prepare", prepare)
    safety, _ = restore_backup(made.path, settings)
    monkeypatch.undo()

    assert safety is not None
    monkeypatch.setenv("SCRIBES_KEYSTORE", "file")
    restore_backup(safety.path, settings)
    with scribes.open(settings=settings) as s:
        assert [note.title for note in s.notes.each()] == ["old", "at the last moment"]


def test_a_backup_of_a_newer_program_is_refused_and_changes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scribes.storage import migrations

    with scribes.open(settings=settings) as s:
        s.notes.add("kept")
        with s._context.engine.write() as tx:
            tx.run("PRAGMA user_version = 900")
        made = s.backups.make()
        with s._context.engine.write() as tx:
            tx.run(f"PRAGMA user_version = {migrations.SCHEMA_VERSION}")

    with pytest.raises(NewerFormat):
        restore_backup(made.path, settings)
    with scribes.open(settings=settings) as s:
        assert s.notes.count() == 1


def test_a_vault_behind_a_link_is_the_vault_it_leads_to(settings: Settings, tmp_path: Path) -> None:
    target, link = tmp_path / "real" / "n.scribes", tmp_path / "link.scribes"
    with scribes.open(target, settings=settings) as s:
        s.notes.add("kept")
    link.symlink_to(target)

    with scribes.open(link, settings=settings) as s:
        s.keys.rotate()
        s.notes.add("more")
    assert link.is_symlink()
    with scribes.open(target, settings=settings) as s:
        assert s.notes.count() == 2


def test_doctor_never_takes_a_tampered_header_for_the_right_one(settings: Settings) -> None:
    import json

    with scribes.open(settings=settings) as s:
        s.notes.add("kept")
        recovery_key = s.keys.recovery_key()
        header = Path(s.path + ".keys.json")
        content = json.loads(header.read_bytes())
        content["revision"] += 5
        content["slots"][0]["sealed"] = "00" * 48
        header.write_text(json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n")

        assert {check.name: check.state for check in s.checks.run(fix=True)}["key header"] == "mended"
    with scribes.open(settings=settings, recovery_key=recovery_key) as s:
        assert s.notes.count() == 1


def test_doctor_notices_a_change_that_was_altered(vault: scribes.Scribes) -> None:
    from scribes.storage import coding

    vault.notes.add("grace", "text")
    with vault._context.engine.write() as tx:
        tx.run("UPDATE change SET body = ?", (coding.pack('{"b":[[0,0,"forged"]],"f":{"occurred":[1,0]}}'),))

    assert {check.name: check.state for check in vault.checks.run()}["history"] == "damaged"


def test_a_backup_ends_while_somebody_writes_steadily(vault: scribes.Scribes) -> None:
    import threading

    vault.notes.add_many(NewNote(f"note {number}", "some words " * 200) for number in range(2_000))
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            vault.notes.add("one more")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert vault.backups.make().notes >= 2_000
    finally:
        stop.set()
        writer.join()


def test_a_backup_opens_on_a_machine_that_never_saw_the_vault(settings: Settings, tmp_path: Path) -> None:
    with scribes.open(settings=settings) as s:
        s.notes.add("grace", "upon grace")
        recovery_key = s.keys.recovery_key()
        made = s.backups.make(str(tmp_path / "b.scribes-backup"))

    elsewhere = load({"HOME": str(tmp_path / "new"), "SCRIBES_KEYSTORE": "file"})
    with pytest.raises(Locked):
        restore_backup(made.path, elsewhere)
    assert not os.path.exists(elsewhere.vault)
    restore_backup(made.path, elsewhere, recovery_key=recovery_key)
    with scribes.open(settings=elsewhere) as s:
        assert s.notes.recent()[0].body == "upon grace"
        assert all(check.state in ("ok", "warning") for check in s.checks.run())


def test_restoring_backs_up_what_is_there_and_goes_on_as_a_new_device(settings: Settings) -> None:
    with scribes.open(settings=settings) as s:
        s.notes.add("old")
        made = s.backups.make()
        s.notes.add("newer")
        device = s._context.me.device_id

    safety, moved = restore_backup(made.path, settings)
    assert moved is None
    with scribes.open(settings=settings) as s:
        assert [note.title for note in s.notes.each()] == ["old"]
        assert s._context.me.device_id != device
    assert safety is not None
    restore_backup(safety.path, settings)
    with scribes.open(settings=settings) as s:
        assert [note.title for note in s.notes.each()] == ["old", "newer"]


def test_a_backup_replaces_a_vault_that_cannot_be_opened_and_keeps_that(settings: Settings) -> None:
    with scribes.open(settings=settings) as s:
        s.notes.add("old")
        made = s.backups.make()
    Path(settings.vault).write_bytes(b"rubbish" * 1000)

    safety, moved = restore_backup(made.path, settings)

    assert safety is None
    assert moved is not None
    assert Path(moved).read_bytes().startswith(b"rubbish")
    with scribes.open(settings=settings) as s:
        assert s.notes.count() == 1


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "text", "missing"])
def test_a_damaged_backup_is_refused_and_changes_nothing(settings: Settings, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "b.scribes-backup"
    with scribes.open(settings=settings) as s:
        s.notes.add("kept")
        s.backups.make(str(path))
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    shorter = {
        "flip": bytes(data),
        "cut": bytes(data[: len(data) // 2]),
        "empty": b"",
        "text": b"hello" * 2000,
        "missing": None,
    }
    content = shorter[damage]
    path.unlink() if content is None else path.write_bytes(content)

    with pytest.raises((Damaged, InvalidInput, NotFound)):
        restore_backup(str(path), settings)
    with scribes.open(settings=settings) as s:
        assert s.notes.count() == 1


def test_backups_never_overwrite(vault: scribes.Scribes, tmp_path: Path) -> None:
    vault.backups.make(str(tmp_path / "b"))

    with pytest.raises(AlreadyExists):
        vault.backups.make(str(tmp_path / "b"))
    with pytest.raises(InvalidInput):
        vault.backups.make(str(tmp_path / "none" / "b"))


def test_a_newer_file_is_refused_and_left_alone(settings: Settings) -> None:
    with scribes.open(settings=settings) as s, s._context.engine.write() as tx:
        tx.run("PRAGMA user_version = 999")
    before = Path(settings.vault).read_bytes()

    with pytest.raises(NewerFormat, match="999"):
        scribes.open(settings=settings)
    assert Path(settings.vault).read_bytes() == before


@pytest.mark.parametrize("fixture", sorted(path.name for path in FIXTURES.glob("format-*")))
def test_files_of_every_released_format_still_open(fixture: str, settings: Settings) -> None:
    os.makedirs(os.path.dirname(settings.vault))
    for suffix in ("", ".keys.json"):
        shutil.copyfile(FIXTURES / fixture / f"vault.scribes{suffix}", settings.vault + suffix)

    with scribes.open(settings=settings, passphrase="the heavens declare") as s:
        assert [(note.title, note.tags) for note in s.notes.each()] == [
            ("Grace upon grace", ("grace",)),
            ("Ψαλμός 23", ("psalm",)),
        ]
        assert s.search.find("fulness")[0].note.speaker == "J. Stott"
        changes = {"format-1": 2, "format-2": 3}.get(fixture, 4)
        assert [len(s.history.of(note.id)) for note in s.notes.each()] == [changes, 1]
        assert [note.title for note in s.notes.trash()] == ["Gone"]
        states = {check.name: check.state for check in s.checks.run()}
        assert states["history"] == states["items"] == states["search index"] == states["file"] == "ok"


def test_the_reminders_prayers_and_cards_of_format_4_are_there(settings: Settings) -> None:
    os.makedirs(os.path.dirname(settings.vault))
    for suffix in ("", ".keys.json"):
        shutil.copyfile(FIXTURES / "format-4" / f"vault.scribes{suffix}", settings.vault + suffix)

    with scribes.open(settings=settings, passphrase="the heavens declare") as s:
        reminder = s.reminders.recent()[0]
        assert (reminder.text, str(reminder.next_at)) == ("call Ruth", "2040-05-06 18:00:00+02:00")
        prayer = s.prayers.recent()[0]
        assert (prayer.people, prayer.tags, prayer.rhythm) == (("Ruth",), ("health",), "mondays")
        assert [entry.words for entry in s.prayers.log(prayer.id)] == ["for patience"]
        assert [(card.source, card.reviews) for card in s.reviews.recent()] == [("John.1.16", 1)]
        assert [channel.name for channel in s.channels.each()] == ["desk"]
        assert s.jobs.counts() == (1, 0)


def test_the_account_and_the_circle_of_format_5_are_there(settings: Settings) -> None:
    os.makedirs(os.path.dirname(settings.vault))
    for suffix in ("", ".keys.json"):
        shutil.copyfile(FIXTURES / "format-5" / f"vault.scribes{suffix}", settings.vault + suffix)

    with scribes.open(settings=settings, passphrase="the heavens declare") as s:
        assert [(device.name, device.is_this) for device in s.devices.each()] == [("fixture", True)]
        assert [(circle.name, circle.role, circle.members) for circle in s.circles.each()] == [("Bethel", "owner", 1)]
        status = {space.name: space.unsent for space in s.sync.status()}
        assert status["Bethel"] == 0
        assert status["personal"] > 0
        with pytest.raises(scribes.ScribesError, match="there is no folder"):
            s.sync.run()


def test_the_circle_of_format_6_says_that_it_is_sealed(settings: Settings) -> None:
    os.makedirs(os.path.dirname(settings.vault))
    for suffix in ("", ".keys.json"):
        shutil.copyfile(FIXTURES / "format-6" / f"vault.scribes{suffix}", settings.vault + suffix)

    with scribes.open(settings=settings, passphrase="the heavens declare") as s:
        assert [(circle.name, circle.role, circle.mode) for circle in s.circles.each()] == [
            ("Bethel", "owner", "sealed")
        ]


def test_a_migration_makes_a_verified_backup_first_and_is_all_or_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from scribes.storage import migrations

    with scribes.open(settings=settings) as s:
        s.notes.add("kept")
    newest = migrations.SCHEMA_VERSION
    folder = tmp_path / "schema"
    shutil.copytree(migrations.FOLDER, folder)
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", newest + 1)
    monkeypatch.setattr(migrations, "upgrade", lambda tx, real=migrations.upgrade: real(tx, folder=str(folder)))
    next_file = folder / f"{newest + 1:04}_next.sql"

    next_file.write_text("CREATE TABLE extra (a); INSERT INTO nonsense VALUES (1);")
    with pytest.raises(scribes.ScribesError):
        scribes.open(settings=settings)
    next_file.write_text("CREATE TABLE extra (a); INSERT INTO extra VALUES (1);")
    with scribes.open(settings=settings) as s:
        assert s.notes.count() == 1
        backups = s.backups.recent()
        with s._context.engine.read() as tx:
            assert tx.value("SELECT a FROM extra") == 1

    assert len(backups) == 2
    assert f"format-{newest}" in backups[0].path


def test_the_schema_version_is_that_of_the_last_file() -> None:
    from scribes.storage import migrations

    numbers = [int(name.partition("_")[0]) for name in sorted(os.listdir(migrations.FOLDER)) if name.endswith(".sql")]

    assert numbers == list(range(1, migrations.SCHEMA_VERSION + 1))


def test_every_schema_version_has_a_fixture() -> None:
    from scribes.storage import migrations

    names = {path.name for path in FIXTURES.glob("format-*")}
    assert names >= {f"format-{number}" for number in range(1, migrations.SCHEMA_VERSION + 1)}


def test_doctor_finds_and_mends_rows_that_differ_from_the_history(vault: scribes.Scribes) -> None:
    note = vault.notes.add("grace", "text", tags=["hope"])
    vault.notes.add("other")
    with vault._context.engine.write() as tx:
        tx.run("UPDATE note SET title = 'forged' WHERE title = 'grace'")
        tx.run("DELETE FROM note_label")
        tx.run("DELETE FROM note WHERE title = 'other'")

    states = {check.name: check.state for check in vault.checks.run()}
    assert (states["history"], states["search index"]) == ("damaged", "damaged")
    assert {check.state for check in vault.checks.run(fix=True)} <= {"ok", "mended"}
    assert {check.state for check in vault.checks.run()} == {"ok"}
    assert vault.notes.get(note.id).title == "grace"
    assert [hit.note.title for hit in vault.search.find("tag:hope")] == ["grace"]
    assert vault.notes.count() == 2


@pytest.mark.parametrize("name", ["Dropbox", "OneDrive - Parish", "Nextcloud"])
def test_folders_of_cloud_services_are_recognised(name: str, tmp_path: Path) -> None:
    assert vault_files.cloud_folder(str(tmp_path / name / "notes" / "n.scribes")) == str(tmp_path / name)
    assert vault_files.cloud_folder(str(tmp_path / "notes" / "n.scribes")) is None


def test_two_processes_that_start_at_once_found_one_vault(home: Path) -> None:
    program = "import scribes, sys; s = scribes.open(); s.notes.add(sys.argv[1]); s.close()"
    started = [subprocess.Popen([sys.executable, "-c", program, str(n)], stderr=subprocess.PIPE) for n in range(4)]
    outcomes = [process.communicate()[1] for process in started]

    assert outcomes == [b""] * 4
    with scribes.open() as s:
        assert sorted(note.title for note in s.notes.each()) == ["0", "1", "2", "3"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_is_said_and_leaves_the_vault_as_it_was(vault: scribes.Scribes) -> None:
    vault.notes.add("kept")
    pages = vault._context.engine._idle[0].connection.pragma("page_count")
    vault._context.engine._idle[0].connection.pragma("max_page_count", pages + 1)

    with pytest.raises(scribes.ScribesError) as caught:
        vault.notes.add_many(NewNote(f"n{number}", "word " * 1000) for number in range(100))
    assert caught.value.code == "full"
    vault._context.engine._idle[0].connection.pragma("max_page_count", 2**30)
    assert [note.title for note in vault.notes.each()] == ["kept"]
    vault.notes.add("again")
