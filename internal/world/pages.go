package world

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

// The pages that a browser gets, so that the links of a brief lead somewhere.

type webPage struct {
	Site, Title, Line string
	Body              template.HTML
}

var webLayout = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}} – {{.Site}}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}
header{color:#666;border-bottom:1px solid #ccc}pre{background:#f4f4f4;padding:.7rem;overflow:auto}
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left}</style></head>
<body><header>{{.Site}}: a stand-in, part of the demo</header><h1>{{.Title}}</h1><p>{{.Line}}</p>{{.Body}}</body></html>
`))

// show writes a page whose body is Markdown. Raw HTML in it is left out by the
// renderer, as hostile text is part of the company.
func (w *World) show(rw http.ResponseWriter, p webPage, markdown string) {
	var b bytes.Buffer
	for _, part := range boxes(markdown) {
		if part.kind != "" {
			fmt.Fprintf(&b, "<p><b>%s</b></p>", template.HTMLEscapeString(orElse(part.title, part.kind)))
		}
		if err := markdownParser.Convert([]byte(part.markdown), &b); err != nil {
			http.Error(rw, "the page cannot be drawn", http.StatusInternalServerError)
			return
		}
	}
	p.Body = template.HTML(b.String())
	p.Site += " of " + w.h.Company
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = webLayout.Execute(rw, p)
}

func (w *World) noPage(rw http.ResponseWriter, site string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(http.StatusNotFound)
	w.show(rw, webPage{Site: site, Title: "There is no such page"}, "")
}

// pagerDutyPage shows an incident, or what a person, a service or a policy is.
func (w *World) pagerDutyPage(rw http.ResponseWriter, r *http.Request) {
	kind, id, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	id, _, _ = strings.Cut(id, "/")
	if in, ok := w.incident(id); ok && kind == "incidents" {
		p := &pagerDuty{w: w}
		line := fmt.Sprintf("%s, %s, opened %s", in.Service, in.status(), in.Opened.in(w.now).Format("Jan 2 15:04 MST"))
		w.show(rw, webPage{Site: "PagerDuty", Title: p.summary(in), Line: line}, w.incidentMarkdown(p, in))
		return
	}
	for _, s := range w.h.Services {
		if kind == "services" && serviceID(s.Name) == id {
			w.show(rw, webPage{Site: "PagerDuty", Title: s.Name, Line: s.Description}, "Depends on: "+strings.Join(s.DependsOn, ", "))
			return
		}
	}
	for _, p := range w.h.People {
		if kind == "users" && userID(p.Handle) == id {
			w.show(rw, webPage{Site: "PagerDuty", Title: p.Name, Line: p.Title}, "")
			return
		}
	}
	w.noPage(rw, "PagerDuty")
}

func (w *World) incidentMarkdown(p *pagerDuty, in incident) string {
	var b strings.Builder
	b.WriteString("## Alerts\n\n")
	for _, a := range p.alerts(in, nil) {
		fmt.Fprintf(&b, "- `%s` %s, %s, %s\n", strings.ReplaceAll(a["summary"].(string), "`", "'"), a["severity"], a["status"], a["created_at"])
	}
	b.WriteString("\n## Notes\n\n")
	for _, n := range p.notes(in) {
		fmt.Fprintf(&b, "- %s: %s\n", n["user"].(obj)["summary"], n["content"])
	}
	return b.String()
}

// atlassianPage shows a ticket or a Confluence page.
func (w *World) atlassianPage(rw http.ResponseWriter, r *http.Request) {
	a := &atlassian{w: w}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	for i, part := range parts[:len(parts)-1] {
		next := parts[i+1]
		if t, ok := a.ticket(next); ok && part == "browse" {
			who, _ := w.h.person(t.Assignee)
			line := fmt.Sprintf("%s, %s", t.Status, orElse(who.Name, "unassigned"))
			w.show(rw, webPage{Site: "Jira", Title: t.Key + " " + t.Summary, Line: line}, t.Description)
			return
		}
		if p, ok := a.pageByID(next); ok && part == "pages" {
			line := "Updated " + p.Updated.in(w.now).Format("Jan 2, 2006")
			w.show(rw, webPage{Site: "Confluence", Title: p.Title, Line: line}, p.Body)
			return
		}
	}
	w.noPage(rw, "Atlassian")
}

// slackPage shows a channel: what the product posted, then the file's messages.
func (w *World) slackPage(rw http.ResponseWriter, r *http.Request) {
	_, id, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	id, _, _ = strings.Cut(id, "/")
	ch, ok := w.slack.find(id)
	if !ok {
		w.noPage(rw, "Slack")
		return
	}
	var b strings.Builder
	for _, m := range w.slack.standing(id) {
		fmt.Fprintf(&b, "**Ops Buddy**, %s\n\n%s\n\n", m.At.Format("Jan 2 15:04"), m.Text)
	}
	for _, m := range ch.Messages {
		who, _ := w.h.person(m.By)
		fmt.Fprintf(&b, "**%s**, %s\n\n%s\n\n", orElse(who.Name, m.Bot), m.At.in(w.now).Format("Jan 2 15:04"), m.Text)
		for _, reply := range m.Replies {
			who, _ := w.h.person(reply.By)
			fmt.Fprintf(&b, "> **%s**: %s\n\n", orElse(who.Name, reply.Bot), strings.ReplaceAll(reply.Text, "\n", "\n> "))
		}
	}
	w.show(rw, webPage{Site: "Slack", Title: "#" + ch.Name, Line: ch.Topic}, b.String())
}
