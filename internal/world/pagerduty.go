package world

import (
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// pagerDuty is the stand-in for PagerDuty's REST API v2
// (developer.pagerduty.com/api-reference) and, for browsers, its web pages.
type pagerDuty struct {
	w   *World
	mux *http.ServeMux
}

func newPagerDuty(w *World) http.Handler {
	p := &pagerDuty{w: w, mux: http.NewServeMux()}
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /incidents":                                    p.listIncidents,
		"GET /incidents/{id}":                               p.one(p.getIncident),
		"GET /incidents/{id}/alerts":                        p.one(p.listAlerts),
		"GET /incidents/{id}/alerts/{alert}":                p.one(p.getAlert),
		"GET /incidents/{id}/notes":                         p.one(p.listNotes),
		"POST /incidents/{id}/notes":                        p.one(p.createNote),
		"GET /incidents/{id}/log_entries":                   p.one(p.listIncidentLog),
		"GET /incidents/{id}/past_incidents":                p.one(p.listPast),
		"GET /incidents/{id}/related_incidents":             p.one(p.listRelated),
		"GET /incidents/{id}/related_change_events":         p.one(p.listRelatedChanges),
		"GET /incidents/{id}/outlier_incident":              p.one(p.getOutlier),
		"GET /incidents/{id}/custom_fields/values":          p.one(p.listFieldValues),
		"GET /log_entries":                                  p.listLog,
		"GET /change_events":                                p.listChanges,
		"GET /change_events/{id}":                           p.getChange,
		"GET /services":                                     p.listServices,
		"GET /services/{id}":                                p.getService,
		"GET /services/{id}/change_events":                  p.listServiceChanges,
		"GET /service_dependencies/technical_services/{id}": p.getDependencies,
		"GET /escalation_policies":                          p.listPolicies,
		"GET /escalation_policies/{id}":                     p.getPolicy,
		"GET /oncalls":                                      p.listOnCalls,
		"GET /users":                                        p.listUsers,
		"GET /users/me":                                     p.getMe,
		"GET /users/{id}":                                   p.getUser,
		"GET /teams":                                        p.listTeams,
		"GET /teams/{id}":                                   p.getTeam,
		"GET /priorities":                                   p.listPriorities,
		"GET /abilities":                                    p.listAbilities,
	} {
		p.mux.HandleFunc(pattern, h)
	}
	return p
}

// ServeHTTP checks the key. A key that only reads may do nothing else, but for
// the note that the product can be told to write.
func (p *pagerDuty) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	_, pattern := p.mux.Handler(r)
	switch {
	case browser(r):
		p.w.pagerDutyPage(rw, r)
	case r.Header.Get("Authorization") != "Token token="+pagerDutyKey:
		pagerDutyError(rw, http.StatusUnauthorized, "Unauthorized")
	case pattern == "" && r.Method != http.MethodGet:
		pagerDutyError(rw, http.StatusForbidden, "Access Denied")
	case pattern == "":
		pagerDutyError(rw, http.StatusNotFound, "Not Found")
	default:
		p.mux.ServeHTTP(rw, r)
	}
}

// pagerDutyError writes the vendor's error object, whose code is not the status.
func pagerDutyError(rw http.ResponseWriter, status int, message string, details ...string) {
	code, ok := map[int]int{400: 2001, 401: 2006, 403: 2010, 404: 2100, 429: 2020}[status]
	if !ok {
		code = 2000
	}
	e := obj{"message": message, "code": code}
	if len(details) > 0 {
		e["errors"] = details
	}
	writeJSON(rw, status, obj{"error": e})
}

// one finds the incident that a path names, by id or by number.
func (p *pagerDuty) one(serve func(http.ResponseWriter, *http.Request, incident)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		in, ok := p.w.incident(r.PathValue("id"))
		if !ok {
			pagerDutyError(rw, http.StatusNotFound, "Not Found")
			return
		}
		serve(rw, r, in)
	}
}

// incident finds an incident by id or number.
func (w *World) incident(name string) (incident, bool) {
	for _, in := range w.h.Incidents {
		if name == incidentID(in.Slug) || name == strconv.Itoa(w.numbers[in.Slug]) {
			return in, true
		}
	}
	return incident{}, false
}

// Bounds of classic paging (PagerDuty's "Pagination" page).
const (
	defaultLimit = 25
	maxLimit     = 100
	maxOffset    = 10000
)

// paged writes one page of a list in the vendor's envelope.
func paged(rw http.ResponseWriter, r *http.Request, key string, all []obj) {
	q := r.URL.Query()
	limit, offset := defaultLimit, 0
	if n, err := strconv.Atoi(q.Get("limit")); err == nil && n > 0 {
		limit = min(n, maxLimit)
	}
	if n, err := strconv.Atoi(q.Get("offset")); err == nil && n > 0 {
		offset = n
	}
	if limit+offset > maxOffset {
		pagerDutyError(rw, http.StatusBadRequest, "Invalid Input Provided", "Offset must be less than or equal to 10000")
		return
	}
	from := min(offset, len(all))
	to := min(from+limit, len(all))
	out := obj{key: noNull(all[from:to]), "limit": limit, "offset": offset, "more": to < len(all), "total": nil}
	if q.Get("total") == "true" {
		out["total"] = len(all)
	}
	writeJSON(rw, http.StatusOK, out)
}

