# SPDX-License-Identifier: Apache-2.0
"""
A second SMSC (Net::SMPP, smsc.pl): USSD, SMS and the link as somebody else understands SMPP 3.4. What isango says to it is
read by tshark in the end of each test.
"""
import pathlib
import re
import signal

import pytest

from helpers import HOME, NAMES, PIN, SIPHO, THANDI, ID_NUMBERS, TOKEN, withdrawals
from peer import Peer
from stage import SMPP_PASSWORD, until

CODE = "*120*384#"
BEGIN, INPUT, RELEASE = 1, 18, 0x81


class Smsc(Peer):
    """Its port is that of the recorder before it."""

    def __init__(self, record):
        super().__init__(["perl", pathlib.Path(__file__).with_name("smsc.pl"), "isango", SMPP_PASSWORD])
        self.port = record(int(self.wait("port")["port"])).port

    def deliver(self, text):
        """The status that its deliver_sm is answered with."""
        self.order(text)
        return self.wait("deliver_sm_resp", seq=self.wait("delivered")["seq"])["status"]


class Dialogue:
    """A phone on that SMSC: session 7, the sequence counts up."""

    def __init__(self, smsc, phone=THANDI, session=7):
        self.smsc, self.phone, self.session, self.sequence = smsc, phone, session, 0
        self.over = True

    def send(self, op, text=""):
        assert self.smsc.deliver(f"ussd {self.phone} {CODE} {self.session} {self.sequence} {op} {text}") == "0"

    def screen(self):
        sent = self.smsc.wait("submit_sm", op="02", to=self.phone)
        assert sent["from"] == CODE and sent["service_type"] == "USSD" and sent["esm_class"] == "0"
        its = bytes.fromhex(sent["its"])
        assert its[0] == self.session
        self.over = bool(its[1] & 1)
        return text_of(sent)

    def dial(self):
        self.sequence = 0
        self.send(BEGIN, CODE)
        return self.screen()

    def type(self, text):
        self.sequence += 1
        self.send(INPUT, text)
        return self.screen()


def text_of(sent):
    octets = bytes.fromhex(sent["text"])
    return octets.decode("utf-16-be") if sent["data_coding"] == "8" else octets.decode("ascii")


