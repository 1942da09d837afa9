# SPDX-License-Identifier: Apache-2.0
"""Integrators on the wallet core's own paths: their id is theirs, and no answer holds a token."""
import concurrent.futures
import datetime

import pytest

from helpers import EMPLOYER, INTEGRATOR_PATH as PATH, SIPHO, THANDI, WITHDRAW, token_in, token_sms, wait_sms, wallet, \
    withdrawals
from phone import Phone
from stage import INTEGRATOR_KEY, http


def order(stage, **fields):
    return stage.integrator("POST", PATH, {**WITHDRAW, **fields})


def listed(stage, **like):
    status, answer = stage.integrator("GET", PATH)
    assert status == 200
    return [entry for entry in answer if all(entry[k] == v for k, v in like.items())]


def no_token(stage, *answers):
    tokens = [w["token"] for w in stage.state()["withdrawals"]]
    assert tokens and all(token not in str(answer) for token in tokens for answer in answers)


def test_a_withdrawal(stage):
    status, made = order(stage)
    assert status == 200, made
    assert {k: made[k] for k in ("externalUniqueId", "status", "amount", "fee", "deliverToPhone", "walletId")} == {
        "externalUniqueId": "order-0001", "status": "PENDING", "amount": 100.0, "fee": 8.0, "deliverToPhone": SIPHO,
        "walletId": stage.wallet_id}
    text = token_sms(Phone(stage, SIPHO))
    assert [w["token"] for w in withdrawals(stage)] == [token_in(text)]
    status, got = stage.integrator("GET", f"{PATH}/{made['withdrawalId']}")
    assert status == 200 and got == made
    status, listed = stage.integrator("GET", PATH)
    assert status == 200 and listed == [made]
    no_token(stage, made, got, listed)
    stage.control("POST", "/control/redeem", {"token": token_in(text)})
    assert wallet(stage, EMPLOYER)["balance"] == "99892.00"


def test_a_login(stage):
    status, answer = stage.integrator("POST", "/authentication/login", {"identity": "payroll", "password": INTEGRATOR_KEY},
                                      key=None)
    assert status == 200 and answer["headerName"] == "Authorization"
    status, _ = stage.integrator("POST", PATH, WITHDRAW, key=answer["headerValue"])
    assert status == 200
    forged = answer["headerValue"][:-1] + ("0" if answer["headerValue"][-1] != "0" else "1")
    assert stage.integrator("GET", PATH, key=forged)[0] == 401


@pytest.mark.parametrize("body", [{"identity": "payroll", "password": "wrong-key-0123456789"},
                                  {"identity": "nobody", "password": INTEGRATOR_KEY}])
def test_a_wrong_login(stage, body):
    status, answer = stage.integrator("POST", "/authentication/login", body, key=None)
    assert (status, answer[0]["code"], answer[0]["type"]) == (401, "USR002", "BUSINESS")


@pytest.mark.parametrize("key", [None, "", "wrong", "Bearer ", "Bearer 0.0.9999999999.00000000000000000000000000000000",
                                 "Bearer 7.7.1.x", INTEGRATOR_KEY + "x"])
def test_a_wrong_key(stage, key):
    status, answer = stage.integrator("POST", PATH, WITHDRAW, key=key)
    assert status == 401 and answer[0]["code"] == "SEC001"
    assert withdrawals(stage) == []


@pytest.mark.parametrize("path, expected", [
    ("/tenants/5987/wallets/100002/withdrawals", 403), ("/tenants/5986/wallets/100001/withdrawals", 403),
    ("/tenants/5987/wallets/x/withdrawals", 404), ("/tenants/5987/wallets/100001", 404),
    ("/tenants/5987/wallets/99999999999999999999/withdrawals", 404)])
def test_a_wallet_that_is_not_theirs(stage, path, expected):
    status, answer = stage.integrator("POST", path, WITHDRAW)
    assert status == expected and answer[0]["description"]
    assert withdrawals(stage) == []


