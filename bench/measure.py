"""Measures one database: seeds it, serves it on core 0, loads it with wrk from core 1, prints a table.

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

from cases import CASES, Case, Shop, encode
from server import Client, Failure, Server, cpu_seconds, free_port

HERE = Path(__file__).parent
SEED = 1


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
        return measure(options, directory)
    except Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--program", type=Path)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES])
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def measure(options: argparse.Namespace, directory: Path) -> int:
    cases = [case for case in CASES if not options.case or case.name in options.case]
    password = secrets.token_urlsafe(16)
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(options.database, directory),
        "BIND": f"127.0.0.1:{free_port()}",
        "SECRET_KEY": secrets.token_hex(32),
        "RATE_LIMIT_ENABLED": "false",
        "WEBHOOK_ENABLED": "false",
    }

    def run(*command: str, stdin: str = "") -> str:
        # Outside of the repository, which may contain a developer's `.env`.
        done = subprocess.run(
            [options.program, *command], env=environment, cwd=directory, input=stdin, text=True, capture_output=True
        )
        if done.returncode != 0:
            raise Failure(f"`stockroom {' '.join(command)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    name = {"sqlite": "SQLite", "postgres": "PostgreSQL"}[options.database]
    print(f"\n{name}: {options.products:,} products, {options.seconds} s a case", flush=True)
    run("migrate", "up")
    start = time.monotonic()
    run("seed", "--products", str(options.products), "--seed", str(SEED))
    print(f"seeded in {time.monotonic() - start:.1f} s", flush=True)
    run("user", "create", "bench", "--superuser", "--password-stdin", stdin=password)
    if options.database == "postgres":
        # Otherwise autovacuum would run in the middle of a case.
        psql(environment["DATABASE_URL"], "VACUUM ANALYZE", "CHECKPOINT")
    schema = run("schema")

    server = Server([options.program, "serve"], environment, directory, core=0)
    try:
        print(f"ready in {server.ready_ms:.0f} ms, {server.memory_mib('VmRSS'):.1f} MiB at rest", flush=True)
        client = Client(environment["BIND"])
        client.login("bench", password)
        shop = explore(client)
        if any(case.writes for case in cases):
            stock_up(environment["BIND"], client.token, shop)
        wrong = run_cases(cases, options, schema, shop, server, client.token, directory)
        print(f"peak memory {server.memory_mib('VmHWM'):.1f} MiB", flush=True)
    except Failure:
        sys.stderr.write(server.log_end())
        raise
    finally:
        code = server.stop()
    if code != 0:
        raise Failure(f"the server ended with {code} on SIGTERM\n{server.log_end()}")
    run("check")
    print("`stockroom check` afterwards: no discrepancy")
    return 1 if wrong else 0


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
    pairs = Counter(
        (word, product["category"]["id"])
        for product in sample
        for word in {*product["title"].split()}
        if len(word) >= 4
    )
    prices = sorted(Decimal(product["selling_price"]) for product in sample)
    return Shop(
        first_id=first_id,
        last_id=last_id,
        count=count,
        searches=[pair for pair, _ in pairs.most_common(200)],
        prices=(str(prices[len(prices) // 5]), str(prices[len(prices) * 4 // 5])),
    )


def stock_up(address: str, token: str, shop: Shop) -> None:
    """Adds stock to a random sample of products, enough for all cases."""
    rng = random.Random(SEED)
    ids = range(shop.first_id, shop.last_id + 1)
    shop.stocked_ids = rng.sample(ids, min(len(ids), 5_000))
    supplier = Client(address, token).get("/api/v1/suppliers/?page_size=1")["results"][0]["id"]

    def deliver(ids: list[int]) -> None:
        client = Client(address, token)
        for product in ids:
            client.post("/api/v1/inflows/", {"supplier": supplier, "product": product, "quantity": 10_000_000})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(deliver, [shop.stocked_ids[part::16] for part in range(16)]))


def run_cases(
    cases: list[Case],
    options: argparse.Namespace,
    schema: str,
    shop: Shop,
    server: Server,
    token: str,
    directory: Path,
) -> bool:
    """Runs and prints every case; returns whether any response was wrong."""
    column = ["sqlite", "postgres"].index(options.database)
    rates: dict[str, float] = {}
    wrong_cases = []
    print(f"\n{'case':<32}{'conns':>6}{'req/s':>9}{'p99 ms':>9}{'CPU us/req':>12}{'req/s of CPU':>14}{'target':>12}")
    for case in cases:
        if case.needs not in schema:
            print(f"{case.title:<32}  not in the schema", flush=True)
            continue
        requests = case.requests(shop, random.Random(SEED))
        try:
            Client(server.address, token).probe(requests[0], case)
        except Failure as failure:
            print(f"{case.title:<32}  WRONG: {failure}", flush=True)
            wrong_cases.append(case.name)
            continue
        requests_file = directory / "requests"
        requests_file.write_bytes(b"\0".join(encode(request, server.address, token) for request in requests) + b"\0")
        if options.warmup:
            load(case, options.warmup, requests_file, server.address)
        # PostgreSQL's CPU time is added to that of the program.
        roots = [server.pid] + ([int(os.environ["STOCKROOM_POSTGRES_PID"])] if options.database == "postgres" else [])
        before = cpu_seconds(roots)
        result = load(case, options.seconds, requests_file, server.address)
        cpu = cpu_seconds(roots) - before
        if result.requests == 0 or cpu == 0:
            raise Failure(f"{case.name}: {result.requests} responses in {cpu} s of CPU. {result.sample}")
        rate, of_cpu = result.requests / result.seconds, result.requests / cpu
        rates[case.name] = of_cpu
        target = case.targets[column] if case.targets else None
        if case.relative and case.relative[0] in rates:
            target = rates[case.relative[0]] * case.relative[1]
        share = (rate if case.wall else of_cpu) / target if target else None
        print(
            f"{case.title:<32}{case.connections:>6}{rate:>9,.0f}{result.p99_ms:>9.2f}{cpu / result.requests * 1e6:>12.1f}"
            f"{of_cpu:>14,.0f}"
            + (f"{target:>12,.0f}{share:>7.0%}" if target else f"{'':>19}")
            + (" (wall clock)" if case.wall else ""),
            flush=True,
        )
        if result.wrong:
            print(f"    WRONG: {result.wrong:,} responses, such as: {result.sample or 'a broken connection'}", flush=True)
            wrong_cases.append(case.name)
    if wrong_cases:
        print(f"\nwrong responses in: {', '.join(wrong_cases)}")
    return bool(wrong_cases)


class Load:
    """The results of one run of wrk, from the line that replay.lua prints."""

    def __init__(self, line: str):
        requests, duration_us, p99_us, wrong, broken, sample = line.split(" ", 5)
        self.requests = int(requests)
        self.seconds = int(duration_us) / 1e6
        self.p99_ms = float(p99_us) / 1e3
        self.wrong = int(wrong) + int(broken)
        self.sample = sample


def load(case: Case, seconds: int, requests_file: Path, address: str) -> Load:
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
