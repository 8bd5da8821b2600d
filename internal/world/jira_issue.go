package world

import (
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// statuses are the statuses that tickets may have, by Jira's three categories.
var statuses = map[string][]string{
	"new":           {"To Do", "Open", "Backlog"},
	"indeterminate": {"In Progress", "In Review", "Blocked"},
	"done":          {"Done", "Closed", "Resolved", "Won't Do"},
}

// categoryNames are the names that JQL knows the categories by.
var categoryNames = map[string]string{"new": "To Do", "indeterminate": "In Progress", "done": "Done"}

func statusCategory(status string) string {
	for category, names := range statuses {
		if slices.Contains(names, status) {
			return category
		}
	}
	return ""
}

func statusNames() []string {
	var out []string
	for _, names := range statuses {
		out = append(out, names...)
	}
	sort.Strings(out)
	return out
}

// jiraTime is how Jira writes times: no colon in the zone.
func jiraTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }

func (t ticket) project() string {
	key, _, _ := strings.Cut(t.Key, "-")
	return key
}

// updated is when a ticket last changed.
func (t ticket) updated(now time.Time) time.Time {
	last := t.Created.in(now)
	times := []moment{t.Updated, t.Resolved}
	for _, c := range t.Comments {
		times = append(times, c.At)
	}
	for _, m := range times {
		if m.set && m.in(now).After(last) {
			last = m.in(now)
		}
	}
	return last
}

// resolved is when a ticket was done; zero while it is not.
func (t ticket) resolved(now time.Time) time.Time {
	switch {
	case statusCategory(t.Status) != "done":
		return time.Time{}
	case t.Resolved.set:
		return t.Resolved.in(now)
	}
	return t.updated(now)
}

// account is a person in Jira: by account on Cloud, by name on Server.
func (a *atlassian) account(handle, version string) any {
	who, ok := a.people[handle]
	if !ok {
		return nil
	}
	out := obj{
		"displayName": who.Name, "active": true, "timeZone": orElse(who.Zone, "Etc/UTC"), "emailAddress": a.w.h.email(who),
		"avatarUrls": obj{"48x48": a.w.JiraURL() + "/avatar.png"}, "self": a.w.JiraURL() + "/rest/api/" + version + "/user?accountId=" + accountID(handle),
	}
	if version == "2" {
		out["name"], out["key"] = handle, "JIRAUSER1"+handle
	} else {
		out["accountId"], out["accountType"] = accountID(handle), "atlassian"
	}
	return out
}

// text is a long text in the version's format; none is null.
func (a *atlassian) text(markdown, version string) any {
	switch {
	case strings.TrimSpace(markdown) == "":
		return nil
	case version == "2":
		return wiki(markdown)
	}
	return adf{a.people}.document(markdown)
}

// issue is a ticket with the fields that were asked for; none asked is all.
func (a *atlassian) issue(t ticket, fields []string, version string) obj {
	id := idNumber(t.Key)
	out := obj{"id": id, "key": t.Key, "self": a.w.JiraURL() + "/rest/api/" + version + "/issue/" + id, "expand": "renderedFields,names,schema"}
	all := len(fields) == 0 || slices.Contains(fields, "*all") || slices.Contains(fields, "*navigable")
	got := obj{}
	for name, v := range a.fieldValues(t, version) {
		if all || slices.Contains(fields, name) {
			got[name] = v
		}
	}
	if len(got) > 0 || all {
		out["fields"] = got
	}
	return out
}

