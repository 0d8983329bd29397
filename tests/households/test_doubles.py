"""可能重复的档案: who looks like somebody else, and who merely has his name or his phone."""

from __future__ import annotations

import pytest
from django.urls import reverse

from grassroots.grid.crypto import digest
from households.doubles import doubles_of
from households.services.removals import people_merge
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.quarantine.cases import queries_of, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> OfficeCast:
    return make_office()


def test_doubles_are_found_by_name_and_birth_name_and_phone_and_number(office: OfficeCast) -> None:
    home = make_household(office.compound)
    base = make_person("张三", home)
    born = make_person("张三", make_household(office.compound), birth_date=base.birth_date)
    called = make_person(
        "张三", make_household(office.other_group), phone=base.phone, phone_digest=base.phone_digest
    )
    numbered = make_person(
        "张叁", make_household(office.compound), id_number=base.id_number, id_digest=base.id_digest,
        id_shared_reason="写错",
    )  # fmt: skip
    make_person("张三", make_household(office.compound))  # a namesake and no more
    make_person("李四", home, phone=base.phone, phone_digest=base.phone_digest)  # a wife with his phone
    found = doubles_of(office.village, office.ding).pairs
    pairs = {frozenset({pair.one.pk, pair.other.pk}): pair.reasons for pair in found}
    assert pairs == {
        frozenset({base.pk, born.pk}): ["姓名和出生日期相同"],
        frozenset({base.pk, called.pk}): ["姓名和电话相同"],
        frozenset({base.pk, numbered.pk}): ["证件号码相同（登记时写了同号说明）"],
    }
    people_merge(gone=born, kept=base, home_of=base, reason="同一人", by=office.ding)
    assert len(doubles_of(office.village, office.ding).pairs) == 2
    seen_by_the_village = {one.other.pk for one in doubles_of(office.village, office.health).pairs}
    assert called.pk not in seen_by_the_village


def test_the_list_costs_the_same_for_any_number_of_pairs(office: OfficeCast) -> None:
    def twins(name: str) -> None:
        phone = f"1390000{len(name):04d}"
        for _ in range(2):
            make_person(
                name, make_household(office.compound), phone=phone, phone_digest=digest(phone, "phone")
            )

    url, client = reverse("households:double_list"), signed_in(office.ding)
    twins("张三")
    few = queries_of(client, url)
    for number in range(4):
        twins(f"张三{'丰' * (number + 1)}")
    assert queries_of(client, url) == few
    assert client.get(url).content.decode().count("核对合并") == 5
    assert client.get(url, {"area": office.other_village.pk}).context["found"].pairs == []
    assert client.get(url, {"area": office.street.pk}).status_code == 404
