# SPDX-License-Identifier: Apache-2.0
"""What looks for secrets after each test sees them, and no core of a process that holds them can be had."""
import base64
import hashlib
import hmac
import itertools
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import types
import urllib.parse

import pytest

from callbacks import Listener
from helpers import PIN, SIPHO, cash_out, core_customer, open_stage, sign_up, token_in, token_sms
from leaks import Leaks
from phone import Phone
from stage import WHATSAPP, http, until
from test_sms_http import KEY, NUMBER, PUBLIC, SECRET, channel as sms_channel, write

NOBODY = 65534


@pytest.mark.plain_only("nothing of the gateway runs in it")
@pytest.mark.parametrize("where", ["isango1.log", "seen.isango1", "redis/appendonlydir/x.aof", "core.17"])
@pytest.mark.parametrize("what, text", [
    ("the PIN", f"pin={PIN}"), ("a token", "code 1234567890,"), ("a token in groups", "1234 5678 90"),
    ("a JWT", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIi"), ("a phone", f"to={SIPHO} "), ("in a name", f"{{p:001}}ses:acme/{SIPHO}"),
    ("as the country writes it", "083 765 4321"), ("a national number", "0837654321"), ("an SMS", "x Your wallet is open. y")])
def test_each_secret_is_seen(tmp_path, where, what, text):
    stage = types.SimpleNamespace(folder=tmp_path, secrets={PIN})
    file = tmp_path / where
    file.parent.mkdir(parents=True, exist_ok=True)
    leaks = Leaks(stage)
    leaks.words |= {"1234567890", "1234 5678 90", "Your wallet is open."}
    file.write_bytes(b"\0\xff0824680 124680 x24680y 2026-11-21T07:24:46.802Z \0\n")
    assert leaks.scan() == []
    file.write_bytes(b"\0\xff\n" + text.encode() + b"\xfe\0")
    found = leaks.scan()
    assert found and found[0].startswith(f"{where}:"), f"{what}: {found}"


def test_what_a_run_used_is_gathered(stage):
    core_customer(stage)
    phone = sign_up(stage)
    cash_out(phone)
    text = token_sms(phone)
    leaks = Leaks(stage)
    leaks.gather()
    assert {PIN, token_in(text), text, "0821234567", "8001015009087"} <= leaks.words
    assert "isango_intents_done_total" in (stage.folder / "seen.isango1").read_text()
    assert "ses:" in (stage.folder / "seen.keys").read_text()
    assert leaks.scan() == []


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGABRT])
def test_no_core_is_written(make_stage, number):
    """Although whoever started it allows cores."""
    stage = make_stage()
    allowed = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (allowed[1], allowed[1]))
    try:
        gateway = stage.start_gateway()
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, allowed)
    limits = pathlib.Path(f"/proc/{gateway.pid}/limits").read_text()
    assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size")] == [["0", "0"]]
    core_customer(stage)
    phone = sign_up(stage)
    cash_out(phone)
    token_sms(phone)
    home = pathlib.Path(f"/proc/{gateway.pid}/cwd").resolve()
    before = set(home.glob("*core*"))
    leaks = Leaks(stage)
    leaks.gather()
    os.kill(gateway.pid, number)
    ended = os.waitid(os.P_PID, gateway.pid, os.WEXITED | os.WNOWAIT)
    assert (ended.si_code, ended.si_status) == (os.CLD_KILLED, number), ended
    gateway.wait()
    # PIN, token, login and phones were in its memory a moment ago: they are nowhere on the disk.
    assert set(home.glob("*core*")) == before
    assert leaks.scan() == []


