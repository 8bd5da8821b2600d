package killtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
	"github.com/opsbuddy/opsbuddy/money"
)

// request is one request that a stand-in received.
type request struct {
	api      world.API
	incident int    // by index; nobody's when it is no incident's
	step     string // see the names below
	what     string // what is asked for, in full
	life     int    // of the process that asked, from 1
	at       time.Time
	taken    time.Time // the stand-in has it: posted, billed; zero when it was held before
	answered time.Time // the answer was written; zero when it was not
	held     bool
	bill     money.USD // of a call to the model
	outcome  string    // the kind of outcome that a message is
	mark     string    // of a message over the Web API
	ts       string    // of that message
}

const nobody = -1

// Names of steps. The model's turns and the tools' calls are a step each: "think
// 0", "tool k0017t1a".
const (
	stepFacts  = "facts"
	stepFirst  = "first"
	stepReport = "report"
	stepThink  = "think "
	stepTool   = "tool "
)

var (
	incidentPath = regexp.MustCompile(`/incidents/(Q[A-Z2-9]{13})\b`)
	incidentID   = regexp.MustCompile(`\bQ[A-Z2-9]{13}\b`)
	titleWord    = regexp.MustCompile(`\bk(\d{4})\b`)
	callWord     = regexp.MustCompile(`\bk(\d{4})t\d[a-z]\b`)
	// footer is the last line of an outcome and of nothing else.
	footer = regexp.MustCompile(`"(brief|partial brief|facts only|same problem|resolved) · (?:\$[0-9.]+|unknown) · `)
)

// reader finds out whose a request is.
type reader struct {
	index map[string]int // of incidents, by id
	posts map[string]int // incidents by the time stamp of their message
}

func (r *reader) read(api world.API, req *http.Request, body []byte) *request {
	q := &request{api: api, incident: nobody, at: time.Now(), what: req.Method + " " + req.URL.RequestURI() + " " + string(body)}
	switch api {
	case world.PagerDuty, world.Jira, world.Confluence:
		r.readSource(q, req.URL, body)
	case world.Slack:
		r.readSlack(q, req.URL.Path, body)
	case world.SlackWebhook:
		r.readHook(q, body)
	default:
		r.readModel(q, body)
	}
	return q
}

func (r *reader) readSource(q *request, u *url.URL, body []byte) {
	text := u.RequestURI() + " " + string(body)
	if plain, err := url.QueryUnescape(text); err == nil {
		text = plain
	}
	if m := callWord.FindStringSubmatch(text); m != nil {
		q.incident, q.step = number(m[1]), stepTool+m[0]
		return
	}
	q.step = stepFacts
	if m := incidentPath.FindStringSubmatch(text); m != nil {
		if i, ok := r.index[m[1]]; ok {
			q.incident = i
		}
	} else if m := titleWord.FindStringSubmatch(text); m != nil {
		q.incident = number(m[1])
	}
}

func (r *reader) readSlack(q *request, path string, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil || !strings.Contains(path, "/chat.") {
		return
	}
	switch {
	case strings.HasSuffix(path, "/chat.postMessage"):
		q.mark = markOf([]byte(form.Get("metadata")))
		id, rest, _ := strings.Cut(q.mark, "/")
		i, ok := r.index[id]
		if !ok {
			return
		}
		q.incident, q.step, q.what = i, stepReport, "post "+q.mark
		if strings.HasSuffix(rest, "/facts") {
			q.step = stepFirst
		}
	case strings.HasSuffix(path, "/chat.update"):
		i, ok := r.posts[form.Get("ts")]
		if !ok {
			return
		}
		q.incident, q.step, q.what, q.ts = i, stepReport, "edit", form.Get("ts")
	}
	q.outcome = outcomeOf(form.Get("blocks"))
}

// markOf is the key in a message's metadata.
func markOf(metadata []byte) string {
	var m struct {
		Payload struct {
			Key string `json:"key"`
		} `json:"event_payload"`
	}
	if json.Unmarshal(metadata, &m) != nil {
		return ""
	}
	return m.Payload.Key
}

func outcomeOf(blocks string) string {
	if m := footer.FindStringSubmatch(blocks); m != nil {
		return m[1]
	}
	return ""
}

func (r *reader) readHook(q *request, body []byte) {
	if m := titleWord.FindStringSubmatch(string(body)); m != nil {
		q.incident, q.step, q.what = number(m[1]), stepReport, "webhook"
	}
	q.outcome = outcomeOf(string(body))
}

// readModel tells a turn by the model's turns before it. The prompt names its own
// incident before all others.
func (r *reader) readModel(q *request, body []byte) {
	var ask struct {
		Messages []struct {
			Role    string          `json:"role"`
			Content json.RawMessage `json:"content"`
		} `json:"messages"`
		Choice struct {
			Type string `json:"type"`
		} `json:"tool_choice"`
	}
	if json.Unmarshal(body, &ask) != nil || len(ask.Messages) == 0 {
		return
	}
	turn := 0
	for _, m := range ask.Messages {
		if m.Role == "assistant" {
			turn++
		}
	}
	for _, id := range incidentID.FindAllString(string(ask.Messages[0].Content), -1) {
		if i, ok := r.index[id]; ok {
			q.incident, q.step, q.what = i, thinkStep(turn, ask.Choice.Type == "none"), "model"
			return
		}
	}
}

// thinkStep names a call to the model by the model's turns before it. The last
// word is a step of its own: it may follow a turn that was not granted.
func thinkStep(turn int, final bool) string {
	if final {
		return stepThink + "final"
	}
	return stepThink + strconv.Itoa(turn)
}

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return nobody
	}
	return n
}
