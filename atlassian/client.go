package atlassian

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
)

// Config says where Jira and Confluence are and how to log in. A part whose
// URL is empty is not configured. A personal token means Server / Data Center;
// a user name with an API token means Cloud, unless Jira itself says Server.
type Config struct {
	JiraURL           string // the site, or any page of it
	JiraUsername      string
	JiraAPIToken      string
	JiraPersonalToken string

	ConfluenceURL           string // the site, or any page of it
	ConfluenceUsername      string
	ConfluenceAPIToken      string
	ConfluencePersonalToken string

	// HTTP is a client made by border.Client; nil means one with its defaults.
	HTTP *http.Client
	// Logger may be nil.
	Logger *slog.Logger
}

// Client reads Jira and Confluence. It is safe for concurrent use.
type Client struct {
	jira       *site // nil: not configured
	confluence *site // nil: not configured
	log        *slog.Logger
	now        func() time.Time

	mu     sync.Mutex
	kind   jiraKind
	web    string    // the address Jira gives for itself
	retell time.Time // when to ask again after serverInfo failed
}

type jiraKind int

const (
	kindUnknown jiraKind = iota
	kindCloud
	kindServer
)

// New returns a client for the parts that are configured. Its errors name the
// setting to change.
func New(cfg Config) (*Client, error) {
	c := &Client{log: cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler)), now: time.Now}
	if strings.TrimSpace(cfg.JiraURL) != "" {
		base, errURL := jiraBase(cfg.JiraURL)
		cred, errAuth := login("JIRA", cfg.JiraUsername, cfg.JiraAPIToken, cfg.JiraPersonalToken)
		if err := errors.Join(errURL, errAuth); err != nil {
			return nil, err
		}
		c.jira = &site{name: "Jira", urlVar: "JIRA_URL", credential: cred, bases: []string{base}, http: httpFor(cfg)}
		if cfg.JiraPersonalToken != "" {
			c.kind = kindServer
		}
	}
	if strings.TrimSpace(cfg.ConfluenceURL) != "" {
		bases, errURL := confluenceBases(cfg.ConfluenceURL, cfg.ConfluencePersonalToken != "")
		cred, errAuth := login("CONFLUENCE", cfg.ConfluenceUsername, cfg.ConfluenceAPIToken, cfg.ConfluencePersonalToken)
		if err := errors.Join(errURL, errAuth); err != nil {
			return nil, err
		}
		c.confluence = &site{name: "Confluence", urlVar: "CONFLUENCE_URL", credential: cred, bases: bases, http: httpFor(cfg)}
	}
	return c, nil
}

// httpFor gives each part a client of its own unless one is set: pages that a
// login may not read must not wall off Jira on the same host.
func httpFor(cfg Config) *http.Client {
	return cmp.Or(cfg.HTTP, border.Client(border.ClientOptions{}))
}

// credential is a login of one part.
type credential struct {
	header   string // Authorization, a secret
	tokenVar string // the setting of the token, for errors
	redactor *border.Redactor
}

// login reads the login of one part from its settings.
func login(prefix, user, apiToken, personal string) (credential, error) {
	user, apiToken, personal = strings.TrimSpace(user), strings.TrimSpace(apiToken), strings.TrimSpace(personal)
	switch {
	case personal != "":
		return credential{"Bearer " + personal, prefix + "_PERSONAL_TOKEN", border.NewRedactor(personal)}, nil
	case user != "" && apiToken != "":
		pair := base64.StdEncoding.EncodeToString([]byte(user + ":" + apiToken))
		return credential{"Basic " + pair, prefix + "_API_TOKEN", border.NewRedactor(apiToken, pair)}, nil
	}
	return credential{}, fmt.Errorf("%[1]s_URL is set without a login; set %[1]s_USERNAME and %[1]s_API_TOKEN (Cloud) or %[1]s_PERSONAL_TOKEN (Server / Data Center)", prefix)
}

// HasJira reports whether Jira is configured.
func (c *Client) HasJira() bool { return c.jira != nil }

// HasConfluence reports whether Confluence is configured.
func (c *Client) HasConfluence() bool { return c.confluence != nil }

// Bounds of asking Jira what it is.
const (
	kindTimeout = 5 * time.Second
	kindRetry   = 10 * time.Minute
)

// jiraIsServer reports whether Jira speaks REST v2 (Server) or v3 (Cloud). It
// asks once. When Jira does not say, it is taken for Cloud, and asked again
// after ten minutes.
func (c *Client) jiraIsServer(ctx context.Context) (bool, error) {
	if c.jira == nil {
		return false, errNoJira
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kind == kindServer || c.kind == kindCloud && c.now().Before(c.retell) {
		return c.kind == kindServer, nil
	}
	asking, cancel := context.WithTimeout(ctx, kindTimeout)
	defer cancel()
	info, err := c.jira.call(asking, request{path: "/rest/api/2/serverInfo", anonymous: true})
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("asking Jira what it is: %w", err)
	}
	c.kind, c.retell = kindCloud, c.now().Add(kindRetry)
	switch deployment := info.at("deploymentType").raw(); {
	case err != nil:
		c.log.InfoContext(ctx, "jira does not say what it is, taken for cloud", "error", err)
	case strings.EqualFold(deployment, "Server"):
		c.kind = kindServer
	default:
		c.retell = c.now().AddDate(100, 0, 0)
	}
	c.web = strings.TrimRight(webAddress(info.at("baseUrl").raw()), "/")
	return c.kind == kindServer, nil
}

// jiraWeb is the address people open tickets under. Behind Atlassian's API
// gateway only Jira itself knows it.
func (c *Client) jiraWeb() string {
	base := c.jira.base()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.web != "" && hostOf(base) == gatewayHost {
		return c.web
	}
	return base
}

// CheckJira reads one ticket the way every search does and describes what
// answered, for example "Jira Cloud, REST v3".
func (c *Client) CheckJira(ctx context.Context) (string, error) {
	server, err := c.jiraIsServer(ctx)
	if err != nil {
		return "", err
	}
	if _, _, err := c.Search(ctx, "created >= -3650d ORDER BY created DESC", 1); err != nil {
		return "", err
	}
	if server {
		return "Jira Server / Data Center, REST v2", nil
	}
	return "Jira Cloud, REST v3", nil
}

// CheckConfluence searches one page the way every search does and describes
// what answered.
func (c *Client) CheckConfluence(ctx context.Context) (string, error) {
	if _, _, err := c.searchCQL(ctx, "type = page", 1); err != nil {
		return "", err
	}
	return "Confluence", nil
}
