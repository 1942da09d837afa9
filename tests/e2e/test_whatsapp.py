# SPDX-License-Identifier: Apache-2.0
"""
WhatsApp through the whole gateway, the sandbox being Meta: it takes only what Meta would take, and signs, repeats and
loses like it.
"""
import json
import os
import pty
import re
import select
import subprocess
import time

import pytest

from chat import Chat
from conftest import Stages
from helpers import (ID_NUMBERS, NAMES, OTHER_PIN, PIN, SIPHO, THANDI, core_customer, debits, open_stage, sign_up,
                     to_send_confirm)
from phone import Phone
from stage import WHATSAPP, http, until

made_numbers = iter(range(1, 1000))


@pytest.fixture(scope="module", name="stage")
def one_for_all():
    stages = Stages()

    def chat(_config, tenant):
        tenant["channels"].append(made.whatsapp(send_timeout_ms=1500, stop_s=1))
        tenant["chat_pushes"] = 0       # the phone dials
    try:
        made = stages(start=False, edit=chat)
        made.secrets |= set(WHATSAPP.values())
        made.expected_errors.add("whatsapp stopped")
        open_stage(made)
        made.whatsapp_to(made.gateway)
        yield made
        stages.look(made)
    finally:
        for made in stages.made:
            made.keep = False
            made.kill()


@pytest.fixture(autouse=True)
def as_meta_wants_it(stage):
    before = stage.state()["violations_n"]
    yield
    stage.no_faults()
    assert stage.state()["violations"][before:] == []


@pytest.fixture(name="chat")
def a_new_customer(stage):
    """Somebody who has never written and has no wallet, and has chosen a language."""
    chat = Chat(stage, f"2782666{next(made_numbers):04d}")
    chat.say("Hi")
    return chat


def test_verification(stage):
    def verified(**more):
        return stage.control("POST", "/control/whatsapp", {"verify": True, **more})
    assert verified() == {"status": 200, "verified": True}
    assert verified(verify_token="another-word") == {"status": 403, "verified": False}


def test_nobody_else_is_heard(stage):
    before = stage.gateway.metric("isango_whatsapp_webhooks_refused_total")
    status, _ = http("POST", stage.gateway.url("/whatsapp/acme-chat"), b'{"object":"whatsapp_business_account","entry":[]}',
                     {"Content-Type": "application/json", "X-Hub-Signature-256": "sha256=" + "0" * 64})
    assert status == 401
    assert stage.gateway.metric("isango_whatsapp_webhooks_refused_total") == before + 1


def test_choices(stage, chat):
    """The first screen is a list of languages; a tap and a typed digit do the same."""
    assert chat.last["type"] == "list" and "isiZulu" in " ".join(chat.titles())
    first = chat.choose(chat.titles()[0])
    other = Chat(stage, f"2782666{next(made_numbers):04d}")
    other.say("Hi")
    assert other.say("1") == first
    assert other.titles() == chat.titles()




def test_every_kind_of_message_is_answered(stage, chat):
    """What cannot be read gets words that help; a reaction is no question."""
    chat.send(type="reaction", reaction={"emoji": "x", "message_id": "wamid.x"})
    chat.send(type="location", location={"latitude": -26.2, "longitude": 28.04})
    assert chat.read().startswith("Please type your answer, or tap one.")
    chat.send(type="unsupported", errors=[{"code": 131051, "title": "Message type unknown"}])
    chat.read_until("Please type your answer, or tap one.")
    chat.photo(b"\xff\xd8 no picture was asked for")
    chat.read_until("No picture or document is needed now.")


def test_balance_with_the_pin_at_the_phone(stage):
    """Begun in the chat, the PIN typed at the phone, the answer in the chat; a PIN in the chat is refused."""
    phone = sign_up(stage)
    chat = Chat(stage, THANDI)
    chat.say("Hi")
    assert "dial *120*384#" in chat.choose("Balance")
    assert "Never type your PIN in a chat" in chat.say(PIN)
    phone.dial()
    assert "Enter your PIN" in phone.screen
    phone.type(PIN)
    chat.read_until("You have R1 000.00.")
    assert chat.last["type"] == "button" and len(chat.titles()) == 3


