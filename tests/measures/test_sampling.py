"""The draw of the truth check: fair, repeatable, and its interval keeps what it promises."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.rules.sampling import Interval, allocate, draw, frame_digest, wilson

DRAWS = 1000
PROMISED = 0.93


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(successes: int, trials: int, low: float, high: float) -> None:
    """Newcombe 1998, Stat. Med. 17:857, table I, method 3."""
    found = wilson(successes, trials)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_wilson_of_nothing_is_nothing_and_of_all_reaches_one() -> None:
    assert wilson(0, 0) is None
    found = wilson(30, 30)
    assert isinstance(found, Interval)
    assert (found.rate, found.high) == (1.0, 1.0)
    assert 0.88 < found.low < 0.89
    with pytest.raises(ValueError, match="31 of 30"):
        wilson(31, 30)


@given(
    st.dictionaries(st.integers(1, 50), st.integers(0, 400), min_size=1, max_size=20), st.integers(0, 3000)
)
def test_a_sample_is_shared_out_by_size_and_every_village_has_its_turn(
    sizes: dict[int, int], wanted: int
) -> None:
    found = allocate(sizes, wanted)
    total, filled = sum(sizes.values()), [key for key, size in sizes.items() if size]
    assert sum(found.values()) == min(wanted, total)
    assert all(0 <= found[key] <= sizes[key] for key in sizes)
    if wanted >= len(filled):
        assert all(found[key] >= 1 for key in filled)
        if total:
            share = min(wanted, total)
            assert all(abs(found[key] - share * sizes[key] / total) < len(filled) + 1 for key in filled)


def test_a_draw_can_be_repeated_and_only_the_seed_and_the_list_decide() -> None:
    frame = {7: list(range(700, 760)), 3: list(range(300, 340))}
    turned = {3: list(reversed(frame[3])), 7: frame[7]}
    assert draw(frame, 20, 20200129) == draw(turned, 20, 20200129)
    assert frame_digest(frame) == frame_digest(turned)
    assert draw(frame, 20, 1) != draw(frame, 20, 2)
    assert frame_digest(frame) != frame_digest({**frame, 3: frame[3][1:]})
    assert {key: len(ids) for key, ids in draw(frame, 20, 1).items()} == {3: 8, 7: 12}


@pytest.mark.parametrize(("villages", "wrong", "wanted"), [(5, 40, 80), (8, 150, 60)])
def test_the_interval_covers_the_share_of_wrong_households(villages: int, wrong: int, wanted: int) -> None:
    """Among 600 households `wrong` are planted; the interval holds their share in 93% of 1,000 draws at least."""
    chance = random.Random(villages * 1000 + wrong)
    households = list(range(600))
    cuts = sorted(chance.sample(range(1, 600), villages - 1))
    frame = {
        number: households[since:until]
        for number, (since, until) in enumerate(zip([0, *cuts], [*cuts, 600], strict=True))
    }
    planted = set(chance.sample(households, wrong))
    covered = 0
    for seed in range(DRAWS):
        drawn = [one for ids in draw(frame, wanted, seed).values() for one in ids]
        found = wilson(len(planted.intersection(drawn)), len(drawn))
        assert found is not None
        covered += found.low <= wrong / 600 <= found.high
    assert covered >= PROMISED * DRAWS
