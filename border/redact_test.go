package border

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// body makes the random part of a token; split so that no scanner takes this
// file for a leak.
func body(n int) string { return strings.Repeat("aB3dE6gH", n/8+1)[:n] }

const hex40 = "3f786850e387550fdab836ed7e6dc881de23001b"

func TestRedactTakesSecretsOutAndKeepsTheirNames(t *testing.T) {
	pem := "-----BEGIN " + "RSA PRIVATE KEY-----"
	tests := map[string]struct{ in, want string }{
		"private key":            {"key:\n" + pem + "\n" + body(64) + "\n" + body(20) + "==\n-----END RSA PRIVATE KEY-----\nrest", "key:\n[redacted]\nrest"},
		"private key in JSON":    {pem + `\n` + body(64) + `\n` + `-----END RSA PRIVATE KEY-----\n`, `[redacted]\n`},
		"private key cut short":  {pem + "\n" + body(64) + "\n" + body(64) + "\n\nThe pod crashed", "[redacted]\n\nThe pod crashed"},
		"JWT":                    {"got eyJ" + body(20) + ".eyJ" + body(20) + "." + body(30) + " back", "got [redacted] back"},
		"AWS key id":             {"used AKIA" + "IOSFODNN7EXAMPLE.", "used [redacted]."},
		"AWS secret":             {"aws_secret_access_key = wJalr/" + body(30), "aws_secret_access_key = [redacted]"},
		"Slack bot token":        {"xoxb-" + "123456789012-" + body(24) + " leaked", "[redacted] leaked"},
		"Slack rotating token":   {"xoxe." + "xoxp-1-" + body(30), "[redacted]"},
		"Slack app token":        {"xapp-" + "1-A0123-" + body(30), "[redacted]"},
		"Slack webhook":          {"post to https://hooks.slack.com/" + "services/T000/B000/" + body(24), "post to https://hooks.slack.com/services/[redacted]"},
		"GitHub":                 {"ghp_" + body(36) + ", github_pat_" + body(40), "[redacted], [redacted]"},
		"GitLab":                 {"glpat-" + body(20), "[redacted]"},
		"Anthropic":              {"sk-ant-" + "api03-" + body(80), "[redacted]"},
		"OpenAI":                 {"sk-proj-" + body(40) + " sk-" + body(40), "[redacted] [redacted]"},
		"PagerDuty user key":     {"key u+" + body(18), "key [redacted]"},
		"PagerDuty OAuth":        {"pdus+_0XBPWQQ_" + body(30), "[redacted]"},
		"Atlassian":              {"ATATT3" + body(60) + "=1A2B3C4D", "[redacted]"},
		"Google":                 {"AIza" + body(35), "[redacted]"},
		"bearer header":          {`curl -H "Authorization: Bearer ` + body(20) + `" https://x.example/a`, `curl -H "Authorization: Bearer [redacted]" https://x.example/a`},
		"basic header":           {"authorization: Basic dXNlcjpwYXNz", "authorization: Basic [redacted]"},
		"PagerDuty header":       {"Authorization: Token token=y_NbAkKc66ryYTWUXYEu", "Authorization: Token token=[redacted]"},
		"header in JSON":         {`{"Authorization":"Bearer abcdef","x":1}`, `{"Authorization":"Bearer [redacted]","x":1}`},
		"raw header":             {"Authorization: 0123456789abcdef", "Authorization: [redacted]"},
		"bearer in a sentence":   {"sent Bearer abc123def456ghi", "sent Bearer [redacted]"},
		"API key header":         {"X-Api-Key: abc123def", "X-Api-Key: [redacted]"},
		"cookie":                 {"Cookie: session=abc; csrf=def\nHost: x", "Cookie: [redacted]\nHost: x"},
		"set cookie":             {"Set-Cookie: JSESSIONID=1A; Path=/", "Set-Cookie: [redacted]"},
		"postgres":               {"dial postgres://app:s3cr3t@db-1:5432/orders?sslmode=disable", "dial postgres://app:[redacted]@db-1:5432/orders?sslmode=disable"},
		"password with at sign":  {"amqp://u:p@ss:w@mq:5672/v", "amqp://u:[redacted]@mq:5672/v"},
		"redis without a user":   {"redis://:hunter2@cache:6379/0", "redis://:[redacted]@cache:6379/0"},
		"several mongo hosts":    {"mongodb+srv://u:pw1@a.x,b.x/db", "mongodb+srv://u:[redacted]@a.x,b.x/db"},
		"go mysql":               {"root:hunter2@tcp(db:3306)/x", "root:[redacted]@tcp(db:3306)/x"},
		"token as user":          {"https://" + hex40 + "@git.example/x.git", "https://[redacted]@git.example/x.git"},
		"password assignment":    {"password=hunter2 user=bob", "password=[redacted] user=bob"},
		"env assignment":         {"DB_PASSWORD='correct horse' next", "DB_PASSWORD='[redacted]' next"},
		"JSON":                   {`{"client_secret": "a\"b", "id": 7}`, `{"client_secret": "[redacted]", "id": 7}`},
		"JSON in JSON":           {`{"log":"{\"api_key\":\"abc\"}"}`, `{"log":"{\"api_key\":\"[redacted]\"}"}`},
		"YAML":                   {"db:\n  password: swordfish\n  port: 5432", "db:\n  password: [redacted]\n  port: 5432"},
		"camel case":             {"SecretAccessKey: abc/123+xyz", "SecretAccessKey: [redacted]"},
		"ADO connection":         {"Server=db;User Id=sa;Password=p1x;Timeout=5", "Server=db;User Id=sa;Password=[redacted];Timeout=5"},
		"azure storage":          {"AccountName=x;AccountKey=abc123==;Endpoint=y", "AccountName=x;AccountKey=[redacted];Endpoint=y"},
		"query parameter":        {"GET /x?access_token=abc&page=2", "GET /x?access_token=[redacted]&page=2"},
		"signed address":         {"https://s3.example/f?X-Amz-Signature=abcdef&x=1", "https://s3.example/f?X-Amz-Signature=[redacted]&x=1"},
		"command flag":           {"login --user bob --password hunter2 --verbose", "login --user bob --password [redacted] --verbose"},
		"flag with equals":       {"login --api-key=abc123", "login --api-key=[redacted]"},
		"curl user":              {"curl -s -u bob:hunter2 https://x.example", "curl -s -u bob:[redacted] https://x.example"},
		"routing key":            {"routing_key: R0ABCDEF123", "routing_key: [redacted]"},
		"go struct dump":         {`Token:"abc123"`, `Token:"[redacted]"`},
		"hash rocket":            {`:password => "x1y2z3"`, `:password => "[redacted]"`},
		"API key with a blank":   {"API key: 0a1b2c3d4e", "API key: [redacted]"},
		"XML":                    {"<apiKey>abc1</apiKey><db>x</db>", "<apiKey>[redacted]</apiKey><db>x</db>"},
		"map entry in code":      {`h["X-Token"] = "abc1"`, `h["X-Token"] = "[redacted]"`},
		"password of only a few": {"password: 1234", "password: [redacted]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := Redact(tt.in)
			if got != tt.want {
				t.Errorf("Redact(%q)\n got %q\nwant %q", tt.in, got, tt.want)
			}
			if again := Redact(got); again != got {
				t.Errorf("Redact is not stable: %q, then %q", got, again)
			}
		})
	}
}

