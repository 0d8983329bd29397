"""Two entries of one person are merged, one typed for nobody is voided; both can be undone, nobody counts twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.duties import DutyTarget, duties_for
from grassroots.grid.models import AccessAction, AccessLog, DutyKind
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.statistics import count_all, reconcile
from households.models import (
    Household,
    Person,
    PersonDuty,
    PersonRemoval,
    Relation,
    Residency,
    SupportStatus,
    Survey,
    SurveyMember,
)
from households.services.removals import (
    links_to_people,
    people_merge,
    person_take_out,
    removal_undo,
    state_of,
    survivor_of,
)
from quarantine.models import Observation, Outcome, Returnee, ServiceRequest, Visit, VisitState
from quarantine.services.corrections import event_annul
from quarantine.services.observations import StartDates, observation_open
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.quarantine.cases import make_returnee, recent, running, sent, signed_in, switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def totals(office: OfficeCast) -> dict[str, Any]:
    """Today's figures of the street, which must reconcile."""
    asof = AsOf.day(timezone.localdate())
    counted = count_all(office.street, asof)
    assert reconcile(office.street, asof).explain() == ""
    return dict(counted.total(office.street.path))


def full(office: OfficeCast, household: Household | None = None) -> Person:
    """Somebody on whom one row of everything hangs."""
    returnee = recent(office)
    person = returnee.person
    if household is not None:
        Residency.objects.filter(person=person).update(household=household, relation=Relation.OTHER)
    survey = Survey.objects.create(
        household=returnee.household,
        area=returnee.area,
        staff=office.jia,
        recorded_by=office.jia,
        outcome="SIGNED",
    )
    SurveyMember.objects.create(survey=survey, person=person)
    SupportStatus.objects.create(person=person, kind="DISABLED")
    ServiceRequest.objects.create(
        person=person, area=returnee.area, kind="SHOPPING", request="米", recorded_by=office.jia
    )
    PersonDuty.objects.create(person=person, staff=office.yi, kind=DutyKind.objects.get(code="health"))
    make_returnee(office).contacts.create(name=person.name, person=person)
    return person


def observed(person: Person, office: OfficeCast) -> Observation:
    returnee = person.returns.get()
    return observation_open(
        person=person, area=returnee.area, household=returnee.household, returnee=returnee,
        dates=StartDates.of(returnee), by=office.jia,
    )  # fmt: skip


def merge(office: OfficeCast, gone: Person, kept: Person, home_of: Person | None = None) -> PersonRemoval:
    return people_merge(
        gone=gone, kept=kept, home_of=home_of or kept, reason="电话核实是同一人", by=office.ding
    )


def rows(model: Any) -> list[dict[str, Any]]:
    return list(model.objects.order_by("pk").values())


def merge_url(one: Person, other: Person) -> str:
    return reverse("households:person_merge", args=[one.uid, other.uid])


def person_url(person: Person) -> str:
    return reverse("households:person_detail", args=[person.uid])


# --- merging ----------------------------------------------------------------------------------------------
def test_everything_goes_over_and_he_counts_once(office: OfficeCast) -> None:
    gone, kept = full(office), make_person("张三", make_household(office.compound))
    observation = observed(gone, office)
    before = totals(office)
    merge(office, gone, kept)
    left = {
        link.related_model._meta.label_lower
        for link in links_to_people()
        if link.related_model._base_manager.filter(**{link.field.name: gone.pk}).exists()
    }
    assert left == set()
    observation.refresh_from_db()
    assert observation.person == kept and kept.returns.exists() and kept.survey_answers.exists()
    after = totals(office)
    assert after.pop("residents") == before.pop("residents") - 1
    assert after == before
    assert Person.objects.filter(pk=gone.pk, voided_at__isnull=False).exists()


def test_the_old_link_leads_to_whoever_stays_through_several_merges(office: OfficeCast) -> None:
    first, second, third = (make_person("张三", make_household(office.compound)) for _ in range(3))
    merge(office, first, second)
    merge(office, second, third)
    assert survivor_of(first) == third
    for name in ("households:person_detail", "quarantine:person_file"):
        page = signed_in(office.jia).get(reverse(name, args=[first.uid]))
        assert page.status_code == 200 and reverse(name, args=[third.uid]) in page.content.decode()
        assert signed_in(office.bing).get(reverse(name, args=[first.uid])).status_code == 404


