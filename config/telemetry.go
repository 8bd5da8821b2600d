package config

import (
	"cmp"
	"crypto/x509"
	"errors"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Words of OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER and
// OTEL_EXPORTER_OTLP_PROTOCOL.
const (
	otlp       = "otlp"
	noExporter = "none"
	grpc       = "grpc"
)

// Signal is how traces or metrics leave the process, when all settings about
// them are taken together.
type Signal struct {
	Exporter string // "otlp", "console", "prometheus" or "none"
	Protocol string // "grpc" or "http/protobuf"
	Endpoint string // the whole address, with its path
	Headers  map[string]Secret
}

// Traces says how traces are sent. They are off until an exporter or an address
// is set.
func (t Telemetry) Traces() Signal {
	return t.signal(signalSettings{t.TracesExporter, t.TracesEndpoint, t.TracesHeaders, t.TracesProtocol, "/v1/traces"})
}

// Metrics says how metrics are sent; the page /metrics is there in any case.
func (t Telemetry) Metrics() Signal {
	return t.signal(signalSettings{t.MetricsExporter, t.MetricsEndpoint, t.MetricsHeaders, t.MetricsProtocol, "/v1/metrics"})
}

// signalSettings are the settings of one signal, which go before those of both.
type signalSettings struct {
	exporter, endpoint string
	headers            Secret
	protocol, path     string
}

func (t Telemetry) signal(own signalSettings) Signal {
	s := Signal{
		Exporter: own.exporter, Protocol: cmp.Or(own.protocol, t.Protocol), Endpoint: own.endpoint,
		Headers: headersOf(t.Headers),
	}
	if own.headers.IsSet() {
		s.Headers = headersOf(own.headers)
	}
	switch {
	case t.Disabled:
		s.Exporter = noExporter
	case s.Exporter == "" && (own.endpoint != "" || t.Endpoint != ""):
		s.Exporter = otlp
	case s.Exporter == "":
		s.Exporter = noExporter
	}
	switch {
	case s.Endpoint != "":
		s.Endpoint = withPath(s.Endpoint)
	case s.Protocol == grpc:
		s.Endpoint = cmp.Or(t.Endpoint, "http://localhost:4317")
	default:
		s.Endpoint = cmp.Or(t.Endpoint, "http://localhost:4318") + own.path
	}
	return s
}

// withPath gives the address of one signal the path that stands for none: it is
// used as it is, and nothing is added to it (OpenTelemetry specification, OTLP
// exporter, Endpoint URLs).
func withPath(address string) string {
	if u, err := url.Parse(address); err == nil && u.Path == "" {
		return address + "/"
	}
	return address
}

// Ratio is the share of the traceidratio samplers; all when it is not set.
func (t Telemetry) Ratio() float64 {
	f, err := strconv.ParseFloat(t.SamplerArg, 64)
	if err != nil {
		return 1
	}
	return f
}

// Attributes are those of OTEL_RESOURCE_ATTRIBUTES.
func (t Telemetry) Attributes() map[string]string {
	attributes, _ := parsePairs(t.ResourceAttributes) // Load checked it
	return attributes
}

func headersOf(s Secret) map[string]Secret {
	plain, _ := parsePairs(s.Reveal()) // Load checked it
	headers := make(map[string]Secret, len(plain))
	for name, value := range plain {
		headers[name] = NewSecret(value)
	}
	return headers
}

// secrets are what the headers hold, also without the word that says what kind
// of key it is, such as Bearer.
func (t Telemetry) secrets() []string {
	var values []string
	for _, s := range []Secret{t.Headers, t.TracesHeaders, t.MetricsHeaders} {
		for _, value := range headersOf(s) {
			_, key, _ := strings.Cut(value.Reveal(), " ")
			values = append(values, value.Reveal(), key)
		}
	}
	return values
}

// parsePairs reads name=value,name=value with values in percent-encoding.
func parsePairs(text string) (map[string]string, error) {
	pairs := map[string]string{}
	for _, entry := range withoutEmpty(strings.Split(text, ",")) {
		name, value, ok := strings.Cut(entry, "=")
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, errors.New("want name=value, several separated by commas")
		}
		if err != nil {
			return nil, errors.New("want values in percent-encoding; write %25 for a percent sign")
		}
		pairs[name] = decoded
	}
	return pairs, nil
}

func pairs(text, _ string) (string, error) {
	_, err := parsePairs(text)
	return text, err
}

// token is the name of a header (RFC 9110, section 5.6.2).
var token = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func headers(text, _ string) (string, error) {
	all, err := parsePairs(text)
	for name, value := range all {
		if !token.MatchString(name) || strings.ContainsAny(value, "\r\n\x00") {
			return "", errors.New("want the names and values of HTTP headers, such as authorization=Bearer%20TOKEN")
		}
	}
	return text, err
}

func ratio(text, _ string) (string, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= 1) {
		return "", errors.New("want a share from 0 to 1, such as 0.1 for every tenth trace")
	}
	return text, nil
}

// telemetry finds what would only show in a collector that stays empty.
func (l *loader) telemetry(t Telemetry) {
	l.certificate(t.Certificate)
	if l.has("OTEL_TRACES_SAMPLER_ARG") && !strings.HasSuffix(t.Sampler, "traceidratio") {
		l.warn("OTEL_TRACES_SAMPLER_ARG", "is for the samplers traceidratio and parentbased_traceidratio, and OTEL_TRACES_SAMPLER is %s, so it has no effect", t.Sampler)
	}
	addresses := map[string]Signal{} // by the setting that they come from
	for name, s := range map[string]Signal{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": t.Traces(), "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": t.Metrics()} {
		if !l.has(name) {
			name = "OTEL_EXPORTER_OTLP_ENDPOINT"
		}
		if s.Exporter == otlp && !l.refused(name) {
			addresses[name] = s
		}
	}
	for _, name := range slices.Sorted(maps.Keys(addresses)) {
		l.address(name, addresses[name], t.Certificate)
	}
}

// address checks the address of a collector against what goes with it.
func (l *loader) address(name string, s Signal, certificate string) {
	u, err := url.Parse(s.Endpoint)
	switch {
	case err != nil:
	case certificate != "" && u.Scheme == "http":
		l.refuse("OTEL_EXPORTER_OTLP_CERTIFICATE", certificate, "is for https, and %s begins with http://; write https:// there, or unset the certificate", name)
	case s.Protocol == grpc && u.Port() == "4318", s.Protocol != grpc && u.Port() == "4317":
		l.warn(name, "has port %s, and the protocol is %s: collectors take grpc at 4317 and http/protobuf at 4318; correct the port or OTEL_EXPORTER_OTLP_PROTOCOL", u.Port(), s.Protocol)
	case s.Protocol != grpc && u.Path == "/":
		l.warn(name, "has no path, and nothing is added to the address of one signal; most collectors want /v1/traces or /v1/metrics there")
	}
}

// certificate reads the file now: the library would say nothing and trust
// nobody.
func (l *loader) certificate(path string) {
	if path == "" {
		return
	}
	const name = "OTEL_EXPORTER_OTLP_CERTIFICATE"
	text, err := readFile(path, maxTextFile)
	switch {
	case err != nil:
		l.refuse(name, path, "%s; correct the path, or unset it to trust the system's authorities", err)
	case !x509.NewCertPool().AppendCertsFromPEM([]byte(text)):
		l.refuse(name, path, "the file holds no certificate in PEM form; name the authority's certificate (-----BEGIN CERTIFICATE-----)")
	}
}