@pytest.mark.parametrize("change, words", [
    ({"deliverToPhone": None}, "deliverToPhone"), ({"deliverToPhone": "12"}, "deliverToPhone"), ({"amount": "100"}, "amount"),
    ({"amount": 100.001}, "amount"), ({"amount": -50}, "amount"), ({"amount": 0}, "amount"), ({"amount": 3050}, "amount"),
    ({"amount": 60}, "amount"), ({"externalUniqueId": "x"}, "externalUniqueId"), ({"type": "EFT"}, "type"),
    ({"externalUniqueId": "x" * 300}, "externalUniqueId"), ({"expires": "tomorrow"}, "expires")])
def test_an_order_that_is_not_as_it_must_be(stage, change, words):
    body = {k: v for k, v in {**WITHDRAW, **change}.items() if v is not None}
    status, answer = stage.integrator("POST", PATH, body)
    assert status == 400 and words in answer[0]["description"].replace("This type", "type").replace("The amount", "amount")
    assert withdrawals(stage) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"amount":1,"amount":2}', b"\xff\xfe", b"[" * 5000])
def test_a_body_that_cannot_be_read(stage, body):
    status, _ = http("POST", stage.gateway.url("/eclipse-conductor/rest/v1" + PATH), body,
                     {"Authorization": INTEGRATOR_KEY, "Content-Type": "application/json"})
    assert status == 400


def test_the_same_order_again(stage):
    first, again = order(stage), order(stage)
    assert first == again and first[0] == 200
    assert order(stage, amount=150.00)[0] == 400 and order(stage, deliverToPhone=THANDI)[0] == 400
    assert len(withdrawals(stage)) == 1


def at_once(n, ask):
    """What n calls that are made together are answered."""
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        return list(pool.map(ask, range(n)))


@pytest.mark.parametrize("count", [1, 2])
def test_the_same_order_many_times_at_once_counts_once(make_stage, count):
    def capped(_config, tenant):
        tenant["integrators"][0].update(day_count=count)
    stage = make_stage(edit=capped)
    answers = at_once(12, lambda _: order(stage))
    assert answers[0][0] == 200 and all(answer == answers[0] for answer in answers), answers
    assert order(stage) == answers[0]
    for n in range(2, count + 1):
        assert order(stage, externalUniqueId=f"order-{n:04}")[0] == 200
    status, refused = order(stage, externalUniqueId="order-0009")
    assert (status, refused[0]["code"]) == (400, "WAL010")
    assert len(withdrawals(stage)) == count


@pytest.mark.parametrize("cap", [None, 25])
def test_many_orders_at_once(make_stage, cap):
    def capped(_config, tenant):
        if cap is not None:
            tenant["integrators"][0].update(day_count=cap, day_amount="4000.00")
    stage = make_stage(edit=capped)
    answers = at_once(40, lambda n: order(stage, externalUniqueId=f"at-once-{n:04}", deliverToPhone=f"278300000{n:02}"))
    good = [answer["externalUniqueId"] for status, answer in answers if status == 200]
    bad = [(status, answer[0]["code"]) for status, answer in answers if status != 200]
    assert len(good) == (cap or 40) and set(bad) <= {(400, "WAL010")}, answers
    assert sorted(good) == sorted(entry["externalUniqueId"] for entry in listed(stage, status="PENDING"))
    assert len(withdrawals(stage)) == len(good)


