"""Ledgers of households: `base` 基础台账表."""

from households.ledgers.base import BASE
from households.ledgers.common import YES_NO, asof_of, ledger_households

__all__ = ["BASE", "YES_NO", "asof_of", "ledger_households"]
