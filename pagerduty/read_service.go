package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	api "github.com/PagerDuty/go-pagerduty"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// Bounds of services and policies.
const (
	maxServices    = 100
	maxDescription = 1000
	maxRules       = 20
)

type apiService struct {
	wireRef
	Description      string    `json:"description"`
	Status           string    `json:"status"`
	EscalationPolicy wireRef   `json:"escalation_policy"`
	Teams            []wireRef `json:"teams"`
}

func (a apiService) service() incident.Service {
	return incident.Service{
		Ref: a.ref(), Description: longText(a.Description, maxDescription), Status: word(a.Status),
		EscalationPolicy: a.EscalationPolicy.ref(), Teams: refs(a.Teams),
	}
}

// Service reads a service.
func (c *Client) Service(ctx context.Context, id string) (incident.Service, error) {
	if err := checkID("a service", id); err != nil {
		return incident.Service{}, err
	}
	a, err := object[apiService](ctx, c, "service", func(ctx context.Context) error {
		_, err := c.main.GetServiceWithContext(ctx, id, nil)
		return err
	})
	if err != nil {
		return incident.Service{}, fmt.Errorf("service %s: %w", id, err)
	}
	return a.service(), nil
}

// Services lists the services whose name contains the query, all of them when
// it is empty, at most 100.
func (c *Client) Services(ctx context.Context, query string) ([]incident.Service, incident.Cut, error) {
	query = shortText(query, maxName)
	found, cut, err := listing[apiService, incident.Service]{
		key: "services", most: maxServices, convert: apiService.service, id: func(s incident.Service) string { return s.ID },
		send: func(ctx context.Context, offset uint) error {
			_, err := c.main.ListServicesWithContext(ctx, api.ListServiceOptions{
				Limit: pageSize, Offset: offset, Total: true, Query: query, SortBy: "name:asc",
			})
			return err
		},
	}.read(ctx, c)
	if err != nil {
		return nil, cut, fmt.Errorf("services: %w", err)
	}
	return found, cut, nil
}

// Policy is an escalation policy: who is paged, and after how long the next.
type Policy struct {
	incident.Ref
	Description string
	Loops       int // how often the rules start over
	Rules       []Rule
	Teams       []incident.Ref
	Services    []incident.Ref
}

// Rule is one level of a Policy.
type Rule struct {
	Targets      []incident.Ref // people and schedules
	DelayMinutes int            // until the next level is paged
}

type apiPolicy struct {
	wireRef
	Description string    `json:"description"`
	Loops       int       `json:"num_loops"`
	Teams       []wireRef `json:"teams"`
	Services    []wireRef `json:"services"`
	Rules       []struct {
		Delay   int       `json:"escalation_delay_in_minutes"`
		Targets []wireRef `json:"targets"`
	} `json:"escalation_rules"`
}

// EscalationPolicy reads an escalation policy.
func (c *Client) EscalationPolicy(ctx context.Context, id string) (Policy, error) {
	if err := checkID("an escalation policy", id); err != nil {
		return Policy{}, err
	}
	a, err := object[apiPolicy](ctx, c, "escalation_policy", func(ctx context.Context) error {
		_, err := c.main.GetEscalationPolicyWithContext(ctx, id, &api.GetEscalationPolicyOptions{})
		return err
	})
	if err != nil {
		return Policy{}, fmt.Errorf("escalation policy %s: %w", id, err)
	}
	p := Policy{Ref: a.ref(), Description: longText(a.Description, maxDescription), Loops: a.Loops, Teams: refs(a.Teams), Services: refs(a.Services)}
	for _, r := range a.Rules[:min(len(a.Rules), maxRules)] {
		p.Rules = append(p.Rules, Rule{Targets: refs(r.Targets), DelayMinutes: r.Delay})
	}
	return p, nil
}

// User is the person a key belongs to.
type User struct {
	incident.Ref
	Email    string
	Role     string
	TimeZone string
	JobTitle string
	Teams    []incident.Ref
}

// ErrAccountKey says that the key is one of the account and so of no person.
// All other reads work with it.
var ErrAccountKey = errors.New("the key belongs to the account, not to a person")

// Me reads whom the key belongs to.
func (c *Client) Me(ctx context.Context) (User, error) {
	type apiUser struct {
		wireRef
		Email    string    `json:"email"`
		Role     string    `json:"role"`
		TimeZone string    `json:"time_zone"`
		JobTitle string    `json:"job_title"`
		Teams    []wireRef `json:"teams"`
	}
	a, err := object[apiUser](ctx, c, "user", func(ctx context.Context) error {
		_, err := c.main.GetCurrentUserWithContext(ctx, api.GetCurrentUserOptions{})
		return err
	})
	var st *border.StatusError
	switch {
	case errors.As(err, &st) && st.Status == http.StatusBadRequest:
		return User{}, fmt.Errorf("user of the key: %w", ErrAccountKey)
	case err != nil:
		return User{}, fmt.Errorf("user of the key: %w", err)
	}
	return User{
		Ref: a.ref(), Email: shortText(a.Email, maxName), Role: word(a.Role), TimeZone: shortText(a.TimeZone, maxName),
		JobTitle: shortText(a.JobTitle, maxName), Teams: refs(a.Teams),
	}, nil
}
