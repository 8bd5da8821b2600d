package world

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"time"
)

// PostedNote is a note that was written to an incident over the API.
type PostedNote struct {
	IncidentID, From, Text string
	At                     time.Time
}

// PostedNotes are the notes written over the API, in order.
func (w *World) PostedNotes() []PostedNote {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.notes)
}

// notes are an incident's notes, those written over the API behind the file's.
func (p *pagerDuty) notes(in incident) []obj {
	var out []obj
	for i, n := range in.Notes {
		out = append(out, obj{
			"id": noteID(in.Slug, i), "user": p.userRef(n.By), "channel": obj{"summary": "The PagerDuty website or APIs"},
			"content": n.Text, "created_at": stamp(p.after(in, n.After)),
		})
	}
	for i, n := range p.w.PostedNotes() {
		if n.IncidentID == incidentID(in.Slug) {
			out = append(out, p.postedNote(n, in, i))
		}
	}
	return out
}

func (p *pagerDuty) postedNote(n PostedNote, in incident, i int) obj {
	return obj{
		"id": noteID(in.Slug, 1000+i), "user": p.userRef(p.w.h.People[0].Handle), "channel": obj{"summary": "The PagerDuty website or APIs"},
		"content": n.Text, "created_at": stamp(n.At),
	}
}

func (p *pagerDuty) createNote(rw http.ResponseWriter, r *http.Request, in incident) {
	var body struct {
		Note struct {
			Content string `json:"content"`
		} `json:"note"`
	}
	switch err := json.NewDecoder(r.Body).Decode(&body); {
	case r.Header.Get("From") == "":
		pagerDutyError(rw, http.StatusBadRequest, "Invalid Input Provided", "Requester User Not Found")
		return
	case err != nil || body.Note.Content == "":
		pagerDutyError(rw, http.StatusBadRequest, "Invalid Input Provided", "Content can't be blank")
		return
	}
	n := PostedNote{IncidentID: incidentID(in.Slug), From: r.Header.Get("From"), Text: body.Note.Content, At: p.w.clock()}
	p.w.mu.Lock()
	p.w.notes = append(p.w.notes, n)
	i := len(p.w.notes) - 1
	p.w.mu.Unlock()
	writeJSON(rw, http.StatusOK, obj{"note": p.postedNote(n, in, i)})
}

// logLine is one line of an incident's log before it has its form.
type logLine struct {
	kind, summary  string
	at             time.Time
	agent, channel obj
	more           obj
}

// log is an incident's log, the latest first, from what is known of its life.
// Without channels only their type is told, as the vendor does.
func (p *pagerDuty) log(in incident, channels bool) []obj {
	var out []obj
	for i, l := range append(p.logOpening(in), p.logActs(in)...) {
		if !channels {
			l.channel = obj{"type": l.channel["type"]}
		}
		e := p.ref(entryID(in.Slug, i), l.kind, "/log_entries", l.summary)
		for k, v := range (obj{
			"type": l.kind, "created_at": stamp(l.at), "agent": l.agent, "channel": l.channel, "incident": p.incidentRef(in),
			"service": p.serviceRef(in.Service), "teams": []obj{}, "contexts": []obj{}, "event_details": obj{"description": in.Title},
		}) {
			e[k] = v
		}
		maps.Copy(e, l.more)
		out = append(out, e)
	}
	slices.Reverse(out)
	return out
}

// logOpening is what PagerDuty itself does when an incident opens.
func (p *pagerDuty) logOpening(in incident) []logLine {
	first, opened, service := p.first(in), in.Opened.in(p.w.now), p.serviceRef(in.Service)
	who, _ := p.w.h.person(first)
	var details any
	if len(in.Alerts) > 0 {
		details = numbered(in.Alerts[0].Details, 1)
	}
	trigger := obj{"type": "api", "summary": in.Title, "details": details, "service_key": "demo"}
	push := obj{"type": "auto", "notification": obj{"type": "push_notification", "status": "success"}}
	return []logLine{
		{"trigger_log_entry", "Triggered through the API.", opened, service, trigger, nil},
		{"assign_log_entry", "Assigned to " + who.Name + ".", opened.Add(time.Second), service, obj{"type": "auto"}, obj{"assignees": []obj{p.userRef(first)}}},
		{"notify_log_entry", "Notified " + who.Name + " by push notification.", opened.Add(4 * time.Second), service, push, obj{"user": p.userRef(first)}},
	}
}

