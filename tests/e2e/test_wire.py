# SPDX-License-Identifier: Apache-2.0
"""The check of what goes over the wire is one that can fail: PDUs that are not sound are seen by it."""
import struct

import pytest

import wire

pytestmark = pytest.mark.plain_only("nothing of the gateway runs in it")
SUBMIT = (b"USSD\0" b"\1\1" b"*120*384#\0" b"\1\1" b"27821234567\0" b"\0\0\0" b"\0" b"\0" b"\0\0\0\0" b"\2Hi"
          b"\x05\x01\0\1\2" b"\x13\x83\0\2\x2b\3")


def pdu(body, more=0):
    return struct.pack(">IIII", 16 + len(body) + more, 4, 0, 1) + body


def read(tmp_path, octets):
    recording = wire.Recording(2775)
    recording.links = 1
    recording.pieces.append((1.0, 1, wire.OUT, octets))
    return wire.decode(recording, tmp_path, (wire.OUT,))


def test_a_sound_one(tmp_path):
    found, = read(tmp_path, pdu(SUBMIT))
    assert found.command == 4 and found["its_session.number"] == "43" and found["its_session.ind"] == "0x01"


@pytest.mark.parametrize("octets", [
    pdu(SUBMIT[:-11] + b"\x05\x01\0\x09\2"),                # a TLV that is longer than the PDU
    pdu(SUBMIT[:-5]),                                       # one whose value is missing
    pdu(b"USSD\0\1\1" + b"1" * 30),                         # a text without its end
    pdu(SUBMIT) + pdu(SUBMIT, more=40),                     # a length that lies
])
def test_an_unsound_one(tmp_path, octets):
    with pytest.raises(AssertionError):
        read(tmp_path, octets)
