# SPDX-License-Identifier: Apache-2.0
"""
SMSCs that misbehave (rogue.py): whatever comes, the link lives on (or ends, where nobody could find the next PDU), each
message ends where its class says, and the counters tell. Messages are put into the outbox as they are (tests/stage/outbox).
"""
import os
import random
import subprocess
import threading

import pytest

from helpers import THANDI
from rogue import DELIVER, ENQUIRE, NACK, RESP, SUBMIT, Rogue, deliver, pdu, receipt, string, tlv
from stage import until

CODE = "*120*384#"
BIND_TRANSCEIVER = 9
FINAL = {"sent", "delivered", "failed", "expired", "unknown"}
RTHROTTLED, RINVDSTADR, RSYSERR = 0x58, 0x0b, 0x08
MESSAGES, LOSSES = (10000, 100) if "ISANGO_LONG" in os.environ else (3000, 30)
LINKS = 8


@pytest.fixture
def smsc():
    rogue = Rogue()
    yield rogue
    rogue.close()


def quick(config, _tenant):
    config["binds"][0].update(enquire_link_s=1, response_s=1, reconnect_s=[1, 1], throughput=0)
    config["message_tries"] = 2


@pytest.fixture
def stage(make_stage, smsc):
    return make_stage(edit=quick, smsc_port=smsc.port)


def outbox(stage, what, n):
    done = subprocess.run([stage.build / "tests" / "stage" / "outbox", "-c", stage.config, what, str(n)], text=True,
                          capture_output=True, check=True, timeout=60)
    return [line.split() for line in done.stdout.splitlines()]


def states(stage, n):
    """(class, state) of each message, in their order; the classes are token, result, notice, and again."""
    return [(kind, state) for _, kind, state, *_ in sorted(outbox(stage, "look", n), key=lambda row: int(row[0]))]


def settled(stage, n, seconds=30):
    """The same, once none is under way any more."""
    return until(lambda: (now := states(stage, n)) and {state for _, state in now} <= FINAL and now,
                 f"{n} messages to be settled", seconds)


def sent_to(smsc):
    """How often each phone was sent to."""
    counts = {}
    for got in list(smsc.pdus):
        if got.command == SUBMIT and b"USSD" not in got.body[:5]:
            counts[got.submit()[0]] = counts.get(got.submit()[0], 0) + 1
    return counts


def dial(smsc, stage, session=9):
    """A dialogue begins: the link is there and is served."""
    before = len(smsc.pdus)
    until(smsc.newest, "a link")
    smsc.newest().send(deliver(90 + session, THANDI, CODE, CODE, "USSD",
                               tlvs=tlv(0x0501, b"\1") + tlv(0x1383, bytes([session, 0]))))
    screen = smsc.wait(SUBMIT, after=before)
    assert b"Choose your language" in screen.body
    assert stage.gateway.alive()


def lost(stage):
    return stage.gateway.metric("isango_smpp_links_lost_total")


def test_byte_by_byte(stage, smsc):
    def slowly(got):
        for octet in smsc.response(got):
            got.link.send(bytes([octet]))
    smsc.on[SUBMIT] = slowly
    outbox(stage, "put", 6)
    assert settled(stage, 6) == [(kind, "sent") for kind in ("token", "result", "notice")] * 2
    assert set(sent_to(smsc).values()) == {1} and lost(stage) == 0


def test_many_in_one_write(stage, smsc):
    """Answers held until all have come, then written at once, with receipts, requests and half of another PDU."""
    held = []

    def hold(got):
        held.append(got)
        if len(held) < 12:
            return
        octets = b""
        for k, one in enumerate(held):
            octets += smsc.response(one) + receipt(1000 + k, f"{smsc.ids:010d}", "DELIVRD", one.submit()[0])
        octets += pdu(ENQUIRE, 77) * 5
        got.link.send(octets + pdu(ENQUIRE, 78)[:9])
        got.link.send(pdu(ENQUIRE, 78)[9:])
    smsc.on[SUBMIT] = hold
    outbox(stage, "put", 12)
    smsc.wait(ENQUIRE | RESP, 6)
    assert {got.status for got in smsc.wait(DELIVER | RESP, 12)} == {0}
    until(lambda: all(state == "delivered" for _, state in states(stage, 12)), "the receipts")
    assert lost(stage) == 0


def test_silence_after_half_a_pdu(stage, smsc):
    """Nothing more ever comes on it: the link is dead however open it looks, and another one takes over."""
    mute = []

    def half(got):
        mute.append(got.link)
        got.link.send(smsc.response(got)[:11])
        smsc.on[SUBMIT] = lambda later: later.link in mute or smsc.answer(later)
    smsc.on[SUBMIT] = half
    smsc.on[ENQUIRE] = lambda got: got.link in mute or smsc.answer(got)
    outbox(stage, "put", 3)
    assert settled(stage, 3) == [("token", "sent"), ("result", "sent"), ("notice", "unknown")]
    assert lost(stage) == 1
    dial(smsc, stage)


