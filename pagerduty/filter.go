package pagerduty

import (
	"fmt"
	"strings"

	"github.com/opsbuddy/opsbuddy/border"
)

// filter decides which events begin a review.
type filter struct {
	events   map[string]bool
	services map[string]bool // names and ids; empty = every service
}

func newFilter(events, services []string) filter {
	f := filter{events: set(events), services: set(services)}
	if len(f.events) == 0 {
		f.events = map[string]bool{Triggered: true}
	}
	return f
}

func set(list []string) map[string]bool {
	out := map[string]bool{}
	for _, s := range list {
		if s = strings.TrimSpace(border.Line(s)); s != "" {
			out[s] = true
		}
	}
	return out
}

// skip says why e begins no review, or nothing when it does.
func (f filter) skip(e Event) string {
	service := e.Incident.Service
	switch {
	case e.Type == ping:
		return "ping received, this webhook works"
	case !f.events[e.Type]:
		return fmt.Sprintf("events of type %q begin no review", e.Type)
	case !strings.HasPrefix(e.Type, aboutPrefix):
		return fmt.Sprintf("events of type %q are about no incident", e.Type)
	case len(f.services) == 0:
		return ""
	case !e.ServiceKnown:
		return fmt.Sprintf("events of type %q do not name the incident's service, so the filter by service cannot let them through", e.Type)
	case f.services[service.ID] || f.services[service.Name]:
		return ""
	}
	return fmt.Sprintf("service %s is not one of the allowed services", named(service))
}
