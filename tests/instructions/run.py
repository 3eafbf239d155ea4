"""Counts the instructions of requests with callgrind, and fails if a case takes more than its bound in `bounds.toml`.

`scripts/instructions` starts this. Counts hardly depend on the machine and on its load, unlike times. The program is a
debug build: its counts are higher than those of a release build, but they grow for the same reasons.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = os.environ.get("STOCKROOM_BIN", f"{os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')}/debug/stockroom")
PASSWORD = "correct horse battery staple"
PRODUCTS = 2_000
WARMUP = 10
REQUESTS = 40

FIFTY_PRODUCTS = "{ products(first: 50) { totalCount nodes { id title sellingPrice category { id name } brand { id name } } } }"


class Program:
    """`stockroom serve` under callgrind."""

    def __init__(self, environment, folder):
        self._dumps = Path(folder) / "callgrind"
        valgrind = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={self._dumps}", "--"]
        self._process = subprocess.Popen(
            [*valgrind, PROGRAM, "serve"],
            env=environment | {"BIND": "127.0.0.1:0"},
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in self._process.stderr:
            if '"serving"' in line:
                self._connection = http.client.HTTPConnection(json.loads(line)["address"], timeout=60)
                # The log is read, so that it does not fill the pipe.
                threading.Thread(target=self._process.stderr.read, daemon=True).start()
                return
        raise SystemExit(f"the program ended with {self._process.wait()}")

    def send(self, method, path, token, body):
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status not in (200, 201) or b'"errors"' in content:
            raise SystemExit(f"{method} {path} returned {response.status}: {content[:500]}")
        return content

    def instructions(self):
        """The number of instructions since the last call."""
        before = set(self._dumps.parent.glob("callgrind.*"))
        subprocess.run(["callgrind_control", "--dump", str(self._process.pid)], check=True, capture_output=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for dump in set(self._dumps.parent.glob("callgrind.*")) - before:
                totals = re.search(r"^totals: (\d+)", dump.read_text(), re.MULTILINE)
                if totals:
                    return int(totals[1])
            time.sleep(0.05)
        raise SystemExit("callgrind wrote no counts")

    def stop(self):
        self._process.terminate()
        self._process.wait(60)


def main():
    bounds = tomllib.loads((HERE / "bounds.toml").read_text())
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": f"sqlite://{folder}/stockroom.db",
            "LOG_FORMAT": "json",
            "RATE_LIMIT_ENABLED": "false",
            "WEBHOOK_ENABLED": "false",
            "TOKIO_WORKER_THREADS": "1",
        }
        command = [PROGRAM, "user", "create", "--password-stdin", "admin", "--superuser"]
        seed = [PROGRAM, "seed", "--products", str(PRODUCTS), "--seed", "1"]
        subprocess.run(seed, env=environment, cwd=folder, check=True, capture_output=True)
        subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True, input=PASSWORD, text=True)
        program = Program(environment, folder)
        try:
            return measure(program, bounds)
        finally:
            program.stop()


def measure(program, bounds):
    login = {"username": "admin", "password": PASSWORD}
    token = json.loads(program.send("POST", "/api/v1/authentication/token/", "", login))["access"]
    products = json.loads(program.send("GET", "/api/v1/products/?ordering=-quantity&page_size=1", token, None))
    product = products["results"][0]["id"]
    cases = {
        "R1": lambda n: ("GET", f"/api/v1/products/{n + 1}/", None),
        "R2first": lambda n: ("GET", "/api/v1/products/", None),
        "G2": lambda n: ("POST", "/graphql", {"query": FIFTY_PRODUCTS}),
        "R4": lambda n: ("POST", "/api/v1/outflows/", {"product": product, "quantity": 1}),
    }
    failed = False
    for name, request in cases.items():
        for n in range(WARMUP):
            method, path, body = request(n)
            program.send(method, path, token, body)
        program.instructions()
        for n in range(REQUESTS):
            method, path, body = request(n)
            program.send(method, path, token, body)
        count = program.instructions() // REQUESTS
        bound = bounds[name]
        failed |= count > bound
        outcome = "MORE THAN" if count > bound else "at most"
        print(f"{name:<8} {count:>12,} instructions a request, {outcome} {bound:,}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
