# SPDX-License-Identifier: Apache-2.0
"""
Identity documents by WhatsApp: a photo goes from Meta into the wallet core's call as it is and stays nowhere here;
refusals are explained and the photo asked for again; the check's result comes as a message.
"""
import base64
import hashlib
import random

import pytest

from chat import Chat
from conftest import Stages
from helpers import PIN, THANDI, open_stage, sign_up
from stage import until

MARK = b"this-is-the-picture-of-an-identity-document"
RATIFY = {"passed": 1, "failed": 2, "pending": 3}


def picture(octets=300_000):
    return b"\xff\xd8\xff\xe0" + MARK + random.Random(octets).randbytes(octets - len(MARK) - 4)


@pytest.fixture(scope="module", name="stage")
def one_for_all():
    stages = Stages()

    def chat(config, tenant):
        config["documents"] = {"hosts": ["127.0.0.1"]}
        tenant["channels"].append(made.whatsapp(pair_per_minute=600, pair_burst=1000))
        tenant["routes"]["result"], tenant["chat_pushes"] = ["acme-sms"], 0
    try:
        made = stages(start=False, edit=chat, clock=True)
        open_stage(made)
        made.whatsapp_to(made.gateway)
        switch(made, wa_pair_limit=0)       # one customer writes more here than anybody does
        made.thandi = sign_up(made)
        yield made
        stages.look(made)
    finally:
        for made in stages.made:
            made.keep = False
            made.kill()


@pytest.fixture(name="chat")
def at_the_documents(stage):
    stage.no_faults()
    switch(stage, document_problem=0, ratify_result=1, ratify_pending_ms=0)
    chat = Chat(stage, THANDI)
    chat.seen = max([m["n"] for m in chat.messages()], default=0)
    chat.say("Hi")
    chat.say("00")
    chat.say("7")
    # A number's last owner may still run its chat.
    assert "PIN" in chat.say("5"), chat.last
    stage.thandi.dial()
    stage.thandi.type(PIN)
    assert chat.read_until("Which document?").startswith("Which document?"), chat.last
    return chat


def switch(stage, **values):
    stage.control("POST", "/control/switches", values)


def documents(stage):
    return next(c for c in stage.state()["customers"] if c["phone"] == THANDI)["documents"]


def send(chat, octets, **more):
    chat.photo(octets, **more)
    return chat.read()


def check(chat, messages=2):
    """That it was begun, and then what came of it."""
    chat.write("4")
    said = [chat.read() for _ in range(messages)]
    assert said[0].startswith("We are checking."), said
    return said


def kept(stage):
    """Where the picture, or a part of it, lies on this machine's disk or in Redis."""
    wanted = [MARK, MARK.hex().encode(), *(base64.b64encode(b"x" * shift + MARK)[4:-4] for shift in range(3))]
    stage.redis_cli("SAVE")
    return [str(path) for path in stage.folder.rglob("*") if path.is_file()
            if any(part in path.read_bytes() for part in wanted)]


@pytest.mark.parametrize("title, wanted", [("ID or passport", "AUTO"), ("Selfie", "FACIAL_PHOTO"),
                                           ("Proof of address", "PROOF_OF_ADDRESS")])
def test_a_photo_arrives_as_it_is(stage, chat, title, wanted):
    octets = picture(300_000 + len(title))
    before, memory = documents(stage), int(stage.redis_cli("INFO", "memory").split("used_memory:")[1].split()[0])
    assert "Send a photo" in chat.say(str(["ID or passport", "Selfie", "Proof of address"].index(title) + 1))
    assert send(chat, octets).startswith("Received, thank you.\nWhich document?")
    new = documents(stage)[len(before):]
    assert new == [{"documentType": wanted, "mediaType": "image/jpeg", "octets": len(octets),
                    "sha256": hashlib.sha256(octets).hexdigest()}]
    assert kept(stage) == []
    assert int(stage.redis_cli("INFO", "memory").split("used_memory:")[1].split()[0]) - memory < 150_000


def test_a_file_of_pages(stage, chat):
    octets = b"%PDF-1.7 " + MARK + bytes(5_500_000)
    chat.say("3")
    assert send(chat, octets, kind="document", mime="application/pdf").startswith("Received, thank you.")
    assert documents(stage)[-1]["sha256"] == hashlib.sha256(octets).hexdigest()
    assert kept(stage) == []


@pytest.mark.parametrize("problem, words", [(1, "It cannot be read."), (2, "That seems to be another document."),
                                            (3, "That document has expired."), (4, "No face was found.")])
def test_a_refusal_is_explained_and_asked_again(stage, chat, problem, words):
    before = documents(stage)
    chat.say("1")
    switch(stage, document_problem=problem)
    answer = send(chat, picture())
    assert answer.startswith(words) and "Send a photo of your ID" in answer
    assert documents(stage) == before
    switch(stage, document_problem=0)
    assert send(chat, picture()).startswith("Received")
    assert len(documents(stage)) == len(before) + 1


def test_what_is_not_whole_leaves_nothing(stage, chat):
    """An octet less than promised; another hash than the message said; an answer that breaks off."""
    before, wrong = documents(stage), stage.gateway.metric("isango_documents_wrong_total")
    chat.say("1")
    stage.faults({"where": "graph", "match": {"path": "octets"}, "do": "garbage", "times": 1})
    assert send(chat, picture()).startswith("It did not come through.")
    other = base64.b64encode(hashlib.sha256(b"something else").digest()).decode()
    assert send(chat, picture(), sha256=other).startswith("It did not come through.")
    assert stage.gateway.metric("isango_documents_wrong_total") == wrong + 2
    stage.faults({"where": "graph", "match": {"path": "octets"}, "do": "lose_answer", "times": 1})
    assert send(chat, picture()).startswith("It did not come through.")
    assert documents(stage) == before


