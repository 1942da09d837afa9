# SPDX-License-Identifier: Apache-2.0
"""
The listener of the channels as an attacker, a proxy and an eager client see it, while a customer goes on in the menu. With
ISANGO_LONG 10 000 connections stand idle and 100 000 random requests come, else 2 000 and 3 000. Framing, limits and
deadlines by themselves: tests/unit/test_http_*.
"""
import base64
import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import random
import re
import resource
import signal
import socket
import ssl
import subprocess
import time
import urllib.parse

import pytest

from conftest import ASAN
from helpers import HOME, OTHER_PIN, SIPHO, THANDI, at_post, core_customer, sign_up
from phone import Phone
from stage import AT_KEY, INTEGRATOR_KEY, SOURCE, http as call, until

LONG = "ISANGO_LONG" in os.environ
IDLE, RANDOM = (10000, 100000) if LONG else (2000, 3000)
PATH = f"/ussd/acme-ussd-at?key={AT_KEY}"
GET = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW_S = 2


def port(stage):
    return stage.gateway.listening()["channels"]


def dial_in(stage):
    return socket.create_connection(("127.0.0.1", port(stage)), timeout=20)


def answers(sock, n=1):
    """What comes until so many answers are there, or the connection ends."""
    text = b""
    while text.count(b"HTTP/1.1 ") < n or not text.endswith((b"\n", b"}")):
        try:
            octets = sock.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            octets = b""
        if not octets:
            break
        text += octets
    return text.decode()


def form(text="", phone=THANDI, session="ATUid_edge", **more):
    fields = {"sessionId": session, "serviceCode": "*384*123#", "phoneNumber": f"+{phone}", "text": text, **more}
    return urllib.parse.urlencode(fields)


def post(stage, body, source="127.0.0.1", headers=None, path=PATH, connection=None):
    """(status, headers, text) of one request from that address."""
    made = connection or http.client.HTTPConnection("127.0.0.1", port(stage), timeout=20, source_address=(source, 0))
    made.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})
    answer = made.getresponse()
    text = answer.read().decode()
    if connection is None:
        made.close()
    return answer.status, answer.headers, text


def metric(stage, name):
    return stage.gateway.metric(f"isango_{name}")


class Idlers:
    """Connections that were of use once and say no more."""

    def __init__(self, stage, n):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < n + 500:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, n + 500), hard))
        self.sockets = []
        for _ in range(n):
            sock = dial_in(stage)
            sock.sendall(GET)
            self.sockets.append(sock)

    def close(self):
        for sock in self.sockets:
            sock.close()


@pytest.fixture
def customer(make_stage):
    """A stage whose listener gives up on the slow soon, and a customer who stands in the middle of the menu."""
    def edit(config, _tenant):
        config["http"] = {"connections": IDLE + 1000, "header_s": SLOW_S}
    stage = make_stage(edit=edit)
    core_customer(stage)
    phone = sign_up(stage)
    phone.dial()
    phone.walk("7")
    more = phone.screen
    yield stage, phone, more
    # Nothing of what went on changed the dialogue.
    assert phone.walk("0") == HOME and phone.walk("7") == more
    assert "R1 000.00" in phone.walk("0", "1", "24680")


def honest(stage, n=20):
    """A dialogue over HTTP while all that is going on; the longest time an answer took."""
    worst = 0.0
    connection = http.client.HTTPConnection("127.0.0.1", port(stage), timeout=20)
    for i in range(n):
        began = time.monotonic()
        status, _, text = post(stage, form(session=f"ATUid_{i}", phone=f"2782000{i:04}"), connection=connection)
        worst = max(worst, time.monotonic() - began)
        assert (status, text[:4]) == (200, "CON "), (status, text)
    connection.close()
    return worst


