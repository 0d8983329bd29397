"""Pages of pushed lists: my rows, a list in the sender's order, one tap, a file prefilled, the answer sent back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import AccessAction, AccessLog, Posting, Role
from households.models import Person
from quarantine.models import PushedAnswer, PushedCode, PushedList, PushedPerson, Returnee
from quarantine.services.pushed import pushed_answer
from tests.factories import OfficeCast, make_household, make_office, make_person, make_staff
from tests.quarantine.cases import make_returnee, queries_of, sent, signed_in
from tests.quarantine.pushed_cases import UNKNOWN_ID, line, rows_of, sheet, taken_in
from tests.texts import text_of

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def office(db: None, settings, tmp_path) -> OfficeCast:
    settings.IMPORT_ROOT = tmp_path / "imports"
    return make_office()


@pytest.fixture
def one(office) -> PushedList:
    """Somebody on file, a resident of 甲's group, somebody unknown."""
    resident = make_person("居民甲", make_household(office.group))
    known = make_returnee(office, "已建档").person
    data = sheet(line(known), line(resident), line(name="陌生人"))
    return taken_in(office.street, office.ding, data)


def page(one: PushedList, name: str = "pushed_detail") -> str:
    return reverse(f"quarantine:{name}", args=[one.uid])


def tap(client, row: PushedPerson, code: str, **values):
    url = reverse("quarantine:pushed_answer", args=[row.uid])
    extra = values.pop("extra", {})
    return client.post(url, sent(code=code, version=row.version, **values), **extra)


# --- looking --------------------------------------------------------------------------------------------------
def test_an_officer_sees_his_rows_and_no_others(office, one):
    client = signed_in(office.jia)
    mine = text_of(client.get(reverse("quarantine:pushed_list")))
    assert "居民甲" in mine and "陌生人" not in mine and one.title in mine
    listed = text_of(client.get(page(one)))
    assert "居民甲" in listed and "陌生人" not in listed and "下载答复" not in listed
    assert (
        text_of(signed_in(office.bing).get(reverse("quarantine:pushed_list"))).count("没有分给您核查的人")
        == 1
    )
    assert signed_in(office.bing).get(page(one)).status_code == 404


def test_the_street_sees_the_whole_list_in_the_senders_order(office, one):
    text = text_of(signed_in(office.ding).get(page(one)))
    places = [text.index(name) for name in ("已建档", "居民甲", "陌生人")]
    assert places == sorted(places)
    assert "已答复 1 / 3 人" in text and "前期已排查1人" in text and "下载答复" in text


def test_numbers_are_masked_everywhere(office, one):
    resident = Person.objects.get(name="居民甲")
    row = rows_of(one)[1]
    client = signed_in(office.ding)
    for url in (
        page(one),
        reverse("quarantine:pushed_row", args=[row.uid]),
        reverse("quarantine:pushed_list"),
    ):
        text = text_of(client.get(url))
        assert resident.id_number not in text and resident.phone not in text
    assert resident.masked_id_number in text_of(client.get(reverse("quarantine:pushed_row", args=[row.uid])))


@pytest.mark.parametrize("query, names", [
    ("?state=open", ["居民甲", "陌生人"]), ("?state=answered", ["已建档"]), ("?who=mine", ["陌生人"]),
    ("?code=OMITTED", ["居民甲", "陌生人"]), ("?state=answered&code=KNOWN", ["已建档"]),
    ("?state=x&code=y&who=z&after=²", None),
])  # fmt: skip
def test_rows_by_state_code_and_officer(office, one, query, names):
    text = text_of(signed_in(office.ding).get(page(one) + query))
    found = [name for name in ("已建档", "居民甲", "陌生人") if name in text]
    assert found == (names if names is not None else ["已建档", "居民甲", "陌生人"])


def test_opening_a_list_and_a_row_is_logged(office, one):
    client = signed_in(office.ding)
    client.get(page(one))
    client.get(reverse("quarantine:pushed_row", args=[rows_of(one)[0].uid]))
    logged = AccessLog.objects.filter(action=AccessAction.OPEN).order_by("pk")
    assert [entry.subject_type for entry in logged] == ["quarantine.pushedlist", "quarantine.pushedperson"]