func (a *atlassian) fieldValues(t ticket, version string) obj {
	base := a.w.JiraURL() + "/rest/api/" + version
	category := statusCategory(t.Status)
	out := obj{
		"summary": t.Summary, "description": a.text(t.Description, version),
		"status": obj{
			"name": t.Status, "id": idNumber(t.Status), "self": base + "/status/" + idNumber(t.Status),
			"statusCategory": obj{"key": category, "name": categoryNames[category], "id": map[string]int{"new": 2, "indeterminate": 4, "done": 3}[category]},
		},
		"assignee": a.account(t.Assignee, version), "reporter": a.account(t.Reporter, version),
		"priority": nil, "labels": noNull(t.Labels), "components": named(t.Components), "fixVersions": []obj{}, "issuelinks": []obj{}, "subtasks": []obj{},
		"issuetype": obj{"name": orElse(t.Type, "Task"), "id": idNumber(orElse(t.Type, "Task")), "subtask": false},
		"project":   obj{"key": t.project(), "id": idNumber(t.project()), "name": t.project(), "self": base + "/project/" + t.project()},
		"created":   jiraTime(t.Created.in(a.w.now)), "updated": jiraTime(t.updated(a.w.now)), "resolutiondate": nil, "resolution": nil, "duedate": nil,
		"comment": obj{"comments": a.comments(t, version), "total": len(t.Comments), "maxResults": len(t.Comments), "startAt": 0},
	}
	if t.Priority != "" {
		out["priority"] = obj{"name": t.Priority, "id": idNumber(t.Priority)}
	}
	if at := t.resolved(a.w.now); !at.IsZero() {
		out["resolutiondate"], out["resolution"] = jiraTime(at), obj{"name": "Done", "id": "10000"}
	}
	return out
}

// idNumber is a stable number for a name, as Jira's ids are numbers in strings.
func idNumber(name string) string {
	n := 0
	for _, c := range name {
		n = (n*31 + int(c)) % 89999
	}
	return "1" + paddedNumber(n)
}

func paddedNumber(n int) string { return fmt.Sprintf("%05d", n) }

func named(names []string) []obj {
	out := []obj{}
	for _, n := range names {
		out = append(out, obj{"name": n, "id": idNumber(n)})
	}
	return out
}

// comments are a ticket's comments, the oldest first.
func (a *atlassian) comments(t ticket, version string) []obj {
	out := []obj{}
	for i, c := range t.Comments {
		at := jiraTime(c.At.in(a.w.now))
		out = append(out, obj{
			"id": idNumber(t.Key + strconv.Itoa(i)), "author": a.account(c.By, version), "updateAuthor": a.account(c.By, version),
			"body": a.text(c.Text, version), "created": at, "updated": at, "jsdPublic": true,
		})
	}
	return out
}

// jiraFields are the fields that Jira would list, by id and name.
var jiraFields = [][2]string{
	{"summary", "Summary"}, {"description", "Description"}, {"status", "Status"}, {"assignee", "Assignee"}, {"reporter", "Reporter"},
	{"priority", "Priority"}, {"labels", "Labels"}, {"components", "Components"}, {"issuetype", "Issue Type"}, {"project", "Project"},
	{"created", "Created"}, {"updated", "Updated"}, {"resolutiondate", "Resolved"}, {"resolution", "Resolution"}, {"comment", "Comment"},
}

func (a *atlassian) fields(rw http.ResponseWriter, _ *http.Request) {
	out := []obj{}
	for _, f := range jiraFields {
		out = append(out, obj{"id": f[0], "key": f[0], "name": f[1], "custom": false, "navigable": true, "searchable": true, "clauseNames": []string{f[0]}, "schema": obj{"type": "string", "system": f[0]}})
	}
	writeJSON(rw, http.StatusOK, out)
}

// projectKeys are the projects that tickets are in.
func (a *atlassian) projectKeys() []string {
	var out []string
	for _, t := range a.w.h.Tickets {
		if !slices.Contains(out, t.project()) {
			out = append(out, t.project())
		}
	}
	sort.Strings(out)
	return out
}

func (a *atlassian) projects(rw http.ResponseWriter, r *http.Request) {
	out := []obj{}
	for _, key := range a.projectKeys() {
		out = append(out, obj{"id": idNumber(key), "key": key, "name": key, "projectTypeKey": "software"})
	}
	if strings.HasSuffix(r.URL.Path, "/search") {
		writeJSON(rw, http.StatusOK, obj{"values": out, "total": len(out), "isLast": true, "startAt": 0, "maxResults": 50})
		return
	}
	writeJSON(rw, http.StatusOK, out)
}