def test_two_running_observations_are_refused_in_words_and_nothing_is_done(office: OfficeCast) -> None:
    one, other = running(office).person, running(office, days=2).person
    before = [rows(model) for model in (Person, Residency, Observation, Returnee)]
    with pytest.raises(ValidationError, match=r"两份档案都有正在进行的观察.*误建作废"):
        merge(office, one, other)
    assert [rows(model) for model in (Person, Residency, Observation, Returnee)] == before


def test_they_are_merged_after_the_doubled_observation_was_annulled(office: OfficeCast) -> None:
    one, other = running(office), running(office, days=2)
    before = totals(office)
    event_annul(event=one.events.get(), version=one.version, reason="录重了", by=office.jia)
    merge(office, one.person, other.person)
    assert sorted(other.person.observations.values_list("outcome", flat=True)) == ["", Outcome.VOIDED]
    assert totals(office)["under_observation"] == before["under_observation"] - 1


def test_two_files_of_one_arrival_are_refused(office: OfficeCast) -> None:
    one, other = make_returnee(office), make_returnee(office)
    with pytest.raises(ValidationError, match="都有 2020-01-21 返回的返乡档案"):
        merge(office, one.person, other.person)


def test_who_named_the_other_as_his_contact_is_not_the_same_person(office: OfficeCast) -> None:
    one, other = make_returnee(office), make_person("李四", make_household(office.compound))
    one.contacts.create(name="李四", person=other)
    with pytest.raises(ValidationError, match="列为密切接触者"):
        merge(office, other, one.person)


def test_what_lies_outside_the_scope_is_left_to_whoever_sees_both(office: OfficeCast) -> None:
    returnee = make_returnee(office, household=make_household(office.other_group))
    person = returnee.person
    Residency.objects.filter(person=person).update(
        household=make_household(office.compound), area=office.compound
    )
    with pytest.raises(ValidationError, match="辖区以外"):
        people_merge(
            gone=person, kept=make_person("李四", make_household(office.compound)), home_of=person, reason="同一人",
            by=office.jia,
        )  # fmt: skip


def test_behind_one_door_he_is_registered_once_and_stays_its_head(office: OfficeCast) -> None:
    home = make_household(office.compound)
    gone = make_person("张三", home)
    kept = make_person("张三", home)
    removal = merge(office, gone, kept)
    [standing] = Residency.objects.open().filter(household=home)
    assert (standing.person, standing.relation) == (kept, Relation.HEAD)
    removal_undo(removal=removal, reason="不是同一人", by=office.ding)
    assert home.residencies.open().get(relation=Relation.HEAD).person == gone
    assert home.residencies.open().count() == 2


@pytest.mark.parametrize("home_is_his", [True, False])
def test_of_two_homes_the_chosen_one_is_where_he_lives(office: OfficeCast, home_is_his: bool) -> None:
    gone, kept = (make_person("张三", make_household(office.compound)) for _ in range(2))
    chosen = (kept if home_is_his else gone).residencies.get()
    merge(office, gone, kept, home_of=kept if home_is_his else gone)
    assert Residency.objects.actual().get(person=kept).pk == chosen.pk


def test_what_the_one_who_stays_lacks_is_filled_in_and_taken_back(office: OfficeCast) -> None:
    gone = make_person("张三", make_household(office.compound))
    kept = make_person(
        "张三", make_household(office.compound), id_kind="NONE", id_number="", id_digest="", id_last4_digest="",
        phone="", phone_digest="", phone_last4_digest="", birth_date=None, stated_age=40,
    )  # fmt: skip
    before = rows(Person)
    removal = merge(office, gone, kept)
    kept.refresh_from_db()
    assert (kept.id_number, kept.phone, kept.birth_date) == (gone.id_number, gone.phone, gone.birth_date)
    removal_undo(removal=removal, reason="核实不是同一人", by=office.ding)
    assert rows(Person) == before