def test_answers_out_of_order_and_twice(stage, smsc):
    held = []

    def backwards(got):
        held.append(got)
        if len(held) == 9:
            for one in reversed(held):
                octets = smsc.response(one)
                one.link.send(octets + octets)
    smsc.on[SUBMIT] = backwards
    outbox(stage, "put", 9)
    assert {state for _, state in settled(stage, 9)} == {"sent"}
    assert set(sent_to(smsc).values()) == {1} and len(sent_to(smsc)) == 9 and lost(stage) == 0


def test_answers_late_and_never(stage, smsc):
    """After its time an answer is none; what may be sent twice is, and a notice is not."""
    def late(got):
        threading.Timer(1.5, lambda: smsc.answer(got)).start()
    smsc.on[SUBMIT] = late
    outbox(stage, "put", 3)
    smsc.wait(SUBMIT, 3)
    smsc.on.pop(SUBMIT)
    found = settled(stage, 3)
    assert found == [("token", "sent"), ("result", "sent"), ("notice", "unknown")]
    assert sorted(sent_to(smsc).values()) == [1, 2, 2]
    assert stage.gateway.metric("isango_smpp_timeouts_total") == 3 and lost(stage) == 0
    assert stage.gateway.metric("isango_messages_unknown_total") == 1


def test_never_an_answer(stage, smsc):
    smsc.on[SUBMIT] = lambda got: None
    stage.expected_errors.add("token undelivered")
    outbox(stage, "put", 3)
    found = settled(stage, 3, 40)
    assert found[2] == ("notice", "unknown") and all(state in ("failed", "unknown") for _, state in found[:2]), found
    assert max(sent_to(smsc).values()) == 2 and lost(stage) == 0


@pytest.mark.parametrize("wrong", ["sequence", "zero", "command"])
def test_an_answer_to_nothing(stage, smsc, wrong):
    """It says nothing about any message; the right one that follows does."""
    def confuse(got):
        body = string("7777777777")
        got.link.send({"sequence": pdu(SUBMIT | RESP, got.sequence + 5000, body),
                       "zero": pdu(SUBMIT | RESP, 0, body),
                       "command": pdu(DELIVER | RESP, got.sequence, b"\0")}[wrong] + smsc.response(got))
    smsc.on[SUBMIT] = confuse
    outbox(stage, "put", 3)
    assert {state for _, state in settled(stage, 3)} == {"sent"}
    assert set(sent_to(smsc).values()) == {1} and lost(stage) == 0


@pytest.mark.parametrize("status, body, ends", [
    (RINVDSTADR, b"", "failed"), (RINVDSTADR, b"\0", "failed"), (RTHROTTLED, b"", "sent"),
    (RTHROTTLED, string("text of the vendor") + tlv(0x1401, b"why"), "sent")])
def test_refusals(stage, smsc, status, body, ends):
    stage.expected_errors.add("token undelivered")
    left = [3]

    def refuse(got):
        if left[0] == 0:
            return smsc.answer(got)
        left[0] -= 1
        return got.link.send(pdu(SUBMIT | RESP, got.sequence, body, status))
    smsc.on[SUBMIT] = refuse
    outbox(stage, "put", 3)
    assert [state for _, state in settled(stage, 3)] == [ends] * 3
    assert lost(stage) == 0


def test_statuses_of_a_vendor(stage, smsc):
    """What a status means that nobody knows is not decided here; only that the link lives and each message ends."""
    stage.expected_errors.add("token undelivered")
    strange = [0x00000400, 0x000004ff, 0x0000ffff, RSYSERR]

    def refuse(got):
        status = strange[int(got.submit()[0]) % len(strange)]
        got.link.send(pdu(SUBMIT | RESP, got.sequence, string("0") + tlv(0x1fff, b"?"), status))
    smsc.on[SUBMIT] = refuse
    outbox(stage, "put", 12)
    settled(stage, 12, 40)
    assert max(sent_to(smsc).values()) <= 2 and lost(stage) == 0
    smsc.on.pop(SUBMIT)
    dial(smsc, stage)


def test_generic_nack(stage, smsc):
    """With the number of a submit it is its answer; with another one, or none, it is nobody's."""
    stage.expected_errors.add("token undelivered")

    def nack(got):
        got.link.send(pdu(NACK, 0, status=3) + pdu(NACK, got.sequence + 999, status=3))
        got.link.send(pdu(NACK, got.sequence, status=3))
    smsc.on[SUBMIT] = nack
    outbox(stage, "put", 3)
    settled(stage, 3, 40)
    assert lost(stage) == 0
    smsc.on.pop(SUBMIT)
    dial(smsc, stage)


