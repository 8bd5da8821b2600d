package world

import (
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// addConfluence serves Confluence's REST v1 below a base path.
func (a *atlassian) addConfluence(base string) {
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /rest/api/search":             a.searchSite,
		"GET /rest/api/content/search":     a.searchContent,
		"GET /rest/api/content":            a.contentByTitle,
		"GET /rest/api/content/{id}":       a.getPage,
		"GET /rest/api/content/{id}/label": a.getLabels,
		"GET /rest/api/content/{id}/child/{kind}": func(rw http.ResponseWriter, r *http.Request) {
			a.contentList(rw, r, nil)
		},
		"GET /rest/api/content/{id}/property": func(rw http.ResponseWriter, r *http.Request) {
			a.contentList(rw, r, nil)
		},
		"GET /rest/api/space":        a.listSpaces,
		"GET /rest/api/space/{key}":  a.getSpace,
		"GET /rest/api/user/current": a.currentUser,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		a.mux.HandleFunc(method+" "+base+path, h)
	}
}

// wikiError is Confluence's error object.
func wikiError(rw http.ResponseWriter, status int, message string) {
	writeJSON(rw, status, obj{
		"statusCode": status, "message": message, "reason": http.StatusText(status),
		"data": obj{"authorized": true, "valid": status != http.StatusBadRequest, "errors": []obj{}, "successful": false},
	})
}

// wikiTime is how Confluence writes times.
func wikiTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// links are the addresses that every answer of Confluence carries.
func (a *atlassian) links(self string) obj {
	return obj{"base": a.w.ConfluenceURL(), "context": "/wiki", "self": a.w.ConfluenceURL() + self}
}

// pageWindow reads start and limit and cuts a list.
func pageWindow[T any](r *http.Request, all []T) (part []T, start, limit int) {
	limit = 25
	if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && n >= 0 {
		limit = min(n, 250)
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("start")); err == nil && n > 0 {
		start = n
	}
	from := min(start, len(all))
	return all[from:min(from+limit, len(all))], start, limit
}

// searchSite is the search that the search page uses: pages with excerpts.
func (a *atlassian) searchSite(rw http.ResponseWriter, r *http.Request) {
	hits, ok := a.hits(rw, r)
	if !ok {
		return
	}
	part, start, limit := pageWindow(r, hits)
	results := []obj{}
	for _, h := range part {
		at := h.page.Updated.in(a.w.now)
		results = append(results, obj{
			"content": a.content(h.page, list(r, "expand"), "content."), "title": highlight(h.page.Title, h.words),
			"excerpt": highlight(h.excerpt(), h.words), "url": h.page.path(), "entityType": "content", "iconCssClass": "aui-icon content-type-page",
			"resultGlobalContainer": obj{"title": h.page.Space, "displayUrl": "/spaces/" + h.page.Space}, "breadcrumbs": []obj{},
			"lastModified": wikiTime(at), "friendlyLastModified": at.Format("Jan 02, 2006"), "score": 0.0,
		})
	}
	answer := obj{
		"results": results, "start": start, "limit": limit, "size": len(results), "totalSize": len(hits), "cqlQuery": r.URL.Query().Get("cql"),
		"searchDuration": 12, "_links": a.links("/rest/api/search"),
	}
	if start+len(results) < len(hits) {
		answer["_links"].(obj)["next"] = "/rest/api/search?start=" + strconv.Itoa(start+len(results))
	}
	writeJSON(rw, http.StatusOK, answer)
}

func (a *atlassian) searchContent(rw http.ResponseWriter, r *http.Request) {
	hits, ok := a.hits(rw, r)
	if !ok {
		return
	}
	var pages []page
	for _, h := range hits {
		pages = append(pages, h.page)
	}
	a.contentList(rw, r, pages)
}

func (a *atlassian) contentList(rw http.ResponseWriter, r *http.Request, pages []page) {
	part, start, limit := pageWindow(r, pages)
	results := []obj{}
	for _, p := range part {
		results = append(results, a.content(p, list(r, "expand"), ""))
	}
	writeJSON(rw, http.StatusOK, obj{
		"results": results, "start": start, "limit": limit, "size": len(results), "totalSize": len(pages), "_links": a.links("/rest/api/content"),
	})
}

func (a *atlassian) contentByTitle(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var pages []page
	for _, p := range a.w.h.Pages {
		if (q.Get("title") == "" || q.Get("title") == p.Title) && (q.Get("spaceKey") == "" || q.Get("spaceKey") == p.Space) {
			pages = append(pages, p)
		}
	}
	a.contentList(rw, r, pages)
}

func (a *atlassian) pageByID(id string) (page, bool) {
	i := slices.IndexFunc(a.w.h.Pages, func(p page) bool { return p.ID == id })
	if i < 0 {
		return page{}, false
	}
	return a.w.h.Pages[i], true
}

