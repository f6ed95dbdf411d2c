"""How bytes are stored: with a checksum, compressed where it pays, and encrypted where keys are given."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import zstandard
from langgraph.checkpoint.serde.base import CipherProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from xxhash import xxh3_64_digest, xxh3_64_intdigest

from engine.errors import BadEncryptionKey, DamagedCheckpoint

PLAIN, COMPRESSED, ENCRYPTED = 0, 1, 2
_PLAIN = bytes((PLAIN,))
COMPRESS_FROM = 128  # shorter texts gain less than a frame costs
QUICKLY_UP_TO = 1024  # bytes; of those zstd's level -1 takes 1.6 µs, level 1 4 µs for a tenth less
WORTH = 2 / 3  # what gains less takes longer to decompress than to read from the disk as it is
MAX_BYTES = (
    2**31 - 1
)  # what a column holds: https://www.sqlite.org/limits.html, PostgreSQL's bytea has half of it
KEY_ID_BYTES = 4
CHECKSUM_BYTES = 8
AES_KEY_BYTES = (16, 24, 32)


class Packing:
    """Packs bytes for one database. `keys`: AES keys; the first encrypts, all decrypt. None: nothing is encrypted.

    What was packed without keys stays readable with keys. Not for several threads at once.

    Raises: BadEncryptionKey.
    """

    def __init__(self, keys: Sequence[bytes] = ()) -> None:
        self._ciphers = {_key_id(key): _cipher(key) for key in keys}
        self._first = _key_id(keys[0]) if keys else None
        self._hash_key = hashlib.blake2b(keys[0], person=b"assent-blob").digest() if keys else b""
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._quick_compressor = zstandard.ZstdCompressor(level=-1)
        self._decompressor = zstandard.ZstdDecompressor()

    def pack(self, plain: bytes, about: bytes) -> bytes:
        """Return the stored form: a byte that says how, then the rest, with a checksum in it.

        `about` is what stands beside it in its row: bytes that were changed, or moved elsewhere, are found out.
        """
        plain = _checksum(about, plain) + plain
        how, body = PLAIN, plain
        if len(plain) >= COMPRESS_FROM:
            compressor = self._quick_compressor if len(plain) <= QUICKLY_UP_TO else self._compressor
            compressed = compressor.compress(plain)
            if len(compressed) < WORTH * len(plain):
                how, body = COMPRESSED, compressed
        if self._first is None:
            return bytes((how,)) + body
        _, sealed = self._ciphers[self._first].encrypt(body)
        return bytes((how | ENCRYPTED,)) + self._first + sealed

    def unpack(self, stored: bytes, about: bytes) -> bytes:
        """Return what was packed with the same `about`. Raises: DamagedCheckpoint, BadEncryptionKey."""
        if stored[:1] == _PLAIN:
            found, plain = stored[1 : 1 + CHECKSUM_BYTES], stored[1 + CHECKSUM_BYTES :]
        else:
            opened = self._opened(stored)
            found, plain = opened[:CHECKSUM_BYTES], opened[CHECKSUM_BYTES:]
        if found != _checksum(about, plain):
            raise DamagedCheckpoint("Stored bytes were changed, or stand where they do not belong.")
        return plain

    def _opened(self, stored: bytes) -> bytes:
        if not stored or stored[0] > COMPRESSED | ENCRYPTED:
            raise DamagedCheckpoint("Stored bytes begin with a mark that is not known.")
        body = stored[1:]
        if stored[0] & ENCRYPTED:
            body = self._decrypted(body)
        if not stored[0] & COMPRESSED:
            return body
        try:
            return self._decompressor.decompress(body)
        except zstandard.ZstdError as error:
            raise DamagedCheckpoint("Stored bytes cannot be decompressed.") from error

    def name(self, *parts: bytes) -> bytes:
        """Return 16 bytes that name content; with keys nobody without them can tell which content it is.

        Another first key gives other names.
        """
        digest = hashlib.blake2b(digest_size=16, key=self._hash_key)
        for part in parts:
            digest.update(part)
        return digest.digest()

    def _decrypted(self, body: bytes) -> bytes:
        cipher = self._ciphers.get(body[:KEY_ID_BYTES])
        if cipher is None:
            raise BadEncryptionKey(
                "A stored value was encrypted with a key that is not among the keys given."
            )
        try:
            return cipher.decrypt("aes", body[KEY_ID_BYTES:])
        except ValueError as error:  # the tag does not fit
            raise DamagedCheckpoint("Stored bytes cannot be decrypted: they were changed.") from error


def _checksum(about: bytes, plain: bytes) -> bytes:
    """No defence against malice: whoever can write to the database can reckon it."""
    return bytes(xxh3_64_digest(plain, seed=xxh3_64_intdigest(about)))


def _key_id(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=KEY_ID_BYTES, person=b"assent-key").digest()


def _cipher(key: bytes) -> CipherProtocol:
    if len(key) not in AES_KEY_BYTES:
        raise BadEncryptionKey(f"An encryption key has 16, 24 or 32 bytes; this one has {len(key)}.")
    try:
        return EncryptedSerializer.from_pycryptodome_aes(key=key).cipher
    except ImportError as error:
        raise BadEncryptionKey(
            "Encryption needs the package pycryptodome: pip install assent[encryption]."
        ) from error
