# SPDX-License-Identifier: Apache-2.0
"""
SMS over HTTP: what the sandbox's providers take, answer and send, each in its own form. One gateway has a channel at each
of them; what a phone writes by one comes back by the same one, with a receipt that moves the message.
"""
import base64
import hashlib
import hmac
import subprocess
import urllib.parse

import pytest

from chat import Chat
from helpers import NAMES, PIN, SIPHO, cash_out, open_stage, sign_up, token_in, token_sms, withdrawals
from phone import Phone
from stage import SOURCE, WHATSAPP, http, until

PUBLIC = "https://gw.example"
SECRET, KEY = "provider-secret-0123456789", "callback-key-0123456789"
NUMBER = {"africastalking": "31201", "infobip": "31202", "clickatell": "31203", "twilio": "31204", "smsportal": "31205",
          "kannel": "31206", "json": "31207"}
REPEATS_OURS = {"infobip", "clickatell", "smsportal", "kannel", "json"}
SAMPLES = SOURCE / "tests" / "data" / "samples"


def sender(provider):
    return NUMBER[provider]


def channel(stage, provider):
    port = stage.sandbox_ports["sms_port"]
    made = {"name": f"sms-{provider}", "kind": "sms-http", "provider": provider, "sender": sender(provider),
            "user": "wallet", "password_file": "../sms.secret", "key_file": "../sms.key", "pause_s": 600,
            "api_url": f"http://127.0.0.1:{port}" + ("/json" if provider == "json" else "")}
    if provider == "json":
        made["inbound"] = ["31208"]
    return made


@pytest.fixture
def at_providers(make_stage):
    """make(providers, edit, chat): a stage whose tenant has a channel at each of them, and one of WhatsApp."""
    def make(providers, edit=None, chat=None):
        holder = []

        def channels(config, tenant):
            stage = holder[0]
            config["public_url"] = PUBLIC
            tenant["channels"] += [channel(stage, provider) for provider in providers]
            if chat is not None:
                tenant["channels"].append(stage.whatsapp(**chat))
            if edit is not None:
                edit(config, tenant)
        stage = make_stage(start=False, edit=channels)
        holder.append(stage)
        stage.secrets |= {SECRET, KEY} | set(WHATSAPP.values())
        stage.secret("sms.secret", SECRET)
        stage.secret("sms.key", KEY)
        stage.sandbox_arguments += ["--sms-secret-file", str(stage.folder / "sms.secret"),
                                    "--sms-key-file", str(stage.folder / "sms.key")]
        open_stage(stage)
        for provider in providers:
            stage.control("POST", "/control/sms", {"provider": provider, "public": PUBLIC,
                                                   "url": stage.gateway.url(f"/sms/sms-{provider}")})
        if chat is not None:
            stage.whatsapp_to(stage.gateway)
        return stage
    return make


def counts(stage, provider):
    return stage.state()["sms_providers"][provider]


def delivered(stage):
    return stage.gateway.metric("isango_messages_delivered_total")


def write(stage, provider, phone, text, **more):
    phone.send(text, to=NUMBER[provider], provider=provider, **more)


def test_each_provider_sends_hears_and_confirms(at_providers):
    stage = at_providers(NUMBER)
    for n, provider in enumerate(NUMBER):
        phone, before = Phone(stage, f"2782123400{n}"), delivered(stage)
        write(stage, provider, phone, "HELP")
        assert "STOP ends notices" in phone.sms(), provider
        assert phone.inbox()[-1]["from"] == sender(provider)
        until(lambda: delivered(stage) == before + 1, f"the receipt of {provider}")
        write(stage, provider, phone, "start")
        assert phone.sms()
        until(lambda: delivered(stage) == before + 2, f"the second receipt of {provider}")
        stops = stage.gateway.metric("isango_inbound_stops_total")
        write(stage, provider, phone, "STOP")
        until(lambda: stage.gateway.metric("isango_inbound_stops_total") == stops + 1, f"STOP by {provider}")
        if provider == "twilio":
            assert len(phone.inbox()) == 2          # it has answered itself, and lets nothing through any more
        else:
            assert "No more notices" in phone.sms()
            until(lambda: delivered(stage) == before + 3, f"the third receipt of {provider}")
    for provider in NUMBER:
        seen = counts(stage, provider)
        assert seen["refused"] == 0 and seen["posted"] == seen["heard"], (provider, seen)
    assert stage.state()["violations"] == []
    lost_answers(stage)
    opt_outs(stage)
    strangers(stage)
    twilio(stage)
    samples(stage)


