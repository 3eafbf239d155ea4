"""Imports databases created by a real Django program, and compares the responses over HTTP.

`scripts/django` starts this with the packages of `requirements.txt`. Without STOCKROOM_TEST_POSTGRES only SQLite is tested.
OLDER_PACKAGES names a folder with the packages of `requirements-older.txt`.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

import psycopg

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = os.environ.get("STOCKROOM_BIN", f"{os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')}/debug/stockroom")
SERVER = os.environ.get("STOCKROOM_TEST_POSTGRES")

sys.path.insert(0, str(HERE))
os.environ |= {"SHOP_ENGINE": "sqlite3", "SHOP_DATABASE": ":memory:"}
from shop.settings import SECRET_KEY  # noqa: E402

TABLES = ("brands", "categories", "suppliers", "products", "inflows", "outflows")


class Postgres:
    """A new database on the server."""

    def __init__(self):
        self.name = f"stockroom_django_{uuid.uuid4().hex[:12]}"
        self.run(f'CREATE DATABASE "{self.name}"')
        self.server = urllib.parse.urlsplit(SERVER)
        self.url = self.server._replace(path=f"/{self.name}").geturl()

    def run(self, sql):
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(sql)

    def settings(self):
        return {
            "SHOP_ENGINE": "postgresql",
            "SHOP_DATABASE": self.name,
            "SHOP_HOST": self.server.hostname,
            "SHOP_PORT": str(self.server.port or 5432),
            "SHOP_USER": self.server.username,
        }

    def remove(self):
        self.run(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


class Sqlite:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name) / "db.sqlite3"
        self.url = f"sqlite://{self.file}"

    def settings(self):
        return {"SHOP_ENGINE": "sqlite3", "SHOP_DATABASE": str(self.file)}

    def remove(self):
        self.folder.cleanup()


def make(database, older):
    """Fills the database with the Django program; returns the output of `make.py`."""
    packages = [str(HERE)]
    if older:
        packages.insert(0, os.environ["OLDER_PACKAGES"])
    environment = os.environ | database.settings() | {"PYTHONPATH": os.pathsep.join(packages)}
    result = subprocess.run(
        [sys.executable, HERE / "make.py"], env=environment, stdout=subprocess.PIPE, check=True, timeout=120
    )
    return json.loads(result.stdout)


class Gateway:
    """`stockroom` on the target database."""

    def __init__(self, url):
        self.environment = {"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY, "LOG_FORMAT": "json", "BIND": "127.0.0.1:0"}
        self.process = None

    def run(self, *words):
        result = subprocess.run(
            [PROGRAM, *words], env=self.environment, cwd=tempfile.gettempdir(), capture_output=True, timeout=120
        )
        assert result.returncode == 0, f"{words}: {result.returncode}\n{result.stdout.decode()}\n{result.stderr.decode()}"
        return result.stdout.decode()

    def serve(self):
        self.process = subprocess.Popen(
            [PROGRAM, "serve"],
            env=self.environment,
            cwd=tempfile.gettempdir(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for line in self.process.stderr:
            if b'"serving"' in line:
                self.url = f"http://{json.loads(line)['address']}/api/v1/"
                return
        raise AssertionError("the program ended before it served")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.communicate(timeout=30)

    def send(self, method, path, body=None, token=None):
        """Sends a request; returns the status and the body of the response."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(urllib.parse.urljoin(self.url, path), data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def rows(self, path, token):
        """All rows of a collection, read page by page, ordered by id."""
        rows, page = [], f"{path}/?page_size=100&ordering=id"
        while page:
            status, response = self.send("GET", page, token=token)
            assert status == 200, response
            rows += response["results"]
            page = response["next"]
        assert len(rows) == response["count"]
        return rows


