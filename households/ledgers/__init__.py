"""Ledgers of households: `base` 基础台账表, `absent` 无人户跟进台账."""

from households.ledgers.absent import ABSENT
from households.ledgers.base import BASE
from households.ledgers.common import YES_NO, asof_of, ledger_households

__all__ = ["ABSENT", "BASE", "YES_NO", "asof_of", "ledger_households"]