def test_a_flood_of_unreadable_receipts(stage, smsc):
    """Each is answered and counted; the log says it once a minute."""
    until(smsc.bound, "a link")
    smsc.bound()[-1].send(b"".join(deliver(1000 + k, THANDI, "ACME", "what?", esm=4) for k in range(100)))
    assert {got.status for got in smsc.wait(DELIVER | RESP, 100)} == {0}
    assert stage.gateway.metric("isango_receipts_unmatched_total") == 100
    assert "".join(stage.logs().values()).count("receipt unreadable") == 1
    assert lost(stage) == 0


def test_requests_with_sequence_zero(stage, smsc):
    link = smsc.bound()[0]
    link.send(deliver(0, THANDI, "38438", "hello") + pdu(ENQUIRE, 0))
    assert smsc.wait(DELIVER | RESP).sequence == 0 and smsc.wait(ENQUIRE | RESP).sequence == 0
    dial(smsc, stage)
    assert lost(stage) == 0


def test_closed_in_mid_window(stage, smsc):
    """Half of a window was answered: that is known, the rest is not, and goes out again where its class allows."""
    taken, went = [], threading.Event()

    def then_close(got):
        taken.append(got)
        if len(taken) <= 6:
            smsc.answer(got)
        elif len(taken) == 12:
            went.set()
            smsc.on.pop(SUBMIT)
            got.link.close()
    smsc.on[SUBMIT] = then_close
    outbox(stage, "put", 12)
    found = settled(stage, 12)
    assert went.is_set() and lost(stage) == 1
    counts = sent_to(smsc)
    assert len(counts) == 12 and sorted(counts.values())[:6] == [1] * 6 and max(counts.values()) == 2
    unknown = [kind for kind, state in found if state == "unknown"]
    assert set(unknown) <= {"notice"} and sum(counts.values()) == 12 + 6 - len(unknown)


@pytest.mark.parametrize("length", [0, 15, 0x00ffffff, 0xffffffff])
def test_a_lying_length(stage, smsc, length):
    """The only oddity that ends a link: nobody can find the next PDU."""
    link = smsc.bound()[0]
    link.send(length.to_bytes(4, "big") + b"\0\0\0\5\0\0\0\0\0\0\0\1")
    smsc.wait(BIND_TRANSCEIVER, 2)
    dial(smsc, stage)
    assert lost(stage) == 1 and stage.gateway.metric("isango_smpp_pdus_bad_total") == 1


def test_many_messages_through_many_losses(make_stage, smsc):
    """
    The link breaks at random instants: between PDUs, in the middle of one, and after submits were taken without an answer.
    In the end each message is final or unknown, none is lost, and only what may be sent twice was. With --long 10 000
    messages and 100 losses.
    """
    many, losses = (MESSAGES, LOSSES)

    def wide(config, _tenant):
        config["binds"][0].update(links=LINKS, window=100, throughput=0, reconnect_s=[1, 1], response_s=5)
    stage = make_stage(edit=wide, smsc_port=smsc.port)
    dice, lock, left, broken = random.Random(3), threading.Lock(), [losses], set()

    def gamble(got):
        with lock:
            if got.link in broken:              # read after the link was lost: nobody hears the answer
                return None
            breaks = left[0] > 0 and dice.random() < losses / many * 3
            left[0] -= breaks
            if breaks:
                broken.add(got.link)
            way = dice.randrange(4) if breaks else None
            cut = dice.randrange(1, 16)
        if way == 0:                            # taken, never answered
            got.link.close()
            return None
        octets = smsc.response(got)
        if way == 1:                            # in the middle of the answer
            octets = octets[:cut]
        got.link.send(octets)
        if way == 2:                            # in the middle of a request
            got.link.send(deliver(1, "27820000000", "ACME", "hello")[:cut])
        if way is not None:
            got.link.close()
        return None
    smsc.on[SUBMIT] = gamble
    outbox(stage, "put", many)
    until(lambda: stage.gateway.metric("isango_messages_sent_total") + stage.gateway.metric("isango_messages_unknown_total")
          >= many, "all messages to end", 600)
    found = settled(stage, many)
    counts = sent_to(smsc)
    assert left[0] == 0, f"{left[0]} losses did not happen"
    assert len(found) == many
    for number, (kind, state) in enumerate(found):
        times = counts.get(str(27820000000 + number), 0)
        # A notice that was on its way when the link broke is unknown, and it is not said again.
        allowed = {("sent", 1), ("unknown", 0), ("unknown", 1)} if kind == "notice" else {("sent", max(times, 1))}
        assert (state, times) in allowed, (number, kind, state, times)
    until(lambda: lost(stage) == losses, "each loss to count")
