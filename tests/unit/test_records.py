import copy
import dataclasses
import pickle

import pytest

from scribes import NewNote, TagCount
from scribes.records import as_data, fields, replaced


def test_a_record_equals_another_with_the_same_values() -> None:
    assert TagCount("grace", 2) == TagCount(tag="grace", notes=2)
    assert TagCount("grace", 2) != TagCount("grace", 3)
    assert hash(TagCount("grace", 2)) == hash(TagCount("grace", 2))


def test_a_record_cannot_be_changed() -> None:
    count = TagCount("grace", 2)

    with pytest.raises(AttributeError, match="frozen"):
        count.notes = 3  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del count.notes


def test_a_record_takes_no_unknown_and_misses_no_known_field() -> None:
    with pytest.raises(TypeError):
        TagCount("grace")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        TagCount("grace", 2, place=1)  # type: ignore[call-arg]


def test_the_functions_of_dataclasses_work_on_records() -> None:
    count = TagCount("grace", 2)

    assert dataclasses.is_dataclass(TagCount)
    assert [field.name for field in dataclasses.fields(count)] == ["tag", "notes"]
    assert dataclasses.replace(count, notes=5) == TagCount("grace", 5)
    assert dataclasses.asdict(count) == {"tag": "grace", "notes": 2}


def test_records_can_be_pickled_and_copied() -> None:
    note = NewNote("title", tags=("a",))

    assert pickle.loads(pickle.dumps(note)) == note
    assert copy.deepcopy(note) == note


def test_fields_and_replaced_agree_with_the_record() -> None:
    note = NewNote("title", "body")

    assert fields(note)["title"] == "title"
    assert replaced(note, body="other") == NewNote("title", "other")
    assert as_data(note)["tags"] == []
    assert repr(TagCount("grace", 2)) == "TagCount(tag='grace', notes=2)"


def test_a_record_with_an_empty_dict_by_default_is_shown_by_those_who_look_into_dataclasses() -> None:
    from scribes.domain.keyring import Keyring

    names = [field.name for field in dataclasses.fields(Keyring(bytes(16)))]

    assert names[:2] == ["space", "kind"]
    assert dataclasses.asdict(Keyring(bytes(16)))["members"] == {}
