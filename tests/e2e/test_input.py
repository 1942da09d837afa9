# SPDX-License-Identifier: Apache-2.0
"""What anybody may send: a clear answer, and nobody else notices."""
import socket

import pytest

from helpers import HOME, SIPHO, TEXTS, THANDI, at_post, core_customer, debits, sign_up, to_send_confirm
from phone import Phone
from stage import AT_KEY, http, until


def alive(stage):
    return Phone(stage, SIPHO, "http").dial().startswith("Choose your language:")


@pytest.mark.parametrize("key", [None, "", "wrong", AT_KEY[:-1], AT_KEY + "x", AT_KEY[:-1] + "0"])
def test_a_wrong_key(stage, key):
    status, text = at_post(stage.gateway, key=key)
    assert status == 403 and "CON" not in text
    assert at_post(stage.gateway)[0] == 200


def test_a_foreign_address(make_stage):
    def only(_config, tenant):
        tenant["channels"][1]["from"] = ["10.0.0.0/8"]
    stage = make_stage(edit=only)
    assert at_post(stage.gateway)[0] == 403


@pytest.mark.parametrize("fields", [{"sessionId": None}, {"sessionId": ""}, {"sessionId": "x" * 500},
                                    {"phoneNumber": None}, {"phoneNumber": "+1"}, {"phoneNumber": "; DROP"},
                                    {"text": None}])
def test_a_post_without_what_it_needs(stage, fields):
    status, text = at_post(stage.gateway, **{"text": "", **fields})
    assert status == 400 and text
    assert alive(stage)


@pytest.mark.parametrize("text", ["x" * 3000, "\x00", "é€😀", "**", "1*" * 400, "%ff", "\r\nCON "])
def test_a_strange_history(stage, text):
    status, answer = at_post(stage.gateway, text)
    assert status == 400 or (status == 200 and answer.startswith(("CON ", "END ")) and "\x00" not in answer)
    assert alive(stage)


def test_a_history_too_long_to_keep(stage):
    """Over 2047 octets: the dialogue ends, and what it came to is not guessed at."""
    status, answer = at_post(stage.gateway, "1*" * 1023 + "1")
    assert status == 200 and answer != f"END {TEXTS['error.session_lost']}"
    assert at_post(stage.gateway, "1*" * 1024 + "1") == (200, f"END {TEXTS['error.session_lost']}")


def test_other_paths_and_methods(stage):
    url = stage.gateway.url()
    assert http("GET", url + f"/ussd/acme-ussd-at?key={AT_KEY}")[0] == 405
    assert http("POST", url + f"/ussd/nobody?key={AT_KEY}", b"")[0] == 404
    assert http("POST", url + f"/ussd/acme-ussd?key={AT_KEY}", b"")[0] == 404
    for path in ("/", "/metrics", "/ussd/", "/ussd/../etc/passwd", "/%00", "/" + "a" * 3000):
        assert http("GET", url + path)[0] in (400, 404), path


def raw(stage, octets):
    """What a connection with these octets is answered; it must end, or be answered, in time."""
    with socket.create_connection(("127.0.0.1", stage.gateway.listening()["channels"]), timeout=15) as link:
        link.sendall(octets)
        try:
            link.shutdown(socket.SHUT_WR)
            return link.recv(65536)
        except OSError:
            return b""


@pytest.mark.parametrize("octets", [
    b"", b"\x00" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"POST /ussd/acme-ussd-at HTTP/1.1\r\n\r\n",
    b"POST /ussd/acme-ussd-at HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /ussd/acme-ussd-at HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n",
    b"POST /ussd/acme-ussd-at HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 40000 + b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
def test_malformed_http(stage, octets):
    answer = raw(stage, octets)
    assert not answer.startswith(b"HTTP/1.1 200")
    assert alive(stage)


def test_a_body_that_is_too_large(stage):
    status, _ = at_post(stage.gateway, "x" * 70000)
    assert status in (0, 413)
    assert alive(stage)


def test_half_a_request_holds_nobody_up(stage):
    with socket.create_connection(("127.0.0.1", stage.gateway.listening()["channels"])) as link:
        link.sendall(b"POST /ussd/acme-ussd-at HTTP/1.1\r\nHost: x\r\nContent-Le")
        assert alive(stage)


def test_events_of_the_aggregator_end_a_dialogue(stage):
    core_customer(stage, THANDI)
    gateway = stage.gateway
    at_post(gateway)
    at_post(gateway, "1")
    status, text = at_post(gateway, text=None, status="Incomplete", hopsCount="2", input="1", durationInMillis="1000",
                           errorMessage="", lastAppResponse="", date="2026-11-21 10:00:00", cost="0.30")
    assert (status, text) == (200, "")
    assert at_post(gateway, session="ATUid_2")[1].startswith("CON You have a wallet at Acme Wallet, but no PIN yet.")
    for unknown in ("Success", "Failed", "Whatever"):
        assert at_post(gateway, text=None, session="ATUid_9", status=unknown)[0] == 200


def test_an_event_at_the_confirm_screen_pays_nothing(stage):
    core_customer(stage)
    phone = sign_up(stage, via="http")
    to_send_confirm(phone)
    phone.hang_up()
    until(lambda: stage.state()["aggregators"]["africastalking"]["events"] >= 1, "the event")
    assert debits(stage) == [] and stage.state()["aggregators"]["africastalking"]["events_failed"] == 0
    # The old session's PIN, late: it is no dialogue any more.
    assert phone.dial() == HOME


def test_a_customer_without_plus_or_with_a_national_number(stage):
    for phone in ("27821234567", "0821234567", "+27 82 123 4567"):
        status, text = at_post(stage.gateway, phone=phone, session="ATUid_" + phone[-3:] + phone[:2])
        assert status in (200, 400) and (status == 400 or text.startswith("CON "))