def test_the_phone_is_called_up(make_stage):
    """Where the bind can, the PIN is asked for at the phone, which nobody needs to dial; the answer comes into the chat."""
    other = make_stage(start=False, edit=lambda _config, tenant: tenant["channels"].append(other.whatsapp()))
    other.secrets |= set(WHATSAPP.values())
    open_stage(other)
    other.whatsapp_to(other.gateway)
    phone, chat = sign_up(other), Chat(other, THANDI)
    before = other.state()["violations_n"]
    chat.say("Hi")
    assert "which asks for it now" in chat.choose("Balance")
    until(lambda: "Enter your PIN" in phone.look(), "the phone to be called up")
    phone.type(PIN)
    chat.read_until("You have R1 000.00.")
    assert other.state()["violations"][before:] == []


class Terminal:
    """isango dial in a terminal of its own."""
    def __init__(self, stage, msisdn):
        self.end, inner = pty.openpty()
        self.process = subprocess.Popen([stage.build / "isango", "dial", "--sandbox", stage.control_url, "--from", msisdn,
                                         "*120*384#"], stdin=inner, stdout=inner, stderr=inner, start_new_session=True)
        os.close(inner)
        self.shown = ""

    def until(self, *words, seconds=20):
        """Each of them is shown, after what was waited for before."""
        ends = time.monotonic() + seconds
        while not all(one in self.shown for one in words):
            assert time.monotonic() < ends, f"never {words}: {self.shown}"
            if select.select([self.end], [], [], 0.2)[0]:
                self.shown += os.read(self.end, 65536).decode()
        self.shown = ""

    def type(self, line):
        os.write(self.end, line.encode() + b"\n")

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        os.close(self.end)


def test_a_phone_in_the_terminal_is_called_up(make_stage):
    """Its owner sees that without having asked for it."""
    other = make_stage(start=False, edit=lambda _config, tenant: tenant["channels"].append(other.whatsapp()))
    other.secrets |= set(WHATSAPP.values())
    open_stage(other)
    other.whatsapp_to(other.gateway)
    core_customer(other)
    sign_up(other)
    chat, phone = Chat(other, THANDI), Terminal(other, THANDI)
    try:
        for shown, typed in (("7. More", "2"), ("which phone", SIPHO), ("How much", "50"), ("Enter your PIN", PIN)):
            phone.until(shown, "  > ")
            phone.type(typed)
        phone.until("Done", "the call is over")
        chat.say("Hi")
        assert "which asks for it now" in chat.choose("Balance")
        phone.until("the phone is called up", "Enter your PIN", "  > ")
        phone.type(PIN)
        phone.until("the call is over")
        chat.read_until("You have R949.00.")
    finally:
        phone.close()


def test_another_device_then_another_number(stage):
    """What was begun on the one before is over, and it is said why; what moves away takes nothing along."""
    phone, chat = sign_up(stage, SIPHO), Chat(stage, SIPHO)
    chat.profile(identity="device-1")
    chat.say("Hi")
    chat.choose("Balance")
    chat.profile(identity="device-2")
    assert "with somebody else now" in chat.say("Hi") and "Acme Wallet" in chat.last["text"]
    phone.dial()
    assert "PIN" not in phone.screen
    phone.hang_up()
    assert "somebody else" not in chat.choose("Balance")
    moved = stage.gateway.metric("isango_chat_moved_total")
    there = Chat(stage, f"2782666{next(made_numbers):04d}")
    chat.move(there.who)
    until(lambda: stage.gateway.metric("isango_chat_moved_total") > moved, "the move to be taken")
    phone.dial()
    assert "PIN" not in phone.screen
    assert "Choose your language" in there.say("Hi")


def test_without_a_number(stage):
    """Nobody tells the number: the chat says what to do instead, and is written to by the identity."""
    chat = Chat(stage, "ZA.1349120865530274")
    assert "Your phone number is hidden in this chat" in chat.say("Hi")


def test_a_hidden_number_is_linked(stage):
    """The chat shows a code; who types it at a phone, behind the PIN, has the chat: once, and written to by the identity."""
    chat = Chat(stage, "ZA.9913491208655302")
    code = re.search(r"type (\d{8}) within", chat.say("Hi"))[1]
    assert re.search(r"type (\d{8}) within", chat.say("Hi"))[1] != code
    phone = sign_up(stage, SIPHO)
    phone.dial()
    assert "Wrong digits" in phone.walk("7", "5", PIN, "00000000")
    assert "linked to this phone" in phone.type(code) and not phone.open
    assert "now linked to your wallet" in chat.read()
    chat.say("Hi")
    assert "dial *120*384#" in chat.choose("Balance")
    phone.dial()
    phone.type(PIN)
    chat.read_until("You have R")
    phone.dial()
    assert "Wrong digits" in phone.walk("7", "5", PIN, code)
    phone.hang_up()
    # Another one of that phone: what was linked is nobody's any more.
    other = Chat(stage, SIPHO)
    other.profile(user="ZA.7")
    assert "Acme Wallet" in other.say("Hi")
    assert "Your phone number is hidden in this chat" in chat.say("Hi")