def test_pages_ask_as_often_for_two_rows_as_for_many(office):
    def take(count):
        people = [make_person("", make_household(office.group)) for _ in range(count)]
        return taken_in(office.street, office.ding, sheet(*(line(person) for person in people), line()))

    client = signed_in(office.ding)
    few, many = take(1), take(40)
    assert queries_of(client, page(few)) == queries_of(client, page(many))
    lists = reverse("quarantine:pushed_list")
    before = queries_of(client, lists)
    take(30)
    assert queries_of(client, lists) == before <= 16


def test_long_lists_go_on_behind_the_last_row(office):
    people = [make_person("", make_household(office.group)) for _ in range(60)]
    one = taken_in(office.street, office.ding, sheet(*(line(person) for person in people)))
    client = signed_in(office.ding)
    first = text_of(client.get(page(one)))
    second = text_of(client.get(page(one) + "?after=50"))
    assert first.count('class="pushed"') == 50 and second.count('class="pushed"') == 10


# --- answering ------------------------------------------------------------------------------------------------
def test_one_tap_answers_and_leads_back_to_the_row(office, one):
    row = rows_of(one)[1]
    response = tap(signed_in(office.jia), row, "OMITTED", next=page(one) + f"#row-{row.uid}")
    assert (response.status_code, response["Location"]) == (302, page(one) + f"#row-{row.uid}")
    row.refresh_from_db()
    assert (row.code, row.answered_by) == ("OMITTED", office.jia)


def test_with_script_only_the_row_comes_back(office, one):
    row = rows_of(one)[1]
    response = tap(signed_in(office.jia), row, "ELSEWHERE", extra=HTMX)
    text = text_of(response)
    assert response.status_code == 200 and text.strip().startswith("<li") and "不在本地居住" in text
    assert "<html" not in text


def test_the_same_tap_twice_is_one_answer(office, one):
    row = rows_of(one)[1]
    client, data = signed_in(office.jia), sent(code="OMITTED", version=row.version)
    url = reverse("quarantine:pushed_answer", args=[row.uid])
    assert [client.post(url, data).status_code for _ in range(2)] == [302, 302]
    assert client.post(url, {**data, "code": "TRANSIT"}).status_code == 409
    assert PushedAnswer.objects.filter(row=row).count() == 1


def test_a_stale_tap_shows_what_somebody_else_answered(office, one):
    row = rows_of(one)[1]
    pushed_answer(row=row, code=PushedCode.TRANSIT, by=office.ding)
    client = signed_in(office.jia)
    response = tap(client, row, "OMITTED", note="我写的备注")
    text = text_of(response)
    assert response.status_code == 409 and "途经停留中转" in text and "我写的备注" in text
    assert f'name="version" value="{row.version + 1}"' in text.replace('type="hidden" ', "")
    fragment = tap(client, row, "OMITTED", extra=HTMX)
    assert fragment.status_code == 409 and "刚才有人" in text_of(fragment)
    row.refresh_from_db()
    assert row.code == "TRANSIT"


@pytest.mark.parametrize(
    "values, words",
    [
        ({"code": ""}, "点选"),
        ({"code": "X"}, "没有这种答复"),
        ({"code": "OMITTED", "note": "长" * 101}, "100"),
    ],
)
def test_bad_answers_are_told_and_nothing_typed_is_lost(office, one, values, words):
    row = rows_of(one)[1]
    response = tap(signed_in(office.jia), row, **{"note": "备注甲", **values})
    assert response.status_code == 422 and words in text_of(response)
    assert values.get("note", "备注甲") in text_of(response)
    assert not row.answers.exists()


def test_a_tap_on_the_wrong_code_is_taken_back(office, one):
    row = rows_of(one)[1]
    client = signed_in(office.jia)
    tap(client, row, "TRANSIT")
    row.refresh_from_db()
    url = reverse("quarantine:pushed_withdraw", args=[row.uid])
    assert client.post(url, sent(version=row.version - 1)).status_code == 409
    assert client.post(url, sent(version=row.version)).status_code == 302
    row.refresh_from_db()
    assert row.is_open
    text = text_of(client.get(reverse("quarantine:pushed_row", args=[row.uid])))
    assert "撤回答复" in text and "途经停留中转" in text


def test_a_foreign_page_to_lead_back_to_is_not_followed(office, one):
    response = tap(signed_in(office.jia), rows_of(one)[1], "OMITTED", next="//evil.example/")
    assert response["Location"] == page(one)


