"""What residents are asked about hygiene at a truth check: did the leaflets arrive in their heads? (三溪, 核)"""

from __future__ import annotations

#: By key: the question, and what counts as right.
QUESTIONS: dict[str, tuple[str, str]] = {
    "hands": ("回家后先做什么？", "洗手（流动水、肥皂）"),
    "mask": ("出门要戴什么？", "戴口罩，遮住口鼻"),
    "fever": ("发热、咳嗽了怎么办？", "报告村（社区），戴口罩去发热门诊，不坐公共交通"),
    "gather": ("走亲访友、办酒席行不行？", "不聚会、不办酒席、不串门"),
    "report": ("家里有外地回来的人怎么办？", "马上报告，居家观察十四天，一天测两次体温"),
}
