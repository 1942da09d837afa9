# SPDX-License-Identifier: Apache-2.0
"""
node-smpp as SMSC (tests/interop/smsc.js). Everything that goes over the link in these tests is recorded, and read by tshark
in the end: nothing that we send may be malformed, and its fields must say what was meant.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess

import pytest

from helpers import HOME, ID_NUMBERS, NAMES, PIN, THANDI, TOKEN, open_stage, withdrawals
from peer import Peer
from stage import SMPP_PASSWORD, SOURCE, until
from wire import IN, OUT, Recorder, decode, opened

CODE = "*120*384#"
BEGIN, ANSWER, RELEASE = 1, 18, 0x81
SCREEN_OP = 2
UCS2 = 8
BIND_TRANSCEIVER, SUBMIT_SM, DELIVER_SM_RESP, ENQUIRE_LINK, UNBIND, UNBIND_RESP = 9, 4, 0x80000005, 0x15, 6, 0x80000006


def node_path():
    """Where scripts/setup has put node-smpp."""
    lock = (SOURCE / "tests" / "interop" / "package-lock.json").read_bytes()
    folder = SOURCE / "build" / f"node.{hashlib.sha256(lock).hexdigest()[:16]}" / "node_modules"
    path = os.environ.get("NODE_PATH", str(folder))
    if not os.path.isdir(path):
        pytest.skip("node-smpp is not there: scripts/setup --tests fetches it, from an npm registry")
    return path


class NodeSmsc(Peer):
    def __init__(self, *tls):
        super().__init__(["node", SOURCE / "tests" / "interop" / "smsc.js", "isango", SMPP_PASSWORD, *tls],
                         env={**os.environ, "NODE_PATH": node_path()})
        self.port = self.wait("port")["port"]

    def do(self, what, **fields):
        self.order(json.dumps({"do": what, **fields}))

    def deliver(self, what, **fields):
        """The status that its deliver_sm is answered with."""
        self.do(what, **fields)
        sequence = self.wait("delivered")["sequence_number"]
        return self.wait("deliver_sm_resp", sequence_number=sequence)["command_status"]


class Dialogue:
    def __init__(self, smsc, phone=THANDI, session=7):
        self.smsc, self.phone, self.session, self.sequence, self.over = smsc, phone, session, 0, True

    def send(self, op, text="", end=False):
        assert self.smsc.deliver("ussd", **{"from": self.phone}, code=CODE, session=self.session, sequence=self.sequence,
                                 op=op, end=end, text=text) == 0

    def screen(self):
        sent = self.smsc.wait("submit_sm", destination_addr=self.phone, service_type="USSD")
        its = bytes.fromhex(sent["its_session_info"])
        assert its[0] == self.session and sent["ussd_service_op"] == SCREEN_OP
        self.over = bool(its[1] & 1)
        return sent["text"]

    def dial(self):
        self.sequence = 0
        self.send(BEGIN, CODE)
        return self.screen()

    def type(self, text):
        self.sequence += 1
        self.send(ANSWER, text)
        return self.screen()


@pytest.fixture
def smsc():
    peer = NodeSmsc()
    yield peer
    peer.close()


@pytest.fixture
def wire(smsc, record):
    return record(smsc.port)


def often(config, _tenant):
    config["binds"][0].update(enquire_link_s=1, response_s=3, reconnect_s=[1, 2])


@pytest.fixture
def stage(make_stage, smsc, wire):
    made = make_stage(edit=often, smsc_port=wire.port)
    bound = smsc.wait("bind_transceiver")
    assert bound["good"] and bound["interface_version"] == 0x34 and not bound["encrypted"]
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


def sms(smsc, like=""):
    """The next SMS with that text, whatever comes before it."""
    for _ in range(10):
        sent = smsc.wait("submit_sm", service_type="")
        if re.search(like, sent["text"]):
            return sent
    raise AssertionError(f"no SMS like {like!r}")


def ours(pdus, command):
    return [pdu for pdu in pdus if pdu.way == OUT and pdu.command == command]


def messages_of(pdus):
    return [pdu for pdu in ours(pdus, SUBMIT_SM) if pdu["service_type"] == "(Default)"]


def check_screens(pdus, session=7):
    """Each screen: the operation, the session it belongs to, the sequence that answers the customer's."""
    screens = [pdu for pdu in ours(pdus, SUBMIT_SM) if pdu["service_type"] == "USSD"]
    for pdu in screens:
        assert int(pdu["ussd_service_op"], 0) == SCREEN_OP, pdu.fields
        assert int(pdu["its_session.number"], 0) == session, pdu.fields
        assert pdu["source_addr"] == CODE and pdu["destination_addr"] == THANDI
        assert int(pdu["esm.submit.msg_mode"], 0) == 0 and int(pdu["regdel.receipt"], 0) == 0
    return screens


