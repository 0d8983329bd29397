"""Search: what finds whom, and nothing outside the scope."""

import pytest
from django.utils import timezone

from grassroots.desk.search import LIMIT, search
from grassroots.grid.models import AccessLog, DutyKind
from households.models import PersonDuty, Residency
from tests.factories import make_household, make_office, make_person
from tests.households.door_pages import signed_in
from tests.texts import source_of, text_of

URL = "/search/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return make_office()


@pytest.fixture
def wang(office):
    home = make_household(office.compound, "501", building="3", unit="2")
    return make_person("王小明", home)


def names(term, staff):
    return [hit.person.name for hit in search(term, staff).hits if hit.person]


def doors(term, staff):
    return [hit.household.display for hit in search(term, staff).hits if hit.person is None]


def test_a_name_is_found_by_how_it_begins(office, wang):
    make_person("小王明", make_household(office.compound))
    assert names("王小", office.jia) == ["王小明"]
    assert names(" 王 ", office.jia) == ["王小明"]


def test_initials_find_shorter_names_first(office, wang):
    make_person("王小明月", make_household(office.compound))
    assert names("wxm", office.jia) == ["王小明", "王小明月"]
    assert names("WX", office.jia) == ["王小明", "王小明月"]


def test_a_rare_character_beyond_the_bmp_is_found(office):
    make_person("𬱖", make_household(office.compound))
    make_person("陈頔", make_household(office.compound))
    assert names("𬱖", office.jia) == ["𬱖"]
    assert names("陈頔", office.jia) == ["陈頔"]


@pytest.mark.parametrize("separator", "·‧•・")
def test_a_name_with_a_point_is_found_whichever_point_is_typed(office, separator):
    make_person("买买提·阿布都", make_household(office.compound))
    assert names(f"买买提{separator}阿", office.jia) == ["买买提·阿布都"]


@pytest.mark.parametrize("what", ["id_number", "phone"])
def test_the_whole_number_and_its_last_four_find_the_person(office, wang, what):
    number = getattr(wang, what)
    assert names(number, office.jia) == ["王小明"]
    assert "王小明" in names(number[-4:], office.jia)
    assert names(number[:-1] + ("0" if number[-1] != "0" else "1"), office.jia) == []


def test_a_number_may_be_typed_with_blanks_and_a_small_x(office, wang):
    spaced = f"{wang.phone[:3]} {wang.phone[3:7]} {wang.phone[7:]}"
    assert names(spaced, office.jia) == ["王小明"]
    assert names(wang.id_number.lower(), office.jia) == ["王小明"]


@pytest.mark.parametrize("term", ["3-2-501", "翠柏苑3-2-501", "翠柏苑3栋2单元501", "城厢社区翠柏苑3-2-501"])
def test_a_door_is_found_as_people_say_it(office, wang, term):
    assert doors(term, office.jia) == ["3栋2单元501"]
    assert names(term, office.jia) == []


def test_a_door_of_another_place_is_not_meant(office, wang):
    assert doors("金色家园3-2-501", office.jia) == []
    assert doors("3-2-502", office.jia) == []


def test_a_group_and_a_number_find_a_door_of_the_country(office):
    make_household(office.other_group, "15", building="", unit="")
    make_household(office.group, "15", building="", unit="")
    assert len(doors("15号", office.ding)) == 2
    found = search("龚家村2组15号", office.bing).hits
    assert [hit.household.area for hit in found] == [office.other_group]


def test_a_compound_with_a_number_in_its_name_is_understood(office):
    office.compound.name = "翠柏苑2期"
    office.compound.save(update_fields=["name"])
    make_household(office.compound, "501", building="3", unit="2")
    assert doors("翠柏苑2期3-2-501", office.jia) == ["3栋2单元501"]


def test_the_second_household_behind_a_door_is_shown_too(office):
    for share in ("", "2"):
        home = make_household(office.compound, "501", building="3", unit="2", share_no=share)
        home.door_key += f"#{share}" if share else ""
        home.save(update_fields=["door_key"])
    assert len(doors("3-2-501", office.jia)) == 2


@pytest.mark.parametrize("term", ["王小", "wxm", "3-2-501", "翠柏苑3-2-501", "number", "phone", "last"])
def test_nothing_is_found_outside_the_scope(office, wang, term):
    term = {"number": wang.id_number, "phone": wang.phone, "last": wang.phone[-4:]}.get(term, term)
    assert search(term, office.jia).hits
    assert search(term, office.bing).hits == []