func TestRedactLeavesWhatAnEngineerNeeds(t *testing.T) {
	for _, s := range []string{
		"incident Q1ABCDEFGHIJ23 of PABC123, alert Q2XYZ0123456789",
		"PLAT-892 and AKIA-12, SHA-256",
		"deployed " + hex40 + " and 3f78685 to prod",
		"request 7b0c2f4e-3d55-4f55-9f0a-2d6f9f6f3c11 failed",
		"md5 d41d8cd98f00b204e9800998ecf8427e",
		"https://runbooks.example/gateway?page=2&tab=a#restart",
		"http://10.0.0.1:8080/health and ssh://git@host.example:22/x.git",
		"mail ops@example.com, http://host:8080/path?mail=a@b.example",
		"rm /tmp/*.lock && kubectl rollout restart deploy/api-gateway -n prod",
		"kubectl get secret db-creds -o yaml; kubectl create token reader",
		"kubectl create secret generic db --from-literal=user=app",
		`curl -H "Authorization: Bearer $TOKEN" https://x.example`,
		`curl -H "Authorization: Token token=${PD_TOKEN}" https://api.pagerduty.com`,
		`curl -u "$USER:$PASS" https://x.example`,
		"docker run -u 1000:1000 app", "docker login --password-stdin",
		"psql postgres://app:$PGPASSWORD@db/orders",
		"psql 'postgres://app:<password>@db/orders'",
		"export DB_PASSWORD=$(vault kv get -field=pw secret/db)",
		"password: ${DB_PASSWORD}", "password: {{ .Values.password }}", "password: ********",
		"vault token lookup; the token: expired", "invalid token: expired after 3 days", "secret: not found",
		"password required", "password: incorrect", "authorization: policy check failed", "bearer authentication failed",
		"AGENT_MAX_TOKENS=8192 max_tokens: 4096 token_count=17 tokens: 900",
		"secretName: db-creds", "secretKeyRef: db", "token_type=bearer", "--token-file /x",
		"--token /var/run/secrets/kubernetes.io/serviceaccount/token",
		"nextPageToken: AAAAAA12345, next_token=abc123def456",
		"partition key=5 primary key: order_id", "a cookie: small file", "the cookies expired",
		"sk-prod is a host, risk-assessment-of-2026-and-more is a page", "cpu+memory+disk+network1",
		"task-aB3dE6gHaB3dE6gHaB3dE6gH", "U+1F600", "time 10:30:15 +0200",
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
		"", "a",
	} {
		if got := Redact(s); got != s {
			t.Errorf("Redact changed %q\n into %q", s, got)
		}
	}
}

