{{- define "opsbuddy.volumes" -}}
{{- $v := .Values }}
- name: tmp
  emptyDir: {}
{{- if include "opsbuddy.embedded" . }}
- name: data
  {{- if $v.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ include "opsbuddy.claim" . }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}
{{- if include "opsbuddy.files" . }}
- name: files
  configMap:
    name: {{ include "opsbuddy.fullname" . }}
{{- end }}
{{- if and (eq $v.secretsAs "files") $v.secrets }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range $name, $ref := $v.secrets }}
      - secret:
          name: {{ default $v.secretName $ref.name }}
          items:
            - key: {{ default $name $ref.key }}
              path: {{ $name }}
      {{- end }}
{{- end }}
{{- with $v.temporal.tls.clientCertSecret }}
- name: temporal-client
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with $v.temporal.tls.caSecret }}
- name: temporal-ca
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - key: ca.crt
        path: ca.crt
{{- end }}
{{- with $v.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "opsbuddy.volumeMounts" -}}
{{- $v := .Values }}
- name: tmp
  mountPath: /tmp
{{- if include "opsbuddy.embedded" . }}
- name: data
  mountPath: /var/lib/opsbuddy
{{- end }}
{{- if include "opsbuddy.files" . }}
- name: files
  mountPath: /etc/opsbuddy
  readOnly: true
{{- end }}
{{- if and (eq $v.secretsAs "files") $v.secrets }}
- name: secrets
  mountPath: /run/secrets/opsbuddy
  readOnly: true
{{- end }}
{{- if $v.temporal.tls.clientCertSecret }}
- name: temporal-client
  mountPath: /run/secrets/temporal-client
  readOnly: true
{{- end }}
{{- if $v.temporal.tls.caSecret }}
- name: temporal-ca
  mountPath: /run/secrets/temporal-ca
  readOnly: true
{{- end }}
{{- with $v.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}
