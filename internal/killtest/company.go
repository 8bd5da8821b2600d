package killtest

import (
	"fmt"
	"strings"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// company makes a company of n incidents. Each has a word of its own, k0017, in
// its title, and each call of its model another, k0017t1a, so that every request
// of every step tells whose it is.
func company(n int) (*world.Company, error) {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, companyScenario, slug(i), word(i), i%services)
		fmt.Fprintf(&b, "      - brief: |\n%s", indent(briefOf(i), "          "))
	}
	c, err := world.Shop(services, b.String())
	if err != nil {
		return nil, fmt.Errorf("a company of %d incidents: %w", n, err)
	}
	return c, nil
}

const services = 4

func slug(i int) string { return fmt.Sprintf("page-%04d", i) }

// word is in the title of an incident and in nothing else.
func word(i int) string { return fmt.Sprintf("k%04d", i) }

// briefOf is the model's last turn. Every third one is too long for one message
// and goes on in the thread.
func briefOf(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# service-%[1]d: job %[2]s is late\n\n## What Do I Do Right Now?\n1. Look at the queue of service-%[1]d\n\n## What's Happening?\n", i%services, word(i))
	lines := 1
	if i%3 == 2 {
		lines = 260
	}
	for range lines {
		fmt.Fprintf(&b, "- job %s of service-%d is late and its queue grows\n", word(i), i%services)
	}
	b.WriteString("\n## Has This Happened Before?\n- No similar incident was found\n")
	return b.String()
}

func indent(text, by string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(by + line)
	}
	return b.String()
}

// companyScenario takes the slug, the word and the service, each by index.
const companyScenario = `  - slug: %[1]s
    shows: One of many.
    incident:
      service: service-%[3]d
      title: "%[2]s: job %[2]s of service-%[3]d is late"
      urgency: high
      opened: -1m
      alerts:
        - {summary: "job %[2]s of service-%[3]d is late and its queue grows", severity: error, at: -1m}
    model:
      - calls:
          - {tool: mcp__pagerduty__list_services, with: {query: '%[2]st1a'}}
          - {tool: mcp__atlassian__jira_search, with: {jql: 'text ~ "%[2]st1b"'}}
          - {tool: mcp__atlassian__confluence_search, with: {query: '%[2]st1c'}}
      - calls:
          - {tool: mcp__pagerduty__list_services, with: {query: '%[2]st2a'}}
          - {tool: mcp__atlassian__jira_search, with: {jql: 'text ~ "%[2]st2b"'}}
`
