package world

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// checker collects mistakes that decoding cannot see: names that nobody has,
// fields left out, slugs used twice.
type checker struct {
	root *yaml.Node
	h    *house
	errs []error

	people, services, policies, teams, channels, incidents map[string]bool
}

// check reports every mistake of a company, each with line and field.
func check(root *yaml.Node, h *house) error {
	c := &checker{root: root, h: h}
	c.people = c.names("people", len(h.People), "handle", func(i int) string { return h.People[i].Handle })
	c.teams = c.names("teams", len(h.Teams), "name", func(i int) string { return h.Teams[i].Name })
	c.policies = c.names("escalation_policies", len(h.Policies), "name", func(i int) string { return h.Policies[i].Name })
	c.services = c.names("services", len(h.Services), "name", func(i int) string { return h.Services[i].Name })
	c.channels = c.names("channels", len(h.Channels), "name", func(i int) string { return h.Channels[i].Name })
	c.incidents = map[string]bool{}
	for _, i := range h.allIncidents() {
		c.incidents[i.Slug] = true
	}
	c.text(h.Company, "company")
	c.staff()
	c.records(h.Changes, h.Tickets, h.Pages)
	seen := map[string]bool{}
	for i, in := range h.Incidents {
		c.incident(in, seen, "incidents", i)
	}
	for i, ch := range h.Channels {
		c.each("channel member", c.people, ch.Members, "channels", i, "members")
		for k, m := range ch.Messages {
			c.message(m, "channels", i, "messages", k)
		}
	}
	for i, s := range h.Scenarios {
		c.scenario(s, seen, i)
	}
	return errors.Join(c.errs...)
}

// bad files a mistake at the deepest place of the path that the file has.
func (c *checker) bad(what string, path ...any) {
	node := c.root
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	c.errs = append(c.errs, fmt.Errorf("company: line %d: %s: %s", node.Line, dotted(path), what))
}

func child(n *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && step < len(n.Content) {
			return n.Content[step]
		}
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

func dotted(path []any) string {
	var b strings.Builder
	for _, step := range path {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		case string:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step)
		}
	}
	return b.String()
}

// names collects the names of a list and refuses empty and repeated ones.
func (c *checker) names(list string, n int, field string, name func(int) string) map[string]bool {
	seen := map[string]bool{}
	for i := range n {
		c.text(name(i), list, i, field)
		c.once(seen, name(i), list, i, field)
	}
	return seen
}

func (c *checker) once(seen map[string]bool, name string, path ...any) {
	if seen[name] && name != "" {
		c.bad(fmt.Sprintf("%q is there twice", name), path...)
	}
	seen[name] = true
}

func (c *checker) text(value string, path ...any) {
	if strings.TrimSpace(value) == "" {
		c.bad("is missing", path...)
	}
}

func (c *checker) when(m moment, path ...any) {
	if !m.set {
		c.bad("is missing; write a time such as -2m or -20d 03:14", path...)
	}
}

// known refuses a name that is not in the set. An empty one is fine.
func (c *checker) known(kind string, set map[string]bool, name string, path ...any) {
	if name == "" || set[name] {
		return
	}
	all := make([]string, 0, len(set))
	for k := range set {
		all = append(all, k)
	}
	slices.Sort(all)
	c.bad(fmt.Sprintf("there is no %s %q; there are %s", kind, name, strings.Join(all, ", ")), path...)
}

func (c *checker) each(kind string, set map[string]bool, names []string, path ...any) {
	for i, name := range names {
		c.known(kind, set, name, append(slices.Clone(path), i)...)
	}
}

func (c *checker) staff() {
	for i, t := range c.h.Teams {
		c.each("person", c.people, t.Members, "teams", i, "members")
	}
	for i, p := range c.h.Policies {
		c.known("team", c.teams, p.Team, "escalation_policies", i, "team")
		if len(p.Levels) == 0 {
			c.bad("nobody would be paged", "escalation_policies", i, "levels")
		}
		for k, l := range p.Levels {
			c.text(l.Person, "escalation_policies", i, "levels", k, "person")
			c.known("person", c.people, l.Person, "escalation_policies", i, "levels", k, "person")
		}
	}
	for i, s := range c.h.Services {
		c.text(s.Policy, "services", i, "policy")
		c.known("escalation policy", c.policies, s.Policy, "services", i, "policy")
		c.known("team", c.teams, s.Team, "services", i, "team")
		c.each("service", c.services, s.DependsOn, "services", i, "depends_on")
	}
}
