//go:build cluster

package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/pagerduty"
)

// refused runs a command that must end by itself with exit code 1 within 25 s,
// and returns what it says.
func refused(t *testing.T, w *world.World, environ []string, command string, settings ...string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), programPath, command)
	cmd.Env = slices.Concat([]string{
		"HOME=" + dir, "OPSBUDDY_DATA_DIR=" + filepath.Join(dir, "data"),
		"OPSBUDDY_WEBHOOK_ADDR=127.0.0.1:0", "OPSBUDDY_HEALTH_ADDR=127.0.0.1:0",
	}, w.Env(), environ, settings)
	began := time.Now()
	said, err := cmd.CombinedOutput()
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("%s ended after %s, want 25 s at most", command, took)
	}
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Errorf("%s ended with %v, want exit code 1", command, err)
	}
	return string(said)
}

// logins runs a review on a cluster that wants a client's certificate and an API
// key over TLS, and sees what is said about each that is wrong.
func logins(t *testing.T, binary string) {
	c := startCluster(t, binary, "-secure")
	w := crowd(t, 2)
	in := &installation{world: w, settings: slices.Concat(c.environ, []string{"OPSBUDDY_LOG_FORMAT=json"})}
	in.serve(t)
	in.serve(t)
	in.pages(t, 2)
	in.allReported(t, 2)
	in.fullBriefs(t, 2)

	client := setting(c.environ, "TEMPORAL_TLS_CLIENT_CERT_PATH")
	none := []string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH=", "TEMPORAL_TLS_CLIENT_CERT_PATH=", "TEMPORAL_TLS_CLIENT_KEY_PATH="}
	for _, k := range []struct {
		name     string
		settings []string
		says     []string
	}{
		{"a CA that did not sign the server", []string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH=" + client}, []string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH", "unknown authority"}},
		{"no CA", none[:1], []string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH", "unknown authority"}},
		{"another name than the certificate's", []string{"TEMPORAL_TLS_SERVER_NAME=temporal.example"}, []string{"TEMPORAL_TLS_SERVER_NAME", "temporal.example"}},
		{"no certificate of the client", none[1:], []string{"TEMPORAL_TLS_CLIENT_CERT_PATH"}},
		{"no TLS", append(none, "TEMPORAL_API_KEY="), []string{"TEMPORAL_TLS"}},
		{"no API key", []string{"TEMPORAL_API_KEY="}, []string{"TEMPORAL_API_KEY"}},
		{"another API key", []string{"TEMPORAL_API_KEY=not-the-key"}, []string{"TEMPORAL_API_KEY"}},
	} {
		t.Run(k.name, func(t *testing.T) {
			for _, command := range []string{"serve", "doctor", "budget"} {
				said := refused(t, w, c.environ, command, k.settings...)
				for _, want := range append(k.says, setting(c.environ, "TEMPORAL_ADDRESS")) {
					if !strings.Contains(said, want) {
						t.Errorf("%s does not say %q:\n%s", command, want, said)
					}
				}
				if strings.Contains(said, "not-the-key") || strings.Contains(said, setting(c.environ, "TEMPORAL_API_KEY")) {
					t.Errorf("%s shows the API key:\n%s", command, said)
				}
			}
		})
	}
}

func missingNamespace(t *testing.T, c *cluster) {
	w := crowd(t, 1)
	for _, command := range []string{"serve", "doctor", "budget"} {
		said := refused(t, w, c.environ, command, "TEMPORAL_NAMESPACE=not-there")
		for _, want := range []string{"TEMPORAL_NAMESPACE=not-there", "temporal operator namespace create --namespace not-there --retention 7d"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s does not say %q:\n%s", command, want, said)
			}
		}
	}
}

func tlsWhereThereIsNone(t *testing.T, c *cluster) {
	said := refused(t, crowd(t, 1), c.environ, "serve", "TEMPORAL_API_KEY=not-the-key")
	for _, want := range []string{"speaks no TLS", "TEMPORAL_API_KEY", setting(c.environ, "TEMPORAL_ADDRESS")} {
		if !strings.Contains(said, want) {
			t.Errorf("serve does not say %q:\n%s", want, said)
		}
	}
}

// forgetfulNamespace keeps closed workflows for a day: a page that PagerDuty
// repeats after that would be reviewed again.
func forgetfulNamespace(t *testing.T, c *cluster) {
	for name, k := range map[string]struct {
		retention time.Duration
		warned    bool
	}{"a day": {24 * time.Hour, true}, "three days": {72 * time.Hour, false}} {
		t.Run(name, func(t *testing.T) {
			in := c.install(t, crowd(t, 1), k.retention)
			namespace := setting(in.settings, "TEMPORAL_NAMESPACE")
			remedy := fmt.Sprintf("temporal operator namespace update --namespace %s --retention 7d", namespace)
			s := in.serve(t)
			if got := strings.Contains(string(s.logged(t)), remedy); got != k.warned {
				t.Errorf("serve warns: %t, want %t:\n%s", got, k.warned, s.logged(t))
			}
			cmd := exec.CommandContext(t.Context(), programPath, "doctor")
			cmd.Env = s.environ
			said, err := cmd.Output()
			if err != nil {
				t.Errorf("doctor ended with %v:\n%s", err, said)
			}
			if got := strings.Contains(string(said), "warn  retention ") && strings.Contains(string(said), remedy); got != k.warned {
				t.Errorf("doctor warns: %t, want %t:\n%s", got, k.warned, said)
			}
		})
	}
}

// forgottenReview sends a page again after the namespace has forgotten its review,
// as happens within PagerDuty's 48 hours when it keeps them for a day.
func forgottenReview(t *testing.T, c *cluster) {
	w := crowd(t, 2)
	in := c.install(t, w, 24*time.Hour)
	s := in.serve(t)
	in.pages(t, 2)
	in.allReported(t, 2)
	forgotten := pagerduty.WorkflowID(w.IncidentID(world.CrowdName(0)))
	if _, err := in.temporal.WorkflowService().DeleteWorkflowExecution(t.Context(), &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: setting(in.settings, "TEMPORAL_NAMESPACE"), WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: forgotten},
	}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the history", func() bool {
		_, err := in.temporal.DescribeWorkflowExecution(t.Context(), forgotten, "")
		none := (*serviceerror.NotFound)(nil)
		return errors.As(err, &none)
	})
	for i := range 2 {
		if a, err := s.deliver(t.Context(), crowdPage(w, i)); err != nil || a.Status != "duplicate" {
			t.Errorf("page %d is answered %s (%v), want duplicate", i, a.raw, err)
		}
	}
	in.fullBriefs(t, 2)
}