const noContent = "No content found with id: ContentId{id="

func (a *atlassian) getPage(rw http.ResponseWriter, r *http.Request) {
	p, ok := a.pageByID(r.PathValue("id"))
	if !ok {
		wikiError(rw, http.StatusNotFound, noContent+r.PathValue("id")+"}")
		return
	}
	out := a.content(p, list(r, "expand"), "")
	for k, v := range a.links("/rest/api/content/" + p.ID) {
		out["_links"].(obj)[k] = v
	}
	writeJSON(rw, http.StatusOK, out)
}

// content is a page with what expand asks for. Below is what stands before the
// names in expand, for pages that are part of something else.
func (a *atlassian) content(p page, expand []string, below string) obj {
	out := obj{
		"id": p.ID, "type": "page", "status": "current", "title": p.Title, "extensions": obj{"position": 1},
		"_links":      obj{"webui": p.path(), "self": a.w.ConfluenceURL() + "/rest/api/content/" + p.ID},
		"_expandable": obj{"container": "/rest/api/space/" + p.Space},
	}
	asked := func(name string) bool {
		return slices.ContainsFunc(expand, func(e string) bool {
			e, ok := strings.CutPrefix(e, below)
			return ok && (e == name || strings.HasPrefix(e, name+"."))
		})
	}
	if asked("space") {
		out["space"] = a.space(p.Space)
	}
	if asked("version") {
		out["version"] = a.version(p)
	}
	if asked("body.storage") {
		out["body"] = obj{"storage": obj{"value": storage(p.Body), "representation": "storage"}}
	}
	if asked("history") {
		out["history"] = obj{"latest": true, "createdDate": wikiTime(p.Updated.in(a.w.now)), "createdBy": a.wikiUser(p.By), "lastUpdated": a.version(p)}
	}
	if asked("metadata.labels") {
		out["metadata"] = obj{"labels": labels(p)}
	}
	if asked("ancestors") {
		out["ancestors"] = []obj{}
	}
	if asked("children.attachment") {
		out["children"] = obj{"attachment": obj{"results": []obj{}, "size": 0}}
	}
	return out
}

func (a *atlassian) version(p page) obj {
	at := p.Updated.in(a.w.now)
	return obj{"number": max(1, p.Version), "when": wikiTime(at), "friendlyWhen": at.Format("Jan 02, 2006"), "by": a.wikiUser(p.By), "minorEdit": false, "message": ""}
}

func (a *atlassian) wikiUser(handle string) obj {
	who, ok := a.people[handle]
	if !ok {
		return obj{"type": "anonymous", "displayName": "Anonymous"}
	}
	return obj{
		"type": "known", "accountId": accountID(handle), "accountType": "atlassian", "displayName": who.Name, "publicName": who.Name,
		"email": a.w.h.email(who),
	}
}

func labels(p page) obj {
	out := []obj{}
	for _, l := range p.Labels {
		out = append(out, obj{"prefix": "global", "name": l, "label": l, "id": idNumber(l)})
	}
	return obj{"results": out, "start": 0, "limit": 200, "size": len(out)}
}

func (a *atlassian) getLabels(rw http.ResponseWriter, r *http.Request) {
	p, ok := a.pageByID(r.PathValue("id"))
	if !ok {
		wikiError(rw, http.StatusNotFound, noContent+r.PathValue("id")+"}")
		return
	}
	writeJSON(rw, http.StatusOK, labels(p))
}

func (a *atlassian) space(key string) obj {
	return obj{"id": number(idNumber(key)), "key": key, "name": key, "type": "global", "status": "current", "_links": obj{"webui": "/spaces/" + key}}
}

func (a *atlassian) spaceKeys() []string {
	var out []string
	for _, p := range a.w.h.Pages {
		if !slices.Contains(out, p.Space) {
			out = append(out, p.Space)
		}
	}
	sort.Strings(out)
	return out
}

func (a *atlassian) listSpaces(rw http.ResponseWriter, r *http.Request) {
	out := []obj{}
	for _, key := range a.spaceKeys() {
		out = append(out, a.space(key))
	}
	part, start, limit := pageWindow(r, out)
	writeJSON(rw, http.StatusOK, obj{"results": part, "start": start, "limit": limit, "size": len(part), "_links": a.links("/rest/api/space")})
}

func (a *atlassian) getSpace(rw http.ResponseWriter, r *http.Request) {
	if !slices.Contains(a.spaceKeys(), r.PathValue("key")) {
		wikiError(rw, http.StatusNotFound, "No space with key : "+r.PathValue("key"))
		return
	}
	writeJSON(rw, http.StatusOK, a.space(r.PathValue("key")))
}

func (a *atlassian) currentUser(rw http.ResponseWriter, _ *http.Request) {
	writeJSON(rw, http.StatusOK, a.wikiUser(a.w.h.People[0].Handle))
}
