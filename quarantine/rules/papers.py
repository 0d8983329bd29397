"""Words of printed papers: which named places a text may hold, the texts that ship, serial numbers, check digits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices

from grassroots.grid.paper_codes import CODE_LENGTH, check_digit, full_code, read_code

__all__ = ["CODE_LENGTH", "check_digit", "full_code", "read_code"]  # of grid, and used with these

BLANK = "＿＿＿＿＿＿"  # what is not known is written in by hand
_PLACE = re.compile(r"\{([^{}]*)\}")
_SPACE = re.compile(r"\s+")


class PaperKind(TextChoices):
    """What is printed."""

    NOTICE = "NOTICE", "居家医学观察告知书"
    PLEDGE = "PLEDGE", "居家医学观察承诺书"
    RELEASE = "RELEASE", "解除医学观察通知单"
    DOOR = "DOOR", "居家观察牌"
    TEMPERATURE = "TEMPERATURE", "个人体温登记表"
    ROUND = "ROUND", "本时段测温登记表"
    ROUTE = "ROUTE", "测温路线单"


SHEETS = (PaperKind.TEMPERATURE, PaperKind.ROUND, PaperKind.ROUTE)
OFFICE = ("单位", "单位电话", "出具单位", "村社区", "编号", "出具日期")
TERM = ("起始日期", "期满日期", "天数")
OFFICERS = ("包保责任人", "包保电话", "医护人员", "医护电话")
PERSON = ("姓名", "性别", "年龄", "证件号", "电话", "住址", "从何地返回", "返回日期")
# DOMAIN.md §5: nothing that names the household may hang outside its door.
PLACES: dict[str, tuple[str, ...]] = {
    PaperKind.NOTICE: (*PERSON, *TERM, *OFFICERS, *OFFICE),
    PaperKind.PLEDGE: (*PERSON, *TERM, *OFFICERS, *OFFICE),
    PaperKind.RELEASE: (*PERSON, *TERM, "解除日期", *OFFICERS, *OFFICE),
    PaperKind.DOOR: (*TERM, *OFFICERS, *OFFICE),
    PaperKind.TEMPERATURE: (*TERM, *OFFICE),
    PaperKind.ROUND: OFFICE,
    PaperKind.ROUTE: OFFICE,
}


@dataclass(frozen=True)
class Words:
    """The words of one kind of paper: lines of text with named places such as {姓名}."""

    title: str
    mark: str
    body: str
    signs: str = ""
    stamp: str = ""
    keepers: str = ""

    @property
    def sign_lines(self) -> list[str]:
        return lines_of(self.signs)

    @property
    def keeper_lines(self) -> list[str]:
        """Who keeps which copy; one copy where nobody is named."""
        return lines_of(self.keepers)


def lines_of(text: str) -> list[str]:
    """Lines that hold something, tidy."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def place_problems(text: str, kind: str) -> str:
    """What is wrong with the named places of a text, as a sentence; '' when nothing is."""
    if not set(text).isdisjoint("{}") and ("{" in (rest := _PLACE.sub("", text)) or "}" in rest):
        return "花括号没有成对，请检查，例如应写成 {姓名}。"
    allowed = PLACES[kind]
    unknown = list(dict.fromkeys(name for name in _PLACE.findall(text) if name.strip() not in allowed))
    if not unknown:
        return ""
    shown = "、".join(f"{{{name[:12]}}}" for name in unknown[:5])
    if kind == PaperKind.DOOR and any(name in PERSON for name in unknown):
        return f"观察牌贴在门外，不得印被观察人的姓名、证件号、电话和住址：请删去 {shown}。"
    usable = "、".join(f"{{{name}}}" for name in allowed)
    return f"{PaperKind(kind).label}不能用 {shown}。可以用的有：{usable}。"


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its places filled; a blank to write on where nothing is known."""
    return _PLACE.sub(lambda match: values.get(match[1].strip()) or BLANK, text)


def serial_text(area: str, mark: str, year: int, number: int) -> str:
    """城厢社区居观告〔2020〕0012号."""
    return f"{area}{mark}〔{year}〕{number:04d}号"


def read_serial(typed: str) -> tuple[int | None, int] | None:
    """Year (if said) and number of a serial as typed: 〔2020〕0012号, 2020-12, 12; None for what is none."""
    text = _SPACE.sub("", typed).translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    found = re.fullmatch(r"(?:.*?[〔\[［(（]?(20\d{2})[〕\]］)）年-])?(?:第)?(\d{1,6})号?", text)
    if found is None:
        return None
    return (int(found[1]) if found[1] else None), int(found[2])


# --- the texts that ship ----------------------------------------------------------------------------------
SHIPPED: dict[str, Words] = {
    PaperKind.NOTICE: Words(
        title="居家医学观察告知书",
        mark="居观告",
        body="""{姓名}同志：