def test_an_officer_who_answers_for_both_answers_once(office: OfficeCast) -> None:
    gone, kept = (make_person("张三", make_household(office.compound)) for _ in range(2))
    kind = DutyKind.objects.get(code="health")
    since = timezone.localdate() - dt.timedelta(days=9)
    for person in (gone, kept):
        PersonDuty.objects.create(person=person, staff=office.yi, kind=kind, valid_from=since)
        SupportStatus.objects.create(person=person, kind="DISABLED")
    removal = merge(office, gone, kept)
    chain = duties_for(DutyTarget(office.compound.pk, None, kept.pk))
    assert [len(link.duties) for link in chain if link.kind == kind] == [1]
    assert kept.supports.filter(ended_on=None).count() == 1
    page = signed_in(office.jia).get(reverse("quarantine:person_file", args=[kept.uid])).content.decode()
    assert f"档案编号 {gone.pk:08d}" in page[page.index('id="corrections"') :]
    removal_undo(removal=removal, reason="核实是两个人", by=office.ding)
    assert PersonDuty.objects.filter(valid_to=None).count() == 2
    assert SupportStatus.objects.filter(ended_on=None).count() == 2


def test_a_number_that_two_entries_shared_is_shared_no_more(office: OfficeCast) -> None:
    kept = make_person("张三", make_household(office.compound), id_shared_reason="两人同号")
    gone = make_person(
        "张叁", make_household(office.compound), id_number=kept.id_number, id_digest=kept.id_digest,
        id_shared_reason="派出所写错",
    )  # fmt: skip
    merge(office, gone, kept)
    kept.refresh_from_db()
    assert kept.id_shared_reason == ""


# --- undoing ----------------------------------------------------------------------------------------------
def test_a_merge_is_taken_apart_row_by_row(office: OfficeCast) -> None:
    gone, kept = full(office), full(office)
    Returnee.objects.filter(person=kept).update(arrived_on=dt.date(2020, 1, 2), left_on=None)
    observed(gone, office)
    models = (
        Person,
        Residency,
        SupportStatus,
        SurveyMember,
        Returnee,
        Observation,
        ServiceRequest,
        PersonDuty,
    )
    before = {model: rows(model) for model in models}
    figures, hanging = totals(office), (state_of(gone), state_of(kept))
    removal = merge(office, gone, kept)
    assert totals(office) != figures
    removal_undo(removal=removal, reason="核实是两个人", by=office.ding)
    assert {model: rows(model) for model in models} == before
    assert totals(office) == figures
    for now, then in zip((state_of(gone), state_of(kept)), hanging, strict=True):
        assert {**now, "": []} == {**then, "": []}
    removal.refresh_from_db()
    assert (removal.undone_by, removal.undo_reason) == (office.ding, "核实是两个人")


def test_it_is_not_taken_apart_once_something_new_hangs_on_it(office: OfficeCast) -> None:
    gone, kept = recent(office).person, make_person("张三", make_household(office.compound))
    removal = merge(office, gone, kept)
    observed(kept, office)
    with pytest.raises(ValidationError, match=r"居家医学观察 1 条.*分不清是谁的"):
        removal_undo(removal=removal, reason="核实是两个人", by=office.ding)
    assert survivor_of(gone) == kept


def test_the_later_of_two_merges_is_undone_first(office: OfficeCast) -> None:
    first, second, third = (make_person("张三", make_household(office.compound)) for _ in range(3))
    earlier = merge(office, first, second)
    later = merge(office, second, third)
    with pytest.raises(ValidationError, match="请先撤销那一次"):
        removal_undo(removal=earlier, reason="错了", by=office.ding)
    removal_undo(removal=later, reason="错了", by=office.ding)
    second.refresh_from_db()
    assert second.voided_at is None


# --- voiding ----------------------------------------------------------------------------------------------
def test_a_void_entry_leaves_lists_and_figures_and_comes_back(office: OfficeCast) -> None:
    returnee = recent(office)
    person = returnee.person
    before = totals(office)
    removal = person_take_out(person=person, reason="查无此人", by=office.ding)
    after = totals(office)
    assert after["residents"] == before["residents"] - 1
    assert after["returnees"] == before["returnees"] - 1
    assert not Returnee.objects.active().filter(person=person).exists()
    removal_undo(removal=removal, reason="找到了", by=office.ding)
    assert totals(office) == before
    assert signed_in(office.jia).get(person_url(person)).status_code == 200


