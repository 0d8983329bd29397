"""Encryption at rest, digests, and the keyring."""

from __future__ import annotations

import base64
import stat
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from grassroots.grid import crypto
from grassroots.grid.crypto import DecryptionError, decrypt, decrypt_many, digest, encrypt, key_id_of
from grassroots.grid.fields import SealedText
from grassroots.grid.keys import add_key, drop_key, ensure_keyring, load_keyring
from grassroots.grid.models import Staff
from tests.factories import OfficeCast

PHONE = "13912345678"


@pytest.fixture
def keys(settings: Any, tmp_path: Path) -> Path:
    """A keyring of this test's own."""
    settings.KEYRING_PATH = tmp_path / "keys.json"
    ensure_keyring(settings.KEYRING_PATH)
    return settings.KEYRING_PATH


def stored(staff: Staff) -> str:
    return str(
        Staff.objects.annotate(sealed=Cast("phone", TextField()))
        .values_list("sealed", flat=True)
        .get(pk=staff.pk)
    )


def test_a_value_comes_back_and_never_looks_the_same_twice(keys: Path) -> None:
    one, two = encrypt(PHONE), encrypt(PHONE)
    assert decrypt(one) == decrypt(two) == PHONE
    assert one != two
    assert PHONE not in one
    assert key_id_of(one) == "k1"


def test_many_values_are_sealed_and_digested_as_one_by_one(keys: Path) -> None:
    texts = ["510121198307058213", "", "𬱖"]
    sealed = crypto.encrypt_many(iter(texts))
    assert [crypto.decrypt(value) for value in sealed] == texts
    assert len(set(crypto.encrypt_many(["7"] * 50))) == 50
    assert crypto.digest_many(texts, "id") == [crypto.digest(text, "id") for text in texts]


def test_nothing_stays_nothing(keys: Path) -> None:
    assert (encrypt(""), decrypt(""), digest("", "id")) == ("", "", "")


def test_characters_beyond_the_bmp_survive(keys: Path) -> None:
    assert decrypt(encrypt("𬱖 · 奡")) == "𬱖 · 奡"


def test_a_tampered_value_is_refused(keys: Path) -> None:
    head, key_id, body = encrypt(PHONE).split(":")
    raw = bytearray(base64.b64decode(body))
    raw[-1] ^= 1
    with pytest.raises(DecryptionError):
        decrypt(f"{head}:{key_id}:{base64.b64encode(raw).decode()}")


def test_a_value_whose_key_is_gone_is_refused(keys: Path) -> None:
    sealed = encrypt(PHONE)
    add_key(keys)
    drop_key(keys, "k1")
    with pytest.raises(DecryptionError):
        decrypt(sealed)


def test_another_cipher_can_be_put_in(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    old = encrypt(PHONE)
    monkeypatch.setitem(crypto.CIPHERS, "c1", ChaCha20Poly1305)
    monkeypatch.setattr(crypto, "DEFAULT_CIPHER", "c1")
    new = encrypt(PHONE)
    assert new.startswith("c1:k1:")
    assert decrypt(new) == decrypt(old) == PHONE


def test_many_values_are_opened_as_each_alone(keys: Path) -> None:
    """Gaps, and values under a key that has been replaced since, among them."""
    old = encrypt(PHONE)
    add_key(keys)
    sealed = ["", encrypt("𬱖頔"), old, "", encrypt(PHONE), old]
    assert decrypt_many(sealed) == [decrypt(value) for value in sealed]
    assert decrypt_many(sealed[::-1]) == [decrypt(value) for value in sealed[::-1]]
    assert decrypt_many(["", ""]) == ["", ""] and decrypt_many([]) == []


@pytest.mark.parametrize("wrong", ["g1:k1:AAAA", "g1:k9:AAAA", "x9:k1:AAAA", "13912345678", "g1:k1:é"])
def test_among_many_values_one_that_cannot_be_read_is_refused(keys: Path, wrong: str) -> None:
    for sealed in ([encrypt(PHONE), wrong], [wrong, encrypt(PHONE)]):
        with pytest.raises(DecryptionError):
            decrypt_many(sealed)


def test_digests_of_different_columns_never_meet(keys: Path) -> None:
    assert digest("1234", "id-last4") == digest("1234", "id-last4") != digest("1234", "phone-last4")


def test_digests_outlive_a_new_encryption_key(keys: Path) -> None:
    before = digest(PHONE, "phone")
    add_key(keys)
    assert digest(PHONE, "phone") == before


def test_the_active_key_cannot_be_dropped(keys: Path) -> None:
    with pytest.raises(ValueError, match="active"):
        drop_key(keys, "k1")


def test_the_keyring_is_for_its_owner_only_and_shows_no_key(keys: Path) -> None:
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    ring = load_keyring(keys)
    assert repr(ring.keys["k1"]) not in repr(ring)


def test_a_column_holds_ciphertext_and_reads_as_text(office: OfficeCast) -> None:
    office.jia.phone = PHONE
    office.jia.save(update_fields=["phone"])
    assert Staff.objects.get(pk=office.jia.pk).phone == PHONE
    assert stored(office.jia).startswith("g1:")
    assert PHONE not in stored(office.jia)


def test_history_holds_ciphertext_too(office: OfficeCast) -> None:
    office.jia.phone = PHONE
    office.jia.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM grid_historicalstaff")
        values = [row[0] for row in cursor.fetchall()]
    assert values
    assert all(value == "" or value.startswith("g1:") for value in values)


def test_a_sealed_value_is_copied_without_being_opened(office: OfficeCast) -> None:
    sealed = stored(office.jia)
    Staff.objects.filter(pk=office.yi.pk).update(phone=SealedText(sealed))
    assert stored(office.yi) == sealed


def test_a_search_in_ciphertext_is_refused_with_the_way_out(office: OfficeCast) -> None:
    with pytest.raises(TypeError, match="digest"):
        Staff.objects.filter(phone__contains="1391").exists()
