"""Only the server opens what a device sealed, with the keys of its day."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from grassroots.grid.keys import add_envelope_key, ensure_keyring, load_envelope_keys, load_keyring
from grassroots.grid.offline.envelope import EnvelopeError, envelope_open, envelope_seal, public_key

CONTENT = {
    "id": "8c1d1f6e-6f0e-4d2e-9a55-0d1f4a0b2c3d", "path": "/quarantine/visits/x/record/?who=all",
    "fields": [["temperature", "36.6"], ["symptoms", "干咳"], ["symptoms", "乏力"]],
    "entered_at": "2020-01-29T08:31:00.123+08:00", "grant": "g",
}  # fmt: skip


@pytest.fixture(autouse=True)
def keyring(settings: Any, tmp_path: Any) -> Any:
    settings.KEYRING_PATH = tmp_path / "keys.json"
    return settings.KEYRING_PATH


def test_what_was_sealed_comes_out_as_it_was() -> None:
    sealed = envelope_open(envelope_seal(CONTENT, public_key()))
    assert (str(sealed.uid), sealed.path, sealed.grant) == (CONTENT["id"], CONTENT["path"], "g")
    assert sealed.fields == [("temperature", "36.6"), ("symptoms", "干咳"), ("symptoms", "乏力")]
    assert sealed.entered_at.isoformat() == "2020-01-29T08:31:00.123000+08:00"


def test_an_old_key_still_opens_and_new_envelopes_go_to_the_new_one(keyring: Any) -> None:
    old = envelope_seal(CONTENT, public_key())
    assert add_envelope_key(keyring) == "e2"
    assert public_key()["id"] == "e2"
    assert str(envelope_open(old).uid) == CONTENT["id"]


def test_a_keyring_of_an_earlier_release_gets_a_key_pair_once(keyring: Any) -> None:
    ensure_keyring(keyring)
    assert load_keyring(keyring).envelopes == {}
    first = load_envelope_keys(keyring)
    assert list(first.envelopes) == ["e1"]
    assert load_envelope_keys(keyring) == first


@pytest.mark.parametrize("part", ["sender", "salt", "body"])
def test_a_changed_part_is_told(part: str) -> None:
    envelope = envelope_seal(CONTENT, public_key())
    raw = bytearray(base64.b64decode(envelope[part]))
    raw[-1] ^= 1
    envelope[part] = base64.b64encode(raw).decode()
    with pytest.raises(EnvelopeError, match="damaged"):
        envelope_open(envelope)


def test_a_key_that_is_not_ours_is_told_apart(keyring: Any) -> None:
    envelope = envelope_seal(CONTENT, public_key())
    with pytest.raises(EnvelopeError, match="unknown_key"):
        envelope_open({**envelope, "key": "e9"})
    add_envelope_key(keyring)
    with pytest.raises(EnvelopeError, match="damaged"):  # sealed to the first, said to be of the second
        envelope_open({**envelope, "key": "e2"})


@pytest.mark.parametrize(
    "change",
    [
        {"id": "1"}, {"path": "http://elsewhere/"}, {"path": "/a b/"}, {"path": "/" + "a" * 300}, {"fields": [["a"]]},
        {"fields": [["a", 1]]}, {"fields": [["a", "\x00"]]}, {"fields": 7}, {"entered_at": "gestern"},
        {"entered_at": "2020-01-29T08:31:00"}, {"grant": None}, {"path": "/\n"},
    ],
)  # fmt: skip
def test_what_no_device_writes_is_malformed(change: dict[str, Any]) -> None:
    with pytest.raises(EnvelopeError, match="malformed"):
        envelope_open(envelope_seal({**CONTENT, **change}, public_key()))


@pytest.mark.parametrize("envelope", [None, [], {}, {"v": 2}, "x"])
def test_what_is_no_envelope_is_malformed(envelope: Any) -> None:
    with pytest.raises(EnvelopeError, match="malformed"):
        envelope_open(envelope)