def test_a_number_that_is_hidden_later(stage, chat):
    """Who was seen with a number is known by the identity alone, until that number has another one."""
    chat.profile(user="ZA.2460001")
    assert "Welcome to Acme Wallet." in chat.say("1")
    chat.profile(phone=False)
    assert "0800 123 456" in chat.say("3")
    chat.profile(phone=True, user="ZA.2460002")
    chat.say("Hi")
    chat.profile(phone=False, user="ZA.2460001")
    assert "Your phone number is hidden in this chat" in chat.say("3")


def test_webhooks_come_twice(stage, chat):
    stage.control("POST", "/control/switches", {"wa_twice": 1})
    before = chat.seen
    chat.write("1")
    chat.read()
    chat.repeat()
    until(lambda: stage.state()["whatsapp"]["quiet"], "all webhooks to be taken")
    stage.control("POST", "/control/switches", {"wa_twice": 0})
    assert chat.unread() == [] and chat.seen == before + 2


def test_several_in_one_webhook(stage, chat):
    """In their order, each answered: English first, and then its help, not the third language."""
    chat.write("1", "3")
    assert "Welcome to Acme Wallet." in chat.read()
    assert "0800 123 456" in chat.read(), chat.last
    assert chat.unread() == []


def test_an_answer_is_not_overtaken(stage, chat):
    """The first one has to be sent twice."""
    stage.faults({"where": "graph", "match": {"path": chat.who}, "do": "error", "status": 500,
                  "body": {"error": {"code": 2, "is_transient": True}}, "times": 1})
    chat.write("1", "3")
    assert "Welcome to Acme Wallet." in chat.read()
    assert "0800 123 456" in chat.read(), chat.last


def test_slower_is_no_failure(stage, chat):
    before = stage.gateway.metric("isango_messages_failed_total")
    stage.faults({"where": "graph", "match": {"path": chat.who}, "do": "error", "status": 429,
                  "body": {"error": {"code": 130429}}, "times": 1})
    assert "Acme Wallet" in chat.say("1")
    assert stage.gateway.metric("isango_messages_failed_total") == before


def test_token_of_the_account(stage, chat):
    """Refused: an alarm, and the number stands still."""
    stage.faults({"where": "graph", "match": {"path": chat.who}, "do": "error", "status": 401,
                  "body": {"error": {"code": 190}}, "times": 1})
    chat.write("1")
    until(lambda: stage.gateway.metric("isango_whatsapp_stopped") == 1, "the number to stop")
    assert "Acme Wallet" in chat.read()
    assert stage.gateway.metric("isango_whatsapp_stopped") == 0


def test_statuses_reach_the_message(stage, chat):
    delivered = stage.gateway.metric("isango_messages_delivered_total")
    chat.say("1")
    until(lambda: stage.gateway.metric("isango_messages_delivered_total") > delivered, "the message to be delivered")
    failed = stage.gateway.metric("isango_whatsapp_failed_total")
    chat.profile(fails=131026)
    chat.write("00")
    until(lambda: stage.gateway.metric("isango_whatsapp_failed_total") > failed, "the failed status to come")


def test_a_status_that_says_slower_fails_nothing(stage, chat):
    """Taken, and then refused by a status: the message waits, and goes out."""
    failed, dead = (stage.gateway.metric(f"isango_{name}_failed_total") for name in ("whatsapp", "messages"))
    chat.profile(fails=131056)
    chat.write("1")
    until(lambda: stage.gateway.metric("isango_whatsapp_failed_total") >= failed + 1, "the failed status to come")
    chat.profile(fails=0)
    assert "Acme Wallet" in chat.read()
    assert stage.gateway.metric("isango_messages_failed_total") == dead



def test_in_the_terminal(stage, tmp_path):
    """isango dial --whatsapp: a number taps, words are written, a picture goes along; each line waits for its answer."""
    (tmp_path / "id.jpg").write_bytes(b"\xff\xd8 a picture")
    number = f"2782666{next(made_numbers):04d}"
    done = subprocess.run([stage.build / "isango", "dial", "--whatsapp", "--sandbox", stage.control_url, "--from", number],
                          input=f"Hi\n1\n/photo {tmp_path}/id.jpg\n3\n/photo {tmp_path}/none.jpg\n", text=True,
                          capture_output=True, timeout=60)
    assert done.stderr == "" and done.returncode == 1
    shown = done.stdout
    places = [shown.index(words) for words in ("> Hi", "Choose:\n  [1] English\n", "> 1", "Welcome to Acme Wallet.",
                                               "[1] Open a wallet", "No picture or document is needed now", "> 3",
                                               "not sent: No such file or directory")]
    assert places == sorted(places), shown
    kinds = [m["type"] for m in Chat(stage, number).messages() if m["from"] == "customer"]
    assert kinds == ["text", "interactive", "image", "interactive"]


