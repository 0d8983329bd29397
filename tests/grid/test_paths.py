"""URLs named by one uid, built without asking the resolver for each."""

from __future__ import annotations

import uuid

import pytest
from django.urls import NoReverseMatch, reverse, set_script_prefix

from grassroots.grid.paths import uid_path

NAMES = (
    "quarantine:visit_record",
    "quarantine:visit_mark",
    "quarantine:round_row",
    "households:survey_create",
)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_what_reverse_answers(name):
    uid = uuid.uuid4()
    assert uid_path(name, uid) == reverse(name, args=[uid])


def test_an_office_below_a_folder_of_its_server_gets_its_own_urls():
    uid = uuid.uuid4()
    plain = uid_path(NAMES[0], uid)
    set_script_prefix("/fangkong/")
    try:
        assert uid_path(NAMES[0], uid) == f"/fangkong{plain}"
    finally:
        set_script_prefix("/")


def test_a_name_that_there_is_not_and_a_text_instead_of_a_uid_are_refused():
    with pytest.raises(NoReverseMatch):
        uid_path("quarantine:nothing", uuid.uuid4())
    with pytest.raises(TypeError):
        uid_path(NAMES[0], "../../admin")  # type: ignore[arg-type]