def test_a_cash_out_with_receipts(stage, smsc, wire, tmp_path):
    phone = sign_up(stage, smsc)
    for text in ("3", "1", "1", "100"):
        phone.type(text)
    assert phone.type(PIN).startswith("Done: the code for R100.00") and phone.over
    token = sms(smsc, TOKEN.pattern)
    assert withdrawals(stage)[0]["token"] in token["text"].replace(" ", "")
    assert token["registered_delivery"] == 1 and token["source_addr"] == "ACME" and token["source_addr_ton"] == 5
    gateway = stage.gateway
    for form, state in (("text", 2), ("tlv", 2), ("both", 2)):
        before = gateway.metric("isango_receipts_total")
        assert smsc.deliver("receipt", id=token["id"], stat="DELIVRD", state=state, to="ACME", form=form,
                            **{"from": THANDI}) == 0
        until(lambda n=before: gateway.metric("isango_receipts_total") == n + 1, "the receipt to be read")
    # The same word three times counts once.
    assert gateway.metric("isango_messages_delivered_total") == 1
    pdus = decode(wire, tmp_path)
    assert len(check_screens(pdus)) == 15
    messages = messages_of(pdus)
    assert messages and all(int(pdu["regdel.receipt"], 0) == 1 for pdu in messages)
    assert all(pdu["source_addr"] == "ACME" and int(pdu["source_addr_ton"], 0) == 5 for pdu in messages)
    assert all(pdu["validity_period_r"] for pdu in messages), [pdu.fields for pdu in messages]
    assert all(int(pdu["command_status"], 0) == 0 for pdu in ours(pdus, DELIVER_SM_RESP))


def test_a_token_that_is_not_delivered(stage, smsc):
    """Told by the TLVs alone."""
    stage.expected_errors.add("token undelivered")
    phone = sign_up(stage, smsc)
    for text in ("3", "1", "1", "100", PIN):
        phone.type(text)
    token = sms(smsc, TOKEN.pattern)
    assert smsc.deliver("receipt", id=token["id"], stat="UNDELIV", state=5, to="ACME", form="tlv",
                        **{"from": THANDI}) == 0
    assert sms(smsc, "did not reach 082 123 4567")


def test_a_throttled_token(stage, smsc):
    phone = sign_up(stage, smsc)
    sms(smsc)
    for text in ("3", "1", "1", "100"):
        phone.type(text)
    smsc.do("answer", status=88, times=3)       # the screen too, which is lost
    phone.sequence += 1
    phone.send(ANSWER, PIN)
    assert {smsc.wait("submit_sm")["status"] for _ in range(3)} == {88}
    assert TOKEN.search(sms(smsc, TOKEN.pattern)["text"])
    assert stage.gateway.metric("isango_messages_failed_total") == 0


def test_a_hang_up_an_end_and_a_slow_answer(stage, smsc):
    smsc.do("answer", status=0, times=2, delay_ms=700)
    phone = Dialogue(smsc)
    phone.dial()
    phone.type("1")
    phone.sequence += 1
    phone.send(RELEASE)
    assert phone.dial().startswith("Welcome to Acme Wallet.")
    phone.sequence += 1
    phone.send(ANSWER, "", end=True)            # the network ends it by the bit
    assert phone.dial().startswith("Welcome to Acme Wallet.")


def test_the_link(stage, smsc, wire, tmp_path):
    """Asked both ways, lost, and told to go: it comes back, and a dialogue outlives that."""
    smsc.wait("enquire_link")
    smsc.do("enquire")
    smsc.wait("enquire_link_resp")
    phone = Dialogue(smsc)
    phone.dial()
    phone.type("1")
    for what in ("drop", "unbind"):
        smsc.do(what)
        if what == "unbind":
            assert smsc.wait("unbind_resp")["command_status"] == 0
        assert smsc.wait("bind_transceiver", seconds=20)["good"]
        until(stage.gateway.ready, "the link")
        assert phone.type("1").startswith("Type your first name:") or what == "unbind"
    assert stage.gateway.metric("isango_smpp_links_lost_total") == 2
    assert stage.gateway.stop() == 0
    smsc.wait("unbind")
    pdus = decode(wire, tmp_path)
    assert len(ours(pdus, BIND_TRANSCEIVER)) == 3
    assert all(int(pdu["interface_version"], 0) == 0x34 for pdu in ours(pdus, BIND_TRANSCEIVER))
    assert ours(pdus, ENQUIRE_LINK) and len(ours(pdus, UNBIND)) == 1 and len(ours(pdus, UNBIND_RESP)) == 1
    assert check_screens(pdus)


def test_sms_from_customers(stage, smsc):
    """Short, UCS-2, and a part of a long one: each has its answer, and the link and dialogues live on."""
    for fields in ({"text": "HELP"}, {"text": "Ngiyabonga \u2615"}, {"text": "half of", "udh": "050003070201"}):
        assert smsc.deliver("sms", to="38438", **{"from": THANDI}, **fields) == 0
    assert Dialogue(smsc).dial().startswith("Choose your language:")
    assert stage.gateway.metric("isango_smpp_links_lost_total") == 0


