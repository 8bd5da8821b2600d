package core

import (
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
)

func TestRefusedConnectionSaysWhatToDo(t *testing.T) {
	down := func(text string) error { return serviceerror.NewUnavailable("connection error: desc = " + text) }
	for name, c := range map[string]struct {
		err  error
		says []string
	}{
		"no namespace": {serviceerror.NewNamespaceNotFound("oncall"), []string{"TEMPORAL_NAMESPACE=oncall", "temporal operator namespace create --namespace oncall --retention 7d"}},
		"login":        {serviceerror.NewPermissionDenied("Request unauthorized.", ""), []string{"refuses the login", "TEMPORAL_API_KEY"}},
		"unknown CA":   {down("tls: failed to verify certificate: x509: certificate signed by unknown authority"), []string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH"}},
		"other name":   {down("x509: certificate is valid for a.example, not b.example"), []string{"TEMPORAL_TLS_SERVER_NAME"}},
		"address":      {down("x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs"), []string{"TEMPORAL_TLS_SERVER_NAME"}},
		"not TLS":      {down("tls: first record does not look like a TLS handshake"), []string{"speaks no TLS", "TEMPORAL_API_KEY"}},
		"TLS wanted":   {down("error reading server preface: EOF"), []string{"TEMPORAL_TLS=true", "TEMPORAL_TLS_CLIENT_CERT_PATH"}},
		"nobody":       {down("transport: Error while dialing: dial tcp: connect: connection refused"), []string{"nobody answers there"}},
		"anything":     {down("something new"), []string{"does not answer", "something new"}},
	} {
		got := refused("temporal.example:7233", "oncall", c.err).Error()
		for _, want := range append(c.says, "temporal.example:7233") {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q does not say %q", name, got, want)
			}
		}
	}
}

func TestShortRetentionIsToldWithItsRemedy(t *testing.T) {
	for retention, told := range map[time.Duration]bool{
		0: false, 24 * time.Hour: true, LeastRetention - time.Second: true, LeastRetention: false, 30 * 24 * time.Hour: false,
	} {
		said := (&Engine{Namespace: "oncall", retention: retention}).ShortRetention()
		if strings.Contains(said, "temporal operator namespace update --namespace oncall --retention 7d") != told || (said == "") == told {
			t.Errorf("retention %s: %q, want a warning: %t", retention, said, told)
		}
	}
}
