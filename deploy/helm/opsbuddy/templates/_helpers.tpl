{{- define "opsbuddy.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 55 characters, so that "-metrics" still fits. */}}
{{- define "opsbuddy.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 55 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 55 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 55 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "opsbuddy.selectorLabels" -}}
app.kubernetes.io/name: {{ include "opsbuddy.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "opsbuddy.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "opsbuddy.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "opsbuddy.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "opsbuddy.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "opsbuddy.image" -}}
{{- $i := .Values.image }}
{{- if $i.digest }}{{ $i.repository }}@{{ $i.digest }}{{ else }}{{ $i.repository }}:{{ default .Chart.AppVersion $i.tag }}{{ end }}
{{- end }}

{{/* "true" with the embedded server, "" with a cluster. */}}
{{- define "opsbuddy.embedded" -}}
{{- if not .Values.temporal.address }}true{{ end }}
{{- end }}

{{- define "opsbuddy.replicas" -}}
{{- if kindIs "invalid" .Values.replicas }}{{ ternary 1 2 (not .Values.temporal.address) }}{{ else }}{{ int .Values.replicas }}{{ end }}
{{- end }}

{{/* "true" when there is a file for the ConfigMap. */}}
{{- define "opsbuddy.files" -}}
{{- if or .Values.systemPrompt .Values.tools.mcpServers }}true{{ end }}
{{- end }}

{{/* The name of the claim with the database. */}}
{{- define "opsbuddy.claim" -}}
{{- default (printf "%s-data" (include "opsbuddy.fullname" .)) .Values.persistence.existingClaim }}
{{- end }}

{{/* A setting as text. YAML and JSON make floats of whole numbers, and Go would
     print a million as 1e+06, which is no token limit. */}}
{{- define "opsbuddy.text" -}}
{{- if kindIs "slice" . }}{{ join "," . }}
{{- else if kindIs "float64" . }}{{ if eq (floor .) . }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- else }}{{ . }}{{ end }}
{{- end }}

{{/* The ports of the addresses that the pod calls, 443 first. */}}
{{- define "opsbuddy.egressPorts" -}}
{{- $ports := list "443" }}
{{- range $name := include "opsbuddy.addresses" . | splitList " " }}
{{- $address := index $.Values.config $name }}
{{- if $address }}
{{- $url := urlParse (toString $address) }}
{{- $ports = append $ports (default (ternary "80" "443" (eq $url.scheme "http")) (regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host))) }}
{{- end }}
{{- end }}
{{- if .Values.temporal.address }}{{ $ports = append $ports (regexFind "[0-9]+$" .Values.temporal.address) }}{{ end }}
{{- $ports | uniq | join " " }}
{{- end }}
