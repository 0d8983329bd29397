"""一张图: areas by size and coverage, who answers for each, and the door in three taps."""

from __future__ import annotations

import datetime as dt
import re

from django.utils import timezone

from grassroots.grid.models import Area, AreaDuty, DutyKind, Level, Role
from grassroots.ledgers.rollups import refresh_rollups
from households.coverage import Coverage, Patch, coverage_of, tiles_of
from households.doors import Figures
from households.models import SurveyState
from tests.factories import OfficeCast, make_area, make_household, make_staff
from tests.households.door_pages import office, signed_in
from tests.households.test_pages_doors import _queries
from tests.texts import text_of

__all__ = ["office"]
TOP = "/households/picture/"


def patch_of(found: Coverage, name: str) -> Patch:
    return next(patch for patch in found.patches if patch.name == name)


def doors(area: Area, *states: str) -> None:
    for number, state in enumerate(states, start=101):
        make_household(area, door=str(number), survey_state=state)


def test_the_door_is_three_taps_from_the_township(office: OfficeCast):
    doors(office.compound, SurveyState.SIGNED, SurveyState.UNVISITED)
    refresh_rollups(timezone.now())
    client = signed_in(office.ding)
    page = text_of(client.get(TOP))
    for area in (office.village, office.compound):
        assert f'href="{TOP}{area.pk}/"' in page
        page = text_of(client.get(f"{TOP}{area.pk}/"))
    assert page.count('class="door door--') == 2


def test_the_share_leaves_out_vacant_doors_and_is_written_in_the_tile(office: OfficeCast):
    doors(office.compound, *[SurveyState.SIGNED] * 2, SurveyState.ABSENT, SurveyState.VACANT)
    found = coverage_of(office.village)
    patch = patch_of(found, f"{office.group.name} {office.compound.name}")
    assert (patch.share_text, patch.band) == ("66%", "half")
    page = text_of(signed_in(office.ding).get(f"{TOP}{office.village.pk}/"))
    assert re.search(r'class="tile__share"[^>]*>66%<', page)
    assert f"{patch.name}，4 户，完成率 66%" in page
    assert "截至" in page


def test_one_letter_short_of_all_is_not_complete():
    signed = Figures()
    signed.states.update({SurveyState.SIGNED: 999, SurveyState.UNVISITED: 1})
    assert Patch(Area(), "", signed).share_text == "99%"
    vacant = Figures()
    vacant.states.update({SurveyState.VACANT: 3})
    assert (Patch(Area(), "", vacant).share_text, Patch(Area(), "", vacant).band) == ("—", "none")


def test_the_township_reads_rollups_and_says_of_when_they_are(office: OfficeCast):
    doors(office.compound, SurveyState.SIGNED, SurveyState.REFUSED)
    assert coverage_of(office.street).patches == []
    at = timezone.now()
    refresh_rollups(at)
    doors(office.group, SurveyState.SIGNED)
    found = coverage_of(office.street)
    assert patch_of(found, office.village.name).figures.doors == 2
    assert found.as_of is not None and abs(found.as_of - at) < dt.timedelta(minutes=1)
    assert office.other_village in found.empty
    page = text_of(signed_in(office.ding).get(f"{TOP}{office.street.pk}/"))
    assert f"截至 {timezone.localtime(found.as_of):%H:%M}" in page


def test_who_answers_stands_beside_each_area_and_a_gap_is_a_gap(office: OfficeCast):
    doors(office.compound, SurveyState.SIGNED)
    AreaDuty.objects.all().delete()
    found = coverage_of(office.village).patches[0]
    assert found.answering.is_gap and found.answering.words == []
    kind = DutyKind.objects.filter(level__lte=Level.COMPOUND).order_by("level").last()
    assert kind is not None
    leader = make_staff("罗组长", Role.OFFICER, office.group)
    AreaDuty.objects.create(kind=kind, area=office.group, staff=leader, valid_from=dt.date(2020, 1, 1))
    found = coverage_of(office.village).patches[0]
    assert f"{kind.officer_title} 罗组长" in found.answering.words


def test_a_group_with_doors_of_its_own_and_compounds_shows_both(office: OfficeCast):
    doors(office.compound, SurveyState.SIGNED)
    make_household(office.group, door="7", building="", unit="")
    page = text_of(signed_in(office.jia).get(f"{TOP}{office.group.pk}/"))
    assert f'href="{TOP}{office.compound.pk}/"' in page and 'href="#doors"' in page
    assert page.count('class="door door--') == 1 and 'id="doors"' in page


def test_somebody_with_two_areas_chooses_between_them_and_sees_no_third(office: OfficeCast):
    for area in (office.group, office.other_group):
        doors(area, SurveyState.SIGNED)
    refresh_rollups(timezone.now())
    both = make_staff("马巡查", Role.OFFICER, office.group)
    both.postings.create(area=office.other_group, valid_from=dt.date(2020, 1, 1))
    client = signed_in(both)
    page = text_of(client.get(TOP))
    assert f"{TOP}{office.group.pk}/" in page and f"{TOP}{office.other_group.pk}/" in page
    assert client.get(f"{TOP}{office.village.pk}/").status_code == 404


def test_twenty_villages_and_hundreds_of_groups_take_the_same_queries(office: OfficeCast):
    doors(office.group, SurveyState.SIGNED)
    refresh_rollups(timezone.now())
    client = signed_in(office.ding)
    pages = [f"{TOP}{area.pk}/" for area in (office.street, office.village)]
    few = [_queries(client, page) for page in pages]
    for number in range(20):
        village = make_area(office.street, Level.VILLAGE, f"{number}村")
        doors(make_area(village, Level.GROUP, "1组"), SurveyState.SIGNED)
    for number in range(30):
        make_household(make_area(office.village, Level.GROUP, f"{number + 10}组"), door="1")
    refresh_rollups(timezone.now() + dt.timedelta(minutes=1))
    assert [_queries(client, page) for page in pages] == few
    assert max(few) <= 16, few


def test_three_hundred_groups_keep_inside_the_frame_and_small_tiles_have_no_words():
    patches = []
    for number in range(300):
        figures = Figures()
        figures.states[SurveyState.SIGNED] = 1 + (number * 37) % 90
        patches.append(Patch(Area(name=f"{number}组"), f"{number}组", figures))
    tiles = tiles_of(patches, 332, 1200)
    for tile in tiles:
        assert tile.rect.x + tile.rect.width <= 332.2 and tile.rect.y + tile.rect.height <= 1200.2
        for line in tile.lines:
            assert tile.rect.y < line.y < tile.rect.y + tile.rect.height
    assert not min(tiles, key=lambda tile: tile.rect.area).lines
    assert [line.kind for line in max(tiles, key=lambda tile: tile.rect.area).lines][:2] == ["name", "share"]
