package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checks are the texts' own rules by the name in the tag check. Each returns
// the text to use. The error says what is wanted and what to do; it must not
// quote the text, which may be a secret.
var checks = map[string]func(text, argument string) (string, error){
	"base":      baseURL,
	"site":      siteURL,
	"slackapi":  slackAPI,
	"slackhook": slackHook,
	"bottoken":  botToken,
	"apptoken":  appToken,
	"channel":   channel,
	"path":      path,
	"listen":    listen,
	"hostport":  hostPort,
	"events":    events,
	"oneof":     oneOf,
	"upto":      upTo,
	"atmost":    atMost,
	"pairs":     pairs,
	"headers":   headers,
	"ratio":     ratio,
}

var durationType = reflect.TypeFor[time.Duration]()

func count(text string) (any, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return nil, errors.New("want a whole number above 0")
	}
	return n, nil
}

// amount refuses NaN and infinities: every comparison with NaN is false, so a
// ceiling of NaN would stop nothing.
func amount(text string) (any, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f > 0) || math.IsInf(f, 0) {
		return nil, errors.New("want a finite number above 0 without a currency sign")
	}
	return f, nil
}

func yesOrNo(text string) (any, error) {
	b, err := strconv.ParseBool(strings.ToLower(text))
	if err != nil {
		return nil, errors.New("want true or false")
	}
	return b, nil
}

func duration(text string) (any, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return nil, errors.New("want a duration above 0 with its unit")
	}
	return d, nil
}

// upTo and atMost leave what is no number to the parser.
func upTo(text, limit string) (string, error) {
	n, err := strconv.Atoi(text)
	if most, _ := strconv.Atoi(limit); errors.Is(err, strconv.ErrRange) || err == nil && n > most {
		return "", fmt.Errorf("want a whole number from 1 to %s", limit)
	}
	return text, nil
}

func atMost(text, limit string) (string, error) {
	d, err := time.ParseDuration(text)
	if most, _ := time.ParseDuration(limit); err == nil && d > most {
		return "", fmt.Errorf("want at most %s", limit)
	}
	return text, nil
}

func oneOf(text, words string) (string, error) {
	known := strings.Split(words, "|")
	if lower := strings.ToLower(text); slices.Contains(known, lower) {
		return lower, nil
	}
	return "", fmt.Errorf("want one of %s", strings.Join(known, ", "))
}

// address parses an http or https URL that holds no login.
func address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case !strings.Contains(text, "://"):
		return nil, errors.New("want a whole address; write https:// (or http://) in front of it")
	case err != nil:
		return nil, errors.New("this is no address; want one such as https://host.example/path")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the address must begin with https:// or http://")
	case u.Hostname() == "":
		return nil, errors.New("the address names no host; want one such as https://host.example")
	case u.User != nil:
		return nil, errors.New("the address holds a login; take it out and use the variables for user and token")
	}
	return u, nil
}

// baseURL takes the slash off the end: paths are joined to it.
func baseURL(text, _ string) (string, error) {
	u, err := address(text)
	switch {
	case err != nil:
		return "", err
	case u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("want the base address alone; remove what follows ? or #")
	}
	return strings.TrimRight(text, "/"), nil
}

// siteURL is the address of Jira or Confluence, which people paste from their
// browser; the reader of it finds the site in a page's address.
func siteURL(text, _ string) (string, error) {
	if _, err := address(text); err != nil {
		return "", err
	}
	return strings.TrimRight(text, "/"), nil
}

func slackAPI(text, _ string) (string, error) {
	base, err := baseURL(text, "")
	return base + "/", err
}

// slackHook tells incoming webhooks from the addresses of Workflow Builder,
// which look alike, take other payloads and refuse every brief.
func slackHook(text, _ string) (string, error) {
	const want = "create an incoming webhook for the channel (https://hooks.slack.com/services/…)"
	u, err := address(text)
	if err != nil {
		return "", err
	}
	host, path := strings.ToLower(u.Hostname()), strings.ToLower(u.Path)
	switch {
	case host == "slack.com", strings.HasSuffix(host, ".slack.com") && host != "hooks.slack.com":
		return "", errors.New("this is a page or the API of Slack and no incoming webhook; " + want)
	case !strings.HasPrefix(host, "hooks.slack"):
		return text, nil
	case u.Scheme != "https":
		return "", errors.New("the address must begin with https://")
	case strings.HasPrefix(path, "/triggers/"), strings.HasPrefix(path, "/workflows/"):
		return "", errors.New("this is the address of a Workflow Builder trigger, which takes no briefs; " + want)
	case !strings.HasPrefix(path, "/services/") || path == "/services/":
		return "", errors.New("this is no incoming webhook; " + want)
	}
	return text, nil
}

func botToken(text, _ string) (string, error) {
	if strings.HasPrefix(text, "xapp-") {
		return "", errors.New("this is an app-level token (xapp-…); want the bot token (xoxb-…) of the app's page OAuth & Permissions")
	}
	return text, nil
}

func appToken(text, _ string) (string, error) {
	if strings.HasPrefix(text, "xox") {
		return "", errors.New("this is a bot's or a person's token; want the app-level token (xapp-…) of the app's page Basic Information")
	}
	return text, nil
}

func channel(text, _ string) (string, error) {
	if strings.Contains(text, "/") || strings.ContainsAny(strings.TrimPrefix(text, "#"), " #,") {
		return "", errors.New("want the ID or the name of one channel, such as C0123456789 or #incidents")
	}
	return text, nil
}

// path refuses what only a shell would expand; a folder named ~ would be made.
func path(text, _ string) (string, error) {
	if strings.HasPrefix(text, "~") || strings.Contains(text, "$") {
		return "", errors.New("~ and $ are not expanded here; write the whole path")
	}
	return text, nil
}

// listen is an address to listen on: host may be empty, port may be 0.
func listen(text, _ string) (string, error) {
	_, port, err := net.SplitHostPort(text)
	_, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || strings.Contains(text, "/") {
		return "", errors.New("want host:port or :port without a scheme, such as :8080")
	}
	return text, nil
}

func hostPort(text, _ string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	n, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || n == 0 || host == "" || strings.Contains(host, "/") {
		return "", errors.New("want host:port without a scheme, such as temporal.example.com:7233")
	}
	return text, nil
}

// eventTypes are the V3 event types about incidents (PagerDuty developer
// documentation, Webhooks, Event Types).
var eventTypes = strings.Fields(`
	incident.triggered incident.acknowledged incident.unacknowledged incident.resolved incident.reopened
	incident.escalated incident.reassigned incident.delegated incident.priority_updated incident.annotated
	incident.service_updated incident.status_update_published incident.responder.added incident.responder.replied
	incident.conference_bridge.updated incident.custom_field_values.updated incident.incident_type.changed
	incident.role.assigned incident.task.created incident.task.completed incident.task.updated
	incident.action_invocation.created incident.action_invocation.terminated incident.action_invocation.updated
	incident.workflow.started incident.workflow.completed`)

// events refuses a type that PagerDuty does not send: with a misspelt one, no
// page would ever be reviewed.
func events(text, _ string) (string, error) {
	for e := range strings.SplitSeq(text, ",") {
		if !slices.Contains(eventTypes, e) {
			return "", fmt.Errorf("%q is no V3 event type about incidents (nearest: %s); known are %s",
				e, nearest(e, eventTypes), strings.Join(eventTypes, ", "))
		}
	}
	return text, nil
}
