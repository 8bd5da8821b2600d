"""What must hold of the rendered manifests, beyond their schemas.

usage: manifests.py RENDERED_FOLDER [--rules FILE]

RENDERED_FOLDER holds NAME.yaml for every ci/NAME-values.yaml, and plain.yaml.
With --rules, the rules of alerts.yaml are written to FILE for promtool.
"""

import json
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/helm/opsbuddy"
SHUTDOWN = 30  # seconds that the program may take after SIGTERM

# The environment with which the product was asked for, word for word.
ASKED_ENV = [
    {"name": "AGENT_PROVIDER_TYPE", "value": "anthropic"},
    {"name": "AGENT_MODEL", "value": "claude-sonnet-4-6"},
    {"name": "ANTHROPIC_API_KEY", "valueFrom": {"secretKeyRef": {"name": "llm-credentials", "key": "anthropic-api-key"}}},
]

problems = []


def expect(holds, sentence):
    if not holds:
        problems.append(sentence)


def documents(path):
    return [d for d in yaml.safe_load_all(path.read_text()) if d]


def only(docs, kind):
    found = [d for d in docs if d["kind"] == kind]
    return found[0] if len(found) == 1 else None


def environment(container):
    return {e["name"]: e for e in container.get("env", [])}


def check_pod(name, docs):
    """What holds of every pod, however it was rendered."""
    deployment = only(docs, "Deployment")
    template = deployment["spec"]["template"]
    pod, container = template["spec"], template["spec"]["containers"][0]
    expect(pod["enableServiceLinks"] is False, f"{name}: a Service named opsbuddy would give the pod OPSBUDDY_PORT")
    expect(pod["automountServiceAccountToken"] is False, f"{name}: the pod has a token that it does not need")
    stop = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    expect(pod["terminationGracePeriodSeconds"] >= stop + SHUTDOWN, f"{name}: the pod is killed before it could end by itself")

    expect(pod["securityContext"]["runAsNonRoot"] is True, f"{name}: may run as root")
    expect(pod["securityContext"]["runAsUser"] == 65532, f"{name}: runs as another user than the image's")
    expect(pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, f"{name}: no seccomp profile")
    security = container["securityContext"]
    expect(security["readOnlyRootFilesystem"] is True, f"{name}: the root file system can be written")
    expect(security["allowPrivilegeEscalation"] is False, f"{name}: may gain privileges")
    expect(security["capabilities"] == {"drop": ["ALL"]}, f"{name}: keeps capabilities")

    for probe, page in [("startupProbe", "startup"), ("livenessProbe", "live"), ("readinessProbe", "ready")]:
        get = container[probe]["httpGet"]
        expect(get == {"path": f"/health/{page}", "port": "health"}, f"{name}: {probe} asks {get}")
    expect({p["name"]: p["containerPort"] for p in container["ports"]} == {"webhook": 8080, "health": 8081}, f"{name}: ports")

    mounts, volumes = container["volumeMounts"], {v["name"] for v in pod["volumes"]}
    expect({m["name"] for m in mounts} == volumes, f"{name}: volumes and mounts do not match")
    expect("/tmp" in [m["mountPath"] for m in mounts], f"{name}: /tmp cannot be written")
    names = [e["name"] for e in container.get("env", [])]
    expect(len(names) == len(set(names)), f"{name}: a variable is set twice")

    labels = template["metadata"]["labels"].items()
    for d in docs:
        if d["kind"] in ("Service", "PodDisruptionBudget", "NetworkPolicy", "Deployment"):
            selector = d["spec"].get("selector") or d["spec"].get("podSelector")
            selector = selector.get("matchLabels", selector)
            expect(selector.items() <= labels, f"{name}: {d['kind']} {d['metadata']['name']} does not select the pods")


