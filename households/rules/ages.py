"""Ages in whole years (周岁)."""

import datetime as dt


def age_on(birth_date: dt.date, on: dt.date) -> int:
    """Age in whole years on a date; 0 before the first birthday.

    Who was born on 29 February becomes older on 1 March of the other years.
    """
    return max(0, _years_between(birth_date, on))


def age_from_stated(age: int, stated_on: dt.date, on: dt.date) -> int:
    """Age in years on a date of somebody who said on `stated_on` that he was `age`.

    Only whole years between the two dates count, as the birthday is not known: a ledger as of the day before does
    not make him younger. Never below 0.
    """
    years = _years_between(stated_on, on) if on >= stated_on else -_years_between(on, stated_on)
    return max(0, age + years)


def _years_between(first: dt.date, later: dt.date) -> int:
    return later.year - first.year - ((later.month, later.day) < (first.month, first.day))
