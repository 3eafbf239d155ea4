"""Runs Schemathesis against the program, with sample data, as a superuser.

`scripts/schemathesis` starts this with the packages of `requirements.txt`; arguments are passed to `schemathesis run`.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = os.environ.get("STOCKROOM_BIN", f"{os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')}/debug/stockroom")
PASSWORD = "correct horse battery staple"


def serve(environment, folder):
    """Starts the program on a free port; returns it with its URL."""
    program = subprocess.Popen(
        [PROGRAM, "serve"], env=environment | {"BIND": "127.0.0.1:0"}, cwd=folder, stderr=subprocess.PIPE, text=True
    )
    for line in program.stderr:
        if '"serving"' in line:
            return program, "http://" + json.loads(line)["address"]
    raise SystemExit(f"the program ended with {program.wait()}")


def token(url):
    request = urllib.request.Request(
        f"{url}/api/v1/authentication/token/",
        json.dumps({"username": "admin", "password": PASSWORD}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)["access"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": f"sqlite://{folder}/stockroom.db",
            "LOG_FORMAT": "json",
        }
        command = [PROGRAM, "user", "create", "--password-stdin", "admin", "--superuser"]
        subprocess.run([PROGRAM, "seed", "--products", "60"], env=environment, cwd=folder, check=True, capture_output=True)
        subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True, input=PASSWORD, text=True)
        program, url = serve(environment, folder)
        try:
            # The log is read, so that it does not fill the pipe.
            threading.Thread(target=program.stderr.read, daemon=True).start()
            schemathesis = [
                Path(sys.executable).parent / "schemathesis",
                "--config-file",
                HERE / "schemathesis.toml",
                "run",
                f"{url}/api/v1/openapi.json",
                "--header",
                f"Authorization: Bearer {token(url)}",
                *sys.argv[1:],
            ]
            return subprocess.run(schemathesis, cwd=HERE, env=os.environ | {"PYTHONPATH": str(HERE)}).returncode
        finally:
            program.terminate()
            program.wait(30)


if __name__ == "__main__":
    sys.exit(main())
