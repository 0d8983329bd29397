"""A row of a list of returnees, read: what can be taken over, and what of it is flawed."""

from __future__ import annotations

import copy
import datetime as dt
import re
from dataclasses import dataclass, field, replace
from typing import Any

from grassroots.ledgers.intake.protocol import Change, ImportContext, Problem, Record
from grassroots.ledgers.reading.captions import Field
from grassroots.ledgers.reading.cells import parse_date, parse_int, parse_sex, parse_text, parse_yes_no
from grassroots.ledgers.reading.parsed import NOTHING, original_text
from households.imports.matching import Identity, identity_of
from households.imports.places import Places, Spot
from households.models import Person
from quarantine.models import Returnee, Transport
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.readings import check_temperature
from quarantine.rules.transport import guess_transport
from quarantine.services.returnee_data import (
    DATES,
    PLAIN,
    TEXTS,
    ReturneeData,
    reasons_propose,
    returnee_fill,
)
from quarantine.services.returnees import field_of

IGNORED = "ignored"
FIELDS = (
    Field("number", "序号", kind=IGNORED),
    Field("street", "镇(街道)", ("乡镇", "街道")),
    Field("village", "村(社区)", ("村社区", "村", "社区", "行政村/社区")),
    Field("group", "组", ("组(网格)", "网格")),
    Field("compound", "小区/院落", ("小区",)),
    Field("name", "姓名"),
    Field("sex", "性别"),
    Field("age", "年龄", kind="int"),
    Field("id_number", "身份证号", ("证件号码", "身份证号码"), kind="id"),
    Field("phone", "联系电话", ("电话", "手机号", "手机"), kind="phone"),
    Field("native_place", "籍贯"),
    Field("registered_place", "户籍地", ("户籍所在地", "户籍地址")),
    Field("address", "现住址", ("现居住地", "家庭住址", "住址", "目前在我县居住地", "返乡后居住地", "目前居住地")),
    Field("work_unit", "工作单位/学校", ("工作单位",)),
    Field("origin", "从何地返回", ("来源地", "返回地", "湖北居住地", "武汉居住地", "外出地", "原居住地")),
    Field("departure_city", "离开城市", ("离开湖北所在地级市", "离开地", "出发城市", "离开所在地级市")),
    Field("last_contact_on", "末次接触日期", ("末次接触时间", "最后接触日期"), kind="date"),
    Field("left_on", "离开日期", ("离鄂日期", "离开湖北日期", "离汉日期", "离开武汉日期", "离鄂时间", "离汉时间"),
          kind="date"),
    Field("arrived_on", "返回日期", ("到达日期", "返乡日期", "抵金日期", "抵蓉日期", "抵达日期", "来金日期"),
          kind="date"),
    Field("transport", "交通方式", ("交通工具",)),
    Field("transport_no", "车次/航班/车牌(座号)", ("车次/航班/汽车/自驾", "车次/航班", "交通工具及班次", "班次/车次")),
    Field("stops", "沿途停留地点", ("沿途是否停留如是停留地点", "沿途停留", "途经地")),
    Field("companions", "同行人员", ("同行人员姓名", "同行人")),
    Field("housemates", "同住人数", kind=IGNORED),
    Field("hubei_history", "武汉(湖北)旅居史", ("是否有湖北旅居史", "湖北旅居史", "武汉旅居史"), kind="yes-no"),
    Field("case_contact", "接触确诊/疑似", ("是否接触确诊或疑似病例", "密切接触史", "是否与确诊病例接触"),
          kind="yes-no"),
    Field("arrival_temperature", "到家体温", ("体温", "返回时体温", "当前体温", "现体温"), kind="temp"),
    Field("symptoms", "症状", ("有无症状", "不适症状", "有无咳嗽、胸闷等不适症状")),
    Field("measure", "管控措施", kind=IGNORED),
    Field("start_on", "开始日期", kind=IGNORED),
    Field("last_on", "期满日期", kind=IGNORED),
    Field("released_on", "解除日期", kind=IGNORED),
    Field("officer", "包保责任人", kind=IGNORED),
    Field("officer_phone", "包保责任人电话", ("责任人电话",), kind=IGNORED),
    Field("source", "信息来源", ("数据来源",)),
    Field("notice_no", "告知书编号"),
    Field("note", "备注"),
)  # fmt: skip
UNKNOWN_ORIGIN = "不详"
_PERSONAL = re.compile(r"\d{9,}|\d(?:[ -]?\d){10,}")
_SPLIT = re.compile(r"[、,，;；/\s]+")
_NO_STOP = frozenset({"否", "未停留", "无停留", "不停留", "没有停留", "直达"})
_NO_SYMPTOM = frozenset({"正常", "无症状", "无不适", "无异常", "良好", "健康", "否", "均正常", "没有症状"})
# Cells of a text column whose field of the file is called otherwise.
_TEXT_KEYS = {"information_source": "source"}


