"""The files that messages carry, and a tiny voice note for a page that cannot record one."""

import struct
from dataclasses import dataclass
from hashlib import sha256
from itertools import count

from .refusal import GraphRefusal, invalid

VOICE_MIME = "audio/ogg; codecs=opus"
VOICE_SECONDS = 3
# What Meta takes of each kind.
LIMITS = {"image": 5 << 20, "audio": 16 << 20, "video": 16 << 20, "application": 100 << 20}
# Documents that are no application, by their whole type; a CSV has to come as plain text.
LIMITS |= {"text/plain": 100 << 20}
# Pictures shown on the page are few; the oldest are forgotten first.
KEPT = 200


@dataclass(frozen=True, slots=True)
class Blob:
    """The bytes of a file and what they are."""

    data: bytes
    mime: str

    @property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()


class Media:
    """Files by id, as Meta keeps them for a while."""

    def __init__(self) -> None:
        self._blobs: dict[str, Blob] = {}
        self._numbers = count(700_000_000_000_001)

    def put(self, blob: Blob) -> str:
        """Keep a file and return its id."""
        limit = LIMITS.get(blob.mime) or LIMITS.get(blob.mime.partition("/")[0])
        if limit is None or not blob.data or len(blob.data) > limit:
            raise invalid(f"{blob.mime} of {len(blob.data)} bytes cannot be uploaded")
        number = str(next(self._numbers))
        self._blobs[number] = blob
        if len(self._blobs) > KEPT:
            del self._blobs[next(iter(self._blobs))]
        return number

    def get(self, number: str) -> Blob | None:
        """Return the file with that id."""
        return self._blobs.get(number)

    def need(self, number: str) -> Blob:
        """Return the file with that id, or refuse as Meta does."""
        if blob := self._blobs.get(number):
            return blob
        raise GraphRefusal(131053, "Media upload error", f"no media {number}")


def voice_note() -> Blob:
    """Return some seconds of silence as an Ogg file with one Opus stream (RFC 7845)."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 16_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 4) + b"Odys" + struct.pack("<I", 0)
    # One 20 ms frame of silence is three bytes (RFC 6716: CELT, full band, mono); 50 of them are a second.
    frames = [b"\xf8\xff\xfe"] * 50
    pages = [_page(0, [head], 0, 2), _page(1, [tags], 0, 0)]
    pages += [
        _page(second + 1, frames, second * 48_000, 4 if second == VOICE_SECONDS else 0)
        for second in range(1, VOICE_SECONDS + 1)
    ]
    return Blob(b"".join(pages), VOICE_MIME)


def _page(number: int, packets: list[bytes], granule: int, flags: int) -> bytes:
    sizes = bytes(len(packet) for packet in packets)
    start = b"OggS" + struct.pack("<BBqII", 0, flags, granule, 1, number)
    rest = struct.pack("<B", len(sizes)) + sizes + b"".join(packets)
    return start + struct.pack("<I", _crc(start + bytes(4) + rest)) + rest


def _crc(data: bytes) -> int:
    """Return Ogg's checksum: CRC-32 with polynomial 0x04c11db7, unreflected, starting at zero."""
    crc = 0
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc
