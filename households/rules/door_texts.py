"""Words that the office says at the door, until it writes its own: composed, not an official form."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models


class DoorTextKind(models.TextChoices):
    """What each text is for: steps 扫, 发 and 签 of the seven."""

    MANUAL = "MANUAL", "健康手册"
    NOTICE = "NOTICE", "入户告知书"
    LETTER = "LETTER", "承诺书"


@dataclass(frozen=True)
class DoorWords:
    """A title and a body in simple Markdown."""

    title: str
    body: str


TITLE_LENGTH, BODY_LENGTH = 40, 6000

_MANUAL = """## 在家怎么防护

- 少出门、不聚会，不到人多和不通风的地方。
- 出门戴口罩；咳嗽、打喷嚏用纸巾或手肘遮住口鼻。
- 回家先洗手：流动水加肥皂，搓满 20 秒。
- 每天开窗通风两三次，每次半小时。
- 餐具、毛巾分开用；桌面、门把手每天擦洗消毒。

## 身体不舒服怎么办

1. 发热（37.3 ℃ 及以上）、干咳、乏力、胸闷，先给村（社区）打电话，不要自己去人多的诊所。
2. 戴好口罩，按安排到发热门诊，路上不坐公共交通工具。
3. 把去过哪里、见过谁如实告诉医生。

## 从外地回来

- 回来当天向村（社区）报告，居家观察期间不出门，每天早晚各测一次体温。
- 生活用品、买药请包保人员代办。

## 求助

有困难请找包保人员或村（社区）。卫生热线：12320。
"""

_NOTICE = """为了您和家人的健康，请您知晓：

1. 单位和个人**必须接受**疾病预防控制机构、医疗机构有关传染病的调查、检验、采集样本、隔离治疗等预防、控制\
措施，**如实提供**有关情况（《传染病防治法》第十二条）。
2. 从武汉（湖北）返回、与那里的人有过接触、发热咳嗽的，**必须如实报告**，不得隐瞒、谎报。
3. 拒不执行人民政府在紧急状态情况下依法发布的决定、命令的，\
可处警告、罚款，情节严重的处**拘留**（《治安管理处罚法》第五十条）。
4. 拒绝执行防控措施，引起甲类传染病传播或者有传播严重危险的，**依法追究刑事责任**（《刑法》第三百三十条）。

登记的信息只用于疫情防控，我们依法保密。
"""

_LETTER = """我户郑重承诺：

1. 如实登记家庭成员、外出和返回情况、身体状况，不隐瞒、不谎报。
2. 不聚会、不办宴席、不串门，出门戴口罩，勤洗手、常通风。
3. 有人从外地返回，或有发热、咳嗽等不适，第一时间向村（社区）报告。
4. 需要居家观察的，按要求不出门，每天测量体温，配合上门随访。
5. 已收到《入户告知书》，知道隐瞒、拒绝应负的法律责任。
"""

SHIPPED = {
    DoorTextKind.MANUAL: DoorWords("居民防疫健康手册", _MANUAL),
    DoorTextKind.NOTICE: DoorWords("入户告知书", _NOTICE),
    DoorTextKind.LETTER: DoorWords("疫情防控承诺书", _LETTER),
}