@dataclass(slots=True)
class Row:
    """One row: who, where, and what the file is to say. `given` holds only what the row says."""

    record: Record
    seen: Identity
    spot: Spot
    sex: str = ""
    age: int | None = None
    work_unit: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    """Texts of cells of the file that could not be read, by its field."""
    sealed: list[tuple[str, Problem]] = field(default_factory=list)
    """Texts of such cells that look like a number of a person: they are kept encrypted."""
    problems: list[Problem] = field(default_factory=list)

    def warn(self, key: str, message: str) -> None:
        self.problems.append(self.record.problem(key, message))

    def flaw(self, name: str, key: str, message: str) -> None:
        """A cell of the file that cannot be taken over: a warning, and its text is kept."""
        self.warn(key, message)
        self.given.pop(name, None)
        if _PERSONAL.search(text := original_text(self.record.values.get(key)).strip()[:100]):
            self.sealed.append((key, self.record.problem(key, message)))
        else:
            self.unread[name] = text


def text_of(record: Record, key: str) -> str:
    """A cell as text; '' for an empty one and for marks that say so."""
    value = parse_text(record.values.get(key)).value or ""
    return "" if value in NOTHING else value


def read_row(record: Record, context: ImportContext, places: Places) -> Row:
    """Read a row; what is flawed costs no more than its cell."""
    spot = places.find(
        street=text_of(record, "street"), village=text_of(record, "village"), group=text_of(record, "group"),
        compound=text_of(record, "compound"), address=text_of(record, "address"),
    )  # fmt: skip
    row = Row(record, identity_of(record), spot)
    for key, message in row.seen.warnings:
        row.warn(key, message)
    if spot.warning:
        row.warn("village", spot.warning)
    _read_person(row)
    _read_dates(row, context)
    _read_texts(row)
    _read_answers(row)
    return row


def _read_person(row: Row) -> None:
    sex, age = parse_sex(row.record.values.get("sex")), parse_int(row.record.values.get("age"))
    row.sex, row.work_unit = sex.value or "", text_of(row.record, "work_unit")
    if sex.problem:
        row.warn("sex", sex.problem)
    if age.problem:
        row.warn("age", age.problem)
    row.age = age.value


def _read_dates(row: Row, context: ImportContext) -> None:
    for name in DATES:
        cell = parse_date(row.record.values.get(name), reference=context.reference, ahead_days=0)
        if cell.problem:
            row.flaw(name, name, cell.problem)
        elif cell.value is not None:
            row.given[name] = cell.value


def _read_texts(row: Row) -> None:
    for name in TEXTS:
        if text := text_of(row.record, _TEXT_KEYS.get(name, name)):
            row.given[name] = " ".join(text.split())
    if row.given.get("stops", "") in _NO_STOP:
        del row.given["stops"]
    city = text_of(row.record, "departure_city")
    origin = row.given.get("origin", "")
    if city and city.rstrip("市") not in origin:
        row.given["origin"] = f"{origin}(经{city})" if origin else city


