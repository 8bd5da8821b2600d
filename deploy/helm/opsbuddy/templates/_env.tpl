{{/* The container's environment. */}}
{{- define "opsbuddy.env" -}}
{{- $v := .Values }}
{{- if include "opsbuddy.embedded" . }}
- name: OPSBUDDY_DATA_DIR
  value: /var/lib/opsbuddy
{{- else }}
{{- include "opsbuddy.env.temporal" . }}
{{- end }}
{{- range $name, $value := $v.config }}
{{- if not (kindIs "invalid" $value) }}
- name: {{ $name }}
  value: {{ include "opsbuddy.text" $value | quote }}
{{- end }}
{{- end }}
{{- if $v.systemPrompt }}
- name: AGENT_SYSTEM_PROMPT_FILE
  value: /etc/opsbuddy/system-prompt.md
{{- end }}
{{- if $v.tools.mcpServers }}
- name: OPSBUDDY_TOOLS
  value: /etc/opsbuddy/tools.json
{{- end }}
{{- range $name, $ref := $v.secrets }}
{{- if eq $v.secretsAs "files" }}
- name: {{ $name }}_FILE
  value: /run/secrets/opsbuddy/{{ $name }}
{{- else }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ default $v.secretName $ref.name }}
      key: {{ default $name $ref.key }}
{{- end }}
{{- end }}
{{- with $v.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "opsbuddy.env.temporal" -}}
{{- $t := .Values.temporal }}
- name: TEMPORAL_ADDRESS
  value: {{ $t.address | quote }}
{{- with $t.namespace }}
- name: TEMPORAL_NAMESPACE
  value: {{ . | quote }}
{{- end }}
{{- if not (kindIs "invalid" $t.tls.enabled) }}
- name: TEMPORAL_TLS
  value: {{ $t.tls.enabled | quote }}
{{- end }}
{{- with $t.tls.serverName }}
- name: TEMPORAL_TLS_SERVER_NAME
  value: {{ . | quote }}
{{- end }}
{{- if $t.tls.clientCertSecret }}
- name: TEMPORAL_TLS_CLIENT_CERT_PATH
  value: /run/secrets/temporal-client/tls.crt
- name: TEMPORAL_TLS_CLIENT_KEY_PATH
  value: /run/secrets/temporal-client/tls.key
{{- end }}
{{- if $t.tls.caSecret }}
- name: TEMPORAL_TLS_SERVER_CA_CERT_PATH
  value: /run/secrets/temporal-ca/ca.crt
{{- end }}
{{- end }}