// noNull makes an empty list of none.
func noNull[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// longestRange is how far apart since and until may be when incidents are listed.
const longestRange = 180 * 24 * time.Hour

// period reads since and until; the default is the last month.
func (p *pagerDuty) period(rw http.ResponseWriter, r *http.Request) (since, until time.Time, ok bool) {
	q := r.URL.Query()
	until = p.w.clock()
	since = until.AddDate(0, -1, 0)
	if q.Get("date_range") == "all" {
		return time.Time{}, until, true
	}
	for name, at := range map[string]*time.Time{"since": &since, "until": &until} {
		if q.Get(name) == "" {
			continue
		}
		t, err := parseISO(q.Get(name))
		if err != nil {
			pagerDutyError(rw, http.StatusBadRequest, "Invalid Input Provided", name+" is not a valid date")
			return since, until, false
		}
		*at = t
	}
	if until.Sub(since) > longestRange {
		pagerDutyError(rw, http.StatusBadRequest, "Invalid Input Provided", "The date range cannot exceed 180 days")
		return since, until, false
	}
	return since, until, true
}

func parseISO(s string) (time.Time, error) {
	var t time.Time
	var err error
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err = time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return t, err
}

func (p *pagerDuty) listIncidents(rw http.ResponseWriter, r *http.Request) {
	since, until, ok := p.period(rw, r)
	if !ok {
		return
	}
	var out []obj
	for _, in := range p.newestFirst(r) {
		s, _ := p.w.h.service(in.Service)
		at := in.Opened.in(p.w.now)
		if wanted(list(r, "service_ids"), serviceID(in.Service)) && wanted(list(r, "statuses"), in.status()) &&
			wanted(list(r, "urgencies"), in.urgency()) && wanted(list(r, "team_ids"), teamID(s.Team)) &&
			p.hasKey(in, list(r, "incident_key")) && !at.Before(since) && !at.After(until) {
			out = append(out, p.incidentObject(in, list(r, "include")))
		}
	}
	paged(rw, r, "incidents", out)
}

// hasKey reports whether an incident is found by a key. Those of the Events API
// have none of their own; the key of one of their alerts is meant.
func (p *pagerDuty) hasKey(in incident, keys []string) bool {
	return len(keys) == 0 || slices.ContainsFunc(p.alerts(in, nil), func(a obj) bool {
		return slices.Contains(keys, a["alert_key"].(string))
	})
}

// newestFirst are the incidents, the latest first unless sort_by says otherwise.
func (p *pagerDuty) newestFirst(r *http.Request) []incident {
	all := slices.Clone(p.w.h.Incidents)
	up := strings.HasPrefix(r.URL.Query().Get("sort_by"), "created_at:asc") || strings.HasPrefix(r.URL.Query().Get("sort_by"), "incident_number:asc")
	sort.SliceStable(all, func(a, b int) bool {
		x, y := all[a].Opened.in(p.w.now), all[b].Opened.in(p.w.now)
		if up {
			return x.Before(y)
		}
		return y.Before(x)
	})
	return all
}

func (p *pagerDuty) getIncident(rw http.ResponseWriter, r *http.Request, in incident) {
	writeJSON(rw, http.StatusOK, obj{"incident": p.incidentObject(in, list(r, "include"))})
}

func (p *pagerDuty) listAlerts(rw http.ResponseWriter, r *http.Request, in incident) {
	var out []obj
	for _, a := range p.alerts(in, list(r, "include")) {
		if wanted(list(r, "statuses"), a["status"].(string)) && wanted(list(r, "alert_key"), a["alert_key"].(string)) {
			out = append(out, a)
		}
	}
	sortAlerts(out, r.URL.Query().Get("sort_by"))
	paged(rw, r, "alerts", out)
}

// sortAlerts orders by sort_by, "created_at" or "resolved_at" with ":asc" or
// ":desc". Without it alerts come in the order in which they were raised.
func sortAlerts(all []obj, by string) {
	field, dir, _ := strings.Cut(by, ":")
	if field != "created_at" && field != "resolved_at" {
		return
	}
	sort.SliceStable(all, func(a, b int) bool {
		x, _ := all[a][field].(string)
		y, _ := all[b][field].(string)
		if dir == "desc" {
			return x > y
		}
		return x < y
	})
}

func (p *pagerDuty) getAlert(rw http.ResponseWriter, r *http.Request, in incident) {
	for _, a := range p.alerts(in, nil) {
		if a["id"] == r.PathValue("alert") {
			writeJSON(rw, http.StatusOK, obj{"alert": a})
			return
		}
	}
	pagerDutyError(rw, http.StatusNotFound, "Not Found")
}

func (p *pagerDuty) listNotes(rw http.ResponseWriter, _ *http.Request, in incident) {
	writeJSON(rw, http.StatusOK, obj{"notes": noNull(p.notes(in))})
}
