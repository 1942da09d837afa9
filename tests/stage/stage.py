# SPDX-License-Identifier: Apache-2.0
"""
Everything that isango needs around it, on one machine and for a moment: a private Redis on a unix socket, the sandbox,
and one or more `isango serve` with the shipped configuration, changed only where a port or a path must differ. All of it
in a folder of its own and on ports that the system chose; nothing of it outlives the stage.

scripts/run and the whole-gateway tests both stand on it. It does not know what customers do: that is phone.py.
"""
import ctypes
import hashlib
import http.client as http_client
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[2]
INTEGRATOR_KEY = "payroll-key-0123456789abcdef"
AT_KEY = "aggregator-key-0123456789"
# Of the number at WhatsApp: the access token, the app's secret that signs webhooks, and the verify token.
WHATSAPP = {"token": "EAAstage0123456789token", "secret": "app-secret-of-the-stage-01", "verify": "verify-of-the-stage"}
CORE_PASSWORD = "Core-Passw0rd"
SMPP_PASSWORD = "smpp-pw"
CHANNEL_AT = "acme-ussd-at"
TENANT_ID = 5987

# Of all due lists and outboxes.
WAITING = """
local time, least, n = redis.call('TIME'), 0, 0
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, key in ipairs(redis.call('KEYS', '*')) do
	if redis.call('TYPE', key).ok == 'zset' and (string.find(key, 'due', 1, true) or string.find(key, 'ou[trn]')) then
		local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
		if first[2] and (n == 0 or first[2] - now < least) then
			least = first[2] - now
		end
		n = n + redis.call('ZCARD', key)
	end
end
return string.format('%d %d', least, n)
"""

_libc = ctypes.CDLL(None)
# urllib would read a proxy from the environment, and everything here is on loopback.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class StageError(Exception):
    """The stage itself does not stand: a process died, a port never opened."""


def until(look, what, seconds=20.0):
    """Asks `look` until it gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() >= end:
            raise AssertionError(f"waited {seconds:g} s for: {what}")
        time.sleep(0.01)


def http(method, url, body=None, headers=None, timeout=40):
    """(status, text); status 0 when there was no answer."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with _opener.open(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except (OSError, http_client.HTTPException):
        return 0, ""


def read_jsonc(path):
    """The configuration's JSON: comments begin with // outside of strings."""
    token = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*')
    text = token.sub(lambda m: m[0] if m[0].startswith('"') else "", path.read_text())
    return json.loads(text)


