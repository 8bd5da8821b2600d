package world

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options say which company day it is.
type Options struct {
	// Scenario is the one incident that is open; what belongs to the others is
	// not there. Empty: all scenarios at once, and no API is down.
	Scenario string
	Now      time.Time     // the moment the world starts; time.Now when zero
	Listen   string        // "127.0.0.1:0" when empty; a fixed port takes the three behind it too
	Latency  time.Duration // before every answer
	Logger   *slog.Logger  // nil = discard
	// Around, when set, is put around every stand-in, so that a test can see a
	// request before and after it was taken, and hold it there.
	Around func(which func(*http.Request) API, stand http.Handler) http.Handler
}

// World is a running company. Its methods are safe for concurrent use.
type World struct {
	h        *house
	now      time.Time // of the start
	began    time.Time // by the machine's clock
	scenario string
	latency  time.Duration
	log      *slog.Logger
	numbers  map[string]int // of incidents, by slug
	slack    *chat

	servers []*http.Server
	urls    map[string]string // by server
	closed  chan struct{}

	mu       sync.Mutex
	requests []*Request
	faults   map[API]*Fault
	held     map[API]int // requests that hang now
	calls    []ModelCall
	notes    []PostedNote
}

// The servers, each on a port of its own, as the vendors' hosts are.
const (
	pagerDutyServer = "pagerduty"
	atlassianServer = "atlassian"
	slackServer     = "slack"
	modelServer     = "model"
)

var serverNames = []string{pagerDutyServer, atlassianServer, slackServer, modelServer}

// Start brings the company up on loopback ports. Close ends it.
func Start(c *Company, o Options) (*World, error) {
	if err := c.has(o.Scenario); err != nil {
		return nil, err
	}
	w := &World{
		now: o.Now.UTC(), began: time.Now(), scenario: o.Scenario, latency: o.Latency, log: o.Logger,
		urls: map[string]string{}, closed: make(chan struct{}), faults: map[API]*Fault{}, held: map[API]int{},
	}
	if o.Now.IsZero() {
		w.now = time.Now().UTC()
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	listeners, err := listen(o.Listen)
	if err != nil {
		return nil, err
	}
	for i, name := range serverNames {
		w.urls[name] = "http://" + listeners[i].Addr().String()
	}
	if err := w.furnish(c); err != nil {
		for _, l := range listeners {
			_ = l.Close()
		}
		return nil, err
	}
	handlers := w.handlers(o.Around)
	for i, name := range serverNames {
		w.run(listeners[i], handlers[name])
	}
	return w, nil
}

// has refuses a scenario that the company does not know.
func (c *Company) has(name string) error {
	var names []string
	for _, s := range c.raw.Scenarios {
		names = append(names, s.Slug)
	}
	if name == "" || slices.Contains(names, name) {
		return nil
	}
	return fmt.Errorf("there is no incident %q; there are %s", name, strings.Join(names, ", "))
}

// clock is the time in the company.
func (w *World) clock() time.Time { return w.now.Add(time.Since(w.began)) }

// furnish runs the templates and puts everything in its place.
func (w *World) furnish(c *Company) error {
	h, err := c.at(w.now, sites{
		PagerDuty: w.PagerDutyURL(), Jira: w.JiraURL(), Confluence: w.ConfluenceURL(), Slack: w.urls[slackServer],
	})
	if err != nil {
		return err
	}
	w.numbers = h.numbers(w.now)
	h.only(w.scenario)
	w.h = h
	if w.scenario != "" {
		for _, api := range h.Scenarios[0].Down {
			w.Fail(API(api), http.StatusServiceUnavailable)
		}
	}
	w.slack = newChat(w)
	return nil
}

func (w *World) handlers(around func(func(*http.Request) API, http.Handler) http.Handler) map[string]http.Handler {
	stand := func(which func(*http.Request) API, h http.Handler) http.Handler {
		if h = w.watch(which, h); around != nil {
			h = around(which, h)
		}
		return h
	}
	return map[string]http.Handler{
		pagerDutyServer: stand(only(PagerDuty), newPagerDuty(w)),
		atlassianServer: stand(atlassianAPI, newAtlassian(w)),
		slackServer:     stand(slackAPI, w.slack),
		modelServer:     stand(modelAPI, newModels(w)),
	}
}

// listen opens one port for each server.
func listen(addr string) ([]net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(addr)
	first, errPort := strconv.Atoi(port)
	if err = errors.Join(err, errPort); err != nil {
		return nil, fmt.Errorf("%q is no address to listen on; write 127.0.0.1:0", addr)
	}
	var out []net.Listener
	for i := range serverNames {
		p := first
		if p != 0 {
			p += i
		}
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(p)))
		if err != nil {
			for _, l := range out {
				_ = l.Close()
			}
			return nil, fmt.Errorf("the stand-in for %s: %w", serverNames[i], err)
		}
		out = append(out, l)
	}
	return out, nil
}