您于{返回日期}从{从何地返回}返回本地。根据《中华人民共和国传染病防治法》和疫情防控工作要求，请您自{起始日期}至{期满日期}，在{住址}进行居家医学观察，共{天数}天。现将有关事项告知如下：
一、观察期间请勿外出，谢绝来访。每天上午、下午各测量一次体温，由工作人员上门登记，请如实告知身体状况。
二、尽量单独居住一个房间，经常开窗通风；与家人接触时戴口罩，分开用餐，勤洗手，餐具、毛巾专用并消毒。
三、出现发热、干咳、乏力、呼吸困难等症状，请立即电话报告，由专门车辆送诊，请勿自行前往医院，勿乘坐公共交通工具。
四、需要代购生活用品、送药、就医、心理疏导等服务，请联系包保责任人{包保责任人}（电话{包保电话}）、医护人员{医护人员}（电话{医护电话}），或致电{单位}（电话{单位电话}）。
五、观察期满、符合解除条件的，由{出具单位}出具解除医学观察通知单。
六、拒绝配合、隐瞒情况或擅自外出的，依法处理；造成疫情传播或有传播严重危险的，依法追究法律责任。
特此告知。""",
        signs="被告知人（签字）\n联系电话\n告知人（签字）",
        stamp="{单位}",
        keepers="被观察人\n村（社区）\n卫生院",
    ),
    PaperKind.PLEDGE: Words(
        title="居家医学观察承诺书",
        mark="居观诺",
        body="""本人{姓名}，{性别}，现住{住址}，于{返回日期}从{从何地返回}返回。本人已收到居家医学观察告知书，知晓全部内容，现郑重承诺：
一、自{起始日期}至{期满日期}在上述住所接受居家医学观察，不外出，不聚会，不接待来访。
二、如实提供旅居史、接触史和身体状况，不隐瞒，不谎报。
三、每天上午、下午配合测量体温；出现发热、干咳、乏力等症状立即报告，不自行就医。
四、做好个人防护和居家消毒，生活垃圾按要求处置。
五、观察期满未接到解除通知前，不擅自结束观察。
如违反上述承诺，本人愿承担相应的法律责任。""",
        signs="承诺人（签字）\n联系电话\n见证人（签字）",
        keepers="承诺人\n村（社区）",
    ),
    PaperKind.RELEASE: Words(
        title="解除医学观察通知单",
        mark="解观",
        body="""{姓名}同志：
您自{起始日期}起在{住址}接受居家医学观察，至{期满日期}期满。经医护人员核查和审核，符合解除条件，自{解除日期}起解除居家医学观察。
解除观察后，请继续做好个人防护：出门戴口罩，勤洗手，少聚集；如出现发热、干咳、乏力等症状，请立即报告并到发热门诊就诊。我们将按要求进行电话回访，请保持通讯畅通。
感谢您对疫情防控工作的支持与配合。
联系人：{医护人员}（电话{医护电话}）。""",
        signs="医护人员（签字）\n审核人（签字）\n被观察人（签字）",
        stamp="{出具单位}",
        keepers="被观察人\n村（社区）",
    ),
    PaperKind.DOOR: Words(
        title="居家医学观察",
        mark="观牌",
        body="""{起始日期}至{期满日期}
谢绝来访　感谢配合
包保责任人：{包保责任人}　{包保电话}
医护人员：{医护人员}　{医护电话}""",
        stamp="{单位}　{单位电话}",
    ),
    PaperKind.TEMPERATURE: Words(
        title="居家医学观察人员体温监测登记表",
        mark="测温",
        body="""注：每日上午、下午各测一次，如实填写，不得估填。发热或有症状的立即报告；未测的在备注栏写明原因。""",
    ),
    PaperKind.ROUND: Words(
        title="上门测温登记表",
        mark="测登",
        body="""注：按行走顺序逐户测量，如实填写，不得估填。发热或有症状的立即报告；未测的在备注栏写明原因（不在家、拒测、电话）。""",
        signs="测量人（签字）\n审核人（签字）",
    ),
    PaperKind.ROUTE: Words(
        title="上门测温路线单",
        mark="路线",
        body="""注：按行走顺序逐户测量，如实填写，不得估填。发热或有症状的立即报告；未测的在备注栏写明原因（不在家、拒测、电话）。""",
        signs="测量人（签字）\n审核人（签字）",
    ),
}
