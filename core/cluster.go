package core

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"
)

// LeastRetention is how long a cluster has to keep closed runs: PagerDuty
// repeats a page for 48 hours, and what is forgotten would be started again.
const LeastRetention = 3 * 24 * time.Hour

// inspect asks the cluster about the namespace. It is also the first call that
// needs a login: the one that connects is open to all.
func (e *Engine) inspect(ctx context.Context) error {
	d, err := e.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: e.Namespace})
	if err != nil {
		return err
	}
	e.retention = d.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	return nil
}

// ShortRetention says how to mend a namespace that forgets closed runs too
// early; empty when it does not. The embedded server takes care of its own.
func (e *Engine) ShortRetention() string {
	if e.retention == 0 || e.retention >= LeastRetention {
		return ""
	}
	return fmt.Sprintf("the namespace %s keeps closed workflows for %s, and PagerDuty repeats pages for 48 hours: a workflow more for each page remembers it, and nobody can look at the review itself after that; "+
		"keep them for %s or longer: temporal operator namespace update --namespace %s --retention 7d",
		e.Namespace, hours(e.retention), hours(LeastRetention), e.Namespace)
}

func hours(d time.Duration) string { return fmt.Sprintf("%.0f hours", d.Hours()) }

// advice is what a person can do about an error of a connection, by what the
// error says: gRPC hands on texts, not types.
var advice = []struct{ sign, do string }{
	{"certificate signed by unknown authority", "its certificate is not trusted here: set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the certificate of the CA that signed it"},
	{"x509: certificate", "its certificate is not for this name: dial the name that it is for, or set TEMPORAL_TLS_SERVER_NAME to that"},
	{"cannot validate certificate", "its certificate is not for this address: dial the name that it is for, or set TEMPORAL_TLS_SERVER_NAME to that"},
	{"first record does not look like a TLS handshake", "it speaks no TLS: unset the TEMPORAL_TLS_… settings and TEMPORAL_API_KEY, which turns TLS on, or set TEMPORAL_TLS=false"},
	{"while dialing", "nobody answers there: is it Temporal's gRPC port, and reachable from here?"},
	{"certificate required", clientCertificate},
	// Those below are how a server breaks off that wants TLS or a client's
	// certificate; which of them is seen is a matter of time.
	{"server preface", clientCertificate},
	{"broken pipe", clientCertificate},
	{"connection reset", clientCertificate},
}

const clientCertificate = "it ends the connection: does it want TLS (TEMPORAL_TLS=true), or a client's certificate (TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH)?"

// refused explains why a cluster could not be used.
func refused(address, namespace string, err error) error {
	var missing *serviceerror.NamespaceNotFound
	code := serviceerror.ToStatus(err).Code()
	switch {
	case errors.As(err, &missing):
		return fmt.Errorf("TEMPORAL_NAMESPACE=%s: the cluster at %s has no such namespace (%w): correct the name, or make it: "+
			"temporal operator namespace create --namespace %s --retention 7d", namespace, address, err, namespace)
	case code == codes.PermissionDenied, code == codes.Unauthenticated:
		return fmt.Errorf("TEMPORAL_ADDRESS=%s refuses the login for namespace %s: correct TEMPORAL_API_KEY, or the client's certificate: %w", address, namespace, err)
	}
	for _, a := range advice {
		if strings.Contains(err.Error(), a.sign) {
			return fmt.Errorf("TEMPORAL_ADDRESS=%s: %s (%w)", address, a.do, err)
		}
	}
	return fmt.Errorf("TEMPORAL_ADDRESS=%s does not answer (is it Temporal's gRPC port, and reachable from here?): %w", address, err)
}
