package pagerduty

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/core"
)

var pageBody = eventBody(Triggered, wholeIncident())

// admitted sends pageBody with the given signature header lines.
func admitted(d door, lines ...string) core.Admission {
	r := signedRequest(pageBody)
	r.Header["X-Pagerduty-Signature"] = lines
	return d.Admit(r)
}

func TestSignatureIsAcceptedInEveryFormThatSendersAndProxiesUse(t *testing.T) {
	good := sumOf(testSecret, pageBody)
	other := sumOf("the secret before", pageBody)
	for name, lines := range map[string][]string{
		"one":                            {"v1=" + good},
		"first of two":                   {"v1=" + good + ",v1=" + other},
		"second of two":                  {"v1=" + other + ",v1=" + good},
		"blank after the comma":          {"v1=" + other + ", v1=" + good},
		"blanks around":                  {"  v1=" + good + "  "},
		"second header line":             {"v1=" + other, "v1=" + good},
		"upper-case hex":                 {"v1=" + strings.ToUpper(good)},
		"a version of the future":        {"v2=x9,v1=" + good},
		"trailing comma":                 {"v1=" + good + ","},
		"a broken one next to it":        {"v1=zz,v1=" + good},
		"many while secrets are rotated": {strings.Repeat("v1="+other+",", 50) + "v1=" + good},
	} {
		if a := admitted(testDoor(), lines...); a.Start == nil {
			t.Errorf("%s: refused with %d %s", name, a.Status, a.Log)
		}
	}
}

func TestSignatureAcceptsAnyOfOurSecretsAndNoEmptyOne(t *testing.T) {
	d := testDoor(func(in *ParseWebhookInput) { in.WebhookSecret = " newest , " + testSecret + ",, " })
	if len(d.secrets) != 2 {
		t.Fatalf("%d secrets, want 2: empty entries are dropped", len(d.secrets))
	}
	for _, secret := range []string{"newest", testSecret} {
		if a := admitted(d, "v1="+sumOf(secret, pageBody)); a.Start == nil {
			t.Errorf("a signature made with the secret %q is refused: %s", secret, a.Log)
		}
	}
	for _, secret := range []string{"", " ", ",", "newest ", " newest , " + testSecret} {
		if a := admitted(d, "v1="+sumOf(secret, pageBody)); a.Start != nil || a.Status != http.StatusForbidden {
			t.Errorf("a signature made with the key %q: %d, started: %v", secret, a.Status, a.Start != nil)
		}
	}
}

func TestSignatureRefusalsAreConstantAndToldApartInTheLog(t *testing.T) {
	good := sumOf(testSecret, pageBody)
	changed := append(bytes.Clone(pageBody), ' ')
	for _, c := range []struct {
		name   string
		lines  []string
		status int
		reason string
		log    string
	}{
		{"missing", nil, 403, reasonForbidden, "no signature (subscription PSUBS01)"},
		{"empty", []string{""}, 403, reasonForbidden, "no signature (subscription PSUBS01)"},
		{"only commas", []string{" , ,"}, 403, reasonForbidden, "no signature (subscription PSUBS01)"},
		{"of another body", []string{"v1=" + sumOf(testSecret, changed)}, 403, reasonForbidden, "no signature matches"},
		{"of another secret", []string{"v1=" + sumOf("guess", pageBody)}, 403, reasonForbidden, "no signature matches"},
		{"only another version", []string{"v2=" + good}, 403, reasonForbidden, "no signature matches"},
		{"no version", []string{good}, 400, reasonMalformed, "malformed"},
		{"empty version", []string{"=" + good}, 400, reasonMalformed, "malformed"},
		{"no hex", []string{"v1=" + strings.Repeat("x", 64)}, 400, reasonMalformed, "malformed"},
		{"too short", []string{"v1=" + good[:62]}, 400, reasonMalformed, "malformed"},
		{"too long", []string{"v1=" + good + "00"}, 400, reasonMalformed, "malformed"},
		{"nothing behind the version", []string{"v1="}, 400, reasonMalformed, "malformed"},
		{"a word", []string{"please"}, 400, reasonMalformed, "malformed"},
	} {
		a := admitted(testDoor(), c.lines...)
		if a.Start != nil || a.Status != c.status || a.Reason != c.reason || !strings.Contains(a.Log, c.log) {
			t.Errorf("%s: %d %q, log %q", c.name, a.Status, a.Reason, a.Log)
		}
		if all := a.Reason + a.Log; strings.Contains(all, good[:8]) || strings.Contains(all, "Checkout") || strings.Contains(all, testSecret) {
			t.Errorf("%s: the answer or the log repeats what was sent: %q %q", c.name, a.Reason, a.Log)
		}
	}
}