func (w *World) run(l net.Listener, h http.Handler) {
	ctx, cancel := context.WithCancel(context.Background())
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(w.log.Handler(), slog.LevelDebug),
	}
	srv.RegisterOnShutdown(cancel)
	w.servers = append(w.servers, srv)
	go func() {
		defer cancel()
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			w.log.Error("stand-in ended", "address", l.Addr().String(), "error", err)
		}
	}()
}

// Close ends every server and every request that hangs.
func (w *World) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.closed:
		return
	default:
		close(w.closed)
	}
	for _, s := range w.servers {
		_ = s.Close()
	}
}

// PagerDutyURL is the base of the REST API, as PAGERDUTY_API_HOST takes it.
func (w *World) PagerDutyURL() string { return w.urls[pagerDutyServer] }

// JiraURL is the site, as JIRA_URL takes it.
func (w *World) JiraURL() string { return w.urls[atlassianServer] }

// ConfluenceURL is the site with /wiki, as CONFLUENCE_URL takes it.
func (w *World) ConfluenceURL() string { return w.urls[atlassianServer] + "/wiki" }

// SlackAPIURL is the base of the Web API, with the slash at its end.
func (w *World) SlackAPIURL() string { return w.slack.apiURL() }

// SlackWebhookURL is the incoming webhook.
func (w *World) SlackWebhookURL() string { return w.slack.webhookURL() }

// AnthropicURL is what ANTHROPIC_BASE_URL takes.
func (w *World) AnthropicURL() string { return w.urls[modelServer] }

// OpenAIURL is what AGENT_BASE_URL takes for an OpenAI-compatible provider.
func (w *World) OpenAIURL() string { return w.urls[modelServer] + "/v1" }

// The keys of the company. The stand-ins take no others.
const (
	webhookSecret = "demo-webhook-secret"
	pagerDutyKey  = "demo-pagerduty-key"
	atlassianUser = "opsbuddy@demo.example"
	jiraToken     = "demo-jira-token"
	wikiToken     = "demo-confluence-token"
	personalToken = "demo-personal-token" // of a Server / Data Center login
	botToken      = "xoxb-demo-bot-token"
	modelKey      = "demo-model-key"
)

// Env is the environment, KEY=VALUE, that points Ops Buddy at this world.
func (w *World) Env() []string {
	return []string{
		"PAGERDUTY_WEBHOOK_SECRET=" + webhookSecret,
		"PAGERDUTY_USER_API_KEY=" + pagerDutyKey,
		"PAGERDUTY_API_HOST=" + w.PagerDutyURL(),
		"JIRA_URL=" + w.JiraURL(),
		"JIRA_USERNAME=" + atlassianUser,
		"JIRA_API_TOKEN=" + jiraToken,
		"CONFLUENCE_URL=" + w.ConfluenceURL(),
		"CONFLUENCE_USERNAME=" + atlassianUser,
		"CONFLUENCE_API_TOKEN=" + wikiToken,
		"SLACK_API_URL=" + w.SlackAPIURL(),
		"SLACK_BOT_TOKEN=" + botToken,
		"SLACK_TEAM_ID=" + slackTeamID,
		"SLACK_CHANNEL=#" + w.h.Channels[0].Name,
		"SLACK_WEBHOOK_URL=" + w.SlackWebhookURL(),
		"AGENT_PROVIDER_TYPE=anthropic",
		"AGENT_MODEL=claude-sonnet-4-6",
		"ANTHROPIC_API_KEY=" + modelKey,
		"ANTHROPIC_BASE_URL=" + w.AnthropicURL(),
	}
}
