#!/usr/bin/env bash
# Checks what is deployed: chart, plain manifests, alerts, Dockerfile.
#
#   deploy/check.sh BIN [PROGRAM]
#
# BIN      folder for the tools; filled when it is empty (minutes), seconds after that
# PROGRAM  a built opsbuddy: it is started with the environment of the rendered pods
#
# Needs Go, Python 3 with venv, and jq. No cluster, no Docker, and no network once BIN is filled.
set -euo pipefail

bin=${1:?usage: deploy/check.sh BIN [PROGRAM]}
program=${2:-}
mkdir -p "$bin"
bin=$(cd "$bin" && pwd)
[ -z "$program" ] || program=$(realpath "$program")
cd "$(dirname "$0")"
export GOTOOLCHAIN=local

helm_module=helm.sh/helm/v3 helm_version=v3.22.0
kubeconform_module=github.com/yannh/kubeconform kubeconform_version=v0.8.0
prometheus_module=github.com/prometheus/prometheus prometheus_version=v0.316.0
schemas_version=1.37.0  # of the PyPI package kubernetes-validate, which carries Kubernetes' JSON schemas
kubernetes="1.30.0 1.37.0" # the oldest that Chart.yaml allows, and the newest

chart=helm/opsbuddy
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
mkdir "$out/rendered"
began=$SECONDS
step() { printf -- '-- %s (%ds)\n' "$*" "$((SECONDS - began))"; }
fail() { printf 'deploy/check.sh: %s\n' "$*" >&2; exit 1; }

# tool MODULE VERSION COMMAND: installs a pinned command, once.
tool() {
  if ! go version -m "$bin/$(basename "$3")" 2>/dev/null | grep -qE "^\s+mod\s+$1\s+$2\s"; then
    GOBIN=$bin GOFLAGS=-buildvcs=false go install "$1/$3@$2"
  fi
}

# schemas VERSION: makes the package's schemas of one Kubernetes version ready
# for kubeconform. They refer to each other at kubernetes.io, which nobody serves.
schemas() {
  local from to file
  to=$bin/schemas-$schemas_version/v$1-local-strict
  [ ! -e "$to/done" ] || return 0
  from=$("$bin/venv/bin/python" -c 'import os, kubernetes_validate as k; print(os.path.dirname(k.__file__))')/kubernetes-json-schema/v$1-local-strict
  mkdir -p "$to"
  for file in _definitions deployment-apps-v1 service-v1 serviceaccount-v1 configmap-v1 persistentvolumeclaim-v1 \
    ingress-networking-v1 networkpolicy-networking-v1 poddisruptionbudget-policy-v1; do
    jq -c 'del(."$id")' "$from/$file.json" | sed 's#/api/_definitions.json#_definitions.json#g' >"$to/$file.json"
  done
  touch "$to/done"
}

step "tools"
tool "$helm_module" "$helm_version" cmd/helm
tool "$kubeconform_module" "$kubeconform_version" cmd/kubeconform
tool "$prometheus_module" "$prometheus_version" cmd/promtool
if ! "$bin/venv/bin/python" -c "import yaml, importlib.metadata as m; assert m.version('kubernetes-validate') == '$schemas_version'" 2>/dev/null; then
  python3 -m venv "$bin/venv"
  "$bin/venv/bin/pip" install -q --disable-pip-version-check "kubernetes-validate==$schemas_version" PyYAML==6.0.3
fi
for version in $kubernetes; do schemas "$version"; done

# Nothing of the user's own Helm or kubectl settings.
export HELM_CONFIG_HOME=$out/helm HELM_CACHE_HOME=$out/helm HELM_DATA_HOME=$out/helm KUBECONFIG=/dev/null
render() { "$bin/helm" template opsbuddy "$chart" --namespace oncall --kube-version "${kubernetes##* }" "$@"; }
conform() {
  "$bin/kubeconform" -strict -kubernetes-version "$1" \
    -schema-location "$bin/schemas-$schemas_version/{{.NormalizedKubernetesVersion}}-local{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json" \
    -schema-location "schemas/{{.ResourceKind}}{{.KindSuffix}}.json" "${@:2}"
}

