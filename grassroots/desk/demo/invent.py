"""Invented names, ID numbers, phones and addresses, deterministic by a seed."""

from __future__ import annotations

import datetime as dt
import random
import uuid

from households.rules.identity import make_resident_id

SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙马胡朱郭何罗高林郑梁谢唐许冯宋韩邓彭曹曾田萧潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚"
    "沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江"
)
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂香玲华红建国志文斌春梅琴燕云波辉鹏飞龙宇浩俊峰雪莲玉"
    "珍淑贵福德昌荣祥顺安宁欣怡子涵轩梓博雨晨佳慧"
)
RARE = ("𬱖", "頔", "暐", "奡")
REGIONS = ("510121", "510121", "510121", "510121", "510112", "511024", "510181")
HUBEI_REGIONS = ("420102", "420106", "420111", "421002")
MOBILE_PREFIXES = ("130", "135", "136", "138", "139", "150", "158", "177", "180", "187", "189", "199")


class Inventor:
    """A stream of random choices (`rng`, which may be changed for another); the same seed gives the same people."""

    def __init__(self, seed: int, on: dt.date) -> None:
        self.rng = random.Random(seed)
        self.on = on
        self._numbers: set[str] = set()
        self._phones: set[str] = set()

    def uid(self) -> uuid.UUID:
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)

    def given_name(self) -> str:
        rng = self.rng
        if rng.random() < 0.0005:
            return rng.choice(RARE)
        return rng.choice(GIVEN) + (rng.choice(GIVEN) if rng.random() < 0.55 else "")

    def surname(self) -> str:
        return self.rng.choice(SURNAMES)

    def birth(self, youngest: int, oldest: int) -> dt.date:
        """A birth date of somebody aged between `youngest` and `oldest` years on the demo's date."""
        days = self.rng.randint(youngest * 365 + youngest // 4 + 1, (oldest + 1) * 365 + oldest // 4)
        return self.on - dt.timedelta(days=days)

    def id_number(self, birth: dt.date, sex: str, region: str = "") -> str:
        """A resident ID number with a valid check digit that nobody else has; its last four are spread as real ones."""
        odd = 1 if sex == "M" else 0
        while True:
            sequence = 2 * self.rng.randrange(1, 499) + odd
            number = make_resident_id(region or self.rng.choice(REGIONS), birth, sequence)
            if number not in self._numbers:
                self._numbers.add(number)
                return number

    def phone(self) -> str:
        """A mobile phone number that nobody else has."""
        while True:
            number = self.rng.choice(MOBILE_PREFIXES) + f"{self.rng.randrange(10**8):08d}"
            if number not in self._phones:
                self._phones.add(number)
                return number


def spread(total: int, parts: int, rng: random.Random, evenness: float = 0.5) -> list[int]:
    """Split `total` into `parts` whole numbers of at least 1 that add up exactly."""
    weights = [evenness + rng.random() for _ in range(parts)]
    scale = (total - parts) / sum(weights)
    shares = [1 + int(weight * scale) for weight in weights]
    for index in range(total - sum(shares)):
        shares[index % parts] += 1
    return shares