def test_its_own_user_cannot_look_into_it(make_stage, tmp_path):
    """As a debugger would that has the same user and no more rights; root's right to look into everything is taken away."""
    def without(*command):
        return ["setpriv", "--bounding-set", "-sys_ptrace", *command] if os.getuid() == 0 else list(command)

    def looks_into(pid):
        return subprocess.run(without("head", "-c", "8", f"/proc/{pid}/mem"), check=False, capture_output=True,
                              text=True).stderr.count("denied")

    sleeper = subprocess.Popen(without("sleep", "60"))
    try:
        until(lambda: "sleep" in pathlib.Path(f"/proc/{sleeper.pid}/comm").read_text(), "sleep to be what runs")
        if looks_into(sleeper.pid) != 0:
            pytest.skip("this system lets nobody look")
    finally:
        sleeper.kill()
        sleeper.wait()
    stage = make_stage(start=False)
    stage.start_redis()
    stage.start_sandbox()
    stage.configure()
    program = tmp_path / "isango"
    program.write_text(f"#!/bin/sh\nexec {' '.join(without(str(stage.program)))} \"$@\"\n")
    program.chmod(0o755)
    stage.program = program
    gateway = stage.start_gateway()
    assert looks_into(gateway.pid) == 1
    gateway.kill()


# ---- what peers say wrongly, or should not have said

ECHO_PHONE, ECHO_PIN = "27825550199", "80246"
SPELLED = [ECHO_PHONE, "+" + ECHO_PHONE, "0825550199", "whatsapp:+" + ECHO_PHONE, "%2B" + ECHO_PHONE, "082 555 0199"]
ECHO_DIALECTS = ("africastalking", "hubtel", "json", "aat-vodacom", "infobip", "mtn-madapi")
ECHO_NAME = "Nomvula-Zondi-8001015009087.pdf"
ECHO_USER = "ZA.8f2kQ0bSuidOfThatPerson"


class Parrot(Listener):
    """Refuses whatever it is asked, and says all of it again wherever its answer has room for words."""

    def answer(self, path, headers, body):
        words = urllib.parse.unquote_plus(f"{path} {body.decode(errors='replace')} {headers}")
        words = f"{''.join(re.findall('27[0-9]{9}', words)[:1])} {words}"       # where few octets of it are kept
        person = {"number": words, "statusCode": words, "status": words, "messageId": words}
        error = {"code": 100, "message": words, "title": words, "error_data": {"details": words}, "description": words}
        said = {"SMSMessageData": {"Message": words, "Recipients": [person] * ("version1" in path)}, "message": words,
                "messages": [{"status": {"groupId": 5, "name": words, "description": words}, "accepted": False,
                              "error": error, "to": words, "messageId": words}], "error": error, "code": words,
                "Errors": [{"ErrorMessage": words, "ErrorCode": words}], "status": "refused", "reason": words}
        return (200 if len(self.heard) % 2 else 400), json.dumps(said).encode(), {
            "Content-Type": f"application/json; {ECHO_PHONE}", "Retry-After": ECHO_PHONE, "X-Echo": ECHO_PIN}

def bad_bodies():
    """As good as something, until one octet too many or too few."""
    for phone in SPELLED:
        members = dict.fromkeys(("session", "phone", "event", "Mobile", "msisdn", "sessionId", "messageType", "id",
                                 "status", "failureReason", "EventId", "Status", "Msisdn"), phone)
        members |= dict.fromkeys(("text", "sequence", "SessionId", "Message", "ussdString"), ECHO_PIN)
        result = {"from": phone, "to": phone, "text": ECHO_PIN, "messageId": phone, "error": {"id": phone},
                  "status": {"groupId": 2, "name": phone}}
        good = json.dumps({**members, "results": [result], "messages": [{"from": phone}], "phones": [phone, phone],
                           "receipts": [{"ours": phone, "status": phone, "error": phone}], "statusCode": 5})
        form = "&".join(f"{name}={phone}" for name in (
            "sessionId", "phoneNumber", "text", "id", "status", "failureReason", "from", "to", "MessageSid",
            "MessageStatus", "ErrorCode", "From", "To", "Body", "s", "networkCode", "serviceCode")) + f"&pin={ECHO_PIN}"
        yield from ((kind, text) for kind, text in (
            ("application/json", good), ("application/json", good[:-1]), ("application/json", good + phone),
            ("application/json", "{" + f'"{phone}":' * 3),
            ("text/xml", f'<!DOCTYPE a [<!ENTITY b "{phone}">]><a>&b;</a>'),
            ("application/x-www-form-urlencoded", form), ("application/x-www-form-urlencoded", form + "&%"),
            (f"multipart/form-data; boundary={phone}", f"--{phone}\r\n\r\n{ECHO_PIN}\r\n--{phone}--")))


