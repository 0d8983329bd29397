"""A day without a connection: nothing is lost, nothing is doubled, nobody reads what is not his.

Work without a connection is on here (`road`), over TLS; phones are killed with SIGKILL, and answers are lost.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from grassroots.grid.models import KeptEntry, KeptState
from grassroots.grid.offline.views import keeping
from households.models import Survey
from quarantine.models import Reading
from tests.e2e.conftest import wait_until
from tests.e2e.field import HAS_DRAFT, Phone, Road, doors_of, fill_in, take_along
from tests.e2e.steps import observe, picture, words
from tests.factories import OfficeCast

DOORS, PEOPLE = 20, 40


def test_a_whole_route_without_a_connection_arrives_exactly_once(
    cast: OfficeCast, road: Road, phone: Callable[[str], Phone]
) -> None:
    homes = doors_of(cast, DOORS)
    people = [observe(cast, homes[at % DOORS], f"返乡{at}") for at in range(PEOPLE)]
    mine = phone("mine")
    page = mine.sign_in(cast.jia)
    take_along(page, DOORS)

    road.is_cut = True
    page.goto("/offline/doors/")
    page.get_by_role("link", name=homes[0].display).click()
    for number in range(DOORS):
        if number == 12:  # in the middle of a door
            fill_in(page, is_home=True)
            mine.wait_for(HAS_DRAFT, str(homes[12].uid), "outcome")
            mine.kill()
            page = mine.start()
            page.goto(f"/households/{homes[12].uid}/survey/")
            page.get_by_role("button", name="接着填").click()
            expect(page.locator('input[name="outcome"][value="SIGNED"]')).to_be_checked()
        else:
            fill_in(page, is_home=number % 2 == 0)
        page.get_by_role("button", name=words("保存，下一户")).click()
        here = str(homes[number].uid)
        expect(page).not_to_have_url(re.compile(here))
    wait_until(lambda: mine.waiting()["waiting"] == DOORS)

    page.goto("/quarantine/round/")
    fields = page.locator("[data-round-field]")
    expect(fields).to_have_count(PEOPLE)
    for number in range(PEOPLE):
        if number == 25:
            mine.kill()
            page = mine.start()
            page.goto("/quarantine/round/")
            expect(page.locator(".round-row.is-queued")).to_have_count(25)
        field = page.locator("[data-round-row]:not(.is-queued) [data-round-field]").first
        field.fill(f"36.{number % 9}")
        field.press("Enter")
        expect(page.locator(".round-row.is-queued")).to_have_count(number + 1)
    assert Survey.objects.count() == Reading.objects.count() == 0

    mine.kill()
    Session.objects.all().delete()  # it has ended meanwhile: what waits goes up all the same
    road.is_cut, road.loses_a_third = False, True
    page = mine.start()
    page.goto("/")
    expect(page.get_by_label("账号")).to_be_visible()
    wait_until(lambda: mine.waiting()["sent"] == DOORS + PEOPLE, 300)
    unheard = [
        json.loads(body).get("envelopes", [1]) for path, body in road.lost if path == "/offline/upload/"
    ]
    assert sum(map(len, unheard)) >= (DOORS + PEOPLE) / 5  # entered, and the phone did not hear of it
    assert sorted(Survey.objects.values_list("household_id", flat=True)) == sorted(home.pk for home in homes)
    assert Survey.objects.filter(recorded_by=cast.jia, outcome="SIGNED").count() == DOORS / 2
    readings = list(Reading.objects.values_list("visit__observation_id", flat=True))
    assert sorted(readings) == sorted(one.pk for one in people)
    assert not Reading.objects.exclude(by=cast.jia).exists()
    assert all(reading.entered_at > reading.measured_at for reading in Reading.objects.all())


DUMP = """async () => {
  const found = {};
  for (const {name} of await indexedDB.databases()) {
    const db = await new Promise((ok) => { const r = indexedDB.open(name); r.onsuccess = () => ok(r.result); });
    found[name] = await Promise.all([...db.objectStoreNames].map((store) => new Promise((ok) => {
      const r = db.transaction(store).objectStore(store).getAll();
      r.onsuccess = () => ok(JSON.stringify(r.result));
    })));
    db.close();
  }
  const cached = [];
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) { cached.push(request.url); }
  }
  return {databases: found, cached, local: JSON.stringify(localStorage), session: JSON.stringify(sessionStorage)};
}"""


def written_forms(word: str) -> list[bytes]:
    """A word as it may stand on a disk."""
    plain = [word.encode(), word.encode("utf-16-le"), word.encode("gb18030")]
    return [*plain, urllib.parse.quote(word).encode(), json.dumps(word)[1:-1].encode()]


def found_on_disk(phone: Phone, words: list[str]) -> list[tuple[str, str]]:
    """Which of some words stand in which files of the profile."""
    forms = [(word, form) for word in words for form in written_forms(word)]
    return [
        (word, path.name)
        for path, content in phone.bytes_on_disk()
        for word, form in forms
        if form in content
    ]


def test_after_signing_out_nothing_is_readable_and_what_waits_goes_up_as_its_author(
    cast: OfficeCast, road: Road, phone: Callable[[str], Phone]
) -> None:
    homes = doors_of(cast, 3)
    people = [row.person for home in homes for row in home.residencies.all()]
    secrets = [word for person in people for word in (person.name, person.id_number, person.phone)]
    typed, begun, newcomer = "敲门时听见里面有人咳嗽", "话说到一半没填完", "欧阳远客"
    mine = phone("shared")
    page = mine.sign_in(cast.jia)
    take_along(page, 3)
    road.is_cut = True
    page.goto(f"/households/{homes[0].uid}/survey/")
    expect(page.locator(f'input[value="{people[0].name}"]').first).to_be_attached()
    fill_in(page, is_home=False)
    page.locator('input[name="note"]').evaluate("(field, words) => { field.value = words; }", typed)
    page.get_by_role("button", name=words("保存，下一户")).click()
    expect(page).to_have_url(re.compile(str(homes[1].uid)))
    expect(page.locator("[data-offline-badge]")).to_be_visible()  # the page's scripts have run
    page.get_by_role("button", name="添加一人").click()
    expect(page.locator('input[name="members"]')).to_have_count(3)
    page.locator('input[name$="-name"]').last.fill(newcomer)
    note = page.locator('input[name="note"]')
    note.evaluate(
        "(field, words) => { field.value = words; field.dispatchEvent(new Event('input', {bubbles: true})); }",
        begun,
    )
    mine.wait_for(HAS_DRAFT, str(homes[1].uid), "note")
    picture(page, "offline-survey")
    page.goto("/offline/")
    picture(page, "offline-queue")
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_text("本机的资料已清除")).to_be_visible()

    found = page.evaluate(DUMP)
    left = {name: rows for name, rows in found["databases"].items() if rows != ["[]"]}
    assert list(left) == ["grassroots-queue"]
    assert all("/static/" in url or url.endswith("/offline/shell/") for url in found["cached"])
    secret = [*secrets, typed, begun, newcomer]
    assert not [word for word in secret if word in repr(found)]
    seen = "这一句谁都可以看见"  # in clear, by intent: the search would find the others too
    page.evaluate("async (words) => { await GrassOffline.put(GrassOffline.QUEUE, 'seen', { words }); }", seen)
    mine.close()
    assert {word for word, _file in found_on_disk(mine, [seen, *secret])} == {seen}

    road.is_cut = False  # the next user, on the same phone
    page = mine.start()
    mine.sign_in(cast.yi)
    wait_until(lambda: Survey.objects.filter(recorded_by=cast.jia, note=typed).count() == 1)
    wait_until(lambda: KeptEntry.objects.filter(staff=cast.jia, state=KeptState.DRAFT).count() == 1)
    page.goto("/offline/")
    expect(page.locator("[data-offline-queue] .kept-list__row")).to_have_count(2)
    shown = page.locator("main").inner_text()
    assert homes[0].display not in shown and typed not in shown and begun not in shown
    assert not Survey.objects.filter(recorded_by=cast.yi).exists()
    mine.sign_out()

    page = mine.sign_in(cast.jia)  # and its author, who finds what he had not finished
    page.goto("/offline/")
    page.get_by_role("link", name="查看并处理").click()
    page.get_by_role("button", name="打开表单修改").click()
    expect(page.locator('input[name="note"]')).to_have_value(begun)
    expect(page.locator(f'input[value="{newcomer}"]').first).to_be_attached()


def test_a_new_release_of_the_worker_and_a_kill_lose_no_draft(
    cast: OfficeCast, road: Road, phone: Callable[[str], Phone], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = doors_of(cast, 1)[0]
    mine = phone("release")
    page = mine.sign_in(cast.jia)
    take_along(page, 1)
    page.goto(f"/households/{home.uid}/survey/")
    fill_in(page, is_home=False)
    mine.wait_for(HAS_DRAFT, str(home.uid), "outcome")
    before = keeping._shell_text()
    monkeypatch.setattr(keeping, "_shell_text", lambda: before.replace("没有网络", "没有信号"))
    page.evaluate("async () => (await navigator.serviceWorker.getRegistration('/')).update()")
    mine.wait_for("async () => (await (await caches.match('/offline/shell/')).text()).includes('没有信号')")
    road.is_cut = True
    mine.kill()
    page = mine.start()
    page.goto(f"/households/{home.uid}/survey/")
    page.get_by_role("button", name="接着填").click()
    expect(page.locator('input[name="outcome"][value="ABSENT"]')).to_be_checked()
    page.goto("/ledgers/statistics/")
    expect(page.get_by_role("heading", name="没有信号")).to_be_visible()
    picture(page, "offline-shell")