def test_a_cancel(stage):
    _, made = order(stage)
    phone = Phone(stage, SIPHO)
    token_sms(phone)
    path = f"{PATH}/{made['withdrawalId']}"
    assert stage.integrator("PUT", path, {"status": "SUCCESSFUL"})[0] == 400
    status, cancelled = stage.integrator("PUT", path, {"status": "CANCELLED"})
    assert status == 200 and cancelled["status"] == "CANCELLED"
    assert [w["status"] for w in withdrawals(stage)] == ["CANCELLED"]
    assert stage.integrator("GET", path)[1]["status"] == "CANCELLED"
    assert "no longer works" in wait_sms(phone, "was cancelled")
    assert stage.integrator("PUT", path, {"status": "CANCELLED"})[0] in (200, 400)
    assert stage.integrator("PUT", f"{PATH}/99999", {"status": "CANCELLED"})[0] == 404


def test_many_cancels_at_once(stage):
    """The first is saved; the others wait for what becomes of it, however many they are."""
    _, made = order(stage)
    path = f"{PATH}/{made['withdrawalId']}"
    answers = at_once(24, lambda _: stage.integrator("PUT", path, {"status": "CANCELLED"}))
    assert {status for status, _ in answers} <= {200, 400}, answers
    assert any(status == 200 for status, _ in answers)
    assert all(answer["status"] == "CANCELLED" if status == 200 else answer[0]["code"] == "WDR001"
               for status, answer in answers), answers
    assert [w["status"] for w in withdrawals(stage)] == ["CANCELLED"]


@pytest.mark.parametrize("days", [-1, 31])
def test_expires_must_lie_in_the_next_thirty_days(stage, days):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    status, answer = order(stage, expires=at.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    assert (status, answer[0]["code"]) == (400, "VAL001") and "expires" in answer[0]["description"]
    assert withdrawals(stage) == []


def test_lists_are_paged_newest_first(stage):
    made = [order(stage, externalUniqueId=f"page-{n:04}")[1]["withdrawalId"] for n in range(5)]
    listed = [w["withdrawalId"] for w in stage.integrator("GET", PATH)[1]]
    assert listed == made[::-1]
    assert [w["withdrawalId"] for w in stage.integrator("GET", PATH + "?limit=2&offset=1")[1]] == made[::-1][1:3]
    assert stage.integrator("GET", PATH + "?dateFromIncl=2001-01-01T00:00:00.000Z&dateToExcl=2001-02-01T00:00:00.000Z") \
        == (200, [])
    for bad in ("limit=x", "offset=-1", "dateFromIncl=yesterday"):
        assert stage.integrator("GET", f"{PATH}?{bad}")[0] == 400
    assert stage.integrator("GET", f"{PATH}/99999")[0] == 404


def test_caps_of_a_day(make_stage):
    def capped(_config, tenant):
        tenant["integrators"][0].update(day_amount="250.00", day_count=3)
    stage = make_stage(edit=capped)
    assert order(stage)[0] == 200 and order(stage, externalUniqueId="order-0002")[0] == 200
    status, answer = order(stage, externalUniqueId="order-0003")
    assert status == 400 and answer[0]["type"] == "BUSINESS"
    assert order(stage, externalUniqueId="order-0004", amount=50)[0] == 200
    assert order(stage, externalUniqueId="order-0005", amount=50)[0] == 400
    assert len(withdrawals(stage)) == 3


def test_not_enough_money(stage):
    stage.control("POST", "/control/bar", {"walletId": stage.wallet_id})
    status, answer = order(stage)
    assert status == 400 and answer[0]["type"] == "BUSINESS"
    # The order is over: the same id tells the same.
    stage.control("POST", "/control/bar", {"walletId": stage.wallet_id, "barred": False})
    assert order(stage) == (status, answer)
    assert order(stage, externalUniqueId="order-0002")[0] == 200


def test_other_methods_and_paths(stage):
    url = stage.gateway.url("/eclipse-conductor/rest/v1")
    assert http("DELETE", url + PATH, None, {"Authorization": INTEGRATOR_KEY})[0] in (405, 501)
    assert http("GET", url + "/tenants/5987/customers", None, {"Authorization": INTEGRATOR_KEY})[0] == 404
    assert http("GET", url + "/authentication/login")[0] in (401, 404, 405)