def lost_answers(stage):
    """The provider took it and its answer was lost: the receipt says what became of it, where it has our name in it."""
    for n, provider in enumerate(NUMBER):
        phone, before = Phone(stage, f"2782123410{n}"), delivered(stage)
        stage.faults({"where": "sms", "match": {"method": provider}, "do": "lose_answer", "times": 1})
        write(stage, provider, phone, "HELP")
        until(lambda: delivered(stage) == before + 1, f"the receipt of {provider}")
        # Without our name in it the receipt finds nothing, and what may be said twice is.
        assert len(phone.inbox()) == (1 if provider in REPEATS_OURS else 2), provider
        stage.no_faults()


def opt_outs(stage):
    for n, provider in enumerate(("africastalking", "smsportal", "json")):
        stops = stage.gateway.metric("isango_inbound_stops_total")
        phone = Phone(stage, f"2782123420{n}")
        stage.control("POST", "/control/sms-opt-out", {"provider": provider, "phone": phone.msisdn})
        until(lambda: stage.gateway.metric("isango_inbound_stops_total") == stops + 1, f"the opt-out of {provider}")
        assert phone.inbox() == []


def ask(stage, provider, way, body=None, key=KEY, headers=None, query=""):
    url = stage.gateway.url(f"/sms/sms-{provider}/{way}?" + (f"key={key}" if key else "") + query)
    return http("POST" if body is not None else "GET", url, body.encode() if body is not None else None, headers)[0]


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def strangers(stage):
    body = "id=1&status=Success&phoneNumber=%2B27821234567"
    refused = stage.gateway.metric("isango_sms_callbacks_refused_total")
    for n, key in enumerate((None, KEY[:-1], KEY + "x", KEY[:-1] + "x")):
        assert ask(stage, "africastalking", "receipt", body, key, FORM) == 403, key
        assert stage.gateway.metric("isango_sms_callbacks_refused_total") == refused + n + 1
    assert ask(stage, "africastalking", "receipt", body, None, {**FORM, "Authorization": f"Bearer {KEY}"}) == 200
    assert ask(stage, "africastalking", "receipt", "{", KEY) == 400
    assert ask(stage, "twilio", "receipt", "MessageSid=1&MessageStatus=sent", KEY, FORM) == 403
    assert ask(stage, "twilio", "receipt", "MessageSid=1&MessageStatus=sent", KEY,
               {**FORM, "X-Twilio-Signature": "ED7j2A4eToqVfZb4898OXFcJ/Wk="}) == 403
    assert ask(stage, "nobody", "receipt", body, KEY) == 404
    assert ask(stage, "africastalking", "elsewhere", body, KEY) == 404


def signed(stage, way, body, seen=None, public=PUBLIC, secret=SECRET):
    """What Twilio would send; seen: the body that the signature is over."""
    fields = urllib.parse.parse_qsl(body if seen is None else seen, keep_blank_values=True)
    text = f"{public}/sms/sms-twilio/{way}?key={KEY}" + "".join(k + v for k, v in sorted(fields))
    mac = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
    return ask(stage, "twilio", way, body, KEY, {**FORM, "X-Twilio-Signature": mac})