def test_attacks_and_a_customer_beside_them(customer):
    stage, phone, more = customer
    closed, unfinished, refused = (metric(stage, name) for name in (
        "http_closed_slow_total", "http_unfinished_total", "http_refused_total"))
    slow = [dial_in(stage) for _ in range(60)]
    for n, sock in enumerate(slow):
        # Headers that never end, bodies that never end, and those who say nothing at all.
        sock.sendall([b"GET / HTTP/1.1\r\nHost: x\r\nX: ",
                      f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\nx".encode(), b""][n % 3])
    oversize = [dial_in(stage) for _ in range(2)]
    oversize[0].sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70000)
    oversize[1].sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20000 + b"\r\n\r\n")
    assert " 413 " in answers(oversize[0]) and " 400 " in answers(oversize[1])
    # One hundred on one connection, of which the fourth is a second request in disguise.
    pipe = dial_in(stage)
    pipe.sendall(GET * 100)
    assert answers(pipe, 100).count("HTTP/1.1 404 ") == 100
    pipe.sendall(GET * 3 + b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 90\r\n\r\nabcd" +
                 GET * 5)
    text = answers(pipe, 10)
    assert (text.count("HTTP/1.1 404 "), text.count("HTTP/1.1 400 "), pipe.recv(1)) == (3, 1, b"")
    # Said all and waits for the answer.
    half = dial_in(stage)
    body = form(session="ATUid_half", phone=SIPHO).encode()
    half.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                 f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    half.shutdown(socket.SHUT_WR)
    assert "\r\n\r\nCON " in answers(half)
    assert phone.walk("0", "7") == more
    assert honest(stage) < 1
    # An octet now and then does not buy time.
    deadline = time.monotonic() + 4 * SLOW_S + 5
    while metric(stage, "http_closed_slow_total") < closed + len(slow):
        assert time.monotonic() < deadline, "slow ones are still open"
        for n, sock in enumerate(slow):
            if n % 3 != 2:
                with contextlib.suppress(OSError):
                    sock.send(b"z")
        time.sleep(0.02)
    assert metric(stage, "http_unfinished_total") >= unfinished + 42
    assert metric(stage, "http_refused_total") == refused + 1
    for sock in (*slow, *oversize, pipe, half):
        sock.close()


@pytest.mark.plain_only("the same code as one connection runs through, and it would take ten times as long")
def test_idle_connections_cost_nobody_anything(customer):
    stage, phone, more = customer
    idlers = Idlers(stage, IDLE)
    until(lambda: metric(stage, "http_connections") >= IDLE, "all to be connected")
    assert phone.walk("0", "7") == more
    worst = honest(stage, 50)
    assert worst < 1, f"{worst:.3f} s beside {IDLE} idle connections"
    assert metric(stage, "http_closed_slow_total") == 0
    idlers.close()
    until(lambda: metric(stage, "http_connections") < 20, "all to be gone")


# ---- what nobody would send


def random_request(rng, samples):
    """Something like a request: a real path or none, a provider's body with octets changed, headers that may lie."""
    path = rng.choice(["/ussd/acme-ussd-at", "/ussd/acme-ussd-json", "/whatsapp/acme-wa", "/sms/acme-sms/inbound",
                       "/callbacks/acme/x", "/eclipse-conductor/rest/v1/authentication/login", "/",
                       "/%2e%2e", "*"])
    if rng.random() < 0.8:
        path += f"?key={AT_KEY}"
    body = bytearray(rng.choice(samples))
    for _ in range(rng.choice((0, 0, 1, 3, 30))):
        if body:
            body[rng.randrange(len(body))] = rng.randrange(256)
    if rng.random() < 0.2:
        body = body[:rng.randrange(len(body) + 1)]
    kind = rng.choice(["application/x-www-form-urlencoded", "application/json", "text/xml", "\u00e9"])
    method = rng.choice(["POST", "POST", "POST", "GET", "PUT", "BREW"])
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    head += f"Content-Type: {kind}\r\nContent-Length: {len(body) + rng.choice((0, 0, 0, 0, 1, -1))}\r\n\r\n"
    return head.encode() + body