def test_whoever_is_observed_is_not_voided_before_that_is_settled(office: OfficeCast) -> None:
    observation = running(office)
    with pytest.raises(ValidationError, match=r"还在居家观察中.*误建作废"):
        person_take_out(person=observation.person, reason="查无此人", by=office.ding)
    event_annul(event=observation.events.get(), version=observation.version, reason="查无此人", by=office.jia)
    person_take_out(person=observation.person, reason="查无此人", by=office.ding)
    due = Visit.objects.filter(observation=observation).exclude(state=VisitState.CANCELLED)
    assert not due.exists()


def test_open_services_are_named(office: OfficeCast) -> None:
    with pytest.raises(ValidationError, match="1 项代办服务"):
        person_take_out(person=full(office), reason="查无此人", by=office.ding)


def test_a_number_that_somebody_else_carries_by_now_stops_the_reinstatement(office: OfficeCast) -> None:
    person = make_person("张三", make_household(office.compound))
    removal = person_take_out(person=person, reason="查无此人", by=office.ding)
    make_person(
        "李四", make_household(office.compound), id_number=person.id_number, id_digest=person.id_digest
    )
    with pytest.raises(ValidationError, match="已由另一人登记"):
        removal_undo(removal=removal, reason="找到了", by=office.ding)
    person.refresh_from_db()
    assert person.voided_at is not None


# --- pages ------------------------------------------------------------------------------------------------
def test_the_page_merges_once_and_writes_it_down(office: OfficeCast) -> None:
    gone, kept = (make_person("张三", make_household(office.compound)) for _ in range(2))
    client, url = signed_in(office.ding), merge_url(gone, kept)
    form = client.get(url).context["form"]
    values = sent(keep=str(kept.uid), home=str(gone.uid), reason="同一人", seen=form.fields["seen"].initial)
    assert client.post(url, {**values, "reason": ""}).status_code == 422
    assert client.post(url, values).url == person_url(kept)
    assert client.post(url, values).status_code == 302
    assert PersonRemoval.objects.get().merged_into == kept
    row = AccessLog.objects.get(action=AccessAction.MERGE)
    assert (row.subject_uid, row.purpose, row.detail["into"]) == (str(gone.uid), "同一人", str(kept.uid))
    assert gone.history.latest().history_change_reason == "同一人"
    assert "撤销合并" in client.get(reverse("households:removal_list")).content.decode()


def test_a_page_that_is_stale_is_asked_again_with_what_was_typed(office: OfficeCast) -> None:
    gone, kept = (make_person("张三", make_household(office.compound)) for _ in range(2))
    client, url = signed_in(office.ding), merge_url(gone, kept)
    seen = client.get(url).context["form"].fields["seen"].initial
    gone.note = "改过"
    gone.save()
    answer = client.post(url, sent(keep=str(kept.uid), home=str(kept.uid), reason="同一人无疑", seen=seen))
    text = answer.content.decode()
    assert answer.status_code == 409 and "刚才有人改过" in text and "同一人无疑" in text
    assert not PersonRemoval.objects.exists()


def test_both_must_lie_in_the_scope(office: OfficeCast) -> None:
    mine = make_person("张三", make_household(office.compound))
    other = make_person("张三", make_household(office.other_group))
    assert signed_in(office.ding).get(merge_url(mine, other)).status_code == 200
    assert signed_in(office.bing).get(merge_url(other, mine)).status_code == 404
    assert signed_in(office.jia).get(merge_url(mine, mine)).status_code == 403


def test_the_number_of_the_other_entry_leads_to_the_two_side_by_side(office: OfficeCast) -> None:
    one, other = (make_person("张三", make_household(office.compound)) for _ in range(2))
    client, url = signed_in(office.ding), reverse("households:person_merge_pick", args=[one.uid])
    assert client.get(url, {"number": f"{other.pk:08d}"}).url == merge_url(one, other)
    for wrong in ("99999999", "abc", f"{one.pk}"):
        answer = client.get(url, {"number": wrong})
        assert answer.status_code == 422 and "没有这个编号" in answer.content.decode()


def test_two_who_have_nothing_in_common_are_pointed_out(office: OfficeCast) -> None:
    one = make_person("张三", make_household(office.compound))
    other = make_person("李四", make_household(office.compound))
    alike = make_person("张三", make_household(office.compound), birth_date=one.birth_date)
    client = signed_in(office.ding)
    assert "请确认没有选错人" in client.get(merge_url(one, other)).content.decode()
    assert "请确认没有选错人" not in client.get(merge_url(one, alike)).content.decode()