// logActs is what people, or the monitoring, did.
func (p *pagerDuty) logActs(in incident) []logLine {
	by := func(a *act) (obj, string) {
		if a.By == "" {
			return p.serviceRef(in.Service), " through the API."
		}
		who, _ := p.w.h.person(a.By)
		return p.userRef(a.By), " by " + who.Name + "."
	}
	var out []logLine
	if a := in.Acknowledged; a != nil {
		agent, how := by(a)
		out = append(out, logLine{"acknowledge_log_entry", "Acknowledged" + how, p.after(in, a.After), agent, obj{"type": "mobile"}, nil})
	}
	for _, n := range in.Notes {
		out = append(out, logLine{"annotate_log_entry", "Note added: " + n.Text, p.after(in, n.After), p.userRef(n.By), obj{"type": "note", "summary": n.Text}, nil})
	}
	if a := in.Resolved; a != nil {
		agent, how := by(a)
		out = append(out, logLine{"resolve_log_entry", "Resolved" + how, p.after(in, a.After), agent, obj{"type": "website"}, nil})
	}
	sort.SliceStable(out, func(a, b int) bool { return out[a].at.Before(out[b].at) })
	return out
}

func (p *pagerDuty) listIncidentLog(rw http.ResponseWriter, r *http.Request, in incident) {
	paged(rw, r, "log_entries", p.log(in, slices.Contains(list(r, "include"), "channels")))
}

// listLog is the log of the whole account, the last week by default.
func (p *pagerDuty) listLog(rw http.ResponseWriter, r *http.Request) {
	until := p.w.clock()
	since := until.AddDate(0, 0, -7)
	if t, err := parseISO(r.URL.Query().Get("since")); err == nil {
		since = t
	}
	if t, err := parseISO(r.URL.Query().Get("until")); err == nil {
		until = t
	}
	var out []obj
	for _, in := range p.w.h.Incidents {
		for _, e := range p.log(in, slices.Contains(list(r, "include"), "channels")) {
			if at, err := parseISO(e["created_at"].(string)); err == nil && !at.Before(since) && !at.After(until) {
				out = append(out, e)
			}
		}
	}
	sort.SliceStable(out, func(a, b int) bool { return out[a]["created_at"].(string) > out[b]["created_at"].(string) })
	paged(rw, r, "log_entries", out)
}

// listPast is the Past Incidents feature: likest first, five unless asked.
func (p *pagerDuty) listPast(rw http.ResponseWriter, r *http.Request, in incident) {
	limit := 5
	if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && n > 0 {
		limit = n
	}
	out := []obj{}
	for i, slug := range in.Past {
		if past, ok := p.w.incident(incidentID(slug)); ok && i < limit {
			out = append(out, obj{"incident": p.brief(past, r), "score": 94.1 - 6.3*float64(i)})
		}
	}
	answer := obj{"past_incidents": out, "limit": limit, "total": nil}
	if r.URL.Query().Get("total") == "true" {
		answer["total"] = len(in.Past)
	}
	writeJSON(rw, http.StatusOK, answer)
}

// brief is the little that similar incidents come with, unless more is asked for.
func (p *pagerDuty) brief(in incident, r *http.Request) obj {
	if slices.Contains(list(r, "additional_details"), "incident") {
		return p.incidentObject(in, nil)
	}
	return obj{
		"id": incidentID(in.Slug), "created_at": stamp(in.Opened.in(p.w.now)), "title": in.Title,
		"self": p.w.PagerDutyURL() + "/incidents/" + incidentID(in.Slug),
	}
}

func (p *pagerDuty) listRelated(rw http.ResponseWriter, r *http.Request, in incident) {
	out := []obj{}
	for _, slug := range in.Related {
		if o, ok := p.w.incident(incidentID(slug)); ok {
			out = append(out, obj{"incident": p.brief(o, r), "relationships": []obj{{
				"type": "service_dependency", "metadata": obj{
					"dependent_services":  []obj{p.serviceRef(o.Service)},
					"supporting_services": []obj{p.serviceRef(in.Service)},
				},
			}}})
		}
	}
	writeJSON(rw, http.StatusOK, obj{"related_incidents": out})
}

func (p *pagerDuty) getOutlier(rw http.ResponseWriter, r *http.Request, in incident) {
	category := "novel"
	if len(in.Past) > 0 {
		category = "frequent"
	}
	o := p.brief(in, r)
	o["occurrence"] = obj{
		"count": len(in.Past), "frequency": float64(len(in.Past)) / 180, "category": category,
		"since": stamp(p.w.now.AddDate(0, 0, -180)), "until": stamp(p.w.now),
	}
	writeJSON(rw, http.StatusOK, obj{"outlier_incident": obj{
		"incident": o, "incident_template": obj{"id": idFor("P", 6, "template", in.Title), "cluster_id": idFor("P", 6, "cluster", in.Title), "mined_text": in.Title},
	}})
}

func (p *pagerDuty) fieldValues(in incident) []obj {
	out := []obj{}
	for _, name := range slices.Sorted(maps.Keys(in.Fields)) {
		out = append(out, obj{
			"id": idFor("P", 6, "field", name), "type": "field_value", "name": name, "display_name": name,
			"data_type": "string", "field_type": "single_value", "description": fmt.Sprintf("The incident's %s", name), "value": in.Fields[name],
		})
	}
	return out
}

func (p *pagerDuty) listFieldValues(rw http.ResponseWriter, _ *http.Request, in incident) {
	writeJSON(rw, http.StatusOK, obj{"custom_fields": p.fieldValues(in)})
}