def _die_with_parent():
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Process:
    """A child with a log of its own. environment: more of it."""

    def __init__(self, argv, log, environment=None):
        self.log = log
        with open(log, "ab") as out:
            # A session of its own: Ctrl-C is for whoever runs the stage, who then stops it in the right order.
            self.popen = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          env={**os.environ, **(environment or {})},
                                          preexec_fn=_die_with_parent, start_new_session=True)

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def signal(self, number):
        if self.alive():
            self.popen.send_signal(number)

    def wait(self, seconds=20.0):
        return self.popen.wait(timeout=seconds)

    def stop(self, seconds=15.0):
        """SIGTERM, and SIGKILL to what does not listen; the exit status."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            return self.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait()


class Gateway(Process):
    """One `isango serve`."""

    def __init__(self, stage, name, config, arguments, environment=None):
        self.name, self.ports = name, None
        self.ports_file = stage.folder / f"{name}.ports"
        self.ports_file.unlink(missing_ok=True)
        super().__init__([stage.program, "serve", "-c", config, "--ports", self.ports_file, "--log-level",
                          stage.log_level, *arguments],
                         stage.folder / f"{name}.log", {**stage.environment, **(environment or {})})

    def listening(self):
        """Its ports, once it has written them."""
        if not self.alive():
            raise StageError(f"isango serve ended: {self.tail()}")
        return json.loads(self.ports_file.read_text()) if self.ports_file.exists() else None

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def url(self, path=""):
        """Also of one that has died, as its callers do not know that."""
        if self.ports is None:
            self.ports = self.listening()
        return f"http://127.0.0.1:{self.ports['channels']}{path}"

    def admin(self, path):
        return http("GET", f"http://127.0.0.1:{self.listening()['admin']}{path}")

    def ready(self):
        return self.admin("/readyz")[0] == 200

    def linked(self):
        return self.alive() and bool(self.metric("isango_smpp_links_bound"))

    def missing(self):
        """What /readyz says is missing."""
        return self.admin("/readyz")[1]

    def metric(self, name):
        found = re.search(rf"^{name} (\d+)$", self.admin("/metrics")[1], re.M)
        return int(found[1]) if found else None


class Stage:
    """
    edit(configuration, tenant) may change both before they are written. sandbox: more of its arguments. smsc_port: of
    another SMSC than the sandbox's. keep: the folder stays. clock: the time of day is the stage's own, and advance() moves
    it; the gateways are those with fault points.
    """

    def __init__(self, build=None, edit=None, profile="friendly", sandbox=(), smsc_port=None, keep=False, clock=False):
        self.build = pathlib.Path(build or os.environ.get("ISANGO_BUILD") or SOURCE / "build" / "plain").resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="isango.", dir=os.environ.get("TMPDIR", "/tmp")))
        self.edit, self.profile, self.sandbox_arguments = edit, profile, list(sandbox)
        self.smsc_port, self.keep = smsc_port, keep
        self.redis = self.sandbox = None
        self.sandbox_ports, self.gateways, self.chats = {}, [], []
        self.log_level = "info"
        self._numbers = itertools.count(1)      # tests start gateways in many threads
        self.program = self.build / ("tests/stage/isango_faults" if clock else "isango")
        self.environment, self.ahead_ms = {}, 0
        if clock:
            self.advance(0)
            self.environment = {
                "LD_PRELOAD": str(self.build / "tests/stage/clock.so"), "ISANGO_CLOCK": str(self.folder / "clock"),
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    # ---- processes

    def start(self):
        self.start_redis()
        self.start_sandbox()
        self.configure()
        self.start_gateway()
        return self

    def start_redis(self, *arguments):
        data = self.folder / "redis"
        data.mkdir(exist_ok=True)
        # A write beyond a limit of its file's size is to fail as on a full disk does, not to kill.
        self.redis = Process(["env", "--ignore-signal=XFSZ", "redis-server", SOURCE / "etc" / "redis.conf",
                              "--dir", data, "--unixsocket", self.socket, *arguments], self.folder / "redis.log",
                             self.environment)
        until(lambda: self.redis.alive() and self.redis_cli("PING") == "PONG", "Redis to answer")

    def start_sandbox(self, *arguments):
        state = self.folder / "sandbox.json"
        state.unlink(missing_ok=True)
        self.secret("acme.password", CORE_PASSWORD)
        self.secret("mno.password", SMPP_PASSWORD)
        self.secret("acme-at.key", AT_KEY)
        for name, text in WHATSAPP.items():
            self.secret(f"whatsapp.{name}", text)
        self.sandbox = Process([self.build / "isango-sandbox", "--state", state, "--profile", self.profile,
                                "--transfer-fee", "1.00", "--password-file", self.folder / "mno.password",
                                "--core-password-file", self.folder / "acme.password",
                                "--at-url", f"http://127.0.0.1:1/ussd/{CHANNEL_AT}",
                                "--at-key-file", self.folder / "acme-at.key",
                                *(part for name in WHATSAPP
                                  for part in (f"--whatsapp-{name}-file", self.folder / f"whatsapp.{name}")),
                                *self.sandbox_arguments, *arguments],
                               self.folder / "sandbox.log", self.environment)
        until(lambda: state.exists() or not self.sandbox.alive(), "the sandbox to listen")
        if not state.exists():
            raise StageError((self.folder / "sandbox.log").read_text())
        self.sandbox_ports = json.loads(state.read_text())

    def start_gateway(self, *arguments, wait=True, fault=None, trace=None):
        """fault, trace: see base/fault_point.h; of a stage with a clock only."""
        wanted = (("ISANGO_FAULT", fault), ("ISANGO_FAULT_TRACE", trace))
        environment = {name: str(value) for name, value in wanted if value}
        gateway = Gateway(self, f"isango{next(self._numbers)}", self.config, arguments, environment)
        self.gateways.append(gateway)
        if wait:
            until(gateway.listening, "isango serve to listen")
            until(gateway.ready, f"/readyz ({gateway.missing()})")
            # A dead one's links are its own until their lease is over: ready says so, but nobody could dial.
            until(lambda: any(other.linked() for other in self.gateways), "a process to be bound")
            self.aggregator_to(gateway)
        return gateway

    def aggregator_to(self, gateway, dialect="africastalking", channel=CHANNEL_AT):
        self.control("POST", "/control/aggregator", {"dialect": dialect, "url": gateway.url(f"/ussd/{channel}")})

    @property
    def gateway(self):
        """The newest."""
        return self.gateways[-1]

    def stop_gateways(self):
        """Exit status of each that still ran."""
        alive = [gateway for gateway in self.gateways if gateway.alive()]
        for gateway in alive:
            gateway.signal(signal.SIGCONT)
            gateway.signal(signal.SIGTERM)
        return [gateway.stop() for gateway in alive]

    def stop(self):
        """The gateways' exit status; the folder is gone unless it is to be kept."""
        codes = self.stop_gateways()
        for process in (self.sandbox, self.redis):
            if process is not None:
                process.stop()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        return codes

    def kill(self):
        for process in (*self.gateways, self.sandbox, self.redis):
            if process is not None and process.alive():
                process.kill()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- time

    def advance(self, milliseconds):
        """The time of day, of all processes of a stage with a clock at once."""
        self.ahead_ms += milliseconds
        with open(self.folder / "clock", "r+b" if self.ahead_ms else "wb") as clock:
            clock.write(self.ahead_ms.to_bytes(8, sys.byteorder, signed=True))

    def waiting(self):
        """(ms until the next is due, how many there are): intents and messages that somebody must still carry on."""
        answer = self.redis_cli("EVAL", WAITING, "0")
        due, n = answer.split()
        return int(due), int(n)

    # ---- files

    @property
    def socket(self):
        return self.folder / "redis.sock"

    @property
    def config(self):
        return self.folder / "isango.json"

    def secret(self, name, text):
        path = self.folder / name
        path.touch(0o600)
        path.write_text(text + "\n")

    def configure(self):
        """The shipped configuration with this stage's ports and paths."""
        for key in ("sealing.key", "acme.pin.key"):
            if not (self.folder / key).exists():
                subprocess.run([self.build / "isango", "keygen", self.folder / key], check=True)
        self.secret("payroll.key.sha256", hashlib.sha256(INTEGRATOR_KEY.encode()).hexdigest())
        for content in ("menus", "templates"):
            if not (self.folder / content).exists():
                shutil.copytree(SOURCE / content, self.folder / content)
        config = read_jsonc(SOURCE / "etc" / "isango.json")
        tenant = read_jsonc(SOURCE / "etc" / "tenants.d" / "acme.json")
        config["listen"] = {"channels": "127.0.0.1:0", "admin": "127.0.0.1:0"}
        config["redis"] = {"url": f"unix://{self.socket}"}
        config["menus"], config["templates"] = "menus", "templates"
        config["binds"][0]["link_lease_s"] = 2
        config["binds"][0]["port"] = self.smsc_port or self.sandbox_ports["smpp_port"]
        tenant["wallet_core"]["url"] = f"http://127.0.0.1:{self.sandbox_ports['core_port']}"
        tenant["integrators"][0]["day_amount"] = "0.00"
        if self.edit is not None:
            self.edit(config, tenant)
        (self.folder / "tenants.d").mkdir(exist_ok=True)
        self.config.write_text(json.dumps(config, indent=1))
        (self.folder / "tenants.d" / "acme.json").write_text(json.dumps(tenant, indent=1))

    # ---- what they say

    @property
    def control_url(self):
        return f"http://127.0.0.1:{self.sandbox_ports['control_port']}"

    def control(self, method, path, body=None):
        """The sandbox's control listener: the answer, or an AssertionError with what it said."""
        status, text = http(method, self.control_url + path, None if body is None else json.dumps(body).encode())
        assert status == 200, f"{method} {path}: {status} {text}"
        return json.loads(text)

    def whatsapp(self, name="acme-chat", **more):
        """The options of a channel over WhatsApp, whose other side is the sandbox."""
        files = {"token_file": "../whatsapp.token", "app_secret_file": "../whatsapp.secret",
                 "verify_token_file": "../whatsapp.verify"}
        return {"name": name, "kind": "whatsapp",
                "whatsapp": {"phone_number_id": "106540352242922", **files,
                             "api_url": f"http://127.0.0.1:{self.sandbox_ports['graph_port']}/v25.0", **more}}

    def whatsapp_to(self, gateway, name="acme-chat"):
        self.control("POST", "/control/whatsapp", {"url": gateway.url(f"/whatsapp/{name}")})

    def state(self):
        return self.control("GET", "/control/state")

    def faults(self, *rules):
        self.control("POST", "/control/faults", list(rules))

    def no_faults(self):
        self.control("DELETE", "/control/faults")

    def customer(self, phone, **fields):
        """One that the core knows already."""
        return self.control("POST", "/control/customers", {"phone": phone, **fields})

    def top_up(self, amount, **whose):
        return self.control("POST", "/control/topup", {"amount": amount, **whose})

    def redis_cli(self, *arguments):
        done = subprocess.run(["redis-cli", "-s", str(self.socket), *arguments], capture_output=True, text=True,
                              timeout=20, check=False)
        return done.stdout.strip()

    def integrator(self, method, path, body=None, key=INTEGRATOR_KEY, gateway=None):
        """A call on the wallet core's own paths; (status, parsed answer)."""
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Authorization"] = key
        status, text = http(method, (gateway or self.gateway).url("/eclipse-conductor/rest/v1" + path),
                            None if body is None else json.dumps(body).encode(), headers)
        return status, json.loads(text) if text else None

    def logs(self):
        """Everything that the gateways, the sandbox and Redis have written, and sanitizers' reports."""
        return {path.name: path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log*"))}
