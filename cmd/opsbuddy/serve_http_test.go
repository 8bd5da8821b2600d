package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// answerCase is a delivery and what its sender must see.
type answerCase struct {
	name   string
	page   page
	code   int
	status string // "status" of the answer
	says   string // part of the answer
}

func TestWebhookAnswersWhatItPromises(t *testing.T) {
	w := startWorldFor(t, "")
	w.Hang(world.PagerDuty) // accepted pages stay where they are
	const rotated = "the-secret-of-before"
	s := serve(t, w, t.TempDir(), "AGENT_PROVIDER_TYPE=none",
		"PAGERDUTY_WEBHOOK_SECRET="+rotated+", "+secretOf(w), "PAGERDUTY_ALLOWED_SERVICES="+strings.Join(services(t, w), ","))
	known := []string{secretOf(w)}
	body := func(scenario string) []byte { return w.Webhook(scenario) }
	full := padded(body("hostile-text"), 1<<20)

	cases := slices.Concat(forgeries(w), []answerCase{
		{"signed with the secret in force", page{body: body("recurring-502"), secrets: known, id: "1"}, 202, "accepted", w.IncidentID("recurring-502")},
		{"the same incident again", page{body: body("recurring-502"), secrets: known, id: "2"}, 202, "duplicate", w.IncidentID("recurring-502")},
		{"signed with the other secret of a rotation", page{body: body("tls-expiry"), secrets: []string{rotated}}, 202, "accepted", ""},
		{"signed with several, one of them known", page{body: body("jira-down"), secrets: []string{"unknown", secretOf(w)}}, 202, "accepted", ""},
		{"a doubled slash", page{body: body("bad-deploy"), secrets: known, path: "//hooks/incident"}, 202, "accepted", ""},
		{"a slash at the end", page{body: body("bad-deploy"), secrets: known, path: "/hooks/incident/"}, 202, "duplicate", ""},
		{"text/plain", page{body: body("recovered"), secrets: known, header: map[string]string{"Content-Type": "text/plain"}}, 202, "accepted", ""},
		{"chunked", page{body: body("already-over"), secrets: known, send: chunks{bytes.NewReader(body("already-over"))}}, 202, "accepted", ""},
		{"exactly 1 MiB", page{body: full, secrets: known}, 202, "accepted", ""},
		{"a byte over 1 MiB", page{body: padded(full, 1<<20+1), secrets: known}, 413, "", "1 MiB"},
		{"a byte over 1 MiB, chunked", page{body: padded(full, 1<<20+1), secrets: known, send: chunks{bytes.NewReader(padded(full, 1<<20+1))}}, 413, "", "1 MiB"},
		{"a ping", page{body: []byte(pagey), secrets: known}, 200, "skipped", "reason"},
		{"another service", page{body: otherService(t, body("no-runbook")), secrets: known}, 200, "skipped", "reason"},
		{"an event that is not wanted", page{body: bytes.Replace(body("no-runbook"), []byte(`"incident.triggered"`), []byte(`"incident.annotated"`), 1), secrets: known}, 200, "skipped", "reason"},
		{"an event nobody has heard of", page{body: bytes.Replace(body("no-runbook"), []byte(`"incident.triggered"`), []byte(`"incident.teleported"`), 1), secrets: known}, 200, "skipped", "reason"},
		{"a V2 webhook", page{body: []byte(`{"messages":[{"id":"8a9b","event":"incident.trigger","incident":{"id":"PABC123"}}]}`), secrets: known}, 400, "", "V3"},
		{"signed and no JSON", page{body: []byte("incident=PABC123"), secrets: known}, 400, "", ""},
		{"signed and empty", page{body: []byte{}, secrets: known}, 400, "", ""},
		{"a GET", page{method: http.MethodGet}, 405, "", ""},
		{"a PUT", page{body: body("no-runbook"), secrets: known, method: http.MethodPut}, 405, "", ""},
		{"another path", page{body: body("no-runbook"), secrets: known, path: "/hooks"}, 404, "", ""},
	})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, err := s.deliver(t.Context(), c.page)
			if err != nil {
				t.Fatal(err)
			}
			if a.Code != c.code || a.Status != c.status || !strings.Contains(a.raw, c.says) {
				t.Errorf("answered %d %s, want %d with status %q and the text %q", a.Code, a.raw, c.code, c.status, c.says)
			}
			if a.Code >= 400 && a.Error == "" {
				t.Errorf("the answer %d %s gives no reason", a.Code, a.raw)
			}
		})
	}
	t.Run("what was refused started nothing", func(t *testing.T) { startedNothing(t, w, s, "no-runbook") })
}

