package pagerduty

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/opsbuddy/opsbuddy/border"
)

// ErrNotInPlan says that the account, or the key, does not have a feature such
// as Past Incidents. Nobody looked; a caller may look another way.
var ErrNotInPlan = errors.New("not offered by PagerDuty to this account or key")

// explain adds to an error what to do about it, and takes our key out of what
// the answer said.
func (c *Client) explain(err error) error {
	var st *border.StatusError
	if !errors.As(err, &st) {
		return err
	}
	st.Excerpt = c.redact.Redact(st.Excerpt)
	switch st.Status {
	case http.StatusUnauthorized:
		return fmt.Errorf("%w; renew PAGERDUTY_USER_API_KEY, and for European accounts set PAGERDUTY_API_HOST", err)
	case http.StatusForbidden:
		return fmt.Errorf("%w; PAGERDUTY_USER_API_KEY may not read this", err)
	case http.StatusNotFound:
		return fmt.Errorf("%w; it is not there, or not visible to PAGERDUTY_USER_API_KEY", err)
	}
	return err
}

// inPlan turns the answers by which PagerDuty refuses a feature into
// ErrNotInPlan. So does a wall: only features have one of their own.
func inPlan(feature string, err error) error {
	var st *border.StatusError
	var wall *border.WallError
	switch {
	case errors.As(err, &wall):
		return fmt.Errorf("%s: %w", feature, ErrNotInPlan)
	case errors.As(err, &st) && (st.Status == http.StatusPaymentRequired || st.Status == http.StatusForbidden || st.Status == http.StatusNotFound):
		return fmt.Errorf("%s: %w (%d)", feature, ErrNotInPlan, st.Status)
	case err != nil:
		return fmt.Errorf("%s: %w", feature, err)
	}
	return nil
}

// checkID refuses what cannot stand in a path.
func checkID(what, id string) error {
	if validID(id) {
		return nil
	}
	shown := shortText(id, 40)
	return fmt.Errorf("%q is not the id of %s: ids have letters and digits only, such as P1234567", shown, what)
}