def _read_answers(row: Row) -> None:
    for name in ("hubei_history", "case_contact"):
        answer = parse_yes_no(row.record.values.get(name))
        if answer.problem:
            row.warn(name, answer.problem)
        elif answer.value is not None:
            row.given[name] = answer.value
    said = text_of(row.record, "transport")
    by_label = {str(label): value for value, label in Transport.choices}
    kind = by_label.get(said) or guess_transport(f"{said} {row.given.get('transport_no', '')}")
    if kind:
        row.given["transport"] = kind
    if said and said not in by_label and "transport_no" not in row.given:
        row.given["transport_no"] = said
    symptoms = [
        one for one in _SPLIT.split(text_of(row.record, "symptoms")) if one and one not in _NO_SYMPTOM
    ]
    if symptoms:
        row.given["arrival_symptoms"] = symptoms
    _read_temperature(row)


def _read_temperature(row: Row) -> None:
    value = row.record.values.get("arrival_temperature")
    if original_text(value).strip() in NOTHING:
        return
    temperature, problem = check_temperature(original_text(value))
    if problem:
        row.flaw("arrival_temperature", "arrival_temperature", f"{problem}。")
    else:
        row.given["arrival_temperature"] = temperature


# -- the file


@dataclass(slots=True)
class FileNews:
    """A returnee's file as it will be."""

    returnee: Returnee | None
    data: ReturneeData
    shadow: Returnee
    changes: list[Change] = field(default_factory=list)

    @property
    def is_changed(self) -> bool:
        return bool(self.changes)


def file_news(
    row: Row, person: Person, returnee: Returnee | None, *, terms: PolicyTerms | None, at: dt.datetime
) -> FileNews:
    """The file after the row; cells that its rules refuse become flaws of the row. No query.

    `person` may be one that is not saved yet; `terms` are those in force, for what counts as fever.
    """
    for _try in range(4):
        data = _data(row, returnee, terms)
        shadow = copy.copy(returnee) if returnee else Returnee()
        shadow.unread = dict(shadow.unread or {})
        errors = returnee_fill(returnee=shadow, person=person, data=data, at=at)
        refused = [(name, messages) for name, messages in errors.items() if name in row.given]
        if not refused:
            break
        for name, messages in refused:
            row.flaw(name, _TEXT_KEYS.get(name, name), messages[0])
    news = FileNews(returnee, data, shadow)
    if returnee is not None:
        news.changes = _changes(returnee, shadow)
    return news


def _data(row: Row, returnee: Returnee | None, terms: PolicyTerms | None) -> ReturneeData:
    values: dict[str, Any] = {}
    if returnee is not None:
        names = (*TEXTS, *DATES, *PLAIN, "arrival_temperature", "arrival_symptoms")
        values = {name: getattr(returnee, name) for name in names}
    values |= row.given
    if not values.get("origin"):
        values["origin"] = UNKNOWN_ORIGIN
        if not any(problem.message.startswith("没有写从何地返回") for problem in row.problems):
            row.warn("origin", f"没有写从何地返回，先登记为“{UNKNOWN_ORIGIN}”，请补填。")
    proposed = reasons_propose(
        origin=values["origin"],
        native_place=values.get("native_place") or values.get("registered_place") or "",
        case_contact=values.get("case_contact"),
        arrival_temperature=values.get("arrival_temperature"),
        terms=terms,
    )
    data = ReturneeData(**values, unread={**(returnee.unread if returnee else {}), **row.unread})
    if returnee is None:
        return replace(data, reasons=proposed)
    told = {"origin", "native_place", "registered_place", "case_contact", "arrival_temperature"}
    is_news = any(getattr(returnee, name) != row.given[name] for name in told & set(row.given))
    return replace(data, reasons=[*returnee.reasons, *(proposed if is_news else ())])


def _changes(before: Returnee, after: Returnee) -> list[Change]:
    names = (*TEXTS, *DATES, *PLAIN, "arrival_temperature", "arrival_symptoms", "reasons", "unread")
    return [
        Change(str(field_of(name).verbose_name), shown(before, name), shown(after, name))
        for name in names
        if getattr(before, name) != getattr(after, name)
    ]


def shown(row: Returnee, name: str) -> str:
    """A value of a file in words."""
    value = getattr(row, name)
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if name == "transport":
        return str(row.get_transport_display())
    if name == "reasons":
        return row.reason_labels
    if isinstance(value, dict):
        return ";".join(str(text) for text in value.values())
    return "、".join(value) if isinstance(value, list) else str(value)