func TestSignatureLogsASubscriptionOnlyWhenItIsAnID(t *testing.T) {
	r := signedRequest(pageBody)
	r.Header["X-Pagerduty-Signature"] = nil
	r.Header["X-Webhook-Subscription"] = []string{"P1\nlevel=error msg=forged"}
	if a := testDoor().Admit(r); strings.Contains(a.Log, "forged") {
		t.Errorf("log %q", a.Log)
	}
}

func gzipOf(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSignatureNamesTheProxyThatCompressesTheBody(t *testing.T) {
	r := signedRequest(pageBody)
	r.Body = gzipOf(t, pageBody)
	if a := testDoor().Admit(r); a.Status != 403 || strings.Contains(a.Log, "gzip") {
		t.Errorf("without Content-Encoding: %d, log %q", a.Status, a.Log)
	}
	for _, encoding := range []string{"gzip", "GZIP", "identity, x-gzip"} {
		r.Header.Set("Content-Encoding", encoding)
		a := testDoor().Admit(r)
		if a.Status != 403 || a.Reason != reasonForbidden || !strings.Contains(a.Log, "proxy") || !strings.Contains(a.Log, "Content-Encoding: gzip") {
			t.Errorf("%s: %d %q, log %q", encoding, a.Status, a.Reason, a.Log)
		}
	}
	r.Header.Set("X-Pagerduty-Signature", "v1="+sumOf("guess", pageBody))
	if a := testDoor().Admit(r); a.Status != 403 || strings.Contains(a.Log, "proxy") {
		t.Errorf("a forged gzip body: %d, log %q", a.Status, a.Log)
	}
}

func TestSignatureInflatesNoMoreThanTheBound(t *testing.T) {
	bomb := bytes.Repeat([]byte(" "), 40<<20)
	if _, ok := inflate(gzipOf(t, bomb)); ok {
		t.Error("40 MiB were inflated")
	}
	if plain, ok := inflate(gzipOf(t, bomb[:core.MaxBody])); !ok || len(plain) != core.MaxBody {
		t.Errorf("a body of exactly the bound: %v, %d bytes", ok, len(plain))
	}
	if _, ok := inflate(gzipOf(t, pageBody)[:20]); ok {
		t.Error("half a gzip stream was taken for a whole one")
	}
}

func TestSignatureOfACompressedBodyThatWasSignedAsItIsIsAccepted(t *testing.T) {
	// A sender that signs what it sends: then the bytes verify, but are no JSON.
	body := gzipOf(t, pageBody)
	r := signedRequest(body)
	r.Header.Set("Content-Encoding", "gzip")
	if a := testDoor().Admit(r); a.Status != 400 || !strings.Contains(a.Reason, "not JSON") {
		t.Errorf("%d %q", a.Status, a.Reason)
	}
}

func TestUnsignedWebhooksNeedAnExplicitOptionAndNoSecret(t *testing.T) {
	none := func(in *ParseWebhookInput) { in.WebhookSecret = " , " }
	allow := func(in *ParseWebhookInput) { in.AllowUnsigned = true }
	if a := admitted(testDoor(none)); a.Status != 503 || a.Start != nil {
		t.Errorf("without a secret: %d; PagerDuty must send it again", a.Status)
	}
	if a := admitted(testDoor(none), "v1="+sumOf("", pageBody)); a.Start != nil {
		t.Error("without a secret the empty key opens the door")
	}
	if a := admitted(testDoor(none, allow)); a.Start == nil {
		t.Errorf("allowed unsigned: %d %s", a.Status, a.Log)
	}
	if a := admitted(testDoor(allow)); a.Start != nil || a.Status != 403 {
		t.Errorf("with a secret the option must change nothing: %d", a.Status)
	}
}
