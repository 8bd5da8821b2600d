{{/* Every mistake in the values, one sentence a line, all at once. A pod that
     would only start to say the same and end is no answer to `helm upgrade`. */}}
{{- define "opsbuddy.validate" -}}
{{- $problems := list }}
{{- range $topic := list "pods" "names" "secrets" "missing" "model" "logins" "doors" "tools" }}
{{- range $line := include (printf "opsbuddy.problems.%s" $topic) $ | splitList "\n" }}
{{- if trim $line }}{{ $problems = append $problems (printf "  - %s" (trim $line)) }}{{ end }}
{{- end }}
{{- end }}
{{- if $problems }}{{ fail (printf "these values cannot work:\n%s\n" (join "\n" $problems)) }}{{ end }}
{{- end }}

{{/* The names that are given in any way, as keys of a YAML map. */}}
{{- define "opsbuddy.given" -}}
{{- range $name, $value := .Values.config }}
{{- if not (or (kindIs "invalid" $value) (eq (include "opsbuddy.text" $value) "")) }}
{{ trimSuffix "_FILE" $name }}: config
{{- end }}
{{- end }}
{{- range $name, $_ := .Values.secrets }}
{{ $name }}: secrets
{{- end }}
{{- range .Values.extraEnv }}
{{ trimSuffix "_FILE" .name }}: extraEnv
{{- end }}
{{- end }}

{{- define "opsbuddy.problems.pods" -}}
{{- $v := .Values }}
{{- if not $v.image.repository }}
image.repository is not set: build the image from deploy/Dockerfile, push it to a registry that the cluster can pull from, and name it here.
{{- end }}
{{- if and (not $v.temporal.address) (gt (int (include "opsbuddy.replicas" .)) 1) }}
replicas is {{ $v.replicas }}, but without temporal.address the Temporal server is embedded in the pod and its database belongs to one process: set temporal.address to a Temporal cluster, or replicas to 1.
{{- end }}
{{- with $v.temporal.address }}
{{- if not (regexMatch "^[^/:\\s]+:[0-9]+$|^\\[[0-9A-Fa-f:]+\\]:[0-9]+$" .) }}
temporal.address is {{ . | quote }}, but it wants host:port without a scheme, such as temporal-frontend.temporal.svc:7233.
{{- end }}
{{- end }}
{{- if and (not $v.temporal.address) (or $v.temporal.namespace $v.temporal.tls.enabled $v.temporal.tls.clientCertSecret $v.temporal.tls.caSecret (hasKey $v.secrets "TEMPORAL_API_KEY")) }}
temporal.namespace, temporal.tls or TEMPORAL_API_KEY is set, but temporal.address is not, so the embedded server would be used: set the address of the cluster, or remove the others.
{{- end }}
{{- if lt (int $v.shutdown.gracePeriodSeconds) (add (int $v.shutdown.preStopSeconds) 30) }}
shutdown.gracePeriodSeconds is {{ $v.shutdown.gracePeriodSeconds }}, but the program may take 30 s after preStop's {{ $v.shutdown.preStopSeconds }} s: set at least {{ add (int $v.shutdown.preStopSeconds) 30 }}.
{{- end }}
{{- end }}

{{- define "opsbuddy.problems.names" -}}
{{- $known := include "opsbuddy.settings" . | splitList " " }}
{{- $secret := include "opsbuddy.secretSettings" . | splitList " " }}
{{- $own := include "opsbuddy.ownSettings" . | fromYaml }}
{{- range $name, $_ := .Values.config }}
{{- $file := trimSuffix "_FILE" $name }}
{{- if has $name $secret }}
config.{{ $name }} is a secret, and values are stored in plain text: put it into a Secret and refer to it under secrets.{{ $name }}.
{{- else if hasKey $own $name }}
config.{{ $name }} is set by the chart: use {{ index $own $name }}.
{{- else if and (has $file $secret) (hasKey $.Values.secrets $file) }}
config.{{ $name }} and secrets.{{ $file }} are both set: keep one of the two.
{{- else if not (has $file (concat $known $secret)) }}
config.{{ $name }} is no setting of Ops Buddy: see docs/configuration.md for the names; what is meant for something else goes into extraEnv.
{{- end }}
{{- end }}
{{- range .Values.extraEnv }}
{{- $name := trimSuffix "_FILE" .name }}
{{- if hasKey $own .name }}
extraEnv has {{ .name }}, which the chart sets: use {{ index $own .name }}.
{{- else if or (hasKey $.Values.config $name) (hasKey $.Values.secrets $name) }}
extraEnv has {{ .name }}, which config or secrets has as well: keep one of the two.
{{- end }}
{{- end }}
{{- end }}