def twilio(stage):
    """Its samples, signed anew: over the URL that this gateway has. What is repeated does nothing twice."""
    receipt = (SAMPLES / "twilio" / "status-callback.http").read_text().split("\n\n")[1].strip()
    inbound = (SAMPLES / "twilio" / "inbound.form").read_text().strip()
    stops, before = stage.gateway.metric("isango_inbound_stops_total"), delivered(stage)
    assert [signed(stage, "receipt", receipt) for _ in range(3)] == [200] * 3
    assert [signed(stage, "inbound", inbound) for _ in range(3)] == [200] * 3
    assert stage.gateway.metric("isango_inbound_stops_total") == stops + 1 and delivered(stage) == before
    changed = receipt.replace("delivered", "deliverec")
    assert signed(stage, "receipt", changed, seen=receipt) == 403
    assert signed(stage, "receipt", receipt + "&x=1", seen=receipt) == 403
    assert signed(stage, "receipt", receipt, public="http://gw.example") == 403
    assert signed(stage, "receipt", receipt, secret=SECRET[:-1]) == 403


def samples(stage):
    """Every callback of the samples through the listener."""
    ways = [("africastalking", "sms-dlr-*.form", "receipt"), ("africastalking", "sms-inbound-stop.form", "inbound"),
            ("africastalking", "sms-optout.form", "optout"), ("infobip", "sms-dlr-*.json", "receipt"),
            ("infobip", "sms-inbound.json", "inbound"), ("clickatell", "*status*.json", "receipt"),
            ("clickatell", "inbound*.json", "inbound"), ("smsportal", "dlr-v2*.json", "receipt")]
    for provider, pattern, way in ways:
        found = sorted((SAMPLES / provider).glob(pattern))
        assert found, pattern
        for path in found:
            headers = FORM if path.suffix == ".form" else {"Content-Type": "text/plain"}
            assert ask(stage, provider, way, path.read_text(), KEY, headers) == 200, path
            assert f" path=/sms/sms-{provider}/{way} " in stage.gateway.log.read_text()
    query = "&" + (SAMPLES / "smsportal" / "dlr-v1.query").read_text().strip()
    assert ask(stage, "smsportal", "receipt", query=query) == 200
    for name in ("dlr.url", "dlr-delivered.url"):
        query = "&" + urllib.parse.urlsplit((SAMPLES / "kannel" / name).read_text().strip()).query
        assert ask(stage, "kannel", "receipt", query=query) == 200


def chain(_config, tenant):
    _config["message_tries"] = 1
    tenant["routes"]["token"] = ["acme-sms", "sms-africastalking", "sms-infobip", "sms-json"]


def test_a_token_goes_on_until_somebody_takes_it(at_providers):
    """The SMSC refuses, one provider refuses our account, one the recipient inside a 200; the last one has it."""
    stage = at_providers(["africastalking", "infobip", "json"], chain)
    stage.expected_errors.add("sms channel shut")
    phone = sign_up(stage)
    stage.faults({"where": "smsc", "match": {"method": "submit_sm", "path": SIPHO}, "do": "error", "status": 0x0B},
                 {"where": "sms", "match": {"method": "africastalking"}, "do": "error", "status": 401},
                 {"where": "sms", "match": {"method": "infobip"}, "do": "refuse"})
    other = Phone(stage, SIPHO)
    cash_out(phone, other=SIPHO)
    text = token_sms(other)
    assert token_in(text) == withdrawals(stage)[0]["token"]
    assert other.inbox()[-1]["from"] == sender("json")
    until(lambda: delivered(stage) >= 1, "the receipt")
    assert sum(token_in(m["text"]) is not None for m in other.inbox()) == 1
    gateway = stage.gateway
    assert gateway.metric("isango_messages_rerouted_total") >= 3
    assert gateway.metric("isango_sms_channels_shut") == 1 and gateway.metric("isango_sms_http_shut_total") == 1
    assert "channel sms-africastalking: its provider refuses the account" in gateway.missing() and gateway.ready()
    # The SMSC and the recipient are well again: what is shut is not asked.
    stage.no_faults()
    cash_out(phone, "200", other=SIPHO)
    assert token_in(token_sms(other))
    assert gateway.metric("isango_sms_http_shut_total") == 1