def test_what_needs_no_visit_is_confirmed_at_once(office):
    known = make_returnee(office).person
    one = taken_in(office.street, office.ding, sheet(line(known, id_number=""), line()))
    client = signed_in(office.ding)
    assert "前期已排查 1 人" in text_of(client.get(page(one)))
    assert client.post(page(one, "pushed_confirm"), sent(code="KNOWN")).status_code == 302
    assert client.post(page(one, "pushed_confirm"), sent(code="??")).status_code == 400
    assert [row.code for row in rows_of(one)] == ["KNOWN", ""]


def test_a_row_is_handed_to_another_village(office, one):
    row = rows_of(one)[2]
    url = reverse("quarantine:pushed_assign", args=[row.uid])
    client = signed_in(office.ding)
    data = {"area": office.group.pk, "version": row.version}
    assert client.post(url, sent(**{**data, "version": 99})).status_code == 409
    assert client.post(url, sent(**data)).status_code == 302
    row.refresh_from_db()
    assert (row.area, row.assigned_to) == (office.group, office.jia)


def test_calling_the_number_of_the_list_is_logged(office, one):
    row = rows_of(one)[2]
    response = signed_in(office.ding).post(reverse("quarantine:pushed_dial", args=[row.uid]), sent())
    assert f"tel:{row.phone}" in text_of(response)
    assert AccessLog.objects.get(action=AccessAction.DIAL).subject_uid == str(row.uid)


# --- a file out of a row --------------------------------------------------------------------------------------
def test_a_resident_gets_a_file_prefilled_and_the_row_its_answer(office, one):
    row = rows_of(one)[1]
    url = reverse("quarantine:returnee_create", kwargs={"pushed_uid": row.uid})
    client = signed_in(office.jia)
    shown = text_of(client.get(url))
    assert 'value="武汉"' in shown and 'value="公安大数据"' in shown
    response = client.post(url, sent(origin="武汉", arrived_on="2020-01-22", information_source="公安大数据"))
    assert response.status_code == 302
    returnee = Returnee.objects.get(person=row.person)
    row.refresh_from_db()
    assert (row.code, row.returnee, row.answered_by) == ("OMITTED", returnee, office.jia)


def test_somebody_unknown_is_registered_from_what_the_list_says(office):
    (row,) = rows_of(taken_in(office.street, office.ding, sheet(line(place="城厢社区1组9号"))))
    url = reverse("quarantine:returnee_create", kwargs={"pushed_uid": row.uid})
    client = signed_in(office.jia)
    shown = text_of(client.get(url))
    assert f'value="{UNKNOWN_ID}"' in shown and 'value="黄华"' in shown and "城厢社区1组9号" in shown
    assert AccessLog.objects.filter(action=AccessAction.UNMASK, subject_uid=str(row.uid)).exists()
    data = sent(
        name="黄华", id_kind="RESIDENT_ID", id_number=UNKNOWN_ID, phone="17774239346", residency_kind="TEMPORARY",
        area=office.group.pk, address_text="9号", origin="武汉", arrived_on="2020-01-22",
    )  # fmt: skip
    assert client.post(url, data).status_code == 302
    row.refresh_from_db()
    assert row.code == "OMITTED" and row.person is not None
    assert row.returnee.person == row.person == Person.objects.get(name="黄华")


def test_who_lives_elsewhere_gets_no_file_here(office):
    far = make_person("", make_household(office.other_group))
    village_officer = make_staff("村干部", Role.OFFICER, office.village)
    (row,) = rows_of(taken_in(office.village, village_officer, sheet(line(far, place=""))))
    client = signed_in(village_officer)
    assert "登记在您辖区以外" in text_of(client.get(reverse("quarantine:pushed_row", args=[row.uid])))
    url = reverse("quarantine:returnee_create", kwargs={"pushed_uid": row.uid})
    assert client.get(url).status_code == 404


# --- 工作台 -----------------------------------------------------------------------------------------------------
def test_the_workbench_counts_what_is_mine(office, one):
    assert "推送核查" in text_of(signed_in(office.jia).get("/")) and "人待核查" in text_of(
        signed_in(office.jia).get("/")
    )
    pushed_answer(row=rows_of(one)[1], code=PushedCode.OMITTED, by=office.jia)
    assert "人待核查" not in text_of(signed_in(office.jia).get("/"))


def test_who_has_left_the_area_still_finds_what_was_given_to_him(office, one):
    Posting.objects.filter(staff=office.jia).update(valid_to=timezone.localdate() - dt.timedelta(days=1))
    row = rows_of(one)[1]
    assert tap(signed_in(office.jia), row, "OMITTED").status_code == 302