{{- define "opsbuddy.problems.secrets" -}}
{{- $known := include "opsbuddy.secretSettings" . | splitList " " }}
{{- range $name, $ref := .Values.secrets }}
{{- if not (has $name $known) }}
secrets.{{ $name }} is no secret of Ops Buddy: known are {{ join ", " $known }}; what is meant for something else goes into extraEnv.
{{- else if kindIs "invalid" $ref }}
secrets.{{ $name }} is empty: write {} for the key of the same name in secretName, {name: SECRET, key: KEY} for another one, or remove the line.
{{- else if kindIs "string" $ref }}
secrets.{{ $name }} is a text, but the values never hold a secret itself: put it into a Secret, and write {name: SECRET, key: KEY} here.
{{- else if not (or $ref.name $.Values.secretName) }}
secrets.{{ $name }} names no Secret: set secrets.{{ $name }}.name, or secretName for all of them.
{{- end }}
{{- end }}
{{- end }}

{{- define "opsbuddy.problems.missing" -}}
{{- $given := include "opsbuddy.given" . | fromYaml }}
{{- if not .Values.envFrom }}
{{- if not (or (hasKey $given "PAGERDUTY_WEBHOOK_SECRET") (eq (toString .Values.config.OPSBUDDY_ALLOW_UNSIGNED) "true")) }}
secrets.PAGERDUTY_WEBHOOK_SECRET is not set, so nobody could tell PagerDuty's webhooks from forged ones: refer to the Secret with the signing secret of the webhook subscription.
{{- end }}
{{- if not (or (hasKey $given "SLACK_WEBHOOK_URL") (and (hasKey $given "SLACK_BOT_TOKEN") (hasKey $given "SLACK_CHANNEL"))) }}
no brief could be delivered: set secrets.SLACK_WEBHOOK_URL, or secrets.SLACK_BOT_TOKEN and config.SLACK_CHANNEL.
{{- end }}
{{- if and (hasKey $given "SLACK_CHANNEL") (not (hasKey $given "SLACK_BOT_TOKEN")) }}
config.SLACK_CHANNEL is set, but posting to a channel needs secrets.SLACK_BOT_TOKEN: set it, or remove the channel.
{{- end }}
{{- end }}
{{- end }}

{{- define "opsbuddy.problems.model" -}}
{{- $given := include "opsbuddy.given" . | fromYaml }}
{{- $provider := default "anthropic" .Values.config.AGENT_PROVIDER_TYPE }}
{{- if not .Values.envFrom }}
{{- if and (eq $provider "anthropic") (not (hasKey $given "ANTHROPIC_API_KEY")) }}
secrets.ANTHROPIC_API_KEY is not set: refer to the Secret with the key, choose another config.AGENT_PROVIDER_TYPE, or none for facts-only briefs.
{{- end }}
{{- if and (has $provider (list "openai-compat" "ollama")) (not (hasKey $given "AGENT_BASE_URL")) }}
config.AGENT_BASE_URL is not set, and AGENT_PROVIDER_TYPE={{ $provider }} needs the address of the server, with its /v1{{ if eq $provider "ollama" }}: the default, localhost, is the pod itself{{ end }}.
{{- end }}
{{- end }}
{{- end }}

{{- define "opsbuddy.problems.logins" -}}
{{- $given := include "opsbuddy.given" . | fromYaml }}
{{- if not .Values.envFrom }}
{{- range $site := list "JIRA" "CONFLUENCE" }}
{{- $cloud := and (hasKey $given (printf "%s_USERNAME" $site)) (hasKey $given (printf "%s_API_TOKEN" $site)) }}
{{- if and (hasKey $given (printf "%s_URL" $site)) (not (or $cloud (hasKey $given (printf "%s_PERSONAL_TOKEN" $site)))) }}
config.{{ $site }}_URL is set without a login: set config.{{ $site }}_USERNAME and secrets.{{ $site }}_API_TOKEN (Cloud), or secrets.{{ $site }}_PERSONAL_TOKEN (Server, Data Center).
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "opsbuddy.problems.doors" -}}
{{- $v := .Values }}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) }}
ingress.enabled is true, but ingress.hosts is empty: name the host that PagerDuty will call.
{{- end }}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) }}
httpRoute.enabled is true, but httpRoute.parentRefs is empty: name the Gateway.
{{- end }}
{{- end }}

{{- define "opsbuddy.problems.tools" -}}
{{- $servers := .Values.tools.mcpServers }}
{{- if and $servers .Values.config.OPSBUDDY_TOOLS }}
config.OPSBUDDY_TOOLS and tools.mcpServers are both set: keep one of the two.
{{- end }}
{{- range $name, $server := $servers }}
{{- if not (regexMatch "^[A-Za-z0-9](?:[A-Za-z0-9-]|_[A-Za-z0-9-]){0,31}$" $name) }}
tools.mcpServers.{{ $name }} has a name that cannot be part of a tool's name: use up to 32 letters, digits, - and single _.
{{- end }}
{{- if eq (empty $server.command) (empty $server.url) }}
tools.mcpServers.{{ $name }} wants either command or url.
{{- end }}
{{- range $part := list "env" "headers" }}
{{- range $key, $value := (index $server $part) }}
{{- if and (regexMatch "(?i)token|secret|passw|credential|authorization|cookie|api[_-]?key|private[_-]?key|access[_-]?key" $key) (not (contains "${" (toString $value))) }}
tools.mcpServers.{{ $name }}.{{ $part }}.{{ $key }} looks like a secret, and a ConfigMap is no place for one: write ${NAME}, and set NAME under secrets or extraEnv.
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