def test_what_cannot_be_had(stage, chat):
    before = documents(stage)
    chat.say("2")
    stage.faults({"where": "graph", "match": {"path": "octets"}, "do": "error", "status": 404, "times": 1})
    assert send(chat, picture()).startswith("That photo is not there any more.")
    assert send(chat, bytes(10), mime="application/pdf", kind="document").startswith("Only photos can be used here")
    assert send(chat, picture(5_300_000)).startswith("That file is too big.")
    assert chat.say("here it is").startswith("Please send it here as a photo.")
    assert documents(stage) == before


def test_a_core_that_is_away(stage, chat):
    chat.say("1")
    stage.faults({"where": "core", "match": {"path": "documents"}, "do": "error", "status": 500, "times": 1})
    assert send(chat, picture()).startswith("It did not come through.")
    assert send(chat, picture()).startswith("Received")


def test_the_result_comes_into_the_chat(stage, chat):
    said = check(chat)
    assert any("Your identity was confirmed." in text for text in said), said


def test_the_result_does_not_overtake(stage, chat):
    """What came of the check meanwhile waits for the answer, which is slow to leave."""
    stage.faults({"where": "graph", "match": {"path": chat.who}, "do": "delay", "ms": 3000, "times": 1})
    chat.write("4")
    assert chat.read().startswith("We are checking.")
    assert "Your identity was confirmed." in chat.read()


def test_what_failed_is_said(stage, chat):
    switch(stage, ratify_result=RATIFY["failed"])
    for kind in "12":
        chat.say(kind)
        assert send(chat, picture()).startswith("Received")
    said = " ".join(check(chat, 3))
    assert "Your ID could not be confirmed." in said and "Your selfie does not match" in said


def test_still_being_checked(stage, chat):
    switch(stage, ratify_result=RATIFY["pending"], ratify_pending_ms=60_000)
    said = check(chat)
    assert any("still being checked" in text for text in said), said
    stage.advance(130_000)
    chat.read_until("Your identity was confirmed.")


def test_by_sms_when_nobody_wrote_for_a_day(stage, chat):
    switch(stage, ratify_result=RATIFY["pending"], ratify_pending_ms=1)
    said = check(chat)
    assert any("still being checked" in text for text in said), said
    stage.advance(25 * 3600_000)
    until(lambda: any("Your identity was confirmed." in text for text in stage.thandi.new_sms()), "the result by SMS")


@pytest.mark.parametrize("at_once", [True, False])
def test_by_sms_when_the_chat_does_not_take_it(stage, chat, at_once):
    """Refused, or accepted and failed: the result comes all the same."""
    switch(stage, ratify_result=RATIFY["pending"], ratify_pending_ms=1)
    assert any("still being checked" in text for text in check(chat))
    stage.thandi.new_sms()
    if at_once:
        stage.faults({"where": "graph", "match": {"path": chat.who}, "do": "error", "status": 400,
                      "body": {"error": {"code": 131026}}, "times": 1})
    else:
        chat.profile(fails=131026)
    stage.advance(130_000)
    until(lambda: any("Your identity was confirmed." in text for text in stage.thandi.new_sms()), "the result by SMS")
    chat.profile(fails=0)
    assert not any("confirmed" in text for text in chat.unread())


def test_by_sms_when_the_chat_is_somebody_else_s(stage, chat):
    chat.profile(identity="device-1")
    switch(stage, ratify_result=RATIFY["pending"], ratify_pending_ms=1)
    assert any("still being checked" in text for text in check(chat))
    chat.profile(identity="device-2")
    assert "with somebody else now" in chat.say("Hi")
    stage.thandi.new_sms()
    stage.advance(130_000)
    until(lambda: any("Your identity was confirmed." in text for text in stage.thandi.new_sms()), "the result by SMS")
    assert chat.unread() == []


def test_a_process_dies_over_a_document(stage, chat):
    """Its input is taken again: the document comes, at worst twice."""
    octets, before = picture(), len(documents(stage))
    chat.say("1")
    dying = stage.start_gateway(fault="document.before.send:1")
    stage.whatsapp_to(dying)
    chat.photo(octets)
    until(lambda: not dying.alive(), "the process to die")
    stage.gateways.remove(dying)
    stage.whatsapp_to(stage.gateway)
    stage.advance(60_000)
    chat.read_until("Received, thank you.")
    assert [d["sha256"] for d in documents(stage)[before:]] == [hashlib.sha256(octets).hexdigest()]


def test_taken_over_from_a_process_that_died(stage, chat):
    before = stage.state()["calls"]["POST tenants/#/customers/#/ratify"]
    dying = stage.start_gateway(fault="kyc.saved.ask:1")
    stage.whatsapp_to(dying)
    chat.write("4")
    until(lambda: not dying.alive(), "the process to die")
    stage.gateways.remove(dying)
    stage.whatsapp_to(stage.gateway)
    stage.advance(6_000)
    chat.read_until("Your identity was confirmed.")
    assert stage.state()["calls"]["POST tenants/#/customers/#/ratify"] == before + 1
    assert stage.gateway.metric("isango_kyc_taken_over_total") > 0