def check_mode(name, docs):
    """One pod with a volume, or several without one."""
    spec = only(docs, "Deployment")["spec"]
    pod = spec["template"]["spec"]
    env = environment(pod["containers"][0])
    data = [v for v in pod["volumes"] if v["name"] == "data"]
    if "TEMPORAL_ADDRESS" in env:
        expect(spec["strategy"]["type"] == "RollingUpdate", f"{name}: pods on a cluster are not rolled")
        expect(not data and "OPSBUDDY_DATA_DIR" not in env, f"{name}: pods on a cluster need no data folder")
        expect(not only(docs, "PersistentVolumeClaim"), f"{name}: pods on a cluster need no claim")
        expect((spec["replicas"] > 1) == bool(only(docs, "PodDisruptionBudget")), f"{name}: a disruption budget is for several pods")
        return
    expect(spec["replicas"] == 1, f"{name}: {spec['replicas']} pods share one database")
    expect(spec["strategy"] == {"type": "Recreate"}, f"{name}: two pods would meet on one database during an update")
    expect(len(data) == 1 and "persistentVolumeClaim" in data[0], f"{name}: open reviews would not outlive the pod")
    expect(env["OPSBUDDY_DATA_DIR"]["value"] == "/var/lib/opsbuddy", f"{name}: the data folder is not the volume")
    expect(not only(docs, "PodDisruptionBudget"), f"{name}: a budget for one pod only holds up its node's drain")


def check_secrets(name, docs, secrets):
    env = environment(only(docs, "Deployment")["spec"]["template"]["spec"]["containers"][0])
    for setting in secrets & env.keys():
        expect("value" not in env[setting], f"{name}: {setting} has its value in the manifest")
    expect(not any(d["kind"] == "Secret" for d in docs), f"{name}: there is a Secret in the manifests")


def check_files(docs):
    """ci/files-values.yaml: what goes wrong with other people's charts."""
    pod = only(docs, "Deployment")["spec"]["template"]["spec"]
    env = {n: e.get("value") for n, e in environment(pod["containers"][0]).items()}
    expect(env["AGENT_MAX_TOKENS"] == "1000000", f"files: a whole number became {env['AGENT_MAX_TOKENS']}")
    expect(env["AGENT_COST_LIMIT_PER_RUN_USD"] == "0.5", "files: a fraction changed")
    expect(env["PAGERDUTY_ALLOWED_SERVICES"] == "checkout,PABC123", "files: a list is not comma-separated")
    expect(env["OPSBUDDY_TEMPORAL_UI_ADDR"] == "", "files: set-but-empty got lost")
    expect(env["PAGERDUTY_WEBHOOK_SECRET_FILE"] == "/run/secrets/opsbuddy/PAGERDUTY_WEBHOOK_SECRET", "files: where is the secret?")
    given = yaml.safe_load((CHART / "ci/files-values.yaml").read_text())
    paths = {i["path"] for v in pod["volumes"] if v["name"] == "secrets" for s in v["projected"]["sources"] for i in s["secret"]["items"]}
    expect(paths == given["secrets"].keys(), f"files: mounted are {paths}")
    expect(only(docs, "ConfigMap")["data"]["system-prompt.md"] == given["systemPrompt"], "files: the prompt changed")
    ports = {p["port"] for rule in only(docs, "NetworkPolicy")["spec"]["egress"] for p in rule["ports"]}
    expect(ports == {53, 443, 11434}, f"files: the policy lets out {ports}")
    expect(not only(docs, "PersistentVolumeClaim"), "files: a claim was given, and another one is made")


def check_everything(docs):
    given = yaml.safe_load((CHART / "ci/everything-values.yaml").read_text())
    tools = json.loads(only(docs, "ConfigMap")["data"]["tools.json"])
    expect(tools == {"mcpServers": given["tools"]["mcpServers"]}, "everything: the tools file changed")
    ports = {p["port"] for rule in only(docs, "NetworkPolicy")["spec"]["egress"] for p in rule["ports"]}
    expect(ports == {53, 443, 8443, 7233, 4318, 4317}, f"everything: the policy lets out {ports}")
    metrics = [d for d in docs if d["kind"] == "Service" and d["metadata"]["name"].endswith("-metrics")]
    wanted = only(docs, "ServiceMonitor")["spec"]["selector"]["matchLabels"].items()
    expect(len(metrics) == 1 and wanted <= metrics[0]["metadata"]["labels"].items(), "everything: the monitor selects no Service")
    doors = [d for d in docs if d["kind"] == "Service" and not d["metadata"]["name"].endswith("-metrics")]
    expect([p["targetPort"] for p in doors[0]["spec"]["ports"]] == ["webhook"], "everything: the open Service leads to more than webhooks")


