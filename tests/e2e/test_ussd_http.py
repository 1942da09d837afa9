# SPDX-License-Identifier: Apache-2.0
"""
USSD over HTTP in all dialects at once, each channel with a proof of its own: the JSON of ours is as doc/openapi-ussd.json
says, a request that comes again gets the answer that it had, and whatever is sent, the process stays well and a dialogue
over SMPP never hears of it.
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import random
import re
import threading
import urllib.parse

import jsonschema
import pytest

from helpers import HOME, PIN, open_stage, sign_up
from stage import SOURCE, http as fetch

REQUESTS = 100000 if "ISANGO_LONG" in os.environ else 2000
THREADS = 4
GROWTH_KB = 4096        # of the resident set, once the process is warm
SAMPLES = SOURCE / "tests" / "data" / "samples"
OPENAPI = json.loads((SOURCE / "doc" / "openapi-ussd.json").read_text())
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
KEY = "a-key-of-the-channels-0123456789"
# Their names are the dialects'; each with the code of its samples.
CODES = {
    "africastalking": "*384*1234#", "infobip": "*120*1234#", "aat-vodacom": "*120*1234#", "channelmobile": "*120*1234#",
    "mtn-madapi": "*120*1234#", "safaricom": "*167#", "hubtel": "*713*1#", "arkesel": "*928*01#", "nalo": "*920*1#",
    "nsano": "*789*1#", "korba-txtghana": "*395#", "json": "*120*385#"}
PROOFS = {
    "mtn-madapi": {"header_name": "x-api-key", "header_key_file": "../dialects.key"},
    "hubtel": {"basic_user": "hubtel", "basic_password_file": "../dialects.key"},
    "json": {"hmac_header": "X-Signature", "hmac_key_file": "../dialects.key", "from": ["127.0.0.0/8"]}}


def proof(dialect, body):
    """(query, headers) that show who sends it."""
    if dialect == "mtn-madapi":
        return "", {"X-Api-Key": KEY}
    if dialect == "hubtel":
        return "", {"Authorization": "Basic " + base64.b64encode(f"hubtel:{KEY}".encode()).decode()}
    if dialect == "json":
        return "", {"X-Signature": "sha256=" + hmac.new(KEY.encode(), body or b"", hashlib.sha256).hexdigest()}
    return f"key={KEY}", {}


@pytest.fixture
def stage(make_stage):
    def all_dialects(config, tenant):
        config["public_url"] = "http://127.0.0.1:1"
        # A hundred customers ask more than they could: nothing is to be kept from the readers.
        config.setdefault("http", {})["phone_per_minute"] = tenant["requests_per_s"] = 0
        made.secret("dialects.key", KEY)
        for dialect, code in CODES.items():
            tenant["channels"].append({
                "name": dialect, "kind": "ussd-http", "dialect": dialect, "service_codes": [code],
                **PROOFS.get(dialect, {"key_file": "../dialects.key"})})
    # The folder that the key is put into is there only once the stage is made.
    made = make_stage(start=False, edit=all_dialects)
    made.secrets.add(KEY)
    open_stage(made)
    return made


class Line:
    """A connection that is kept, and dialled again where the gateway has closed it."""

    def __init__(self, gateway):
        self.port = gateway.listening()["channels"]
        self.link = None

    def ask(self, method, target, body=None, headers=None):
        for _ in range(2):
            if self.link is None:
                self.link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                self.link.request(method, target, body, headers or {})
                answer = self.link.getresponse()
                text = answer.read()
                if answer.will_close:
                    self.close()
                return answer.status, text
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, http.client.CannotSendRequest):
                self.close()
        raise AssertionError(f"no answer to {method} of {len(target)} octets")

    def close(self):
        if self.link is not None:
            self.link.close()
        self.link = None


def send(line, dialect, method="POST", path="", body=None, query="", kind=JSON):
    more, headers = proof(dialect, body)
    query = "&".join(part for part in (query, more) if part)
    if body is not None:
        headers["Content-Type"] = kind
    return line.ask(method, f"/ussd/{dialect}{path}" + (f"?{query}" if query else ""), body, headers)


# ---- what the OpenAPI file says

def validator(name):
    schema = {"$ref": f"#/components/schemas/{name}", "components": OPENAPI["components"]}
    jsonschema.Draft7Validator.check_schema(OPENAPI["components"]["schemas"][name])
    return jsonschema.Draft7Validator(schema)


OPERATION = OPENAPI["paths"]["/ussd/{channel}"]["post"]
GOOD = [example["value"] for example in OPERATION["requestBody"]["content"][JSON]["examples"].values()]
BEGIN, INPUT, END, TIMEOUT = GOOD


def changed(request, **changes):
    return {name: value for name, value in {**request, **changes}.items() if value is not None}


REQUESTS_OF_OURS = GOOD + [
    changed(BEGIN, code=None, sequence=None), changed(BEGIN, phone="0600000001"), changed(BEGIN, phone="tel:+27 60 000 0001"),
    changed(BEGIN, more={"is": ["ignored"]}), changed(BEGIN, imsi="655100000000001"), changed(BEGIN, sequence=2147483647),
    changed(INPUT, text=""), changed(INPUT, text="ünï☃"), changed(BEGIN, session="~" * 63), changed(BEGIN, text="not looked at"),
    changed(BEGIN, session=None), changed(BEGIN, phone=None), changed(BEGIN, event=None), changed(INPUT, text=None),
    changed(BEGIN, session=""), changed(BEGIN, session="~" * 64), changed(BEGIN, session="a b"), changed(BEGIN, session="é"),
    changed(BEGIN, session=7), changed(BEGIN, phone=27600000001), changed(BEGIN, phone="+2٧600000001"),
    changed(BEGIN, phone="0600"), changed(BEGIN, phone="sipho@example"), changed(BEGIN, event="Begin"),
    changed(BEGIN, event=1), changed(INPUT, text=5), changed(END, text=[]), changed(BEGIN, code=384),
    changed(BEGIN, sequence="1"), changed(BEGIN, sequence=-1), changed(BEGIN, sequence=2147483648),
    changed(BEGIN, sequence=1.5), changed(BEGIN, imsi=655100000000001)]


def assert_as_openapi_says(line):
    request, screen, noted = validator("Request"), validator("Screen"), validator("Noted")
    for example in OPERATION["responses"]["200"]["content"][JSON]["examples"].values():
        assert screen.is_valid(example["value"]) != noted.is_valid(example["value"])
    taken = [one for one in REQUESTS_OF_OURS if request.is_valid(one)]
    assert len(GOOD) < len(taken) < len(REQUESTS_OF_OURS)
    for one in REQUESTS_OF_OURS:
        status, answer = send(line, "json", body=json.dumps(one).encode())
        assert str(status) in OPERATION["responses"], one
        assert status == (200 if request.is_valid(one) else 400), (one, status, answer)
        if status == 200:
            (noted if one["event"] in ("end", "timeout") else screen).validate(json.loads(answer))
        else:
            assert answer.strip() and b"27600000001" not in answer


# ---- a request that comes again

def assert_repeated(line):
    """By its number: the same one gets the same answer, the next one another."""
    def ours(event, sequence, **more):
        body = {"session": "r-1", "phone": "0600000077", "event": event, "sequence": sequence, **more}
        return json.loads(send(line, "json", body=json.dumps(body).encode())[1])

    first = ours("begin", 1)
    assert ours("begin", 1) == first and not first["end"]
    second = ours("input", 2, text="1")
    assert second != first and ours("input", 2, text="1") == second
    assert ours("input", 3, text="1") != second

    query = "msisdn=27600000078&provider=Telkom_8t&ussdSessionId=12&request={}&requestid={}"
    one = send(line, "channelmobile", "GET", query=query.format("*120*1234%23", 0))[1]
    two = send(line, "channelmobile", "GET", query=query.format(1, 1))[1]
    assert b"<requestid>1</requestid>" in one and b"<requestid>2</requestid>" in two
    assert send(line, "channelmobile", "GET", query=query.format(1, 1))[1] == two

    # AAT goes where the answer says, as its gateway would.
    query = "msisdn=27600000079&provider=CellC&ussdSessionId=13&request={}"
    one = send(line, "aat-vodacom", "GET", query=query.format("%2A120%2A1234%23"))[1].decode()
    there = re.search(r'callback="http://127.0.0.1:1([^"]*)"', one).group(1).replace("&amp;", "&")
    two = line.ask("GET", there + "&" + query.format(1))[1].decode()
    assert "step=2" in two and "key=" in two and two != one
    assert line.ask("GET", there + "&" + query.format(1))[1].decode() == two


def test_as_documented(stage):
    line = Line(stage.gateway)
    assert_as_openapi_says(line)
    assert_repeated(line)
    line.close()


# ---- whatever is sent

def seeds():
    """(dialect, method, path, query, body, type) of each sample that a provider sends."""
    found = []
    for dialect in CODES:
        for path in sorted((SAMPLES / dialect).glob("*")) if (SAMPLES / dialect).is_dir() else ():
            text = path.read_text().strip()
            if "reply" in path.name:
                continue
            if path.suffix == ".query":
                found.append((dialect, "GET", "", text, None, None))
            elif dialect == "infobip":
                act = "start" if "start" in path.name else "response" if "response" in path.name else "end"
                found.append((dialect, "PUT" if act == "end" else "POST", f"/session/1/{act}", "", text, JSON))
            else:
                found.append((dialect, "POST", "", "", text, FORM if path.suffix == ".form" else JSON))
    return found + [("json", "POST", "", "", json.dumps(one), JSON) for one in GOOD]


PHONE = re.compile(r"27600000001|233200000001|0600000001")
SPECIAL = ["\x00", "*", "#", "\"", "\\", "{", "}", "[", "]", "&", "=", "%", "%00", "%ff", "\\u0000", "\ud83d", "é", "null", "true",
           "-1", "1e999", "9" * 30, "A" * 300, " ", "<", "&amp;", "\r\n"]


def mutate(rng, text):
    for _ in range(rng.randrange(3)):
        at, n = rng.randrange(len(text) + 1), rng.randrange(12)
        text = rng.choice([
            lambda: text[:at], lambda: text[:at] + text[at + n:], lambda: text[:at] + rng.choice(SPECIAL) + text[at:],
            lambda: text[:at] + chr(rng.randrange(1, 256)) + text[at + 1:], lambda: text[:at] + text[max(0, at - n * 8):]])()
    return text


def request(rng, all_seeds):
    dialect, method, path, query, body, kind = rng.choice(all_seeds)
    ours = PHONE.search(f"{query}{body}")
    if ours:        # a hundred customers, so that dialogues go on
        phone = ours.group(0)[:-2] + f"{rng.randrange(100):02}"
        query, body = query.replace(ours.group(0), phone), body and body.replace(ours.group(0), phone)
    query = mutate(rng, query) if query else query
    body = mutate(rng, body) if body else body
    if rng.random() < 0.03:
        method = rng.choice(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"])
    if rng.random() < 0.03:
        path += rng.choice(["/", "/x", "/session", "/session/2/start", "/session/%2e%2e/end", "//", "/%00"])
    octets = body.encode(errors="surrogatepass") if body is not None else None
    if octets and rng.random() < 0.1:
        octets = octets[:-1] + bytes([rng.randrange(256)])
    more, headers = proof(dialect, octets)
    if rng.random() < 0.03:
        more, headers = rng.choice([("", {}), ("key=no", {"X-Api-Key": "no", "Authorization": "Basic bm8=", "X-Signature": "no"})])
    if octets is not None:
        headers["Content-Type"] = kind if rng.random() < 0.98 else "text/plain"
    query = urllib.parse.quote("&".join(part for part in (query, more) if part), safe="&=%*+/-._~:", errors="replace")
    return method, f"/ussd/{dialect}{path}" + (f"?{query}" if query else ""), octets, headers


def barrage(stage, first, n, seen):
    rng, line, all_seeds = random.Random(first), Line(stage.gateway), seeds()
    for _ in range(n):
        status, _ = line.ask(*request(rng, all_seeds))
        seen[status] = seen.get(status, 0) + 1
    line.close()


def fire(stage, first, n):
    """By some at once; how often each status came."""
    seens = [{} for _ in range(THREADS)]
    threads = [threading.Thread(target=barrage, args=(stage, first + k, n // THREADS, seens[k])) for k in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = {}
    for seen in seens:
        for status, count in seen.items():
            total[status] = total.get(status, 0) + count
    assert sum(total.values()) == n // THREADS * THREADS, total
    return total


def resident_kb(gateway):
    with open(f"/proc/{gateway.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


@pytest.mark.patience(900 if "ISANGO_LONG" in os.environ else 60)
@pytest.mark.plain_only("a sanitizer keeps what is freed, so memory grows; fuzz_dialect looks for the rest")
def test_random_requests_touch_nobody(stage):
    phone = sign_up(stage)
    assert phone.dial() == HOME
    warm = fire(stage, 1, REQUESTS // 2)
    before = resident_kb(stage.gateway)
    assert "Enter your PIN" in phone.type("1")
    seen = fire(stage, 100, REQUESTS // 2)
    assert "R1 000.00" in phone.type(PIN), phone.screen
    assert phone.open
    grown = resident_kb(stage.gateway) - before
    assert grown < GROWTH_KB, f"{grown} kB more after {REQUESTS // 2} requests"
    assert set(seen) <= {200, 400, 401, 403, 404, 405, 411, 413, 501}, sorted(seen.items())
    for status in (200, 400, 401, 403, 404, 405):
        assert warm.get(status, 0) + seen.get(status, 0) > 0, (warm, seen)
    for name in ("bad", "unproven"):
        assert stage.gateway.metric(f"isango_ussd_http_{name}_total") > 0
    port = stage.gateway.listening()["admin"]
    assert fetch("GET", f"http://127.0.0.1:{port}/healthz")[0] == 200
