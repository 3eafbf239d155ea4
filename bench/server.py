"""The program under load: a process on one core, an HTTP client for it, its CPU time and memory from /proc."""

import http.client
import json
import os
import socket
import subprocess
import time
from pathlib import Path

from cases import Case, Request

TICKS = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """The measurement cannot continue, or its results would be meaningless."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def cpu_seconds(roots: list[int]) -> float:
    """CPU time of these processes and all their descendants, including those that have ended."""
    family, ticks = _cpu_ticks(roots)
    while True:
        # A child that exits while /proc is read may be seen twice or missed: read until the list is stable.
        next_family, next_ticks = _cpu_ticks(roots)
        if next_family == family:
            return ticks / TICKS
        family, ticks = next_family, next_ticks


def _cpu_ticks(roots: list[int]) -> tuple[dict[int, int], int]:
    """These processes and their descendants, each with the ticks of its ended children; and the ticks of all."""
    parents, own, ended = {}, {}, {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = Path(f"/proc/{entry}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # The name may contain spaces and parentheses; the fields after the last parenthesis may not.
        fields = stat.rpartition(")")[2].split()
        pid = int(entry)
        parents[pid] = int(fields[1])
        own[pid] = int(fields[11]) + int(fields[12])
        ended[pid] = int(fields[13]) + int(fields[14])
    family, total, todo = {}, 0, list(roots)
    while todo:
        pid = todo.pop()
        if pid not in own:
            raise Failure(f"process {pid} has ended")
        family[pid] = ended[pid]
        total += own[pid] + ended[pid]
        todo += [child for child, parent in parents.items() if parent == pid]
    return family, total


class Server:
    """A running server: the program or the ceiling."""

    def __init__(self, name: str, command: list, environment: dict[str, str], directory: Path, core: int):
        self.name = name
        self.address = f"127.0.0.1:{free_port()}"
        self._log = directory / f"{name}.log"
        with self._log.open("wb") as log:
            start = time.monotonic()
            self._process = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                env={**environment, "BIND": self.address},
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.pid = self._process.pid
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() - start > 60:
                self.stop()
                raise Failure(f"the {name} did not become ready:\n{self.log_end()}")
            time.sleep(0.002)
        self.ready_ms = (time.monotonic() - start) * 1e3

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection(self.address, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def memory_mib(self, key: str) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1024
        raise Failure(f"no {key} for process {self.pid}")

    def log_end(self) -> str:
        return self._log.read_text(errors="replace")[-4_000:]

    def stop(self) -> int:
        """Sends SIGTERM and returns the exit code; kills it if it takes longer than the promised ten seconds."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(12)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


class Client:
    """An HTTP client with one connection."""

    def __init__(self, address: str, token: str = ""):
        self.token = token
        self._connection = http.client.HTTPConnection(address, timeout=60)

    def login(self, username: str, password: str) -> None:
        body = {"username": username, "password": password}
        self.token = self._expect(200, Request("POST", "/api/v1/authentication/token/", body))["access"]

    def get(self, path: str) -> dict:
        return self._expect(200, Request("GET", path))

    def post(self, path: str, body: dict) -> dict:
        return self._expect(201, Request("POST", path, body))

    def probe(self, request: Request, case: Case) -> dict:
        """Sends one request of a case, checks the response as wrk will, and returns its body."""
        status, body = self._send(request)
        if status != case.status or case.contains not in body or (case.lacks and case.lacks in body):
            raise Failure(f"{case.name}: {request.method} {request.path} returns {status}: {body[:1_000]}")
        # Links contain the address of the server.
        return json.loads(body.replace(self._connection.host + ":" + str(self._connection.port), "server"))

    def _expect(self, wanted: int, request: Request) -> dict:
        status, body = self._send(request)
        if status != wanted:
            raise Failure(f"{request.method} {request.path} returns {status}: {body[:1_000]}")
        return json.loads(body)

    def _send(self, request: Request) -> tuple[int, str]:
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        body = None
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(request.body)
        self._connection.request(request.method, request.path, body, headers)
        response = self._connection.getresponse()
        return response.status, response.read().decode()
