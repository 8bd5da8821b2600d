package world

import (
	"fmt"
	"strings"
)

// Shop is a small company for tests that need incidents of their own: so many
// services, service-0 and on, and the scenarios as they would stand in a file.
func Shop(services int, scenarios string) (*Company, error) {
	var b strings.Builder
	b.WriteString(shopHead)
	for i := range services {
		fmt.Fprintf(&b, "  - {name: service-%d, description: Part %d of the shop, policy: Shop on-call, team: Shop}\n", i, i)
	}
	return Parse([]byte(b.String() + shopRest + scenarios))
}

// Crowd is a shop in which n incidents open, of so many problems in turn, for tests
// and measurements that need many. They spread over eight services; each has one
// alert, the same for incidents of one problem, and a model that reads it again in
// one turn and writes its brief in the next.
func Crowd(n, problems int) (*Company, error) {
	var b strings.Builder
	for i := range n {
		p := i % problems
		fmt.Fprintf(&b, crowdScenario, CrowdName(i), p%crowdServices, p)
	}
	c, err := Shop(crowdServices, b.String())
	if err != nil {
		return nil, fmt.Errorf("a company of %d incidents: %w", n, err)
	}
	return c, nil
}

const crowdServices = 8

// CrowdName is the scenario of the incident i of a crowd, from 0.
func CrowdName(i int) string { return fmt.Sprintf("page-%04d", i) }

const shopHead = `company: Crowd
domain: crowd.example
people:
  - {handle: ada, name: Ada Moreau, title: Engineer, zone: Europe/Paris}
teams:
  - {name: Shop, members: [ada]}
escalation_policies:
  - {name: Shop on-call, team: Shop, levels: [{person: ada, schedule: Shop primary, until: 5h}]}
services:
`

const shopRest = `channels:
  - {name: incidents, topic: Pages, purpose: Pages, members: [ada]}
pages:
  - {id: "1001", title: "Runbook: service-0 latency", space: OPS, by: ada, updated: -9d, version: 1, body: "Restart service-0 and look at its queue."}
tickets:
  - {key: SHOP-1, type: Bug, summary: service-0 is slow in the evening, status: To Do, created: -20d, updated: -3d}
scenarios:
`

// crowdScenario takes the slug, the service and the problem, each by index.
const crowdScenario = `  - slug: %[1]s
    shows: One of many.
    incident:
      service: service-%[2]d
      title: "service-%[2]d: latency of job %[3]d above 2 s"
      urgency: high
      opened: -1m
      alerts:
        - {summary: "job %[3]d of service-%[2]d takes 3 s", severity: error, at: -1m, details: {job: %[3]d, p99: 3 s}}
    model:
      - calls:
          - {tool: mcp__pagerduty__list_alerts_from_incident, with: {incident_id: '{{id "%[1]s"}}'}}
      - brief: |
          # service-%[2]d: latency of job %[3]d above 2 s

          ## What Do I Do Right Now?
          1. Look at the queue of service-%[2]d

          ## What's Happening?
          - job %[3]d of service-%[2]d takes 3 s

          ## Has This Happened Before?
          - No similar incident was found
`
