{{/* How far a counter went up within the last `window` minutes, `offset`
     minutes ago, exactly. increase() will not do: a counter with labels begins
     with its first event, which increase() does not see, and that event may be
     the only page of the week. After a restart it counts from the restart on. */}}
{{- define "opsbuddy.rule.rise" -}}
{{- $offset := ternary (printf " offset %vm" .offset) "" (hasKey . "offset") -}}
{{- $now := printf "last_over_time(%s[%vm]%s)" .metric .window $offset -}}
sum by (namespace, job, {{ .by }}) (clamp_min(
  {{ $now }}
  - (
    ({{ .metric }} offset {{ add (int .window) (int (default 0 .offset)) }}m unless resets({{ .metric }}[{{ .window }}m]{{ $offset }}) > 0)
    or 0 * {{ $now }}
  ), 0))
{{- end }}