class TakeOver(unittest.TestCase):
    maxDiff = None

    def take_over(self, source_kind, target_kind, older):
        if SERVER is None and Postgres in (source_kind, target_kind):
            self.assertNotEqual(os.environ.get("CI"), "true", "STOCKROOM_TEST_POSTGRES is not set")
            self.skipTest("STOCKROOM_TEST_POSTGRES is not set")
        source, target = source_kind(), target_kind()
        self.addCleanup(source.remove)
        self.addCleanup(target.remove)
        expected = make(source, older)
        self.assertIs(type(expected["tokens"]["user_id"]), int if older else str)
        before = source.file.read_bytes() if source_kind is Sqlite else None
        gateway = Gateway(target.url)
        gateway.run("import", "check", source.url)
        imported = json.loads(gateway.run("import", "run", source.url, "--json"))
        self.assertTrue(imported["equal"])
        self.assertEqual(imported["report"]["findings"], [])
        if before is not None:
            self.assertEqual(source.file.read_bytes(), before)
            self.assertEqual(os.listdir(source.folder.name), ["db.sqlite3"])
        gateway.run("check")
        self.addCleanup(gateway.stop)
        gateway.serve()
        self.check_tokens(gateway, expected["tokens"])
        self.check_rows(gateway, expected)
        self.check_logins(gateway, expected["users"])
        self.check_new_ids(gateway, expected)

    def check_tokens(self, gateway, tokens):
        for token in tokens["access"]:
            self.assertEqual(gateway.send("GET", "brands/", token=token)[0], 200)
        for token in tokens["refused_access"]:
            self.assertEqual(gateway.send("GET", "brands/", token=token)[0], 401)
        for token in tokens["refresh"]:
            status, response = gateway.send("POST", "authentication/token/refresh/", {"refresh": token})
            self.assertEqual(status, 200)
            self.assertEqual(gateway.send("GET", "brands/", token=response["access"])[0], 200)
            self.assertEqual(gateway.send("POST", "authentication/token/verify/", {"token": token}), (200, {}))
        for token in tokens["refused_refresh"]:
            status, response = gateway.send("POST", "authentication/token/refresh/", {"refresh": token})
            self.assertEqual((status, response["code"]), (401, "token_not_valid"))

    def check_rows(self, gateway, expected):
        token = expected["tokens"]["access"][0]
        for table in TABLES:
            rows = gateway.rows(table, token)
            self.assertEqual(len(rows), len(expected["rows"][table]), table)
            for row, expected_row in zip(rows, expected["rows"][table], strict=True):
                self.assertEqual(row, expected_row)
            last = expected["rows"][table][-1]
            self.assertEqual(gateway.send("GET", f"{table}/{last['id']}/", token=token), (200, last))

    def check_logins(self, gateway, users):
        for name, user in users.items():
            password = user["password"] or "!"
            body = {"username": name, "password": password}
            # The second login uses the hash that has replaced Django's.
            for _ in range(2 if user["can_log_in"] else 1):
                status, response = gateway.send("POST", "authentication/token/", body)
                self.assertEqual(status, 200 if user["can_log_in"] else 401, name)
            if user["can_log_in"]:
                self.check_permissions(gateway, name, user, response["access"])
                wrong = {"username": name, "password": f"{password}."}
                self.assertEqual(gateway.send("POST", "authentication/token/", wrong)[0], 401, name)

    def check_permissions(self, gateway, name, user, token):
        permissions = user.get("permissions", [])
        for codename, method, path in (
            ("add_brand", "POST", "brands/"),
            ("delete_category", "DELETE", "categories/1000000/"),
            ("add_product", "POST", "products/"),
        ):
            # An empty body is rejected only after the check of the permission.
            status, _ = gateway.send(method, path, {} if method == "POST" else None, token)
            allowed = name == "root" or codename in permissions
            self.assertEqual(status, {"POST": 422, "DELETE": 404}[method] if allowed else 403, (name, codename))

    def check_new_ids(self, gateway, expected):
        _, pair = gateway.send("POST", "authentication/token/", {"username": "root", "password": "birch root"})
        status, brand = gateway.send("POST", "brands/", {"name": "New"}, pair["access"])
        # The largest id was assigned to a brand that was deleted again.
        self.assertEqual((status, brand["id"]), (201, expected["rows"]["brands"][-1]["id"] + 2))
        gateway.run("check")

    def test_sqlite_to_sqlite(self):
        self.take_over(Sqlite, Sqlite, older=False)

    def test_sqlite_to_postgres(self):
        self.take_over(Sqlite, Postgres, older=True)

    def test_postgres_to_sqlite(self):
        self.take_over(Postgres, Sqlite, older=True)

    def test_postgres_to_postgres(self):
        self.take_over(Postgres, Postgres, older=False)


if __name__ == "__main__":
    unittest.main(verbosity=2)