def interactive(kind, body="What now?", **action):
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": body}, "action": action}}


def buttons(*titles, ids=None):
    return interactive("button", buttons=[{"type": "reply", "reply": {"id": ids or f"k{n}", "title": title}}
                                          for n, title in enumerate(titles)])


def rows(*of):
    return interactive("list", button="Open", sections=[{"rows": list(of)}])


def template(**parameter):
    return {"type": "template", "template": {"name": "news", "language": {"code": "en"}, "components": [
        {"type": "body", "parameters": [{"type": "text", **parameter}]}]}}


BY_HAND = "27826669999"
TEXT = {"type": "text", "text": {"body": "Hi"}}
REFUSED = [
    ({"type": "text", "text": {"body": "x" * 4097}}, 131009), ({"type": "text", "text": {"body": ""}}, 131008),
    ({"type": "text"}, 131008), ({**TEXT, "to": "0821"}, 131009), ({**TEXT, "to": None, "recipient": ""}, 131008),
    ({**TEXT, "messaging_product": "sms"}, 100), ({**TEXT, "priority": 1}, 100), ({"type": "fax", "fax": {}}, 131051),
    ({**TEXT, "biz_opaque_callback_data": "x" * 513}, 131009),
    (buttons("A", "B", "C", "D"), 131009), (buttons("A", "A"), 131009), (buttons("A", "B", ids="k"), 131009),
    (buttons("x" * 21), 131009), (buttons(), 131009), (interactive("button", body="x" * 1025, buttons=[]), 131009),
    (rows(*({"id": str(n), "title": str(n)} for n in range(11))), 131009), (rows({"id": "1", "title": "x" * 25}), 131009),
    (rows({"id": "1", "title": "A", "description": "x" * 73}), 131009), (rows({"id": "x" * 201, "title": "A"}), 131009),
    (interactive("list", button="x" * 21, sections=[{"rows": [{"id": "1", "title": "A"}]}]), 131009),
    (template(text="two\nlines"), 132012), (template(text="x" * 1025), 132005), (template(), 131008),
]


def post_by_hand(stage, token=WHATSAPP["token"], **message):
    body = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": BY_HAND, **message}
    status, answer = http("POST", f"http://127.0.0.1:{stage.sandbox_ports['graph_port']}/v25.0/106540352242922/messages",
                          json.dumps({k: v for k, v in body.items() if v is not None}).encode(),
                          {"Content-Type": "application/json", "Authorization": f"Bearer {token}"})
    return status, json.loads(answer).get("error", {}).get("code")


def test_the_sandbox_is_as_strict(stage, make_stage):
    """Each limit of the network is an error and a violation; what keeps them all is taken, within 24 hours."""
    other = make_stage(start=False)
    other.start_sandbox()
    assert post_by_hand(other, **TEXT) == (400, 131047)
    Chat(other, BY_HAND).write("Hi")
    assert post_by_hand(other, **TEXT) == (200, None)
    for message, code in REFUSED:
        before = other.state()["violations_n"]
        assert post_by_hand(other, **message) == (400, code), message
        assert other.state()["violations_n"] == before + 1, message
    assert post_by_hand(other, token="EAAanother", **TEXT) == (401, 190)
    other.control("POST", "/control/time", {"advance_ms": 24 * 3600 * 1000 + 1})
    assert post_by_hand(other, **TEXT) == (400, 131047)
    assert post_by_hand(other, **template(text="one line")) == (200, None)
    taken = [post_by_hand(other, **template(text="one line")) for _ in range(50)]
    assert taken[40] == (200, None) and taken[-1] == (400, 131056)


def test_a_lost_answer_sends_nothing_twice(stage, chat):
    """The call was cut off after Meta had taken it: the status that carries our name says so, and nothing is repeated."""
    stage.faults({"where": "graph", "match": {"path": chat.who}, "do": "lose_answer", "times": 1})
    unknown, sent = stage.gateway.metric("isango_messages_unknown_total"), stage.state()["whatsapp"]["messages"]
    delivered = stage.gateway.metric("isango_messages_delivered_total")
    assert "Welcome to Acme Wallet." in chat.say("1")
    until(lambda: stage.gateway.metric("isango_messages_delivered_total") > delivered, "the status to be taken")
    assert "Help" in chat.titles() and chat.say("3") and "0800 123 456" in chat.last["text"]
    assert chat.unread() == []
    assert stage.gateway.metric("isango_messages_unknown_total") == unknown
    assert stage.state()["whatsapp"]["messages"] == sent + 2


