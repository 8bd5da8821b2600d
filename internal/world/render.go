package world

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"text/template"
	"time"

	"gopkg.in/yaml.v3"
)

// sites are the addresses people open things under.
type sites struct {
	PagerDuty, Jira, Confluence, Slack string
}

// story is what templates can ask about.
type story struct {
	house *house
	now   time.Time
	sites sites
}

// render copies a tree of YAML with every template in its values run.
func render(n *yaml.Node, funcs template.FuncMap) (*yaml.Node, error) {
	out := *n
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "{{") {
		text, err := run(n.Value, funcs)
		if err != nil {
			return nil, lineError(n.Line, err)
		}
		out.Value = text
	}
	out.Content = make([]*yaml.Node, len(n.Content))
	for i, kid := range n.Content {
		done, err := render(kid, funcs)
		if err != nil {
			return nil, err
		}
		out.Content[i] = done
	}
	return &out, nil
}

func run(text string, funcs template.FuncMap) (string, error) {
	t, err := template.New("text").Funcs(funcs).Parse(text)
	if err != nil {
		return "", templateError(err)
	}
	var b strings.Builder
	if err := t.Execute(&b, nil); err != nil {
		return "", templateError(err)
	}
	return b.String(), nil
}

var calling = regexp.MustCompile(`^text:\d+(?::\d+)?: executing "text" at <(.*)>: error calling \w+: `)

// templateError leaves out what the author of the file cannot know, such as the
// name that a template has inside.
func templateError(err error) error {
	text := strings.TrimPrefix(err.Error(), "template: ")
	if m := calling.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("template {{%s}}: %s", m[1], strings.TrimPrefix(text, m[0]))
	}
	return fmt.Errorf("template: %s", text)
}

// funcs are the words of the templates; company.yaml explains them.
func (s *story) funcs() template.FuncMap {
	return template.FuncMap{
		"date":  s.clock("Jan 2"),
		"time":  s.clock("Jan 2 15:04 MST"),
		"clock": s.clock("15:04 MST"),
		"iso":   s.clock(time.RFC3339),
		"ago":   s.ago,
		"days":  s.days,

		"id":       s.incidentPart(incidentID),
		"number":   s.incidentPart(func(slug string) string { return fmt.Sprintf("#%d", s.house.numbers(s.now)[slug]) }),
		"incident": s.incidentPart(s.incidentLink),
		"page":     s.pagePart(func(p page) string { return markdownLink(p.Title, s.sites.Confluence+p.path()) }),
		"pageurl":  s.pagePart(func(p page) string { return s.sites.Confluence + p.path() }),
		"ticket":   s.ticket,
		"service":  s.service,
		"user":     s.user,
		"channel":  s.channel,
		"ts":       s.ts,
	}
}

func (s *story) clock(layout string) func(string) (string, error) {
	return func(when string) (string, error) {
		m, err := parseMoment(when)
		return m.in(s.now).Format(layout), err
	}
}

// ago writes a moment as people say it: "2 minutes ago".
func (s *story) ago(when string) (string, error) {
	m, err := parseMoment(when)
	if err != nil {
		return "", err
	}
	d := s.now.Sub(m.in(s.now)).Round(time.Second)
	for _, u := range []struct {
		name string
		of   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if n := int(d / u.of); n > 0 {
			return plural(n, u.name) + " ago", nil
		}
	}
	return plural(int(d/time.Second), "second") + " ago", nil
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// days counts the days since a moment.
func (s *story) days(when string) (int, error) {
	m, err := parseMoment(when)
	return int(s.now.Sub(m.in(s.now)) / (24 * time.Hour)), err
}

func (s *story) incidentPart(part func(slug string) string) func(string) (string, error) {
	return func(slug string) (string, error) {
		for _, i := range s.house.allIncidents() {
			if i.Slug == slug {
				return part(slug), nil
			}
		}
		return "", fmt.Errorf("there is no incident %q", slug)
	}
}

func (s *story) incidentLink(slug string) string {
	return markdownLink(fmt.Sprintf("#%d", s.house.numbers(s.now)[slug]), s.sites.PagerDuty+"/incidents/"+incidentID(slug))
}

func (s *story) pagePart(part func(page) string) func(string) (string, error) {
	return func(id string) (string, error) {
		for _, p := range s.house.allPages() {
			if p.ID == id {
				return part(p), nil
			}
		}
		return "", fmt.Errorf("there is no page %q", id)
	}
}

func (s *story) ticket(key string) (string, error) {
	for _, t := range s.house.allTickets() {
		if t.Key == key {
			return markdownLink(key, s.sites.Jira+"/browse/"+key), nil
		}
	}
	return "", fmt.Errorf("there is no ticket %q", key)
}

func (s *story) service(name string) (string, error) {
	for _, v := range s.house.Services {
		if v.Name == name {
			return serviceID(name), nil
		}
	}
	return "", fmt.Errorf("there is no service %q", name)
}

func (s *story) user(handle string) (string, error) {
	if p, ok := s.house.person(handle); ok {
		return p.Name, nil
	}
	return "", fmt.Errorf("there is no person %q", handle)
}

func (s *story) channel(name string) (string, error) {
	for _, c := range s.house.Channels {
		if c.Name == name {
			return channelID(name), nil
		}
	}
	return "", fmt.Errorf("there is no channel %q", name)
}

// ts is the time stamp of a labelled message, which names it in Slack.
func (s *story) ts(label string) (string, error) {
	for _, m := range s.house.allMessages() {
		if m.Label == label && label != "" {
			return m.ts(s.now), nil
		}
	}
	return "", fmt.Errorf("there is no message labelled %q", label)
}

func markdownLink(text, url string) string { return "[" + text + "](" + url + ")" }

// firstNumber is the number of the company's oldest incident.
const firstNumber = 3101

// numbers are the incidents' numbers by slug, in the order in which they opened.
func (h *house) numbers(now time.Time) map[string]int {
	all := h.allIncidents()
	sort.SliceStable(all, func(a, b int) bool { return all[a].Opened.in(now).Before(all[b].Opened.in(now)) })
	out := make(map[string]int, len(all))
	for i, in := range all {
		out[in.Slug] = firstNumber + i
	}
	return out
}

func (h *house) person(handle string) (person, bool) {
	for _, p := range h.People {
		if p.Handle == handle {
			return p, true
		}
	}
	return person{}, false
}
