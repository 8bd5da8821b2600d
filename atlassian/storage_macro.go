package atlassian

import (
	"maps"
	"slices"
	"strings"
)

// silentMacros show nothing but what Confluence computes when it draws a page.
var silentMacros = set("toc", "toc-zone", "anchor", "children", "pagetree", "recently-updated", "contributors",
	"change-history", "livesearch", "create-from-template", "blog-posts", "attachments")

// boxKinds are the macros that draw a box, by what the box says.
var boxKinds = map[string]string{
	"info": "Info", "note": "Note", "warning": "Warning", "tip": "Tip", "panel": "",
}

// macro turns a macro with a body into blocks.
func (s storage) macro(e *element, depth int) []block {
	name := e.attrs["ac:name"]
	params := e.params()
	if name == "code" || name == "noformat" {
		return append(boldLine(params["title"]), fence(macroCode(e), params["language"])...)
	}
	body := s.blocks(macroBody(e), depth)
	if kind, ok := boxKinds[name]; ok {
		return quote(kind, params["title"], body)
	}
	if name == "expand" {
		return append(boldLine(params["title"]), body...)
	}
	return body
}

// macroCode is the body of a code macro, letter by letter.
func macroCode(e *element) string {
	if body := e.child("ac:plain-text-body"); body.name != "" {
		return body.verbatim()
	}
	return e.child("ac:rich-text-body").verbatim()
}

// macroBody is everything in a macro but its parameters.
func macroBody(e *element) []*element {
	var out []*element
	for _, k := range e.kids {
		if k.name != "ac:parameter" {
			out = append(out, k)
		}
	}
	return out
}

// inlineMacro is a macro without a body.
func (s storage) inlineMacro(e *element) string {
	name := e.attrs["ac:name"]
	params := e.params()
	switch name {
	case "status":
		return params["title"]
	case "jira", "jiraissues":
		if key := params["key"]; key != "" {
			return key
		}
	case "include", "excerpt-include":
		return "[included page: " + firstText(e.find("ri:page").attrs["ri:content-title"], "unknown") + "]"
	}
	if silentMacros[name] {
		return ""
	}
	if inner := s.plain(&element{kids: macroBody(e)}); inner != "" {
		return inner
	}
	return macroNote(name, params)
}

// quietParams say how a macro looks or where its data lives, not what it says.
var quietParams = set("", "serverId", "server", "columns", "columnIds", "maximumIssues", "width", "height", "border", "zoom",
	"pageId", "custContentId", "contentVer", "revision", "lbox", "simple", "diagramWidth", "diagramHeight", "colour", "color",
	"macroId", "localId", "atlassian-macro-output-type", "style", "class", "hidden")

// macroNote names a macro whose content is not part of the page.
func macroNote(name string, params map[string]string) string {
	if name == "" {
		return ""
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(params)) {
		if params[key] != "" && !quietParams[key] {
			parts = append(parts, key+"="+clip(oneLine(params[key]), 200))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "[" + oneLine(name) + ": " + strings.Join(parts, ", ") + "]"
}