def chat_bodies():
    def webhook(**value):
        value["metadata"] = {"phone_number_id": "106540352242922"}
        return {"object": "whatsapp_business_account", "entry": [{
            "id": ECHO_PHONE, "changes": [{"field": "messages", "value": value}]}]}

    def message(**more):
        return webhook(messages=[{"from": ECHO_PHONE, "id": f"wamid.{next(made)}", "timestamp": "1", **more}],
                       contacts=[{"wa_id": ECHO_PHONE, "user_id": ECHO_USER, "profile": {"name": ECHO_NAME}}])
    made = itertools.count()
    error = {"code": 131026, "title": ECHO_PHONE, "message": ECHO_PHONE,
             "error_data": {"details": f"{ECHO_PHONE} {ECHO_PIN}"}}
    return [
        message(type="text", text={"body": ECHO_PIN}), message(type="text", text={"body": "My name is Nomvula Zondi"}),
        message(type="unsupported", errors=[error]), message(type="location", location={"name": ECHO_NAME}),
        message(type="document", document={"id": ECHO_PHONE, "filename": ECHO_NAME, "mime_type": ECHO_NAME,
                                           "caption": ECHO_PIN}),
        message(type="image", image={"id": f"../{ECHO_PHONE}", "mime_type": "image/jpeg", "sha256": ECHO_PHONE}),
        message(type="interactive", interactive={"type": "list_reply",
                                                 "list_reply": {"id": ECHO_PIN, "title": ECHO_PHONE}}),
        message(type="system", system={"type": "user_changed_number", "wa_id": ECHO_PHONE, "body": ECHO_PHONE}),
        webhook(errors=[error]), webhook(messages=[{"from_user_id": ECHO_USER, "id": ECHO_USER, "type": ECHO_USER}]),
        webhook(statuses=[{"id": ECHO_PHONE, "recipient_id": ECHO_PHONE, "status": "failed", "errors": [error],
                           "biz_opaque_callback_data": ECHO_PHONE}, {"status": ECHO_PHONE, "id": ECHO_PIN}])]


@pytest.fixture
def parrot():
    made = Parrot()
    yield made
    made.close()


