package atlassian

import (
	"fmt"
	"net/url"
	"strings"
)

// gatewayHost serves scoped API tokens, under /ex/jira/ID and /ex/confluence/ID.
const gatewayHost = "api.atlassian.com"

// jiraPages and confluencePages are the first path elements of the programs'
// own pages. What stands before one is the base address.
var (
	jiraPages = set("browse", "dashboards", "issues", "login.jsp", "plugins", "projects", "rest", "secure", "servicedesk",
		"si", "sr")
	jiraCloudPages = set("apps", "core", "dashboards", "filters", "for-you", "people", "plans", "projects", "search", "settings",
		"software", "your-work")
	confluencePages = set("display", "download", "home", "label", "labels", "pages", "people", "plugins", "rest", "search",
		"spaces", "x")
)

// parseAddress reads an address that a person set. Name and password in it are
// dropped: they would reach links and errors.
func parseAddress(name, raw string) (*url.URL, []string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, nil, fmt.Errorf("%s is not a web address; set it like https://your-org.atlassian.net", name)
	}
	var parts []string
	for p := range strings.SplitSeq(u.Path, "/") {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, parts, nil
}

// cloudHost reports whether a host is a Cloud site, which has no path of its
// own before Jira's pages. It says nothing about how to log in.
func cloudHost(u *url.URL) bool {
	h := strings.ToLower(u.Hostname())
	return strings.HasSuffix(h, ".atlassian.net") || strings.HasSuffix(h, ".jira.com")
}

// jiraBase finds the address to which /rest is joined in JIRA_URL, be it a
// base address, one with slashes at its end, or a page that was pasted.
func jiraBase(raw string) (string, error) {
	u, parts, err := parseAddress("JIRA_URL", raw)
	if err != nil {
		return "", err
	}
	switch {
	case cloudHost(u):
		return u.String(), nil
	case u.Hostname() == gatewayHost:
		return joined(u, parts[:min(3, len(parts))]), nil
	}
	for i, p := range parts {
		if jiraPages[p] || p == "jira" && jiraCloudPage(parts[i+1:]) {
			return joined(u, parts[:i]), nil
		}
	}
	return joined(u, parts), nil
}

// jiraCloudPage tells Cloud's pages under /jira from a Server whose base
// address ends in /jira.
func jiraCloudPage(rest []string) bool {
	if len(rest) == 0 {
		return false
	}
	if rest[0] == "servicedesk" {
		return len(rest) > 1 && (rest[1] == "projects" || rest[1] == "c")
	}
	return jiraCloudPages[rest[0]] && (rest[0] != "projects" || len(rest) == 1)
}

// confluenceBases finds the addresses to which /rest may be joined in
// CONFLUENCE_URL, the likeliest first. Cloud's is /wiki; a bare host with a
// user name is taken for Cloud first, since that is what such a login means.
func confluenceBases(raw string, personal bool) ([]string, error) {
	u, parts, err := parseAddress("CONFLUENCE_URL", raw)
	if err != nil {
		return nil, err
	}
	switch {
	case cloudHost(u):
		return []string{joined(u, []string{"wiki"})}, nil
	case u.Hostname() == gatewayHost:
		return []string{joined(u, append(parts[:min(3, len(parts))], "wiki"))}, nil
	case len(parts) > 0 && parts[0] == "wiki":
		return []string{joined(u, parts[:1])}, nil
	}
	for i, p := range parts {
		if confluencePages[p] || strings.HasSuffix(p, ".action") {
			parts = parts[:i]
			break
		}
	}
	if len(parts) > 0 || personal {
		return []string{joined(u, parts)}, nil
	}
	return []string{joined(u, []string{"wiki"}), u.String()}, nil
}

func joined(u *url.URL, parts []string) string {
	return strings.TrimRight(u.JoinPath(parts...).String(), "/")
}

// sameHost reports whether two addresses are on one host and port.
func sameHost(a, b string) bool {
	ua, errA := url.Parse(a)
	ub, errB := url.Parse(b)
	return errA == nil && errB == nil && strings.EqualFold(ua.Host, ub.Host)
}
