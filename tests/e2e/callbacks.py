# SPDX-License-Identifier: Apache-2.0
"""What stands in front of the gateway towards the wallet core, and an integrator who is called back."""
import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import helpers
from stage import http, until

CORE_KEY, PAYROLL_KEY = "HelloWorld-of-the-core", "key-of-the-payroll-hooks"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, answer, more = self.server.owner.take(self.path, self.headers, body)
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, *_arguments):
        pass


class Listener:
    """Hears POSTs on a port of its own and keeps them as (path, headers, body)."""

    def __init__(self):
        self.heard, self.lock = [], threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.owner, self.server.daemon_threads = self, True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def take(self, path, headers, body):
        with self.lock:
            self.heard.append((path, headers, body))
        return self.answer(path, headers, body)

    def answer(self, _path, _headers, _body):
        return 200, b"{}", {}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Front(Listener):
    """The public address of the gateway: callbacks go on to its newest process, and what it answers goes back."""

    def __init__(self):
        super().__init__()
        self.stage, self.answers, self.open = None, [], True

    def answer(self, path, headers, body):
        if not self.open:
            return 503, b"", {}
        status, text = http("POST", self.stage.gateway.url(path), body,
                            {"Eclipse-Signature": headers["Eclipse-Signature"], "Content-Type": "application/json"})
        self.answers.append(status)
        return status or 502, text.encode(), {}


class Hook(Listener):
    """An integrator's; `statuses` are answered one after the other, then 200."""

    def __init__(self, *statuses, location=None):
        super().__init__()
        self.statuses, self.location = list(statuses), location

    def answer(self, _path, _headers, _body):
        more = {"Location": self.location} if self.location else {}
        return (self.statuses.pop(0) if self.statuses else 200), b"thanks", more

    def bodies(self):
        with self.lock:
            return [json.loads(body) for _, _, body in self.heard]


def signature(key, body, at_ms=None):
    at = str(int(time.time() * 1000) if at_ms is None else at_ms)
    mac = hmac.new(key.encode(), at.encode() + b"." + body, hashlib.sha256).digest()
    return f"t={at},v1={base64.b64encode(mac).decode()}"


def called_stage(make_stage, front, edit=None, **options):
    """A stage whose wallet core calls back through `front`."""
    def with_callbacks(config, tenant):
        config["public_url"] = front.url + "/"
        tenant["wallet_core"]["callback_key_file"] = "../acme.callback.key"
        tenant["integrators"][0].update(callback_allow=["127.0.0.0/8"], callback_key_file="../payroll-callback.key")
        if edit is not None:
            edit(config, tenant)
    stage = make_stage(start=False, edit=with_callbacks, **options)
    front.stage = stage
    stage.secret("acme.callback.key", CORE_KEY)
    stage.secret("payroll-callback.key", PAYROLL_KEY)
    stage.secrets |= {CORE_KEY, PAYROLL_KEY}
    stage.sandbox_arguments += ["--callback-key-file", stage.folder / "acme.callback.key"]
    helpers.open_stage(stage)
    return stage


def send(stage, withdrawal, status="SUCCESSFUL", key=CORE_KEY, gateway=None, header=None, path=None, **body):
    """A callback as the core, or somebody else, would send it; the gateway's answer."""
    text = json.dumps({"withdrawalId": withdrawal["withdrawalId"], "status": status,
                       "externalUniqueId": withdrawal["externalUniqueId"], **body}).encode()
    path = path or withdrawal["callbackUrl"].split("/callbacks/")[1]
    headers = {"Eclipse-Signature": header or signature(key, text), "Content-Type": "application/json"}
    return http("POST", (gateway or stage.gateway).url(f"/callbacks/{path}"), text, headers)[0]


def reads(stage):
    """How often single withdrawals were read at the core."""
    return sum(n for name, n in stage.state()["calls"].items() if name.startswith("GET ") and name.endswith("/withdrawals/#"))


def counted(stage, name, n, gateway=None):
    until(lambda: ((gateway or stage.gateway).metric(f"isango_{name}_total") or 0) >= n, f"{name} to be {n}")
