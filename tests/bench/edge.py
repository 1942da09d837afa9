# SPDX-License-Identifier: Apache-2.0
"""The parts of tests/bench/run that are about what comes in over HTTP: every dialect, attackers, and WhatsApp's webhooks."""
import hashlib
import hmac
import json
import re
import socket
import struct
import subprocess
import sys
import time

from stage import AT_KEY, SOURCE, Process, until

KEY = "bench-key-0123456789"
CODE = "*384*123#"
IDLE, SLOW, OVERSIZE = 10000, 200, 20
HONEST = 8              # customers at once: few enough that they wait for the gateway and not for each other
ROUNDS = 2
WA_NUMBER = "106540352242922"
WA_CHANNEL = "acme-wa"
WA_CONNECTIONS = 64
WA_SECRETS = {"token": "bench-token-0123456789", "secret": "bench-app-secret-0123456789", "verify": "bench-verify-0123456789"}


def no_rates(config, tenant):
    """A bench is one customer who does what a town does."""
    config.setdefault("http", {}).update(phone_per_minute=0)
    tenant["requests_per_s"] = 0
    for channel in tenant["channels"]:
        if channel["kind"] in ("ussd-http", "sms-http", "whatsapp"):
            channel["requests_per_s"] = 0


def dialects(stage):
    """As the program itself names them."""
    text = subprocess.run([stage.program, "check", "--options"], capture_output=True, text=True, check=True).stdout
    line = text.partition("tenant.channels[].dialect\n")[2].partition("\n")[0]
    return re.findall(r'"([a-z-]+)"', line.partition(".")[0])


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def run_dialects(stage, bench, edit, head):
    """Some providers follow links in our answers, so the gateway must know its own address."""
    names, port = dialects(stage), free_port()

    def channels(config, tenant):
        edit(config, tenant)
        config["listen"]["channels"] = f"127.0.0.1:{port}"
        config["public_url"] = f"http://127.0.0.1:{port}"
        tenant["channels"] += [{"name": f"bench-{name}", "kind": "ussd-http", "dialect": name, "service_codes": [CODE],
                                "key_file": "../bench.key"} for name in names]
        no_rates(config, tenant)
    stage.stop_gateways()
    stage.secret("bench.key", KEY)
    stage.edit = channels
    stage.configure()
    gateway = stage.start_gateway()
    for name in names:
        stage.control("POST", "/control/aggregator", {"dialect": name, "url": gateway.url(f"/ussd/bench-{name}"), "key": KEY,
                                                      "proof": "url"})
    print(f"**USSD over HTTP by dialect, appendfsync always**\n\n{head}", flush=True)
    for name in names:
        print(bench.walk(gateway, name)[0].row(name), flush=True)
    print(flush=True)
    # The parts behind this one find the provider with the key that it had.
    stage.control("POST", "/control/aggregator", {"dialect": "africastalking", "url": gateway.url("/"), "key": AT_KEY})


class Attack(Process):
    def __init__(self, stage, *counts):
        super().__init__([sys.executable, "-B", SOURCE / "tests" / "bench" / "attack.py", stage.gateway.listening()["channels"],
                          *counts], stage.folder / "attack.log")
        until(lambda: "ready" in self.log.read_text() or not self.alive(), "the attackers to stand", 120)
        assert self.alive(), self.log.read_text()


def run_edge(stage, bench, edit, head, make_figures, script):
    """Honest customers alone, beside those who only stand there, and beside all of them; in turn, several times."""
    def room(config, tenant):
        edit(config, tenant)
        config["http"] = {"connections": IDLE + 2000, "header_s": 10}
        no_rates(config, tenant)
    stage.stop_gateways()
    stage.edit = room
    stage.configure()
    gateway = stage.start_gateway()
    cases = {"alone": None, f"beside {IDLE} idle connections": (IDLE, 0, 0),
             f"beside these, {SLOW} slow ones and {OVERSIZE} oversize a second": (IDLE, SLOW, OVERSIZE)}
    figures = {what: make_figures() for what in cases}
    before, bench.concurrency = bench.concurrency, HONEST
    n = 40 * HONEST
    bench.once(make_figures(), gateway, via="http", script=script, dialogues=n, first_phone=bench.new_phones(n))
    for _ in range(ROUNDS):
        for what, counts in cases.items():
            attack = Attack(stage, *counts) if counts else None
            if attack is not None:      # the kernel says that they stand before the gateway has them
                until(lambda: gateway.metric("isango_http_connections") >= counts[0], "all of them to be there", 60)
            bench.once(figures[what], gateway, via="http", script=script, dialogues=n, first_phone=bench.new_phones(n))
            if attack is not None:
                open_now = gateway.metric("isango_http_connections")
                assert open_now >= counts[0], f"only {open_now} connections stood"
                attack.stop()
                until(lambda: gateway.metric("isango_http_connections") < 100, "all of them to be gone", 60)
    bench.concurrency = before
    print(f"**honest customers over HTTP, {HONEST} at once, medians of {ROUNDS} rounds**\n\n{head}", flush=True)
    for what, of in figures.items():
        print(of.row(what), flush=True)
    print(f"\nClosed for slowness: {gateway.metric('isango_http_closed_slow_total')}; never whole: "
          f"{gateway.metric('isango_http_unfinished_total')}.\n", flush=True)


