"""The daily brief: its hand-written part saved, the whole published and frozen, later changes published as 更正."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Area, Office, Staff
from grassroots.grid.scope import scope_of
from grassroots.grid.versions import StaleVersion
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.briefs import Typed, brief_text, lines_of, made_words
from grassroots.ledgers.engine import chinese_date, clock_words
from grassroots.ledgers.models import BriefDraft, Publication
from grassroots.ledgers.models.publications import PARAGRAPH_LENGTH
from grassroots.ledgers.privacy import names_in, numbers_in
from grassroots.ledgers.snapshots import Snapshot, asof_of, change_lines, changes_since, snapshot

WRITE, PUBLISH = "ledgers.change_briefdraft", "ledgers.publish_brief"
PARAGRAPHS = {"problems": "存在问题", "plans": "明日安排"}
SIGNERS = {"reporter": "填报人", "reviewer": "审核人"}
FIELDS = (*PARAGRAPHS, *SIGNERS, "phone")
_LANDLINE = re.compile(r"[0-9()\- ]{5,20}(?:转[0-9]{1,6})?")
_MOBILE = re.compile(r"(?:\+?86)?1[3-9][0-9]{9}")


class NamesFound(ValidationError):
    """Words that are names in the register of the area; nothing was saved. `words` may be accepted as ordinary ones."""

    def __init__(self, words: Sequence[str], fields: dict[str, list[str]]) -> None:
        super().__init__(fields)
        self.words = list(words)


class StaleDraft(StaleVersion):
    """Nothing was saved: somebody else has saved the hand-written part since. Carries what stands there now."""

    def __init__(self, current: BriefDraft) -> None:
        super().__init__(current)
        self.draft = current


class PublicationRefused(Exception):
    """Nothing was published. `lines` say why, each in words for the person who asked."""

    def __init__(self, *lines: str) -> None:
        super().__init__("".join(lines))
        self.lines = list(lines)


class FiguresMoved(PublicationRefused):
    """The figures have changed since they were shown; nothing was published."""


@dataclass(frozen=True)
class Draft:
    """The hand-written part as it stands: what was saved, or what a new one begins with (version 0)."""

    typed: Typed
    accepted: tuple[str, ...] = ()
    version: int = 0


def _check_may(by: Staff, area: Area, permission: str, words: str) -> None:
    if not scope_of(by).holds(area) or not by.has_perm(permission):
        raise PermissionDenied(words)


def draft_of(area: Area, on: dt.date, by: Staff) -> Draft:
    """The hand-written part of an area's brief of a day; a new one takes over who signed the last (three queries)."""
    row = BriefDraft.objects.filter(area=area, on=on).first()
    if row is not None:
        return Draft(Typed(**{name: getattr(row, name) for name in FIELDS}), tuple(row.accepted), row.version)
    last = BriefDraft.objects.filter(area=area, on__lt=on).order_by("-on").first()
    office = Office.current()
    phone = last.phone if last else office.phone if office else ""
    return Draft(
        Typed(
            reporter=last.reporter if last else by.name, reviewer=last.reviewer if last else "",
            phone="" if _MOBILE.fullmatch(phone) else phone,
        )
    )  # fmt: skip


def brief_draft_save(
    *, area: Area, on: dt.date, typed: Typed, version: int, by: Staff, accepted: Collection[str] = ()
) -> BriefDraft:
    """Save the hand-written part as it was edited from `version` (0: there was none).

    `accepted` are words that are names in the register and not meant as such. Raises ValidationError by field for
    numbers and door numbers, NamesFound, StaleDraft, PermissionDenied.
    """
    _check_may(by, area, WRITE, "您的角色不能填写日报。")
    typed = Typed(**{name: getattr(typed, name).replace("\r\n", "\n").strip() for name in FIELDS})
    accepted = sorted(set(accepted))
    _check_typed(typed, area, accepted)
    values = {**vars(typed), "accepted": accepted, "saved_by": by, "saved_at": timezone.now()}
    with transaction.atomic():
        row, is_new = BriefDraft.objects.select_for_update().get_or_create(area=area, on=on, defaults=values)
        if is_new:
            return row
        if row.version != version:
            raise StaleDraft(row)
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        row.save(update_fields=[*values, "version"])
    return row