step "helm lint and template"
rendered=0
for values in "$chart"/ci/*-values.yaml; do
  name=$(basename "$values" -values.yaml)
  "$bin/helm" lint --strict --quiet "$chart" --kube-version "${kubernetes##* }" -f "$values" || fail "helm lint does not like $values"
  render -f "$values" >"$out/rendered/$name.yaml"
  rendered=$((rendered + 1))
done
awk '/^```yaml$/ {inside = 1; next} /^```$/ {inside = 0} inside' ../docs/kubernetes.md >"$out/docs-values.yaml"
render -f "$out/docs-values.yaml" >"$out/rendered/docs.yaml"
cp plain/deployment.yaml "$out/rendered/plain.yaml"

step "schemas"
for version in $kubernetes; do
  conform "$version" -summary "$out"/rendered/*.yaml
done
# The check itself: a misspelt field, and a kind without a schema, must not pass.
sed 's/failureThreshold/failureTreshold/' plain/deployment.yaml | conform 1.37.0 >/dev/null && fail "kubeconform takes a field that does not exist"
sed 's/^kind: Service$/kind: Servise/' plain/deployment.yaml | conform 1.37.0 >/dev/null && fail "kubeconform takes a kind that does not exist"

step "what must hold of the manifests"
"$bin/venv/bin/python" checks/manifests.py "$out/rendered" --rules "$out/rules.yaml"

step "alerts"
"$bin/promtool" check rules --lint=all --lint-fatal "$out/rules.yaml"
cp checks/alerts_test.yaml "$out/"
"$bin/promtool" test rules "$out/alerts_test.yaml"

step "wrong values are refused"
refused=0
# refuse SENTENCE HELM_ARGS…: rendering must fail, and say so.
refuse() {
  local said
  if said=$(render -f "$out/values.yaml" "${@:2}" 2>&1); then fail "accepted: ${*:2}"; fi
  [[ $said == *"$1"* ]] || fail "refused without the words \"$1\": ${*:2}: $said"
  refused=$((refused + 1))
}
# without NAME SENTENCE HELM_ARGS…: the same without one line of the values.
without() {
  sed -i "/^ *$1:/d" "$out/values.yaml"
  refuse "${@:2}"
  cp "$chart/ci/embedded-values.yaml" "$out/values.yaml"
}
cp "$chart/ci/embedded-values.yaml" "$out/values.yaml"
refuse "replicas is 2, but without temporal.address" --set replicas=2
refuse "temporal.address is \"https://temporal:7233\", but it wants host:port" --set temporal.address=https://temporal:7233
refuse "temporal.address is \"temporal\", but it wants host:port" --set temporal.address=temporal
refuse "temporal.address is not, so the embedded server would be used" --set temporal.namespace=oncall
refuse "temporal.address is not, so the embedded server would be used" --set secrets.TEMPORAL_API_KEY.key=k
refuse "image.repository is not set" --set image.repository=
without PAGERDUTY_WEBHOOK_SECRET "secrets.PAGERDUTY_WEBHOOK_SECRET is not set"
without SLACK_WEBHOOK_URL "no brief could be delivered"
without SLACK_WEBHOOK_URL "no brief could be delivered" --set secrets.SLACK_BOT_TOKEN.key=k
refuse "posting to a channel needs secrets.SLACK_BOT_TOKEN" --set config.SLACK_CHANNEL=C1
without ANTHROPIC_API_KEY "secrets.ANTHROPIC_API_KEY is not set"
refuse "the default, localhost, is the pod itself" --set config.AGENT_PROVIDER_TYPE=ollama
refuse "config.AGENT_BASE_URL is not set" --set config.AGENT_PROVIDER_TYPE=openai-compat
refuse "config.JIRA_URL is set without a login" --set config.JIRA_URL=https://x.example --set config.JIRA_USERNAME=a@x.example
refuse "config.AGENT_MAX_TRUNS is no setting of Ops Buddy" --set config.AGENT_MAX_TRUNS=20
refuse "config.ANTHROPIC_API_KEY is a secret" --set config.ANTHROPIC_API_KEY=example
refuse "config.ANTHROPIC_API_KEY_FILE and secrets.ANTHROPIC_API_KEY are both set" --set config.ANTHROPIC_API_KEY_FILE=/x
refuse "config.TEMPORAL_ADDRESS is set by the chart: use temporal.address" --set config.TEMPORAL_ADDRESS=t:7233
refuse "secrets.ANTHROPIC_KEY is no secret of Ops Buddy" --set secrets.ANTHROPIC_KEY.key=k
refuse "secrets.ANTHROPIC_API_KEY is a text, but the values never hold a secret itself" --set secrets.ANTHROPIC_API_KEY=example
refuse "secrets.SLACK_APP_TOKEN is empty" --set secrets.SLACK_APP_TOKEN=null
refuse "secrets.PAGERDUTY_WEBHOOK_SECRET names no Secret" --set secretName=
refuse "extraEnv has AGENT_SYSTEM_PROMPT_FILE, which the chart sets" --set extraEnv[0].name=AGENT_SYSTEM_PROMPT_FILE,extraEnv[0].value=/x
refuse "extraEnv has SLACK_WEBHOOK_URL, which config or secrets has as well" --set extraEnv[0].name=SLACK_WEBHOOK_URL,extraEnv[0].value=x
refuse "shutdown.gracePeriodSeconds is 30" --set shutdown.gracePeriodSeconds=30
refuse "ingress.hosts is empty" --set ingress.enabled=true
refuse "httpRoute.parentRefs is empty" --set httpRoute.enabled=true
refuse "wants either command or url" --set tools.mcpServers.a.allowTools[0]=x
refuse "looks like a secret, and a ConfigMap is no place for one" --set tools.mcpServers.a.url=https://x.example --set "tools.mcpServers.a.headers.Authorization=Bearer abc"
refuse "has a name that cannot be part of a tool's name" --set tools.mcpServers.a__b.url=https://x.example
refuse "config.OPSBUDDY_TOOLS and tools.mcpServers are both set" --set tools.mcpServers.a.url=https://x.example --set config.OPSBUDDY_TOOLS=external
refuse "additional properties 'replica' not allowed" --set replica=1
refuse "got string, want null or integer" --set replicas=two
refuse "value must be one of 'ReadWriteOnce', 'ReadWriteOncePod'" --set persistence.accessModes[0]=ReadWriteMany
refuse "value must be one of 'env', 'files'" --set secretsAs=file
refuse "which is incompatible with Kubernetes v1.29" --kube-version 1.29.0
# The least that may be: everything else of one Secret, whose keys nobody can see.
render --set image.repository=x --set envFrom[0].secretRef.name=opsbuddy >/dev/null || fail "envFrom alone is refused"

if [ -n "$program" ]; then
  step "the program takes the pods' environment, and serves"
  "$bin/venv/bin/python" checks/start.py "$program" "$out/rendered"
fi

step "$rendered values files, the one of docs/kubernetes.md and plain/deployment.yaml hold; $refused wrong values are refused"