def seconds_of(validity):
    """A relative time, SMPP 3.4 7.1.1.2."""
    found = re.fullmatch(r"0000(\d\d)(\d\d)(\d\d)(\d\d)000R", validity)
    assert found, validity
    days, hours, minutes, seconds = map(int, found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


@pytest.fixture
def smsc(record):
    peer = Smsc(record)
    yield peer
    peer.close()


@pytest.fixture
def stage(make_stage, smsc):
    def often(config, _tenant):
        config["binds"][0].update(enquire_link_s=1, response_s=3, reconnect_s=[1, 2])
    made = make_stage(edit=often, smsc_port=smsc.port)
    assert smsc.wait("bind") == {"pdu": "bind", "system_id": "isango", "version": "52", "good": "1"}
    return made


def sign_up(stage, smsc):
    phone = Dialogue(smsc)
    assert phone.dial().startswith("Choose your language:")
    for text in ("1", "1", *NAMES[THANDI], "1", ID_NUMBERS[THANDI], "1", PIN):
        phone.type(text)
        assert not phone.over
    assert phone.type(PIN) == "Your wallet is open.\n" + HOME
    stage.top_up("1000.00", phone=THANDI)
    return phone


def test_a_cash_out(stage, smsc):
    phone = sign_up(stage, smsc)
    done = smsc.wait("submit_sm", to=THANDI, op="")
    assert done["from"] == "ACME" and done["from_ton"] == "5" and "Your wallet is open." in text_of(done)
    for text in ("3", "1", "1", "100"):
        phone.type(text)
    assert phone.type(PIN).startswith("Done: the code for R100.00") and phone.over
    messages = [smsc.wait("submit_sm", to=THANDI, op="") for _ in range(2)]
    token = next(m for m in messages if TOKEN.search(text_of(m)))
    assert token["data_coding"] == "0" and token["esm_class"] == "0" and token["receipt"] == "1"
    made = withdrawals(stage)[0]
    assert made["token"] in text_of(token).replace(" ", "")
    # The network may deliver it as long as the token can be used.
    life = (made["expires_ms"] - made["created_ms"]) / 1000
    assert life > 600 and abs(seconds_of(token["validity"]) - life) < 60
    before = stage.gateway.metric("isango_messages_delivered_total")
    assert smsc.deliver(f"receipt {token['id']} DELIVRD {THANDI} ACME") == "0"
    until(lambda: stage.gateway.metric("isango_messages_delivered_total") == before + 1, "the receipt to count")


def test_receipts_of_nobody(stage, smsc):
    """Taken, or the SMSC would send them for ever, and counted once no message has turned up for them."""
    assert smsc.deliver(f"receipt fffffff0 DELIVRD {THANDI} ACME") == "0"
    assert smsc.deliver(f"receipt fffffff1 ENROUTE {THANDI} ACME") == "0"
    assert stage.gateway.metric("isango_receipts_total") == 2
    until(lambda: stage.gateway.metric("isango_receipts_unmatched_total") == 2, "both to count", seconds=40)


def test_a_token_that_is_not_delivered(stage, smsc):
    stage.expected_errors.add("token undelivered")
    phone = sign_up(stage, smsc)
    smsc.wait("submit_sm", to=THANDI, op="")
    for text in ("3", "1", "1", "100", PIN):
        phone.type(text)
    messages = [smsc.wait("submit_sm", to=THANDI, op="") for _ in range(2)]
    token = next(m for m in messages if TOKEN.search(text_of(m)))
    assert smsc.deliver(f"receipt {token['id']} UNDELIV {THANDI} ACME") == "0"
    told = smsc.wait("submit_sm", to=THANDI, op="")
    assert text_of(told).startswith("The code for R100.00 did not reach 082 123 4567.")


def test_a_refused_message_is_tried_again(stage, smsc):
    phone = sign_up(stage, smsc)
    smsc.wait("submit_sm", to=THANDI, op="")
    for text in ("3", "1", "1", "100"):
        phone.type(text)
    smsc.order("refuse 88 3")           # throttled: the screen too, which is lost
    phone.sequence += 1
    phone.send(INPUT, PIN)
    refused = [smsc.wait("submit_sm") for _ in range(3)]
    assert {m["status"] for m in refused} == {"88"}
    texts = [text_of(smsc.wait("submit_sm", to=THANDI, op="", status="0")) for _ in range(2)]
    assert any(TOKEN.search(text) for text in texts)


def test_a_flood_of_receipts_leaves_room_for_customers(make_stage, smsc):
    """More of them than may wait to be stored, while Redis stands still: a dial is taken, and shown once Redis goes on."""
    def patient(config, _tenant):
        config["turn_budget_ms"] = config["redis"]["timeout_ms"] = 20000
        config["binds"][0]["link_lease_s"] = 30     # the link is to outlast the standstill
    stage = make_stage(edit=patient, smsc_port=smsc.port)
    smsc.wait("bind")
    stage.redis.signal(signal.SIGSTOP)
    smsc.order(f"flood 2000 {THANDI} ACME")
    phone = Dialogue(smsc)
    phone.send(BEGIN, CODE)
    stage.redis.signal(signal.SIGCONT)
    assert phone.screen().startswith("Choose your language:")
    # Each receipt has its answer: stored, or to be sent again.
    said = [smsc.wait("deliver_sm_resp")["status"] for _ in range(2000)]
    assert set(said) <= {"0", "100"} and "0" in said, set(said)
    assert stage.gateway.metric("isango_smpp_links_lost_total") == 0


def test_isizulu_and_a_long_text(stage, smsc):
    phone = Dialogue(smsc)
    phone.dial()
    assert phone.type("2").startswith("Siyakwamukela ku-Acme Wallet.")
    for text in ("3",):
        assert len(phone.type(text)) <= 182


def test_a_hang_up_and_a_repeated_input(stage, smsc):
    phone = Dialogue(smsc)
    phone.dial()
    phone.type("1")
    first = phone.type("1")
    phone.send(INPUT, "1")              # the same sequence once more
    assert phone.screen() == first == "Type your first name:\n0 Back 00 Menu"
    phone.send(RELEASE)
    assert phone.dial().startswith("You were not finished here.")
    assert phone.type("1") == first


def test_two_customers_at_once(stage, smsc):
    one, other = Dialogue(smsc, THANDI, 3), Dialogue(smsc, SIPHO, 4)
    one.dial()
    other.dial()
    assert one.type("1").startswith("Welcome") and other.type("3").startswith("Welkom")


def test_the_link(stage, smsc):
    smsc.wait("enquire_link")
    smsc.order("enquire")
    smsc.wait("enquire_link_resp")
    phone = Dialogue(smsc)
    phone.dial()
    phone.type("1")
    smsc.order("drop")
    until(lambda: not stage.gateway.ready(), "the loss to be seen")
    assert smsc.wait("bind", seconds=20)["good"] == "1"
    until(stage.gateway.ready, "the link")
    assert phone.type("1").startswith("Type your first name:")
    assert stage.gateway.metric("isango_smpp_links_lost_total") == 1
    assert stage.gateway.stop() == 0
    smsc.wait("unbind")


@pytest.mark.parametrize("octets, answered", [
    ("00000010000000050000000000000009", "deliver_sm_resp"),                    # a deliver_sm without a body
    ("0000001100000005000000000000000900", "deliver_sm_resp"),
    ("00000010000099990000000000000009", "generic_nack"),                       # an unknown command
    ("000000100000010200000000000000ff", None)])                                # an alert_notification nobody wants
def test_pdus_that_make_no_sense(stage, smsc, octets, answered):
    smsc.order(f"raw {octets}")
    if answered is not None:
        smsc.wait(answered)
    # The link and everybody's dialogues live on.
    assert Dialogue(smsc).dial().startswith("Choose your language:")
    assert stage.gateway.metric("isango_smpp_links_lost_total") == 0


@pytest.mark.parametrize("octets", ["00000005000000050000000000000009", "7fffffff00000005000000000000000900"])
def test_a_length_that_cannot_be(stage, smsc, octets):
    """Nobody knows where the next PDU begins: this link ends, and another one is opened."""
    smsc.order(f"raw {octets}")
    assert smsc.wait("bind", seconds=20)["good"] == "1"
    assert Dialogue(smsc).dial().startswith("Choose your language:")


def test_an_sms_from_a_customer_harms_nothing(stage, smsc):
    assert smsc.deliver(f"sms {THANDI} 38438 STOP") == "0"
    assert Dialogue(smsc).dial().startswith("Choose your language:")


def test_another_code(stage, smsc):
    assert smsc.deliver(f"ussd {THANDI} *999# 7 0 {BEGIN} *999#") == "0"
    assert "not in use" in text_of(smsc.wait("submit_sm", op="02"))
    assert smsc.deliver(f"ussd {THANDI} *120*384*1# 8 0 {BEGIN} *120*384*1#") == "0"
    assert "Choose your language" in text_of(smsc.wait("submit_sm", op="02"))


def test_a_wrong_password(make_stage, smsc):
    stage = make_stage(start=False, smsc_port=smsc.port)
    stage.expected_errors.add("smpp_link_down")
    stage.start_redis()
    stage.start_sandbox()
    stage.secret("mno.password", "wrong")
    stage.configure()
    gateway = stage.start_gateway(wait=False)
    assert smsc.wait("bind")["good"] == "0"
    until(gateway.listening, "serve to listen")
    assert "bind mno: no link is bound" in gateway.missing()
    until(lambda: gateway.metric("isango_smpp_binds_refused_total") == 1, "the refusal to count")