def _check_typed(typed: Typed, area: Area, accepted: Collection[str]) -> None:
    errors: dict[str, list[str]] = {}
    for name, label in {**PARAGRAPHS, **SIGNERS}.items():
        text = getattr(typed, name)
        limit = PARAGRAPH_LENGTH if name in PARAGRAPHS else 30
        if len(text) > limit:
            errors.setdefault(name, []).append(f"{label}最多{limit}个字，现在有{len(text)}个。")
        if found := numbers_in(text):
            said = "、".join(str(one) for one in found)
            errors.setdefault(name, []).append(f"{label}里有{said}。日报不能有个人信息，请删去后再保存。")
    if typed.phone and (
        not _LANDLINE.fullmatch(typed.phone) or _MOBILE.fullmatch(re.sub(r"[ ()\-]", "", typed.phone))
    ):
        errors["phone"] = ["请填办公座机，例如028-84930000；个人手机号不能印在日报上，没有就空着。"]
    if errors:
        raise ValidationError(errors)
    names: list[str] = []
    for name, label in PARAGRAPHS.items():
        found = [one for one in names_in(getattr(typed, name), area) if one.shown not in accepted]
        if found:
            names += [one.shown for one in found]
            said = "、".join(str(one) for one in found)
            errors[name] = [
                f"{label}里有辖区内登记人员的姓名：{said}。请改用“某村民”等说法；如果不是指人，请在下面勾选后再保存。"
            ]
    if errors:
        raise NamesFound(names, errors)


def text_digest(text: str) -> str:
    """By which a text that was shown is recognised when it comes back."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Prepared:
    """What would be published now: the figures, the text, the lines of 更正说明, and why it may not be."""

    figures: Snapshot
    draft: Draft
    text: str
    changes: list[str]
    refusals: list[str]

    @property
    def digest(self) -> str:
        return text_digest(self.text)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The text for a page that shows it."""
        return lines_of(self.text)


def brief_prepare(
    *, area: Area, on: dt.date, cutoff: dt.time | None, by: Staff, at: dt.datetime | None = None
) -> Prepared:
    """The first brief of an area and a day, counted now; nothing is written."""
    at = at or timezone.now()
    asof = AsOf.day(on, at, cutoff)
    figures, draft = snapshot(area, asof), draft_of(area, on, by)
    text = brief_text(area, asof, figures.totals, typed=draft.typed)
    refusals = _refusals(area, asof, figures, draft)
    if first := Publication.objects.of(area, on).select_related("published_by").last():
        refusals.append(
            f"{area.name}{chinese_date(on)}的日报已由{first.published_by.name}于{made_words(first.published_at)}发布"
            f"（统计截止时间{clock_words(first.cutoff)}），不能再发一份；数据如有变动，请在已发布的日报里发布更正。"
        )
    return Prepared(figures, draft, text, [], refusals)


def correction_prepare(
    *, publication: Publication, by: Staff, remark: str = "", at: dt.datetime | None = None
) -> Prepared:
    """A 更正 of the latest publication of its area and day, counted now; nothing is written."""
    area, asof = publication.area, asof_of(publication, at)
    figures, draft = snapshot(area, asof), draft_of(area, publication.on, by)
    lines = change_lines(changes_since(publication, figures))
    lines += [
        f"“{label}”一段有改动" for name, label in PARAGRAPHS.items()
        if getattr(draft.typed, name) != getattr(publication, name)
    ]  # fmt: skip
    refusals = _refusals(area, asof, figures, draft)
    if not lines:
        refusals.append("发布以后数据和文字都没有变动，不需要更正。")
    head = f"本期更正{made_words(publication.published_at)}发布的第{publication.version}版："
    said = [head, *(f"{line}；" for line in lines[:-1]), *(f"{line}。" for line in lines[-1:])]
    said += [remark.strip()] if remark.strip() else []
    text = brief_text(area, asof, figures.totals, typed=draft.typed, changes=said)
    return Prepared(figures, draft, text, lines, refusals)