def test_a_long_message(make_stage, smsc, wire, tmp_path):
    """Longer than one part, and with a letter that needs UCS-2."""
    stage = make_stage(start=False, edit=often, smsc_port=wire.port)
    shutil.copytree(SOURCE / "templates", stage.folder / "templates")
    path = stage.folder / "templates" / "en.json"
    path.write_text(path.read_text().replace("Your wallet is open. Dial", "Your wa\u0161\u0161et is open. " + "and open " * 12 + "Dial", 1))
    open_stage(stage)
    smsc.wait("bind_transceiver")
    phone = Dialogue(smsc)
    phone.dial()
    for text in ("1", "1", *NAMES[THANDI], "1", ID_NUMBERS[THANDI], "1", PIN, PIN):
        phone.type(text)
    first = smsc.wait("submit_sm", service_type="")
    assert first["data_coding"] == UCS2 and first["esm_class"] == 0x40
    total = int(first["udh"][-4:-2], 16)
    parts = [first] + [smsc.wait("submit_sm", service_type="") for _ in range(total - 1)]
    assert total >= 2 and "wa\u0161\u0161et is open. and open" in "".join(part["text"] for part in parts)
    pdus = decode(wire, tmp_path)
    sent = messages_of(pdus)
    assert [(int(pdu.fields["gsm_sms.udh.mm.msg_parts"]), int(pdu.fields["gsm_sms.udh.mm.msg_part"])) for pdu in sent[:total]] \
        == [(total, k + 1) for k in range(total)], [pdu.fields for pdu in sent]
    assert len({pdu.fields["gsm_sms.udh.mm.msg_id"] for pdu in sent[:total]}) == 1
    assert check_screens(pdus)
    assert stage.gateway.alive() and any(pdu.way == IN for pdu in pdus)


@pytest.fixture
def certificate(tmp_path):
    """(key, certificate) that the SMSC shows, signed by itself."""
    key, shown = tmp_path / "smsc.key", tmp_path / "smsc.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", shown, "-days", "2", "-subj", "/CN=smsc.test",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True, timeout=30)
    return key, shown


@pytest.fixture
def tls_wire(certificate, tmp_path):
    """(SMSC, recorder, what its TLS was keyed with)."""
    keylog = tmp_path / "keys"
    smsc = NodeSmsc(*certificate, keylog)
    recorder = Recorder(smsc.port)
    yield smsc, recorder, keylog
    smsc.close()
    recorder.close()


def test_tls(make_stage, tls_wire, certificate, tmp_path):
    smsc, wire, keylog = tls_wire

    def sure(config, tenant):
        often(config, tenant)
        config["binds"][0]["tls"] = {"ca_file": str(certificate[1])}
    stage = make_stage(edit=sure, smsc_port=wire.port)
    assert smsc.wait("bind_transceiver")["encrypted"]
    phone = sign_up(stage, smsc)
    for text in ("3", "1", "1", "100"):
        phone.type(text)
    assert phone.type(PIN).startswith("Done: the code for R100.00") and phone.over
    token = sms(smsc, TOKEN.pattern)
    assert smsc.deliver("receipt", id=token["id"], stat="DELIVRD", state=2, to="ACME", form="both",
                        **{"from": THANDI}) == 0
    smsc.do("drop")
    assert smsc.wait("bind_transceiver", seconds=20)["encrypted"]
    assert phone.dial().endswith(HOME)
    assert not any(secret in octets for _, _, _, octets in wire.pieces
                   for secret in (SMPP_PASSWORD.encode(), THANDI.encode(), token["text"].encode()))
    pdus = decode(opened(wire, tmp_path, keylog), tmp_path)
    assert len(ours(pdus, BIND_TRANSCEIVER)) == 2 and len(check_screens(pdus)) == 16
    assert any(int(pdu["sequence_number"]) and pdu["destination_addr"] == THANDI for pdu in messages_of(pdus))


def test_tls_with_somebody_else(make_stage, tls_wire, tmp_path):
    """A certificate that nobody vouches for: not a word is said to who shows it."""
    smsc, wire, _ = tls_wire
    stage = make_stage(start=False, edit=lambda config, _tenant: config["binds"][0].update(tls={}), smsc_port=wire.port)
    stage.expected_errors.add("smpp_link_down")
    stage.start_redis()
    stage.start_sandbox()
    stage.configure()
    gateway = stage.start_gateway(wait=False)
    smsc.wait("tls error")
    until(gateway.listening, "serve to listen")
    assert "bind mno: no link is bound" in gateway.missing()
    assert not any(line["pdu"].startswith("bind") for line in smsc.unread)
