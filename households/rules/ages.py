"""Ages in whole years."""

import datetime as dt


def age_on(birth_date: dt.date, on: dt.date) -> int:
    """Age in whole years on a date; 0 before the first birthday."""
    had_birthday = (on.month, on.day) >= (birth_date.month, birth_date.day)
    return max(0, on.year - birth_date.year - (0 if had_birthday else 1))


def age_from_stated(age: int, stated_on: dt.date, on: dt.date) -> int:
    """Age on a date of somebody who stated his age on another: whole years between are added."""
    return max(0, age + (on.year - stated_on.year) - ((on.month, on.day) < (stated_on.month, stated_on.day)))