def test_a_home_outside_the_scope_is_not_shown_of_somebody_who_has_one_inside(office):
    here, elsewhere = make_household(office.compound, "501"), make_household(office.other_group, "77")
    person = make_person("李四", elsewhere)
    Residency.objects.create(person=person, household=here, area=here.area, is_away=True)
    (hit,) = search("李四", office.jia).hits
    assert hit.household == here
    assert [hit.household for hit in search("李四", office.ding).hits] == [elsewhere]


def test_whoever_answers_for_one_person_finds_just_him_with_his_home(office, wang):
    make_person("王小华", make_household(office.compound))
    kind = DutyKind.objects.get(code="health")
    PersonDuty.objects.create(person=wang, staff=office.bing, kind=kind, valid_from=timezone.localdate())
    (hit,) = search("王小", office.bing).hits
    assert (hit.person, hit.household.display) == (wang, "3栋2单元501")


def test_the_answer_says_where_in_which_state_and_who_is_responsible(office, wang):
    page = text_of(signed_in(office.jia).post(URL, {"q": "王小明"}))
    for word in ("王小明", "城厢社区翠柏苑", "3栋2单元501", "未访", "甲某", "卫某"):
        assert word in page, word
    assert wang.id_number not in page
    assert wang.phone not in page


def test_it_stops_at_the_limit_and_says_so(office):
    home = make_household(office.compound)
    for _ in range(LIMIT + 1):
        make_person("赵钱孙", home)
    answer = search("赵", office.jia)
    assert (len(answer.hits), answer.is_cut) == (LIMIT, True)
    assert "还有更多" in text_of(signed_in(office.jia).post(URL, {"q": "赵"}))


def test_void_entries_and_people_who_moved_away_are_not_found(office, wang):
    make_person("王小兰", make_household(office.compound), voided_at=timezone.now())
    wang.residencies.update(ended_on=timezone.localdate())
    assert names("王小", office.jia) == []


@pytest.mark.parametrize("term", ["王小明", "wxm", "3-2-501", "phone", "id_number"])
def test_the_log_keeps_the_kind_and_the_count_and_the_url_nothing(office, wang, term, caplog):
    typed = getattr(wang, term, term)
    response = signed_in(office.jia).post(URL, {"q": typed})
    assert response.status_code == 200
    assert "?" not in response.request["PATH_INFO"] + response.request.get("QUERY_STRING", "")
    row = AccessLog.objects.get(action="SEARCH")
    assert set(row.detail) == {"kind", "found"}
    assert row.detail["found"] == 1
    kept = f"{row.detail} {row.purpose} {row.subject_type} {row.subject_uid} {caplog.text}"
    assert typed not in kept


def test_a_term_in_the_address_is_not_searched(office, wang):
    assert str(wang.uid) not in source_of(signed_in(office.jia).get(URL, {"q": "王小明"}))


@pytest.mark.parametrize("term", ["", "   ", "\x00"])
def test_an_empty_term_is_asked_for_again(office, term):
    assert "请输入要查找的内容" in text_of(signed_in(office.jia).post(URL, {"q": term}))
    assert not AccessLog.objects.filter(action="SEARCH").exists()


def test_an_over_long_term_is_refused_and_kept(office):
    page = text_of(signed_in(office.jia).post(URL, {"q": "王" * 61}))
    assert "最多60个字" in page
    assert "王" * 61 in page


@pytest.mark.parametrize("term", ["%", "_", "'; --", "🙂", "-", "0000", "9" * 60, "组", "号", "a" * 60])
def test_odd_terms_find_nothing_and_break_nothing(office, wang, term):
    response = signed_in(office.ding).post(URL, {"q": term})
    assert response.status_code == 200
    assert "没有找到" in text_of(response)


def test_it_asks_as_often_for_one_hit_as_for_many(office, wang, django_assert_max_num_queries):
    client = signed_in(office.jia)
    client.post(URL, {"q": "王小明"})
    with django_assert_max_num_queries(15) as one:
        client.post(URL, {"q": "王小明"})
    for _ in range(40):
        make_person("王小明", make_household(office.compound))
    with django_assert_max_num_queries(15) as many:
        client.post(URL, {"q": "王小明"})
    assert len(one) == len(many)
    with django_assert_max_num_queries(15):
        client.post(URL, {"q": wang.phone[-4:]})
    with django_assert_max_num_queries(15):
        client.post(URL, {"q": "城厢社区翠柏苑3-2-501"})
