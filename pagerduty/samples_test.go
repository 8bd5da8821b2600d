package pagerduty

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/core"
)

// samples are recorded webhooks that some machines have next to the project.
// They are an extra: every shape in them has a fixture of its own above.
func samples(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "shared", "data", "webhooks", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(file)] = body
	}
	return out
}

func TestRecordedWebhooksAreDecodedAndAnswered(t *testing.T) {
	for name, body := range samples(t) {
		e := decoded(t, body)
		if strings.HasPrefix(e.Type, "incident.") && (!validID(e.Incident.ID) || e.ID == "" || e.OccurredAt.IsZero()) {
			t.Errorf("%s: %+v", name, e)
		}
		a := testDoor().Admit(signedRequest(body))
		if started := a.Start != nil; started != strings.Contains(name, "_triggered_") || !started && a.Status != http.StatusOK {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestRecordedWebhooksWithAServiceCanBeFiltered(t *testing.T) {
	for name, body := range samples(t) {
		if e := decoded(t, body); aboutItself[e.Type] != e.ServiceKnown {
			t.Errorf("%s: service known: %v", name, e.ServiceKnown)
		}
	}
}

func TestPublishedSignatureVectorIsAccepted(t *testing.T) {
	// go-pagerduty, webhookv3/webhookv3_test.go; the sum covers its exact bytes.
	const secret = "lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK"
	const sum = "0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd"
	for name, body := range samples(t) {
		if !strings.Contains(name, "signed_vector") {
			continue
		}
		d := testDoor(func(in *ParseWebhookInput) { in.WebhookSecret = secret })
		r := core.Request{Body: body, Header: http.Header{"X-Pagerduty-Signature": {"v1=" + sum}}}
		if a := d.Admit(r); a.Status != http.StatusOK {
			t.Errorf("%+v", a)
		}
		r.Body = append(body, '\n')
		if a := d.Admit(r); a.Status != http.StatusForbidden {
			t.Errorf("a changed body: %+v", a)
		}
	}
}