def first_http(config, tenant):
    config["message_tries"] = 1
    tenant["routes"]["token"] = ["sms-twilio", "sms-kannel", "acme-sms"]


def test_what_a_provider_says_later(at_providers):
    """A receipt of failure takes the next route; who wants nothing from a sender is remembered, and still has his token."""
    stage = at_providers(["twilio", "kannel"], first_http)
    phone = sign_up(stage)
    stage.faults({"where": "sms", "match": {"method": "twilio"}, "do": "fail", "times": 1})
    cash_out(phone)
    token = withdrawals(stage)[0]["token"]

    def carriers():
        return [m["from"] for m in phone.inbox() if token_in(m["text"]) == token]
    until(lambda: carriers() == [sender("twilio"), sender("kannel")], "the token by the next route")
    phone.new_sms()
    stage.no_faults()
    stage.faults({"where": "sms", "match": {"method": "twilio"}, "do": "stopped"})
    cash_out(phone, "200")
    assert token_in(token_sms(phone)) and phone.inbox()[-1]["from"] == sender("kannel")
    until(lambda: stage.gateway.metric("isango_inbound_stops_total") == 1, "the opt-out to be remembered")
    stage.no_faults()
    # Slow, then a pause, then it goes out.
    stage.faults({"where": "sms", "match": {"method": "twilio"}, "do": "error", "status": 429, "times": 1})
    cash_out(phone, "300")
    assert token_in(token_sms(phone)) and phone.inbox()[-1]["from"] == sender("twilio")
    assert stage.gateway.metric("isango_sms_http_slow_total") == 1
    assert stage.state()["violations"] == []


def each_its_own(config, tenant):
    config["message_tries"] = 1
    tenant["routes"] = {"token": ["acme-sms", "sms-json", "acme-chat"], "result": ["sms-json", "acme-sms", "acme-chat"],
                        "notice": ["sms-kannel", "acme-chat"]}
    tenant["chat_pushes"] = 0


def prove(stage, chat, id_number):
    """A chat that hears of what it did not ask for: its customer has typed the PIN at the phone for it."""
    phone = Phone(stage, chat.who)
    phone.dial()
    phone.walk("1", "1", *NAMES[SIPHO], "1", id_number, "1", PIN, PIN)
    phone.hang_up()
    chat.say("Hi")
    chat.choose("Balance")
    phone.dial()
    phone.type(PIN)
    chat.read_until("You have")
    phone.sms()
    return phone


def test_over_smpp_then_http_then_the_chat(at_providers):
    """Each class by its own routes: who refuses is passed over, and the chat has it in the end."""
    stage = at_providers(["json", "kannel"], each_its_own, chat={"token_in_chat_kept_for_ever": True})
    # Whom the messages of tests/stage/outbox.c are for: a token, a result, a notice.
    chats = [Chat(stage, str(27820000000 + n)) for n in range(3)]
    phones = [prove(stage, chat, number) for chat, number in
              zip(chats, ("9001015001083", "9001015002081", "9001015003089"))]
    stage.faults(*({"where": "smsc", "match": {"method": "submit_sm", "path": chat.who}, "do": "error", "status": 0x0B}
                   for chat in chats),
                 *({"where": "sms", "match": {"method": provider}, "do": "refuse"} for provider in ("json", "kannel")))
    rerouted = stage.gateway.metric("isango_messages_rerouted_total")
    subprocess.run([stage.build / "tests" / "stage" / "outbox", "-c", stage.config, "put", "3"], check=True, timeout=30)
    for n, chat in enumerate(chats):
        assert chat.read() == f"Message {n} of many."
        assert phones[n].new_sms() == []
    assert stage.gateway.metric("isango_messages_rerouted_total") == rerouted + 2 + 2 + 1
    assert stage.state()["violations"] == []
