"""Measures one database: seeds it, serves it on core 0 by the program and by the ceiling, loads each with wrk from core 1.

Started by bench/run. For PostgreSQL it needs the variables of scripts/services, with a separate server on core 0.
"""

import argparse
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

from cases import CASES, Case, Request, Shop, encode
from report import Report, Row
from server import Client, Failure, Server, cpu_seconds

HERE = Path(__file__).parent
SEED = 1
# The number of requests of a case for which the responses of both servers are compared.
COMPARED = 20


def main() -> int:
    options = arguments()
    if options.list:
        for case in CASES:
            print(f"{case.name:<20}{case.title}")
        return 0
    # bench/run pins this process to core 0 together with PostgreSQL; seeding may use every core.
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    directory = Path(tempfile.mkdtemp(prefix="stockroom-bench."))
    try:
        Measurement(options, directory).run()
        return 0
    except Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--program", type=Path)
    parser.add_argument("--ceiling", type=Path)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES])
    parser.add_argument("--results", type=Path)
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


class Measurement:
    """The program and the ceiling on one database."""

    def __init__(self, options: argparse.Namespace, directory: Path):
        self.options = options
        self.directory = directory
        self.cases = [case for case in CASES if not options.case or case.name in options.case]
        self.report = Report(options.database)
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_url(options.database, directory),
            "SECRET_KEY": secrets.token_hex(32),
            "RATE_LIMIT_ENABLED": "false",
            "WEBHOOK_ENABLED": "false",
        }

    def run(self) -> None:
        options, password = self.options, secrets.token_urlsafe(16)
        print(
            f"\n{self.report.name}: {options.products:,} products, {options.rounds} rounds of {options.seconds} s"
            " a case and server",
            flush=True,
        )
        self._execute("migrate", "up")
        start = time.monotonic()
        self._execute("seed", "--products", str(options.products), "--seed", str(SEED))
        print(f"seeded in {time.monotonic() - start:.1f} s", flush=True)
        self._execute("user", "create", "bench", "--superuser", "--password-stdin", stdin=password)
        schema = self._execute("schema")

        program = self._serve("program", options.program, "serve")
        ceiling = None
        try:
            self.report.memory_at_rest = program.memory_mib("VmRSS")
            print(f"ready in {program.ready_ms:.0f} ms, {self.report.memory_at_rest:.1f} MiB at rest", flush=True)
            client = Client(program.address)
            client.login("bench", password)
            shop = explore(client)
            if any(case.writes for case in self.cases):
                stock_up(client, program.address, shop)
            self._vacuum()
            ceiling = self._serve("ceiling", options.ceiling)
            self._load_both(schema, shop, program, ceiling, client.token)
        except Failure as failure:
            logs = [server.name + ": " + server.log_end() for server in (program, ceiling) if server]
            raise Failure("\n".join([*logs, str(failure)])) from failure
        finally:
            program.stop()
            if ceiling:
                ceiling.stop()
        if options.results:
            options.results.write_text(self.report.to_json())

    def _load_both(self, schema: str, shop: Shop, program: Server, ceiling: Server, token: str) -> None:
        """Runs every case on both servers and prints its results."""
        self.report.print_head()
        cases = []
        for case in self.cases:
            if case.needs in schema:
                cases.append((case, case.requests(shop, random.Random(SEED))))
            else:
                print(f"{case.title:<32}  not in the schema", flush=True)
        for case, requests in cases:
            if not case.writes:
                compare(case, requests, Client(program.address, token), Client(ceiling.address, token))
                row = self.report.add(case)
                for number in range(self.options.rounds):
                    row.program.append(self._load(case, requests, program, token, number == 0))
                    row.ceiling.append(self._load(case, requests, ceiling, token, number == 0))
                self.report.print_row(row)

        # The ledger has none of the ceiling's outflows, so they come after the check.
        writes: list[tuple[Case, list[Request], Row]] = []
        for case, requests in cases:
            if case.writes:
                Client(program.address, token).probe(requests[0], case)
                row = self.report.add(case)
                for number in range(self.options.rounds):
                    row.program.append(self._load(case, requests, program, token, number == 0))
                writes.append((case, requests, row))
        self.report.memory_at_end = program.memory_mib("VmRSS")
        self.report.memory_peak = program.memory_mib("VmHWM")
        code = program.stop()
        if code != 0:
            raise Failure(f"the program ended with {code} on SIGTERM")
        self._execute("check")
        self._vacuum()
        for case, requests, row in writes:
            takes_stock(case, requests[0], Client(ceiling.address, token))
            for number in range(self.options.rounds):
                row.ceiling.append(self._load(case, requests, ceiling, token, number == 0))
            self.report.print_row(row)
        print("`stockroom check` after the program's cases: no discrepancy")
        self.report.print_memory()

    def _load(self, case: Case, requests: list[Request], server: Server, token: str, warm_up: bool) -> "Load":
        requests_file = self.directory / "requests"
        requests_file.write_bytes(b"\0".join(encode(request, server.address, token) for request in requests) + b"\0")
        if warm_up and self.options.warmup:
            wrk(case, self.options.warmup, requests_file, server.address)
        # PostgreSQL's CPU time is added to that of the server.
        postgres = [int(os.environ["STOCKROOM_POSTGRES_PID"])] if self.options.database == "postgres" else []
        before = cpu_seconds([server.pid, *postgres])
        load = wrk(case, self.options.seconds, requests_file, server.address)
        load.cpu = cpu_seconds([server.pid, *postgres]) - before
        if load.wrong or load.requests == 0 or load.cpu == 0:
            raise Failure(
                f"{case.name}: of {load.requests:,} responses of the {server.name}, {load.wrong:,} are wrong,"
                f" such as: {load.sample or 'a broken connection'}"
            )
        return load

    def _execute(self, *command: str, stdin: str = "") -> str:
        # Outside of the repository, which may contain a developer's `.env`.
        done = subprocess.run(
            [self.options.program, *command],
            env=self.environment,
            cwd=self.directory,
            input=stdin,
            text=True,
            capture_output=True,
        )
        if done.returncode != 0:
            raise Failure(f"`stockroom {' '.join(command)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _serve(self, name: str, *command: str | Path) -> Server:
        return Server(name, list(command), self.environment, self.directory, core=0)

    def _vacuum(self) -> None:
        if self.options.database == "postgres":
            # Otherwise autovacuum would run in the middle of a case.
            psql(self.environment["DATABASE_URL"], "VACUUM ANALYZE", "CHECKPOINT")


def database_url(database: str, directory: Path) -> str:
    if database == "sqlite":
        return f"sqlite://{directory}/bench.db"
    admin = os.environ["STOCKROOM_TEST_POSTGRES"]
    psql(admin, "CREATE DATABASE bench")
    return admin.rsplit("/", 1)[0] + "/bench"


def psql(url: str, *statements: str) -> None:
    for statement in statements:
        subprocess.run(["psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--command", statement, url], check=True)


def explore(client: Client) -> Shop:
    """Reads the rows that the cases need over the API."""
    first = client.get("/api/v1/products/?ordering=id&page_size=1")
    last = client.get("/api/v1/products/?ordering=-id&page_size=1")
    first_id, last_id, count = first["results"][0]["id"], last["results"][0]["id"], first["count"]
    if last_id - first_id + 1 != count:
        raise Failure(f"{count} products between the ids {first_id} and {last_id}: random ids would miss some")
    rng = random.Random(SEED)
    pages = range(1, count // 100 + 1) if count >= 100 else [1]
    sample = []
    for page in rng.sample(pages, min(len(pages), 10)):
        sample += client.get(f"/api/v1/products/?page_size=100&page={page}")["results"]
    # Only pairs that occur: most words name a kind of product, so that a search in another category would find nothing.
    # ASCII letters, because the ceiling does not fold others.
    pairs = Counter(
        (word, product["category"]["id"])
        for product in sample
        for word in {*product["title"].split()}
        if len(word) >= 4 and word.isascii() and word.isalpha()
    )
    prices = sorted(Decimal(product["selling_price"]) for product in sample)
    return Shop(
        first_id=first_id,
        last_id=last_id,
        count=count,
        searches=[pair for pair, _ in pairs.most_common(200)],
        prices=(str(prices[len(prices) // 5]), str(prices[len(prices) * 4 // 5])),
    )


def stock_up(client: Client, address: str, shop: Shop) -> None:
    """Adds stock to a random sample of products, enough for all cases."""
    rng = random.Random(SEED)
    ids = range(shop.first_id, shop.last_id + 1)
    shop.stocked_ids = rng.sample(ids, min(len(ids), 5_000))
    supplier = client.get("/api/v1/suppliers/?page_size=1")["results"][0]["id"]

    def deliver(ids: list[int]) -> None:
        one = Client(address, client.token)
        for product in ids:
            one.post("/api/v1/inflows/", {"supplier": supplier, "product": product, "quantity": 10_000_000})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(deliver, [shop.stocked_ids[part::16] for part in range(16)]))


def compare(case: Case, requests: list[Request], program: Client, ceiling: Client) -> None:
    """Fails if the two servers send different rows for some of the requests."""
    if not case.contains:
        return
    for request in random.Random(SEED).sample(requests, min(len(requests), COMPARED)):
        expected, sent = program.probe(request, case), ceiling.probe(request, case)
        if sent != expected:
            raise Failure(
                f"{case.name}: {request.method} {request.path} has two responses.\n"
                f"program: {str(expected)[:2_000]}\nceiling: {str(sent)[:2_000]}"
            )


def takes_stock(case: Case, request: Request, ceiling: Client) -> None:
    """Fails if the ceiling does not change the stock of the product of a request, whose quantity is 1."""

    def stock() -> int:
        return ceiling.get(f"/api/v1/products/{product}/")["quantity"]

    body = request.body.get("variables", {}).get("input", request.body)
    product = int(body.get("product") or body["productId"])
    before = stock()
    ceiling.probe(request, case)
    if stock() != before - 1:
        raise Failure(f"{case.name}: the ceiling has not changed the stock of product {product}")


class Load:
    """The results of one run of wrk, from the line that replay.lua prints."""

    def __init__(self, line: str):
        requests, duration_us, p99_us, wrong, broken, sample = line.split(" ", 5)
        self.requests = int(requests)
        self.seconds = int(duration_us) / 1e6
        self.p99_ms = float(p99_us) / 1e3
        self.wrong = int(wrong) + int(broken)
        self.sample = sample
        self.cpu = 0.0


def wrk(case: Case, seconds: int, requests_file: Path, address: str) -> Load:
    environment = {
        **os.environ,
        "BENCH_REQUESTS": str(requests_file),
        "BENCH_STATUS": str(case.status),
        "BENCH_CONTAINS": case.contains,
        "BENCH_LACKS": case.lacks,
    }
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", "--timeout", "10s"]
    done = subprocess.run(
        [*command, "-s", HERE / "replay.lua", f"http://{address}/"], env=environment, text=True, capture_output=True
    )
    for line in done.stdout.splitlines():
        if line.startswith("MEASURED "):
            return Load(line.removeprefix("MEASURED "))
    raise Failure(f"wrk ended with {done.returncode}:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