def check_plain(docs):
    env = only(docs, "Deployment")["spec"]["template"]["spec"]["containers"][0]["env"]
    for wanted in ASKED_ENV:
        expect(wanted in env, f"plain: {wanted['name']} is not as it was asked for")
    expect(only(docs, "Service")["spec"]["ports"][0]["port"] == 8080, "plain: the webhook is not at http://<service>:8080")


def documented():
    """Settings and secrets of docs/configuration.md."""
    rows = re.findall(r"^\| `([A-Z_]+)` \|.*\|([^|]*)\|$", (ROOT / "docs/configuration.md").read_text(), re.M)
    return {n for n, s in rows if s.strip() != "yes"}, {n for n, s in rows if s.strip() == "yes"}


def check_names(settings, secrets):
    text = (CHART / "templates/_settings.tpl").read_text()
    block = {n: re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", body)
             for n, body in re.findall(r'define "opsbuddy\.(\w+)" -}}(.*?){{- end }}', text, re.S)}
    known = set(block["settings"]) | set(block["ownSettings"])
    expect(known == settings, f"_settings.tpl and docs/configuration.md differ in {known ^ settings}")
    expect(set(block["secretSettings"]) == secrets, f"_settings.tpl and docs/configuration.md differ in {set(block['secretSettings']) ^ secrets}")


def check_rules(docs):
    """An alert on a metric that nobody counts is silent for ever."""
    rules = only(docs, "PrometheusRule")["spec"]["groups"][0]["rules"]
    code = "\n".join(p.read_text() for folder in ("core", "agent") for p in (ROOT / folder).rglob("*.go") if not p.name.endswith("_test.go"))
    for rule in rules:
        for metric in re.findall(r"(?<![:\w])opsbuddy_\w+", rule["expr"]):
            base = re.sub(r"_(count|sum|bucket)$", "", metric)
            expect(f'"{base}"' in code, f"alerts: no code counts {base}")
    recorded = {r["record"] for r in rules if "record" in r}
    used = set(re.findall(r"job:\w+:\w+", " ".join(r["expr"] for r in rules)))
    expect(used == recorded, f"alerts: recorded and used differ in {used ^ recorded}")
    expect('.As("report")' in (ROOT / "triage/flow.go").read_text(), "alerts: no step of the flow is named report")


def check_dockerfile():
    docker = (ROOT / "deploy/Dockerfile").read_text()
    pinned = re.search(r"^ARG GO_VERSION=(\S+)$", docker, re.M)
    wanted = re.search(r"^go (\S+)$", (ROOT / "go.mod").read_text(), re.M)
    expect(pinned[1] == wanted[1], f"deploy/Dockerfile builds with Go {pinned[1]}, go.mod wants {wanted[1]}")
    expect("\nUSER 65532:65532\n" in docker, "deploy/Dockerfile: the user is not 65532")
    expect(docker.rstrip().endswith('ENTRYPOINT ["/opsbuddy"]\nCMD ["serve"]'), "deploy/Dockerfile: the command is not /opsbuddy serve")


def main():
    rendered = pathlib.Path(sys.argv[1])
    settings, secrets = documented()
    files = {p.stem: documents(p) for p in sorted(rendered.glob("*.yaml"))}
    for name, docs in files.items():
        check_pod(name, docs)
        check_mode(name, docs)
        check_secrets(name, docs, secrets)
    check_files(files["files"])
    check_everything(files["everything"])
    check_plain(files["plain"])
    check_names(settings, secrets)
    check_rules(files["alerts"])
    check_dockerfile()
    if "--rules" in sys.argv:
        rules = pathlib.Path(sys.argv[sys.argv.index("--rules") + 1])
        rules.write_text(yaml.safe_dump(only(files["alerts"], "PrometheusRule")["spec"]))
    for p in problems:
        print("manifests:", p, file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