def test_after_a_day_by_the_next_route(make_stage):
    """
    Outcomes go into the chat once a PIN was typed at the phone for it, while something was written there within 24 hours,
    and then by SMS.
    """
    def routes(_config, tenant):
        tenant["channels"].append(other.whatsapp())
        tenant["routes"]["result"] = ["acme-chat", "acme-sms"]
        tenant["result_sms"], tenant["chat_pushes"] = True, 0
    other = make_stage(start=False, edit=routes, clock=True)
    other.secrets |= set(WHATSAPP.values())
    open_stage(other)
    other.whatsapp_to(other.gateway)
    core_customer(other)
    phone, chat = sign_up(other), Chat(other, THANDI)
    chat.say("Hi")
    to_send_confirm(phone, amount="40")
    phone.type(PIN)
    assert "R40.00" in phone.sms() and chat.unread() == []    # it may be a stranger's
    chat.choose("Balance")
    phone.dial()
    phone.type(PIN)
    chat.read_until("You have")
    to_send_confirm(phone)
    phone.type(PIN)
    chat.read_until("R50.00")
    assert not any("R50.00" in text for text in phone.new_sms())
    other.advance(25 * 3600 * 1000)
    to_send_confirm(phone, amount="60")
    phone.type(PIN)
    assert "R60.00" in phone.sms() and chat.unread() == []


def test_after_a_day_in_a_template(make_stage):
    """Where there is a template it goes there; also where only the network knows, and says so in a status."""
    def templates(_config, tenant):
        news = {"class": "result", "name": "news", "language": "en"}
        tenant["channels"].append(other.whatsapp(templates=[news]))
        tenant["routes"]["result"] = ["acme-chat", "acme-sms"]
        tenant["result_sms"], tenant["chat_pushes"] = True, 0
    other = make_stage(start=False, edit=templates, clock=True)
    other.secrets |= set(WHATSAPP.values())
    open_stage(other)
    other.whatsapp_to(other.gateway)
    core_customer(other)
    phone, chat = Phone(other, THANDI), Chat(other, THANDI)
    phone.dial()
    phone.walk("1", "1", *NAMES[THANDI], "1", ID_NUMBERS[THANDI], "1", PIN, PIN)
    phone.hang_up()
    other.top_up("1000.00", phone=THANDI)

    def paid(amount):
        to_send_confirm(phone, amount=amount)
        phone.type(PIN)
        words = chat.read_until(f"R{amount}.00")
        assert (chat.last["type"], chat.last["template"], chat.last["language"]) == ("template", "news", "en")
        assert "\n" not in words
    chat.say("Hi")
    chat.choose("Balance")
    phone.dial()
    phone.type(PIN)
    chat.read_until("You have")
    other.advance(25 * 3600 * 1000)
    paid("50")
    chat.say("Hi")
    other.control("POST", "/control/switches", {"wa_window_by_status": 1})
    other.control("POST", "/control/time", {"advance_ms": 24 * 3600 * 1000 + 60000})
    paid("60")
    assert other.state()["violations"] == []


def test_a_tenant_may_take_the_pin_in_the_chat(make_stage):
    """By an option whose name says what it risks: then nothing is handed over to the phone."""
    other = make_stage(start=False, edit=lambda _config, tenant: tenant["channels"].append(
        other.whatsapp(pin_in_chat_kept_for_ever=True)))
    other.secrets |= set(WHATSAPP.values())
    open_stage(other)
    other.whatsapp_to(other.gateway)
    core_customer(other)
    sign_up(other)
    chat = Chat(other, THANDI)
    chat.say("Hi")
    assert "Enter your PIN" in chat.choose("Balance")
    assert "Wrong PIN" in chat.say(OTHER_PIN)
    assert "You have R1 000.00." in chat.say(PIN)
    chat.say("00")
    chat.choose("Send money")
    chat.say("0" + SIPHO[2:])
    assert "Enter your PIN to pay" in chat.say("50")
    assert "Done: R50.00 sent to" in chat.say(PIN)
    assert len(debits(other)) == 1 and other.gateway.metric("isango_chat_handed_total") == 0
    assert other.state()["violations"] == []