def test_what_is_wrong_is_not_repeated(make_stage, parrot):
    """Neither of requests nor of answers that are not as they should be: phones in any spelling, PINs, names, keys."""
    def channels(config, tenant):
        config["public_url"], config["http"] = PUBLIC, {"phone_per_minute": 0}
        for provider in NUMBER:
            made = sms_channel(stage, provider)
            made["api_url"] = parrot.url + ("/json" if provider == "json" else "")
            tenant["channels"].append({**made, "pause_s": 1})
        for dialect in ECHO_DIALECTS:
            tenant["channels"].append({"name": dialect, "kind": "ussd-http", "dialect": dialect,
                                       "key_file": "../sms.key", "service_codes": ["*384*7#"]})
        tenant["channels"].append(stage.whatsapp(api_url=parrot.url + "/v25.0", stop_s=1))
        tenant["routes"]["token"] = ["sms-infobip", "sms-twilio", "sms-json", "acme-sms"]
        tenant["routes"]["result"] = ["acme-chat", "sms-kannel", "sms-clickatell", "acme-sms"]
        config["message_tries"] = 1
    stage = make_stage(start=False, edit=channels)
    stage.sandbox_arguments += ["--sms-secret-file", str(stage.folder / "sms.secret"),
                                "--sms-key-file", str(stage.folder / "sms.key")]
    stage.secret("sms.secret", SECRET)
    stage.secret("sms.key", KEY)
    stage.secrets |= {SECRET, KEY, ECHO_PIN, ECHO_NAME, ECHO_USER, "Nomvula", *WHATSAPP.values(), *SPELLED,
                      base64.b64encode(f"wallet:{SECRET}".encode()).decode(), "825550199"}
    stage.expected_errors |= {"sms channel shut", "whatsapp stopped", "whatsapp error"}
    open_stage(stage)
    complaints = []

    def ask(method, path, body=None, headers=None):
        status, text = http(method, stage.gateway.url(path), None if body is None else body.encode(), headers)
        if status >= 400:       # who is served is told his own number by some
            complaints.append(text)
        return status

    statuses, paths = set(), [f"/ussd/{dialect}" for dialect in ECHO_DIALECTS]
    paths += [f"/sms/sms-{provider}/{way}" for provider in NUMBER for way in ("receipt", "inbound", "optout")]
    for kind, body in bad_bodies():
        for path in (*paths, f"/ussd/infobip/session/{ECHO_PHONE}/response"):
            statuses.add(ask("POST", f"{path}?key={KEY}", body, {"Content-Type": kind}))
        ask("POST", "/ussd/json?key=" + KEY[:-1], body, {"Content-Type": kind, "Authorization": f"Bearer {ECHO_PHONE}"})
        ask("POST", f"/sms/sms-twilio/receipt?key={KEY}", body,
            {"Content-Type": kind, "X-Twilio-Signature": ECHO_PHONE})
        ask("POST", "/whatsapp/acme-chat", body, {"X-Hub-Signature-256": f"sha256={ECHO_PHONE}"})
    assert statuses <= {200, 400, 403, 404, 405}, statuses
    for phone in SPELLED:
        query = urllib.parse.urlencode({name: phone for name in (
            "msisdn", "request", "ussdSessionId", "to_addr", "step", "id", "s", "a", "from", "to", "text", "Status",
            "EventID")})
        for path in ("/ussd/aat-vodacom", "/sms/sms-kannel/receipt", "/sms/sms-kannel/inbound",
                     "/sms/sms-smsportal/receipt", "/sms/sms-smsportal/inbound", "/sms/sms-smsportal/optout"):
            for key in (KEY, phone):
                ask("GET", f"{path}?key={key}&{query}")
        token = urllib.parse.quote(phone)
        ask("GET", f"/whatsapp/acme-chat?hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}")
        ask("GET", f"/ussd/{urllib.parse.quote(phone)}/{ECHO_PIN}")
    for hook in chat_bodies():
        body = json.dumps(hook)
        mac = hmac.new(WHATSAPP["secret"].encode(), body.encode(), hashlib.sha256).hexdigest()
        assert ask("POST", "/whatsapp/acme-chat", body, {"X-Hub-Signature-256": "sha256=" + mac}) == 200, body
        ask("POST", "/whatsapp/acme-chat", body, {"X-Hub-Signature-256": "sha256=" + mac[:-1] + "x"})
        cut = body[:-1]
        mac = hmac.new(WHATSAPP["secret"].encode(), cut.encode(), hashlib.sha256).hexdigest()
        assert ask("POST", "/whatsapp/acme-chat", cut, {"X-Hub-Signature-256": "sha256=" + mac}) == 400
    assert [word for word in stage.secrets if any(word in text for text in complaints)] == []
    # And a whole story, of which each provider says what it was told.
    for provider in NUMBER:
        stage.control("POST", "/control/sms", {"provider": provider, "public": PUBLIC,
                                               "url": stage.gateway.url(f"/sms/sms-{provider}")})
        write(stage, provider, Phone(stage, ECHO_PHONE), "HELP")
    core_customer(stage)
    phone = sign_up(stage)
    cash_out(phone)
    token_sms(phone)
    wanted = {"/version1/messaging", "/sms/3/messages", "/v1/message", "/v1/bulkmessages", "/cgi-bin/sendsms", "/json",
              "/2010-04-01/Accounts/wallet/Messages.json", "/v25.0/106540352242922/messages"}
    until(lambda: wanted <= {path.split("?")[0] for path, _, _ in parrot.heard}, "each provider to be asked")