def resident(gateway):
    """Megabytes."""
    pages = int(pathlib.Path(f"/proc/{gateway.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def test_random_requests_leave_nothing_behind(make_stage):
    def edit(config, tenant):
        config["http"] = {"phone_per_minute": 0, "header_s": SLOW_S}
        tenant["channels"].append({"name": "acme-ussd-json", "kind": "ussd-http", "dialect": "json",
                                   "service_codes": ["*384*123#"], "key_file": "../acme-at.key"})
    stage = make_stage(edit=edit)
    core_customer(stage)
    phone = sign_up(stage)
    phone.dial()
    more = phone.walk("7")
    rng = random.Random(20261121)
    found = sorted((SOURCE / "tests" / "data" / "samples").glob("*/*"))
    samples = [path.read_bytes() for path in found if path.is_file()]
    samples += [form("1*2").encode(), b""]

    def send(request):
        with dial_in(stage) as sock, contextlib.suppress(OSError):
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(send, (random_request(rng, samples) for _ in range(RANDOM // 3))))
        before = resident(stage.gateway)
        list(pool.map(send, (random_request(rng, samples) for _ in range(RANDOM - RANDOM // 3))))
    assert ASAN or resident(stage.gateway) < before + 6, "its memory grows"      # a sanitizer keeps what is freed
    assert metric(stage, "http_requests_total") > RANDOM * 0.6
    assert phone.walk("0") == HOME and phone.walk("7") == more
    assert "R1 000.00" in phone.walk("0", "1", "24680")


def test_as_many_files_as_connections_need(stage):
    """Although whoever started it allows few."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, allowed[1]))
    try:
        gateway = stage.start_gateway()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, allowed)
    limits = pathlib.Path(f"/proc/{gateway.pid}/limits").read_text()
    soft = re.search(r"^Max open files +(\d+)", limits, re.M)[1]
    assert int(soft) == min(2024, allowed[1])


# ---- TLS


def make_certificate(stage, name, days=30):
    """A pair that the gateway would take, as NAME.pem and NAME.key."""
    certificate, key = stage.folder / f"{name}.pem", stage.folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", str(days), "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-keyout", key,
                    "-out", certificate], check=True, capture_output=True)
    key.chmod(0o600)
    return certificate, key


def install(stage, *names):
    """Replaces the pair as a renewal does: (certificate, key), each under a name of its own first."""
    for target, source in zip(("tls.pem", "tls.key"), names):
        part = stage.folder / f"{target}.part"
        part.write_bytes(source.read_bytes())
        part.chmod(0o600)
        part.rename(stage.folder / target)


def context(version=None):
    made = ssl.create_default_context()
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    if version is not None:
        made.set_ciphers("ALL:@SECLEVEL=0")
        made.minimum_version = made.maximum_version = version
    return made


def over_tls(stage, version=None):
    return context(version).wrap_socket(dial_in(stage), server_hostname="localhost")


def common_name(sock):
    der = sock.getpeercert(binary_form=True)
    text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject"], input=der, capture_output=True,
                          check=True).stdout.decode()
    return text.rpartition("=")[2].strip()


def screen_over(sock, text=""):
    body = form(text).encode()
    sock.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                 f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    head, _, rest = b"", b"", b""
    while b"\r\n\r\n" not in head:
        head += sock.recv(4096)
    head, _, rest = head.partition(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", head, re.I)[1])
    while len(rest) < length:
        rest += sock.recv(4096)
    return rest.decode()


@pytest.fixture
def tls(make_stage):
    def edit(config, _tenant):
        config["listen"]["tls"] = {"cert_file": "tls.pem", "key_file": "tls.key"}
        config["http"] = {"header_s": SLOW_S, "phone_per_minute": 0}
    stage = make_stage(start=False, edit=edit)
    stage.pairs = {name: make_certificate(stage, name) for name in ("first", "second", "third")}
    install(stage, *stage.pairs["first"])
    stage.start_redis()
    stage.start_sandbox()
    stage.configure()
    stage.start_gateway()
    return stage


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
def test_tls_speaks_what_it_should(tls):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with over_tls(tls, version) as sock:
            assert screen_over(sock).startswith("CON ")
            assert common_name(sock) == "first"
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            over_tls(tls, version)
    # Who speaks in clear, or says nothing, or not all, harms nobody else.
    plain, mute, half = dial_in(tls), dial_in(tls), over_tls(tls)
    plain.sendall(GET)
    half.sendall(b"POST / HTTP/1.1\r\nHost:")
    assert plain.recv(100)[:5] != b"HTTP/"
    with over_tls(tls) as sock:
        assert screen_over(sock).startswith("CON ")
        until(lambda: metric(tls, "http_closed_slow_total") >= 2, "slow ones to be closed")
    assert mute.recv(1) == b""
    with contextlib.suppress(OSError):
        assert half.recv(1) == b""
    until(lambda: metric(tls, "tls_handshakes_failed_total") >= 4, "all that never spoke TLS to be counted")
    for sock in (plain, mute, half):
        sock.close()


def test_certificates_change_under_traffic(tls):
    kept = over_tls(tls)
    assert 29 * 86400 < metric(tls, "tls_certificate_seconds") <= 30 * 86400
    stop = False

    def traffic():
        served = set()
        while not stop:
            with over_tls(tls) as sock:
                assert screen_over(sock).startswith("CON ")
                served.add(common_name(sock))
        return served
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        running = [pool.submit(traffic) for _ in range(2)]
        try:
            install(tls, *tls.pairs["second"])
            tls.gateway.signal(signal.SIGHUP)
            until(lambda: metric(tls, "tls_reloads_total") == 1, "the new pair")
            assert screen_over(kept).startswith("CON ")     # begun with the old one
            # A key that is another certificate's: what is in force stays.
            # The configuration has a mistake now.
            tls.expected_errors |= {"tls certificate refused", "reload refused"}
            install(tls, tls.pairs["third"][0], tls.pairs["second"][1])
            tls.gateway.signal(signal.SIGHUP)
            until(lambda: metric(tls, "tls_reloads_refused_total") == 1, "the bad pair to be refused")
            with over_tls(tls) as sock:
                assert common_name(sock) == "second"
            # That the files are others is also found without a signal: tests/unit/test_http_tls.
            install(tls, *tls.pairs["third"])
            tls.gateway.signal(signal.SIGHUP)
            until(lambda: metric(tls, "tls_reloads_total") == 2, "the third pair")
            with over_tls(tls) as sock:
                assert common_name(sock) == "third"
        finally:
            stop = True
        assert set().union(*(done.result(20) for done in running)) <= {"first", "second", "third"}
    kept.close()


def test_check_says_what_is_wrong_with_the_pair(make_stage):
    def check():
        stage.configure()
        done = subprocess.run([stage.program, "check", "-c", stage.config], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def edit(config, _tenant):
        config["listen"].update(more)
    stage = make_stage(start=False, edit=edit)
    more = {}
    stage.start_redis()
    stage.start_sandbox()
    for name in ("first", "second"):
        make_certificate(stage, name)
    more = {"tls": {"cert_file": "first.pem", "key_file": "first.key"}, "proxies": ["10.0.0.0/8"],
            "proxy_header": "Forwarded"}
    assert check()[0] == 0, check()
    for wrong, words in (
            ({"tls": {"cert_file": "first.pem", "key_file": "second.key"}},
             "second.key: key values mismatch; cert_file must"),
            ({"tls": {"cert_file": "first.key", "key_file": "first.key"}}, "first.key: no start line"),
            ({"tls": {"cert_file": "first.pem"}}, "listen.tls.key_file is missing"),
            ({"tls": {"cert_file": "none.pem", "key_file": "first.key"}}, "none.pem cannot be read"),
            ({"proxies": ["10.0.0.0/33"]}, "10.0.0.0/33"),
            ({"proxy_header": "Forwarded"}, "proxy_header: nobody's is looked at without listen.proxies")):
        more = wrong
        status, text = check()
        assert status == 1 and words in text, (wrong, text)
        assert re.search(r"isango\.json:\d+: ", text), text
    (stage.folder / "first.key").chmod(0o644)
    more = {"tls": {"cert_file": "first.pem", "key_file": "first.key"}}
    status, text = check()
    assert status == 1 and "everybody on this machine can read" in text, text


# ---- who calls, how often, and what is written down of it

PROXY, STRANGER, PROVIDER = "127.0.0.9", "127.0.0.1", "192.0.2.7"


@pytest.fixture
def behind_proxy(make_stage):
    def edit(config, tenant):
        config["listen"]["proxies"] = [f"{PROXY}/32", "10.0.0.0/8"]
        # So low that a slow machine asks for more than they add meanwhile.
        config["http"] = {"phone_per_minute": 3}
        at = next(c for c in tenant["channels"] if c["kind"] == "ussd-http")
        at.update({"from": ["192.0.2.0/24"], "requests_per_s": 20})
        tenant["integrators"][0]["requests_per_s"] = 1
    stage = make_stage(edit=edit)
    stage.secrets |= {"SECRET", "4Dd2Jx"}
    return stage


def test_only_the_proxy_says_who_the_client_is(behind_proxy):
    def status(source, **headers):
        return post(behind_proxy, form(), source, {name.replace("_", "-"): text for name, text in headers.items()})[0]
    spoofed = metric(behind_proxy, "http_forwarded_bad_total")
    for source, headers, expected in (
            (PROXY, {"X_Forwarded_For": PROVIDER}, 200),
            (PROXY, {"X_Forwarded_For": f"203.0.113.5, {PROVIDER}, 10.1.1.1"}, 200),
            (PROXY, {"X_Forwarded_For": f"{PROVIDER}, 203.0.113.5"}, 403),     # the client wrote the first one itself
            (PROXY, {"X_Forwarded_For": "203.0.113.5", "Forwarded": f"for={PROVIDER}"}, 403),
            (PROXY, {}, 403),
            (STRANGER, {"X_Forwarded_For": PROVIDER}, 403),
            (STRANGER, {"X_Forwarded_For": f"{PROVIDER}, 10.1.1.1"}, 403),
            (PROXY, {"X_Forwarded_For": f"{PROVIDER}, what?"}, 400),
            (PROXY, {"X_Forwarded_For": f"{PROVIDER};x"}, 400)):
        assert status(source, **headers) == expected, (source, headers)
    assert metric(behind_proxy, "http_forwarded_bad_total") == spoofed + 2
    log = behind_proxy.gateway.log.read_text()
    assert f" peer={PROVIDER} via={PROXY} method=POST path=/ussd/acme-ussd-at channel=acme-ussd-at status=200 " in log
    assert f" peer={STRANGER} method=POST path=/ussd/acme-ussd-at channel=acme-ussd-at status=403 " in log


def test_too_many_are_told_when_to_come_again(behind_proxy):
    stage, headers = behind_proxy, {"X-Forwarded-For": PROVIDER}

    def many(n, phone):
        """Statuses, and the last Retry-After."""
        found, after = [], None
        connection = http.client.HTTPConnection("127.0.0.1", port(stage), source_address=(PROXY, 0))
        for i in range(n):
            status, said, _ = post(stage, form(session=f"ATUid_{phone}_{i}", phone=phone), headers=headers,
                                   connection=connection)
            found.append(status)
            after = said.get("Retry-After", after)
        connection.close()
        return found, after
    found, after = many(5, THANDI)
    assert found == [200] * 3 + [429] * 2 and 1 <= int(after) <= 20
    # What ends a dialogue counts as well, or it would be the way around.
    assert at_post_end(stage, headers) == 429
    assert metric(stage, "rate_phone_total") == 3
    assert many(3, SIPHO)[0] == [200] * 3
    # The channel's own limit, of phones that each call once: what is left of twenty at once, and what a moment adds.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda i: many(1, f"2783000{i:04}")[0][0], range(400)))
    assert set(done) == {200, 429} and done.count(200) >= 14
    assert metric(stage, "rate_channel_total") == done.count(429)
    # SMPP is not HTTP; a dialogue there goes on.
    phone = Phone(stage, SIPHO)
    phone.dial()
    assert phone.open
    statuses = [stage.integrator("GET", "/tenants/5987/wallets/100001/withdrawals")[0] for _ in range(12)]
    assert statuses[0] == 200 and 429 in statuses and set(statuses) == {200, 429}
    assert metric(stage, "rate_integrator_total") >= statuses.count(429)


def at_post_end(stage, headers):
    body = form(session="ATUid_end", phone=THANDI) + "&status=Incomplete"
    return post(stage, body.replace("&text=", ""), PROXY, headers)[0]


def test_the_access_log_tells_all_but_secrets(behind_proxy):
    stage = behind_proxy
    key = base64.b64encode(b"SECRET").decode()
    basic = {"Authorization": f"Basic {key}"}
    stage.secrets.add(key)
    lines = [
        ("GET", f"/ussd/{AT_KEY}", "path=/ussd/* status=404"),
        ("GET", f"/ussd/acme-ussd-at/{AT_KEY}?key=SECRET", "path=/ussd/acme-ussd-at/* channel=acme-ussd-at status="),
        ("POST", f"/callbacks/acme/4Dd2Jx{AT_KEY}", "path=/callbacks/acme/* status="),
        ("GET", f"/eclipse-conductor/rest/v1/tenants/5987/wallets/100001/withdrawals/27{SIPHO[2:]}",
         "path=/eclipse-conductor/rest/v1/tenants/5987/wallets/100001/withdrawals/* status=401"),
        ("GET", f"/{OTHER_PIN}/SECRET", "path=/*/* status=404"),
        ("PUT", "/" + "SECRET/" * 40, "path=/*/*/*/*/*/*/*/*/*/*/*/* status=404"),
        ("GET", "/%0aSECRET", "path=- status=400"),
    ]
    for method, path, _ in lines:
        call(method, stage.gateway.url(path), b"pin=SECRET" if method != "GET" else None, basic)
    stage.integrator("POST", "/authentication/login", {"identity": "payroll", "password": INTEGRATOR_KEY})
    log = stage.gateway.log.read_text()
    for method, _, words in lines:
        assert f" method={method} {words}" in log, words
    assert re.search(r" http server=channels peer=127\.0\.0\.1 method=POST "
                     r"path=/eclipse-conductor/rest/v1/authentication/login "
                     r"status=200 in=\d+ out=\d+ ms=\d+ end=answered\n", log)
    # What is no request leaves a line too, and one who wants none has none.
    with dial_in(stage) as sock:
        sock.sendall(b"GET /SECRET HTTP/1.1\r\nX")
    until(lambda: re.search(r" peer=127\.0\.0\.1 method=- path=- status=0 in=23 out=0 ms=\d+ end=unfinished",
                            stage.gateway.log.read_text()), "its line")
    before = stage.edit
    stage.edit = lambda config, tenant: (before(config, tenant), config["http"].update(access_log=False))
    stage.configure()
    silent = stage.start_gateway()
    assert at_post(silent)[0] == 403
    assert " http server=" not in silent.log.read_text()