func TestRedactorReplacesKnownValuesInEveryFormTheyTake(t *testing.T) {
	known := `my "odd" pass/word é`
	r := NewRedactor(known, "  ", "short", "abcdefgh", "abcdefgh-longer")
	quoted, err := json.Marshal(map[string]string{"x": known})
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"said " + known + " aloud":                        "said [redacted] aloud",
		string(quoted):                                    `{"x":"[redacted]"}`,
		"q=my+%22odd%22+pass%2Fword+%C3%A9&b":             "q=[redacted]&b",
		"abcdefgh-longer, abcdefgh":                       "[redacted], [redacted]",
		"short stays, so do the two blanks of a  b":       "short stays, so do the two blanks of a  b",
		"and patterns still work: password=hunter2 there": "and patterns still work: password=[redacted] there",
	} {
		if got := r.Redact(in); got != want {
			t.Errorf("Redact(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestANilOrZeroRedactorStillKnowsThePatterns(t *testing.T) {
	var none *Redactor
	for _, r := range []*Redactor{none, {}, NewRedactor()} {
		if got := r.Redact("token=abc123 x"); got != "token=[redacted] x" {
			t.Errorf("Redact = %q", got)
		}
	}
}

func TestRedactOfALargeTextTakesItsTimeOnlyOnce(t *testing.T) {
	text := strings.Repeat("2026-11-25T10:00:00Z ERROR api-gateway password=hunter2 upstream http://10.0.0.1:8080/x took 31s tokens=5\n", 2500)
	start := time.Now()
	got := Redact(text)
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("%d bytes took %s", len(text), took)
	}
	if strings.Contains(got, "hunter2") || strings.Count(got, Redacted) != 2500 {
		t.Errorf("%d of 2500 passwords are gone", strings.Count(got, Redacted))
	}
}

func BenchmarkRedact(b *testing.B) {
	text := strings.Repeat("2026-11-25T10:00:00Z ERROR api-gateway password=hunter2 upstream http://10.0.0.1:8080/x took 31s tokens=5\n", 600)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Redact(text)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add(`"token": "abc" password=a Authorization: Basic x postgres://a:b@c`)
	f.Add(`--secret 'x' Cookie: a=b; c=[redacted]`)
	f.Fuzz(func(t *testing.T, s string) {
		got := Redact(s)
		if again := Redact(got); again != got {
			t.Errorf("Redact(%q) = %q, then %q", s, got, again)
		}
	})
}

func TestHideTakesOurSecretsOutOfJSONAndLeavesItsForm(t *testing.T) {
	hide := Hide("tok-123", `pass"word<1>`, "status", "short", "20260102")
	for in, want := range map[string]string{
		`{"status":"tok-123 short","n":1}`:       `{"status":"[redacted] short","n":1}`,
		`{"at":2026010203}`:                      `{"at":2026010203}`,
		`{"text":"a pass\"word\u003c1\u003e b"}`: `{"text":"a [redacted] b"}`,
		`{"text":"password = somebody's"}`:       `{"text":"password = somebody's"}`,
	} {
		if got := hide(in); got != want || !json.Valid([]byte(got)) {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}
