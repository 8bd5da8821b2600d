package config

import (
	"encoding/pem"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shownSignal is a Signal as a test can compare it.
type shownSignal struct {
	Exporter, Protocol, Endpoint string
	Headers                      map[string]string
}

func shownOf(s Signal) shownSignal {
	out := shownSignal{s.Exporter, s.Protocol, s.Endpoint, map[string]string{}}
	for k, v := range s.Headers {
		out.Headers[k] = v.Reveal()
	}
	return out
}

func TestSettingsOfOneSignalGoBeforeThoseOfBoth(t *testing.T) {
	const httpTraces, httpMetrics, grpcAddr = "http://localhost:4318/v1/traces", "http://localhost:4318/v1/metrics", "http://localhost:4317"
	none := map[string]string{}
	for name, tt := range map[string]struct {
		environ         []string
		traces, metrics shownSignal
	}{
		"nothing":  {nil, shownSignal{"none", "http/protobuf", httpTraces, none}, shownSignal{"none", "http/protobuf", httpMetrics, none}},
		"exporter": {[]string{"OTEL_TRACES_EXPORTER=otlp"}, shownSignal{"otlp", "http/protobuf", httpTraces, none}, shownSignal{"none", "http/protobuf", httpMetrics, none}},
		"grpc": {
			[]string{"OTEL_TRACES_EXPORTER=OTLP", "OTEL_METRICS_EXPORTER=prometheus", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"},
			shownSignal{"otlp", "grpc", grpcAddr, none}, shownSignal{"prometheus", "grpc", grpcAddr, none},
		},
		"endpoint": {
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=https://otel.example/base/", "OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20abc, x-scope = team%2Cone ,"},
			shownSignal{"otlp", "http/protobuf", "https://otel.example/base/v1/traces", map[string]string{"authorization": "Bearer abc", "x-scope": "team,one"}},
			shownSignal{"otlp", "http/protobuf", "https://otel.example/base/v1/metrics", map[string]string{"authorization": "Bearer abc", "x-scope": "team,one"}},
		},
		"endpoint of grpc": {
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=https://otel.example:4317", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_METRICS_EXPORTER=none"},
			shownSignal{"otlp", "grpc", "https://otel.example:4317", none}, shownSignal{"none", "grpc", "https://otel.example:4317", none},
		},
		"traces alone": {
			[]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://t.example:1", "OTEL_EXPORTER_OTLP_TRACES_HEADERS=a=1", "OTEL_EXPORTER_OTLP_HEADERS=b=2"},
			shownSignal{"otlp", "http/protobuf", "http://t.example:1/", map[string]string{"a": "1"}},
			shownSignal{"none", "http/protobuf", httpMetrics, map[string]string{"b": "2"}},
		},
		"each its own": {
			[]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=http://both.example", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://m.example/in",
				"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_METRICS_HEADERS=m=3",
			},
			shownSignal{"otlp", "http/protobuf", "http://both.example/v1/traces", none},
			shownSignal{"otlp", "grpc", "http://m.example/in", map[string]string{"m": "3"}},
		},
		"disabled": {
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://both.example", "OTEL_TRACES_EXPORTER=otlp", "OTEL_METRICS_EXPORTER=otlp", "OTEL_SDK_DISABLED=TRUE"},
			shownSignal{"none", "http/protobuf", "http://both.example/v1/traces", none}, shownSignal{"none", "http/protobuf", "http://both.example/v1/metrics", none},
		},
	} {
		c := load(t, tt.environ...).Telemetry
		if diff := cmp.Diff([]shownSignal{tt.traces, tt.metrics}, []shownSignal{shownOf(c.Traces()), shownOf(c.Metrics())}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestServiceNameGoesBeforeTheResourcesOwn(t *testing.T) {
	for want, environ := range map[string][]string{
		"opsbuddy":  nil,
		"from-name": {"OTEL_SERVICE_NAME=from-name", "OTEL_RESOURCE_ATTRIBUTES=service.name=from-attributes"},
		"from more": {"OTEL_RESOURCE_ATTRIBUTES=team=a%2Cb,service.name=from%20more"},
	} {
		if got := load(t, environ...).Telemetry.ServiceName; got != want {
			t.Errorf("%v: %q, want %q", environ, got, want)
		}
	}
	got := load(t, "OTEL_RESOURCE_ATTRIBUTES=team=a%2Cb,deployment.environment.name=prod").Telemetry.Attributes()
	if diff := cmp.Diff(map[string]string{"team": "a,b", "deployment.environment.name": "prod"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSampleRatioIsAllUntilSaidOtherwise(t *testing.T) {
	if got := load(t).Telemetry.Ratio(); got != 1 {
		t.Errorf("not set: %v", got)
	}
	if got := load(t, "OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0").Telemetry.Ratio(); got != 0 {
		t.Errorf("0: %v", got)
	}
}

func TestTelemetrysHeadersAreSecretsWholeAndInParts(t *testing.T) {
	secrets := load(t, "OTEL_EXPORTER_OTLP_HEADERS_FILE="+file(t, "authorization=Bearer%20SEKRIT-1\n"), "OTEL_EXPORTER_OTLP_METRICS_HEADERS=x-key=SEKRIT%2C2").Secrets()
	for _, want := range []string{"authorization=Bearer%20SEKRIT-1", "Bearer SEKRIT-1", "SEKRIT-1", "SEKRIT,2"} {
		if !slices.Contains(secrets, want) {
			t.Errorf("%q is not among %q", want, secrets)
		}
	}
}

// authority writes the certificate of one into a file.
func authority(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
}

func TestWrongTelemetryIsNamedWithItsRemedy(t *testing.T) {
	checkMistakes(t, map[string]mistake{
		"disabled in words":    {[]string{"OTEL_SDK_DISABLED=1"}, []string{`OTEL_SDK_DISABLED="1"`, "true, false"}},
		"exporter":             {[]string{"OTEL_TRACES_EXPORTER=jaeger"}, []string{`OTEL_TRACES_EXPORTER="jaeger"`, "otlp, console, none"}},
		"exporter of metrics":  {[]string{"OTEL_METRICS_EXPORTER=statsd"}, []string{`"statsd"`, "prometheus"}},
		"protocol":             {[]string{"OTEL_EXPORTER_OTLP_PROTOCOL=http/json"}, []string{`"http/json"`, "grpc, http/protobuf"}},
		"endpoint of grpc":     {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317"}, []string{`OTEL_EXPORTER_OTLP_ENDPOINT="collector:4317"`, "(or http://) in front"}},
		"endpoint with login":  {[]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://u:SEKRIT@otel.example/v1/traces"}, []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT:", "holds a login"}},
		"header without value": {[]string{"OTEL_EXPORTER_OTLP_HEADERS=authorization: SEKRIT"}, []string{"OTEL_EXPORTER_OTLP_HEADERS:", "name=value"}},
		"header of two lines":  {[]string{"OTEL_EXPORTER_OTLP_TRACES_HEADERS=a=SEKRIT%0d%0ab"}, []string{"OTEL_EXPORTER_OTLP_TRACES_HEADERS:", "HTTP headers"}},
		"header's percent":     {[]string{"OTEL_EXPORTER_OTLP_HEADERS=a=100%SEKRIT"}, []string{"OTEL_EXPORTER_OTLP_HEADERS:", "%25"}},
		"header's name":        {[]string{"OTEL_EXPORTER_OTLP_METRICS_HEADERS=x key=SEKRIT"}, []string{"OTEL_EXPORTER_OTLP_METRICS_HEADERS:", "HTTP headers"}},
		"timeout with a unit":  {[]string{"OTEL_EXPORTER_OTLP_TIMEOUT=10s"}, []string{`"10s"`, "whole number", "such as 10000"}},
		"sampler":              {[]string{"OTEL_TRACES_SAMPLER=often"}, []string{`"often"`, "parentbased_traceidratio"}},
		"share":                {[]string{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=10"}, []string{`OTEL_TRACES_SAMPLER_ARG="10"`, "from 0 to 1"}},
		"attributes":           {[]string{"OTEL_RESOURCE_ATTRIBUTES=production"}, []string{`"production"`, "name=value"}},
		"no certificate":       {[]string{"OTEL_EXPORTER_OTLP_CERTIFICATE=/nonexistent.pem"}, []string{`"/nonexistent.pem"`, "no such file"}},
		"certificate for http": {
			[]string{"OTEL_EXPORTER_OTLP_CERTIFICATE=" + authority(t), "OTEL_EXPORTER_OTLP_ENDPOINT=http://c.example:4318"},
			[]string{"OTEL_EXPORTER_OTLP_CERTIFICATE=", "OTEL_EXPORTER_OTLP_ENDPOINT begins with http://", "write https://"},
		},
		"certificate of words": {[]string{"OTEL_EXPORTER_OTLP_CERTIFICATE=" + file(t, "a key")}, []string{"no certificate in PEM form"}},
	})
}

func TestTelemetryThatMayNotBeMeantIsAWarning(t *testing.T) {
	for want, environ := range map[string][]string{
		"OTEL_TRACES_SAMPLER_ARG: is for the samplers traceidratio": {"OTEL_TRACES_SAMPLER_ARG=0.1"},
		"OTEL_EXPORTER_OTLP_ENDPOINT: has port 4317":                {"OTEL_EXPORTER_OTLP_ENDPOINT=http://c.example:4317"},
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: has port 4318":         {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c.example:4318", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"},
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: has no path":           {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c.example:4318"},
	} {
		_, warnings, err := Load(environ)
		if err != nil || len(warnings) != 1 || !strings.HasPrefix(warnings[0].String(), want) {
			t.Errorf("%v: %v, warnings %v", environ, err, warnings)
		}
	}
	for _, environ := range [][]string{
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c.example:4318"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c.example:4317", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c.example:4317", "OTEL_SDK_DISABLED=true"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=https://c.example", "OTEL_EXPORTER_OTLP_CERTIFICATE=" + authority(t)},
		{"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.25"},
	} {
		if _, warnings, err := Load(environ); err != nil || len(warnings) != 0 {
			t.Errorf("%v: %v, warnings %v", environ, err, warnings)
		}
	}
}
