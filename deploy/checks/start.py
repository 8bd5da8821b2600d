"""Starts the real program with the environment that a rendered pod would have.

usage: start.py PROGRAM RENDERED_FOLDER

Every pod's environment must be accepted without a mistake and without an
unknown name. The one-pod form is then served for real: it becomes ready,
refuses a forged webhook, and ends by itself on SIGTERM in time.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import yaml

# What the Secrets of the examples might hold.
SECRETS = {
    "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T00000000/B00000000/" + "x" * 24,
    "SLACK_BOT_TOKEN": "xoxb-0-0-example",
    "SLACK_APP_TOKEN": "xapp-0-example",
    "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20example",
}
READY_WITHIN, GONE_WITHIN = 60, 30  # seconds


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pod_environment(docs, folder):
    """The container's environment, its mounted files laid out under folder."""
    by_kind = {d["kind"]: d for d in docs}
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    for e in by_kind["Deployment"]["spec"]["template"]["spec"]["containers"][0].get("env", []):
        name, value = e["name"], e.get("value")
        if value is None:
            value = SECRETS.get(name, "example-" + name.lower())
        elif value.startswith(("/run/secrets/", "/etc/opsbuddy/", "/var/lib/opsbuddy")):
            path, value = pathlib.PurePath(value), str(folder) + value
            lay_out(pathlib.Path(value), path, by_kind.get("ConfigMap", {}).get("data", {}))
        env[name] = value
    return env


def lay_out(target, path, config_map):
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_relative_to("/run/secrets/opsbuddy"):
        target.write_text(SECRETS.get(path.name, "example-" + path.name.lower()) + "\n")
    elif path.is_relative_to("/etc/opsbuddy"):
        target.write_text(config_map[path.name])


def check_config(program, name, env):
    run = subprocess.run([program, "config"], env=env, capture_output=True, text=True, timeout=60)
    said = run.stderr.strip()
    if run.returncode != 0 or "is no setting" in said:
        sys.exit(f"{name}: the program does not take the pod's environment:\n{said}")


def ask(url, data=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()
    except OSError as why:
        return 0, str(why)


def until_ready(process, health):
    end = time.monotonic() + READY_WITHIN
    while time.monotonic() < end:
        if process.poll() is not None:
            sys.exit(f"serve ended with {process.returncode}")
        status, body = ask(f"{health}/health/ready")
        if status == 200:
            return json.loads(body)
        time.sleep(0.2)
    sys.exit(f"not ready within {READY_WITHIN} s: {status} {body}")


def serve(program, env, log):
    webhook, health = free_port(), free_port()
    env = env | {
        "OPSBUDDY_WEBHOOK_ADDR": f"127.0.0.1:{webhook}", "OPSBUDDY_HEALTH_ADDR": f"127.0.0.1:{health}",
        "OPSBUDDY_TEMPORAL_UI_ADDR": "",
    }
    process = subprocess.Popen([program, "serve"], env=env, cwd="/", stdout=log, stderr=log)
    try:
        until_ready(process, f"http://127.0.0.1:{health}")
        for page in ("live", "ready", "startup"):
            status, body = ask(f"http://127.0.0.1:{health}/health/{page}")
            if status != 200:
                sys.exit(f"/health/{page}: {status} {body}")
        status, body = ask(f"http://127.0.0.1:{webhook}/hooks/incident", b"{}")
        if status != 403:
            sys.exit(f"a webhook that nobody signed was answered {status} {body}")
        process.send_signal(signal.SIGTERM)
        if process.wait(GONE_WITHIN) != 0:
            sys.exit(f"after SIGTERM the program ended with {process.returncode}")
    finally:
        if process.poll() is None:
            process.kill()


def main():
    program, rendered = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    for path in sorted(rendered.glob("*.yaml")):
        docs = [d for d in yaml.safe_load_all(path.read_text()) if d]
        with tempfile.TemporaryDirectory() as folder:
            env = pod_environment(docs, pathlib.Path(folder))
            check_config(program, path.stem, env)
            if path.stem == "embedded":
                with open(pathlib.Path(folder) / "serve.log", "w+") as log:
                    try:
                        serve(program, env, log)
                    except SystemExit:
                        log.seek(0)
                        print(log.read(), file=sys.stderr)
                        raise


main()