// forgeries are requests that anybody can send; all are about the same incident.
func forgeries(w *world.World) []answerCase {
	body := w.Webhook("no-runbook")
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	_, _ = zw.Write(body) // into memory
	_ = zw.Close()
	const constant = "not signed with a secret known here"
	signed := func(value string) map[string]string { return map[string]string{"X-PagerDuty-Signature": value} }
	return []answerCase{
		{"not signed", page{body: body}, 403, "", constant},
		{"signed by somebody else", page{body: body, secrets: []string{"a-guess"}}, 403, "", constant},
		{"signed for another body", page{body: body, header: signed(world.Sign(secretOf(w), []byte("{}")))}, 403, "", constant},
		{"signed, then changed", page{body: body, secrets: []string{secretOf(w)}, send: bytes.NewReader(append([]byte(" "), body...))}, 403, "", constant},
		{"packed by a proxy", page{body: body, secrets: []string{secretOf(w)}, send: bytes.NewReader(packed.Bytes()), header: map[string]string{"Content-Encoding": "gzip"}}, 403, "", constant},
		{"a signature that is no hex", page{body: body, header: signed("v1=zzzz")}, 400, "", "malformed"},
		{"not signed and no JSON", page{body: []byte("<xml/>")}, 403, "", constant},
	}
}

// startedNothing proves it by the doors: a page about that incident is still new.
func startedNothing(t *testing.T, w *world.World, s *served, scenario string) {
	for _, r := range w.Requests() {
		if strings.Contains(r.Path, w.IncidentID(scenario)) {
			t.Errorf("a refused page made a request: %s %s", r.Method, r.Path)
		}
	}
	_, metrics := s.get(t, "/metrics")
	if n := sample(t, metrics, `opsbuddy_webhooks_total{result="accepted"}`); n != 7 {
		t.Errorf("%d pages were accepted by the metrics, want 7", n)
	}
	if n := sample(t, metrics, `opsbuddy_webhooks_total{result="forbidden"}`); n != 6 {
		t.Errorf("%d pages were forbidden by the metrics, want 6", n)
	}
	log := string(s.logged(t))
	if !strings.Contains(log, "gzip") || !strings.Contains(log, "proxy") {
		t.Error("no line of the log names gzip as the cause of a refusal")
	}
	if strings.Contains(log, w.IncidentID(scenario)) {
		t.Error("the log repeats what a forged page said")
	}
	s.accepted(t, page{body: w.Webhook(scenario), secrets: []string{secretOf(w)}})
}

const pagey = `{"event":{"id":"01BZ1J9KBCH1WFYIOVXEQTCRKQ","event_type":"pagey.ping","resource_type":"pagey","occurred_at":"2026-03-02T09:12:04.123Z",` +
	`"agent":null,"client":null,"data":{"message":"Hello from your friend Pagey!","type":"ping"}}}`

// chunks hides the length of a body, so that it is sent in chunks.
type chunks struct{ r *bytes.Reader }

func (c chunks) Read(p []byte) (int, error) { return c.r.Read(p) }

// padded is a JSON text made longer with what JSON allows at its end.
func padded(body []byte, size int) []byte {
	return append(slices.Clone(body), bytes.Repeat([]byte(" "), size-len(body))...)
}

// event is the part of a webhook that names the service.
type event struct {
	Event struct {
		Data struct {
			Service struct {
				ID      string `json:"id"`
				Summary string `json:"summary"`
			} `json:"service"`
		} `json:"data"`
	} `json:"event"`
}

func serviceOf(t *testing.T, body []byte) (id, name string) {
	t.Helper()
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	return e.Event.Data.Service.ID, e.Event.Data.Service.Summary
}

// services are those of all scenarios, by id and by name in turn.
func services(t *testing.T, w *world.World) []string {
	t.Helper()
	company, err := world.Load()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i, sc := range company.Scenarios() {
		id, name := serviceOf(t, w.Webhook(sc.Name))
		out = append(out, []string{id, name}[i%2])
	}
	return out
}

func otherService(t *testing.T, body []byte) []byte {
	t.Helper()
	id, name := serviceOf(t, body)
	body = bytes.ReplaceAll(body, []byte(id), []byte("PNOTOURS"))
	return bytes.ReplaceAll(body, []byte(name), []byte("somebody-elses"))
}

func TestUnsignedPagesAreTakenOnlyWhenAskedForAndLoudly(t *testing.T) {
	w := startWorldFor(t, "already-over")
	s := serve(t, w, t.TempDir(), "PAGERDUTY_WEBHOOK_SECRET=", "OPSBUDDY_ALLOW_UNSIGNED=true")
	s.accepted(t, page{body: w.Webhook("")})
	if log := string(s.logged(t)); !strings.Contains(log, "OPSBUDDY_ALLOW_UNSIGNED") {
		t.Errorf("the log does not warn of unsigned pages:\n%s", log)
	}
	s.outcomeOf(t, w)
}
