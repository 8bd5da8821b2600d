package atlassian

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/opsbuddy/opsbuddy/border"
)

// Errors to ask for with errors.Is. All but ErrNothing mean that nobody could
// look, so that nothing may be said about what is there.
var (
	// ErrNothing says that somebody looked and nothing fits.
	ErrNothing = errors.New("nothing fits")
	// ErrNotConfigured says that the part has no address or login.
	ErrNotConfigured = errors.New("not configured")
	// ErrLogin says that the login was refused or nobody was logged in.
	ErrLogin = errors.New("not logged in")

	errNoJira       = &Error{Site: "Jira", Reason: "not configured; set JIRA_URL and its login", cause: ErrNotConfigured}
	errNoConfluence = &Error{Site: "Confluence", Reason: "not configured; set CONFLUENCE_URL and its login", cause: ErrNotConfigured}

	errNoJSON = errors.New("not JSON")
)

// Error says in one short sentence why Jira or Confluence could not be read.
type Error struct {
	Site       string        // "Jira" or "Confluence"
	Status     int           // of the answer; 0 = there was none
	RetryAfter time.Duration // what the site asked for; 0 = nothing
	Reason     string        // a sentence without address or token
	spoken     bool          // the answer was the program's own, not a proxy's or another program's page
	cause      error
}

// Error is the site and the reason.
func (e *Error) Error() string { return e.Site + ": " + e.Reason }

// Unwrap gives ErrLogin or a *border.StatusError, where there is one.
func (e *Error) Unwrap() error { return e.cause }

// errNoAnswer is about JSON that is not what was asked for.
func errNoAnswer(site, what string) error {
	return &Error{Site: site, Status: http.StatusOK, Reason: what + "; nothing can be said about what is there", spoken: true}
}

func (s *site) notLoggedIn(status int, fault string) error {
	e := &Error{Site: s.name, Status: status, cause: ErrLogin, spoken: true}
	switch fault {
	case "CAPTCHA_CHALLENGE":
		e.Reason = "the login is locked by a CAPTCHA; log in once in a browser, then renew " + s.tokenVar
	case "anonymous":
		e.Reason = "it answered as to an anonymous user, so an empty answer says nothing; renew " + s.tokenVar
	default:
		e.Reason = fmt.Sprintf("nobody was logged in (%s), so an empty answer says nothing; renew %s", fault, s.tokenVar)
	}
	return e
}

func (s *site) noJSON(status int, data []byte) error {
	e := &Error{Site: s.name, Status: status, cause: errNoJSON}
	if strings.HasPrefix(strings.TrimSpace(string(data[:min(len(data), 512)])), "<") {
		e.Reason = "it answered with a web page instead of data, as a login page does; check " + s.urlVar + " and " + s.tokenVar
	} else {
		e.Reason = "it answered with something that is not JSON; check " + s.urlVar
	}
	return e
}

// refused is an answer that is not 2xx.
func (s *site) refused(resp *http.Response, data []byte) error {
	said, spoken := s.complaint(data)
	st := s.status(resp)
	e := &Error{Site: s.name, Status: st.Status, RetryAfter: st.RetryAfter, spoken: spoken, cause: st}
	switch st.Status {
	case http.StatusUnauthorized:
		e.Reason, e.cause = "the login was refused (401); renew "+s.tokenVar, errors.Join(ErrLogin, st)
	case http.StatusForbidden:
		e.Reason = "this login may not read that (403)"
	case http.StatusNotFound:
		e.Reason = "not found, or not visible to this login (404)"
		if !spoken {
			e.Reason += "; if it is there, check " + s.urlVar
		}
	case http.StatusBadRequest:
		e.Reason = "the request was not accepted (400)"
	case http.StatusGone:
		e.Reason = "this kind of request is gone from there (410); check that " + s.tokenVar + " is for this kind of site"
	case http.StatusTooManyRequests:
		e.Reason = "too many requests (429)" + tryAgain(st.RetryAfter)
	default:
		e.Reason = strings.TrimSpace(fmt.Sprintf("it answered %d %s", st.Status, http.StatusText(st.Status))) + tryAgain(st.RetryAfter)
	}
	if said != "" {
		e.Reason += ": " + said
	}
	return e
}

func tryAgain(after time.Duration) string {
	if after <= 0 {
		return ""
	}
	return fmt.Sprintf("; try again in %s", after.Round(time.Second))
}

// complaint is what an error's body says, in Jira's form or in Confluence's,
// and whether it is a body of theirs.
func (s *site) complaint(data []byte) (said string, spoken bool) {
	f, ok := decode(data)
	if !ok {
		return "", false
	}
	var parts []string
	messages, _ := f.at("errorMessages").list()
	for _, m := range messages {
		parts = append(parts, m.line())
	}
	byField, _ := f.at("errors").value.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(byField)) {
		parts = append(parts, name+": "+field{byField[name]}.line())
	}
	parts = append(parts, f.at("message").line())
	said = oneLine(strings.Join(parts, " "))
	said, _ = border.Cut(s.redactor.Redact(said), 300)
	return said, f.has("errorMessages") || f.has("errors") || f.has("message") || f.has("statusCode")
}

// notFound reports whether the answer was 404.
func notFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}
