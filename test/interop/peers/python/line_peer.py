"""What both Python peers share: the line protocol of test/interop/peers/PROTOCOL.md, the records' file, and the digests of what was read."""

import hashlib
import struct
import sys
import traceback
from urllib.parse import parse_qsl, urlencode

STUCK_SECONDS = 60


def serve(acts):
    """Answers a line for a line until stdin ends. An act is called with the request's fields and returns the reply's, or None where there are none."""
    for line in sys.stdin:
        request = dict(parse_qsl(line.strip(), keep_blank_values=True))
        try:
            reply = acts[request["op"]](request) or {}
        except Exception as error:  # whatever it is, the test shall say it
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(urlencode(reply), flush=True)


def settings():
    """The client settings given after the bootstrap address, as name=value."""
    return dict(setting.split("=", 1) for setting in sys.argv[2:])


def records(path):
    """(time in ms, key, value, headers) of each record in the file."""
    with open(path, "rb") as file:
        bytes_ = file.read()
    position = 0

    def field():
        nonlocal position
        (length,) = struct.unpack_from(">i", bytes_, position)
        position += 4
        if length < 0:
            return None
        position += length
        return bytes_[position - length : position]

    while position < len(bytes_):
        (time,) = struct.unpack_from(">q", bytes_, position)
        position += 8
        key, value = field(), field()
        (count,) = struct.unpack_from(">i", bytes_, position)
        position += 4
        yield time, key, value, [(field().decode(), field()) for _ in range(count)]


class Reading:
    """What was read, as digests: one running per partition, folded at the end."""

    def __init__(self, partitions):
        self.contents = [hashlib.sha256() for _ in range(partitions)]
        self.times = [hashlib.sha256() for _ in range(partitions)]
        self.count = 0

    def add(self, partition, offset, time, key, value, headers):
        parts = [struct.pack(">iq", partition, offset), _field(key), _field(value), struct.pack(">i", len(headers))]
        for name, content in headers:
            parts += [_field(name.encode()), _field(content)]
        self.contents[partition].update(b"".join(parts))
        self.times[partition].update(struct.pack(">q", -1 if time is None else time))
        self.count += 1

    def reply(self):
        return {"count": self.count, "sha256": _fold(self.contents), "times": _fold(self.times)}


def _field(content):
    return struct.pack(">i", -1) if content is None else struct.pack(">i", len(content)) + content


def _fold(parts):
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part.digest())
    return whole.hexdigest()