def _refusals(area: Area, asof: AsOf, figures: Snapshot, draft: Draft) -> list[str]:
    said = []
    if not asof.is_over:
        said.append(
            f"统计截止时间（{chinese_date(asof.on)}{clock_words(asof.cutoff)}）还没有到，到点以后才能发布；"
            "要现在发布，请把截止时间改为一个已经过去的钟点。"
        )
    said += [
        f"在管人数对不上，不能发布。{line}请先核对开始、转入、解除、转送、转出的登记。"
        for line in figures.problems
    ]
    try:
        _check_typed(draft.typed, area, draft.accepted)
    except ValidationError as error:
        said += error.messages
    return said


def publication_publish(
    *,
    area: Area,
    on: dt.date,
    cutoff: dt.time | None,
    by: Staff,
    seen: str = "",
    at: dt.datetime | None = None,
) -> Publication:
    """Publish the brief of an area and a day with its 统计表, frozen.

    `seen` is the digest of the text that was shown for confirmation. Raises PublicationRefused with every reason: the
    cut-off is still to come, figures do not reconcile (each term and the difference), it was published already, the
    hand-written part names somebody; FiguresMoved when the text is another than was shown; PermissionDenied.
    """
    _check_may(by, area, PUBLISH, "您的角色不能发布日报。")
    at = at or timezone.now()
    with transaction.atomic():
        _lock_day(area, on, by)
        prepared = brief_prepare(area=area, on=on, cutoff=cutoff, by=by, at=at)
        _check_prepared(prepared, seen)
        return _publish(prepared, by, at, version=1)


def publication_correct(
    *, publication: Publication, by: Staff, remark: str = "", at: dt.datetime | None = None
) -> Publication:
    """Publish a 更正 of a publication: a further version for the same area, day and cut-off that says what changed.

    Raises what `publication_publish` raises, and PublicationRefused for a version that has been followed, for no
    change, and for a remark with personal data.
    """
    _check_may(by, publication.area, PUBLISH, "您的角色不能发布日报。")
    at = at or timezone.now()
    found = [*numbers_in(remark), *names_in(remark, publication.area)]
    if found:
        raise PublicationRefused(f"更正说明里有{'、'.join(map(str, found))}，请删去后再发布。")
    with transaction.atomic():
        _lock_day(publication.area, publication.on, by)
        latest = Publication.objects.of(publication.area, publication.on).first()
        if latest is None or latest.pk != publication.pk:
            raise PublicationRefused("这一版以后已经发布过更正，请在最新的一版里办理。")
        prepared = correction_prepare(publication=publication, by=by, remark=remark, at=at)
        _check_prepared(prepared)
        return _publish(prepared, by, at, version=publication.version + 1, remark=remark.strip())


def _lock_day(area: Area, on: dt.date, by: Staff) -> None:
    """Two who publish one day: the second one waits and is told."""
    draft = draft_of(area, on, by)
    defaults = {**vars(draft.typed), "saved_by": by}
    BriefDraft.objects.select_for_update().get_or_create(area=area, on=on, defaults=defaults)


def _check_prepared(prepared: Prepared, seen: str = "") -> None:
    if prepared.refusals:
        raise PublicationRefused(*prepared.refusals)
    if seen and seen != prepared.digest:
        raise FiguresMoved("刚刚又有登记，正文已经变了。下面是新的正文，请核对后再点一次发布。")


def _publish(
    prepared: Prepared, by: Staff, at: dt.datetime, *, version: int, remark: str = ""
) -> Publication:
    figures, asof = prepared.figures, prepared.figures.asof
    return Publication.objects.create(
        area=figures.area, on=asof.on, cutoff=asof.cutoff, version=version, figures=figures.frozen(),
        text=prepared.text, changes=prepared.changes, remark=remark, known_at=asof.known_at, published_by=by,
        published_at=at, **vars(prepared.draft.typed),
    )  # fmt: skip
