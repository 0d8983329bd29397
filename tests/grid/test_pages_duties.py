"""Duties: assigned, edited, ended, handed over; gaps; kinds; the office."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from grassroots.grid import registry
from grassroots.grid.models import Area, AreaDuty, DutyKind, Level, Office, Role, Staff
from grassroots.grid.registry import GapSection
from tests.factories import OfficeCast, make_area, make_staff
from tests.grid.conftest import form

SignIn = Callable[[Staff], Client]
TODAY = timezone.localdate


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_supervisor_assigns_a_duty_with_section_and_deputy(office: OfficeCast, sign_in: SignIn) -> None:
    police = DutyKind.objects.get(code="police")
    client, url = sign_in(office.ding), f"/grid/areas/{office.village.pk}/duties/new/?kind=police"
    assert client.get(url).context["form"].initial["kind"] == police
    sent = form(
        kind=police.pk, staff=office.police.uid, section="迎宾路段", deputy=office.yi.uid, valid_from=TODAY()
    )
    assert client.post(url, sent).status_code == 302
    duty = AreaDuty.objects.get(kind=police)
    assert (duty.staff, duty.section, duty.deputy, duty.area) == (
        office.police,
        "迎宾路段",
        office.yi,
        office.village,
    )
    assert "迎宾路段" in text(client.get(f"/grid/areas/{office.village.pk}/"))


def test_an_officer_is_found_by_typing_and_everything_typed_stays(
    office: OfficeCast, sign_in: SignIn
) -> None:
    url = f"/grid/areas/{office.village.pk}/duties/new/"
    sent = form(find="staff", staff_q="警", section="迎宾路段", deputy_q="乙", deputy=office.yi.uid)
    page = text(sign_in(office.ding).post(url, sent))
    assert "警某" in page
    assert "迎宾路段" in page
    assert re.search(rf'value="{office.yi.uid}"\s+checked', page)


def test_a_duty_is_never_given_to_somebody_out_of_sight(office: OfficeCast, sign_in: SignIn) -> None:
    below = make_staff("村主管", Role.SUPERVISOR, office.village)
    police = DutyKind.objects.get(code="police")
    sent = form(kind=police.pk, staff=office.bing.uid, valid_from=TODAY())
    answer = sign_in(below).post(f"/grid/areas/{office.village.pk}/duties/new/", sent)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["staff"]


def test_a_duty_is_edited_and_ended(office: OfficeCast, sign_in: SignIn) -> None:
    duty = AreaDuty.objects.get(staff=office.jia)
    client = sign_in(office.ding)
    sent = form(deputy=office.yi.uid, standin_from=TODAY(), section="东片")
    assert client.post(f"/grid/duties/{duty.pk}/edit/", sent).status_code == 302
    duty.refresh_from_db()
    assert (duty.acting_today, duty.section) == (office.yi, "东片")
    assert client.post(f"/grid/duties/{duty.pk}/end/", form(on=TODAY())).status_code == 302
    assert not AreaDuty.objects.open().filter(pk=duty.pk).exists()


def test_a_stand_in_without_a_deputy_is_refused_beside_the_deputy(
    office: OfficeCast, sign_in: SignIn
) -> None:
    duty = AreaDuty.objects.get(staff=office.jia)
    answer = sign_in(office.ding).post(f"/grid/duties/{duty.pk}/edit/", form(standin_from=TODAY()))
    assert answer.status_code == 422
    assert "就要指定B角" in text(answer)


def test_a_handover_lists_first_and_then_does_it_at_one_stroke(office: OfficeCast, sign_in: SignIn) -> None:
    client = sign_in(office.ding)
    sent = form(leaver=office.jia.uid, successor=office.yi.uid, on=TODAY())
    listed = client.post("/grid/handover/", {**sent, "preview": "1"})
    assert "确认交接 1 项" in text(listed)
    assert AreaDuty.objects.open().get(area=office.group).staff == office.jia
    sent["previewed"] = listed.context["previewed"]
    assert "已交接 1 项" in text(client.post("/grid/handover/", sent, follow=True))
    assert AreaDuty.objects.open().get(area=office.group).staff == office.yi


def test_a_handover_that_was_changed_after_the_list_is_listed_again(
    office: OfficeCast, sign_in: SignIn
) -> None:
    client = sign_in(office.ding)
    sent = form(leaver=office.jia.uid, successor=office.yi.uid, on=TODAY())
    listed = client.post("/grid/handover/", {**sent, "preview": "1"})
    changed = {**sent, "successor": str(office.bing.uid), "previewed": listed.context["previewed"]}
    assert "丙某" in text(client.post("/grid/handover/", changed))
    assert AreaDuty.objects.open().get(area=office.group).staff == office.jia


def test_after_a_handover_the_old_officer_gets_404(office: OfficeCast, sign_in: SignIn) -> None:
    office.jia.postings.update(valid_to=TODAY() - dt.timedelta(days=1))
    old = sign_in(office.jia)
    assert old.get(f"/grid/areas/{office.group.pk}/").status_code == 200
    sent = form(leaver=office.jia.uid, successor=office.bing.uid, on=TODAY())
    sent["previewed"] = (
        sign_in(office.ding).post("/grid/handover/", {**sent, "preview": "1"}).context["previewed"]
    )
    sign_in(office.ding).post("/grid/handover/", sent)
    assert old.get(f"/grid/areas/{office.group.pk}/").status_code == 404
    assert sign_in(office.bing).get(f"/grid/areas/{office.group.pk}/").status_code == 200


def test_gaps_are_shown_by_kind_in_pages(
    office: OfficeCast, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        make_area(office.street, Level.VILLAGE, f"村{number}")
    client, url, seen = sign_in(office.ding), "/grid/gaps/?kind=leader", []
    page = text(client.get("/grid/gaps/"))
    assert "龚家村" in page
    while url:
        with django_assert_max_num_queries(14):
            answer = client.get(url)
        seen += [area.name for area, _above in answer.context["rows"]]
        url = answer.context["next_url"]
    assert len(seen) == len(set(seen)) == 61
    assert "城厢社区" not in seen


def test_apps_above_add_their_own_sections_of_gaps(
    office: OfficeCast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"name": "观察对象", "where": "翠柏苑", "missing": "缺医护", "url": "/x/"}
    section = GapSection("probe", "没有人测温", lambda staff, limit: [row])
    monkeypatch.setattr(registry, "gap_sections", [section])
    page = text(sign_in(office.ding).get("/grid/gaps/"))
    assert "没有人测温" in page
    assert "缺医护" in page


def test_a_kind_of_duty_is_added_and_changed_by_the_offices_administrator(
    office: OfficeCast, sign_in: SignIn
) -> None:
    client = sign_in(office.admin)
    sent = {"code": "member", "name": "责任党员", "officer_title": "责任党员", "level": 5, "order": 7}
    assert client.post("/grid/duty-kinds/new/", form(**sent)).status_code == 302
    kind = DutyKind.objects.get(code="member")
    client.post(f"/grid/duty-kinds/{kind.pk}/edit/", form(**{**sent, "is_measuring": "on"}))
    kind.refresh_from_db()
    assert kind.is_measuring
    answer = client.post("/grid/duty-kinds/new/", form(**sent))
    assert set(answer.context["form"].errors) == {"code", "name"}


def test_settings_of_the_whole_office_are_not_for_an_administrator_of_a_part(
    office: OfficeCast, sign_in: SignIn
) -> None:
    below = make_staff("村管", Role.ADMINISTRATOR, office.village)
    for url in ("/grid/office/", "/grid/duty-kinds/new/"):
        assert sign_in(below).get(url).status_code == 403
        assert sign_in(office.jia).get(url).status_code == 403


def test_the_offices_name_is_changed_and_its_area_is_not(office: OfficeCast, sign_in: SignIn) -> None:
    sent = form(name="淮口街道办", phone="028-84920001", issuer="淮口卫生院", area=office.county.pk)
    assert sign_in(office.admin).post("/grid/office/", sent).status_code == 302
    now = Office.current()
    assert now is not None
    assert (now.name, now.issuer, now.area) == (
        "淮口街道办",
        "淮口卫生院",
        Area.objects.get(pk=office.street.pk),
    )


def test_duties_outside_the_scope_are_not_found_and_without_the_right_refused(
    office: OfficeCast, sign_in: SignIn
) -> None:
    duty = AreaDuty.objects.get(staff=office.jia)
    pages = [f"/grid/duties/{duty.pk}/edit/", f"/grid/duties/{duty.pk}/end/"]
    pages.append(f"/grid/areas/{office.group.pk}/duties/new/")
    for url in pages:
        assert sign_in(office.bing).post(url, form()).status_code == 404
        assert sign_in(office.jia).post(url, form()).status_code == 403
    assert sign_in(office.jia).get("/grid/handover/").status_code == 403
    assert sign_in(office.auditor).get("/grid/gaps/").status_code == 403


def test_a_deputy_can_be_taken_away_again(office: OfficeCast, sign_in: SignIn) -> None:
    duty = AreaDuty.objects.get(staff=office.jia)
    AreaDuty.objects.filter(pk=duty.pk).update(deputy=office.yi)
    client, url = sign_in(office.ding), f"/grid/duties/{duty.pk}/edit/"
    assert "(不指定)" in text(client.get(url))
    client.post(url, form(deputy=""))
    duty.refresh_from_db()
    assert duty.deputy is None