def webhook(i, kind, now, secret):
    """The whole request, signed: what customer i wrote, or what became of message i."""
    phone = str(27760000000 + i)
    value = {"messaging_product": "whatsapp", "metadata": {"display_phone_number": "27870000001", "phone_number_id": WA_NUMBER}}
    if kind == "text":
        value["contacts"] = [{"profile": {"name": "Thandi M"}, "wa_id": phone}]
        value["messages"] = [{"from": phone, "id": f"wamid.bench{i}", "timestamp": str(now), "type": "text",
                              "text": {"body": "Hi"}}]
    else:
        value["statuses"] = [{"id": f"wamid.sent{i}", "status": "delivered", "timestamp": str(now), "recipient_id": phone}]
    body = json.dumps({"object": "whatsapp_business_account", "entry": [
        {"id": "102290129340398", "changes": [{"value": value, "field": "messages"}]}]}).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return (f"POST /whatsapp/{WA_CHANNEL} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nX-Hub-Signature-256: "
            f"sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def prepare_whatsapp(stage):
    """Before the sandbox starts, which takes our replies."""
    for name, text in WA_SECRETS.items():
        stage.secret(f"wa.{name}", text)
        stage.sandbox_arguments += [f"--whatsapp-{name}-file", stage.folder / f"wa.{name}"]
    stage.sandbox_arguments += ["--whatsapp-url", "http://127.0.0.1:1/", "--whatsapp-number-id", WA_NUMBER]


def run_whatsapp(stage, bench, edit, n):
    """Webhooks that are answered 200 once all that they bring is in Redis."""
    def channel(config, tenant):
        edit(config, tenant)
        tenant["channels"].append({"name": WA_CHANNEL, "kind": "whatsapp", "whatsapp": {
            "api_url": f"http://127.0.0.1:{stage.sandbox_ports['graph_port']}/v25.0", "phone_number_id": WA_NUMBER,
            "token_file": "../wa.token", "app_secret_file": "../wa.secret", "verify_token_file": "../wa.verify",
            "throughput": 1000}})
        no_rates(config, tenant)
    stage.stop_gateways()
    stage.edit = channel
    stage.configure()
    gateway = stage.start_gateway()
    print("**webhooks of WhatsApp, appendfsync always**\n\n| | webhooks/s | p50 ms | p99 ms | CPU µs a webhook: server | Redis | "
          "EVALSHA a webhook | others |\n|---|---|---|---|---|---|---|---|", flush=True)
    counted = {"text": "isango_chat_inputs_total", "status": "isango_receipts_total"}
    for kind, metric in counted.items():
        file, now = stage.folder / f"webhooks.{kind}", int(time.time())
        with open(file, "wb") as out:
            for i in range(n):
                request = webhook(i, kind, now, WA_SECRETS["secret"])
                out.write(struct.pack("<II", 1, len(request)) + request)
        print(load_row(stage, bench, gateway, file, {"text": "a first message each, of another customer",
                                                     "status": "a delivery of an unknown message each"}[kind]), flush=True)
        assert gateway.metric(metric) >= n, f"{gateway.metric(metric)} of {n} webhooks were understood"
    print(flush=True)


def load_row(stage, bench, gateway, file, what):
    pids = {"server": gateway.pid, "redis": stage.redis.pid, "sandbox": stage.sandbox.pid}
    commands, busy = bench.commands(), bench.busy_seconds()
    cpu = {name: bench.cpu_seconds(pid) for name, pid in pids.items()}
    done = subprocess.run([stage.build / "tests" / "bench" / "load", "-p", str(gateway.listening()["channels"]), "-c",
                           str(WA_CONNECTIONS), file], capture_output=True, text=True, check=True)
    of = json.loads(done.stdout)
    cpu = {name: bench.cpu_seconds(pid) - cpu[name] for name, pid in pids.items()}
    # The load maker is one of the others here: it has ended, and its time with it.
    others = (bench.busy_seconds() - busy - sum(cpu.values())) / (of["seconds"] * bench.cores)
    calls = bench.commands()["evalsha"] - commands["evalsha"]
    cells = [what, f"{of['requests'] / of['seconds']:,.0f}".replace(",", " "), f"{of['p50_ms']:.1f}", f"{of['p99_ms']:.1f}",
             f"{cpu['server'] / of['requests'] * 1e6:.0f}", f"{cpu['redis'] / of['requests'] * 1e6:.0f}",
             f"{calls / of['requests']:.2f}", f"{max(others, 0):.0%}"]
    return "| " + " | ".join(cells) + (f" | {of['errors']} ERRORS |" if of["errors"] else " |")
