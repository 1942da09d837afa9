# SPDX-License-Identifier: Apache-2.0
"""
Net::SMPP as ESME (esme.pl) against the sandbox's SMSC: the other tests trust that one, so somebody else must find that it
speaks SMPP too. What both say is recorded and read by tshark.
"""
import concurrent.futures
import pathlib
import re

import pytest

from helpers import THANDI
from peer import Peer
from phone import CODES, Phone
from stage import SMPP_PASSWORD
from wire import IN, decode

ESM_RECEIPT, ESM_UDHI, UCS2 = "4", 0x40, 8
DELIVER_SM, CONTINUE, LAST = 5, 2, 17


class Esme(Peer):
    def __init__(self, port, mode="transceiver", password=SMPP_PASSWORD):
        super().__init__(["perl", pathlib.Path(__file__).with_name("esme.pl"), port, "isango", password, mode])
        self.bound = self.wait("bound")

    def submit(self, order):
        """What its submit_sm is answered with."""
        self.order(order)
        return self.wait("submit_sm_resp", seq=self.wait("submitted")["seq"])


@pytest.fixture
def stage(make_stage):
    made = make_stage(start=False)
    made.start_sandbox()
    return made


@pytest.fixture
def wire(stage, record):
    return record(stage.sandbox_ports["smpp_port"], ours=IN)


def test_messages_and_receipts(stage, wire, tmp_path):
    esme = Esme(wire.port)
    assert esme.bound["status"] == "0" and esme.bound["system_id"] == "isango-sandbox"
    phone = Phone(stage, THANDI)
    whole = "caf\u00e9 \u0161\u0161"
    parts = ["first, ", "second"]
    sent = [esme.submit(f"sms {THANDI} 0 0 {b'hello'.hex()}"),
            esme.submit(f"sms {THANDI} 0 {UCS2} {whole.encode('utf-16-be').hex()}")]
    sent += [esme.submit(f"sms {THANDI} {ESM_UDHI} 0 {bytes([5, 0, 3, 9, 2, k + 1]).hex()}{text.encode().hex()}")
             for k, text in enumerate(parts)]
    assert {one["status"] for one in sent} == {"0"} and len({one["id"] for one in sent}) == 4
    assert [phone.sms() for _ in range(3)] == ["hello", whole, "".join(parts)]
    receipts = [esme.wait("deliver_sm", esm_class=ESM_RECEIPT) for _ in sent]
    assert {r["receipted"] for r in receipts} == {one["id"] for one in sent}
    for told in receipts:
        text = bytes.fromhex(told["text"]).decode()
        assert re.match(r"id:(\S+) sub:001 dlvrd:001 submit date:\d{10} done date:\d{10} stat:DELIVRD err:000 text:", text)
        assert text.split()[0] == "id:" + told["receipted"] and told["state"] == "02"
        assert (told["from"], told["to"]) == (THANDI, "ACME")
    pdus = [pdu for pdu in decode(wire, tmp_path) if pdu.way == IN and pdu.command == DELIVER_SM]
    assert len(pdus) == 4 and all(int(pdu["esm.submit.msg_type"], 0) == 1 for pdu in pdus), [pdu.fields for pdu in pdus]
    esme.close()


def test_a_dialogue(stage, wire, tmp_path):
    esme, phone = Esme(wire.port), Phone(stage, THANDI)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        shown = pool.submit(phone.dial)
        began = esme.wait("deliver_sm")
        assert (began["op"], began["service_type"], began["to"]) == ("01", "USSD", CODES["smpp"])
        session, sequence = bytes.fromhex(began["its"])
        assert sequence == 0
        assert esme.submit(f"screen {THANDI} {CODES['smpp']} {session} 2 {CONTINUE} Choose")["status"] == "0"
        assert shown.result(20) == "Choose" and phone.open
        shown = pool.submit(phone.type, "1")
        typed = esme.wait("deliver_sm")
        assert typed["op"] == "12" and bytes.fromhex(typed["text"]) == b"1" and bytes.fromhex(typed["its"]) == bytes([session, 2])
        assert esme.submit(f"screen {THANDI} {CODES['smpp']} {session} 5 {LAST} Bye")["status"] == "0"
        assert shown.result(20) == "Bye" and not phone.open
    # To a dialogue that is over nothing can be said.
    assert esme.submit(f"screen {THANDI} {CODES['smpp']} {session} 7 {LAST} More")["status"] != "0"
    pdus = [pdu for pdu in decode(wire, tmp_path) if pdu.way == IN and pdu.command == DELIVER_SM]
    assert [int(pdu["ussd_service_op"], 0) for pdu in pdus] == [1, 18]
    esme.close()


@pytest.mark.parametrize("mode", ["transceiver", "transmitter", "receiver"])
def test_binds(wire, mode):
    esme = Esme(wire.port, mode)
    assert esme.bound["status"] == "0"
    esme.order("enquire")
    esme.wait("enquire_link_resp")
    esme.order("unbind")
    esme.wait("unbind_resp")
    esme.wait("closed")
    esme.close()


def test_a_wrong_password(wire):
    refused = Esme(wire.port, password="wrong")
    assert refused.bound["status"] == "14"
    refused.close()


def test_only_a_receiver_receives(wire):
    """What a phone sends goes to who can take it, however many only send."""
    sender, receiver = Esme(wire.port, "transmitter"), Esme(wire.port, "receiver")
    assert sender.submit(f"sms {THANDI} 0 0 {b'hello'.hex()}")["status"] == "0"
    assert receiver.wait("deliver_sm", esm_class=ESM_RECEIPT)["from"] == THANDI
    for esme in (sender, receiver):
        esme.close()
