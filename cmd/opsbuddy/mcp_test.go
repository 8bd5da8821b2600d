package main

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// startWorldFor starts the company with one incident open.
func startWorldFor(t *testing.T, scenario string) *world.World {
	t.Helper()
	company, err := world.Load()
	if err != nil {
		t.Fatal(err)
	}
	return startCompany(t, company, scenario)
}

func startCompany(t *testing.T, company *world.Company, scenario string) *world.World {
	t.Helper()
	w, err := world.Start(company, world.Options{Scenario: scenario})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

func TestMCPServersSpeakToAnyClientOnStdio(t *testing.T) {
	w := startWorldFor(t, "recurring-502")
	for _, c := range []struct {
		server, tool, want string
		args               map[string]any
	}{
		{"pagerduty", "get_incident", "booking-api", map[string]any{"incident_id": w.IncidentID("")}},
		{"atlassian", "jira_get_issue", "seat map cache", map[string]any{"issue_key": "FER-412"}},
		{"slack", "slack_list_channels", "booking-api", map[string]any{}},
	} {
		t.Run(c.server, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, "opsbuddy", "mcp", c.server)
			cmd.Env = append(w.Env(), "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir())
			session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(ctx, &mcp.CommandTransport{Command: cmd}, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := session.Close(); err != nil {
					t.Errorf("the server did not end with its client: %v", err)
				}
			}()
			listed, err := session.ListTools(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(listed.Tools, func(tool *mcp.Tool) bool { return tool.Name == c.tool })
			if at < 0 {
				t.Fatalf("no tool %s among %d", c.tool, len(listed.Tools))
			}
			if a := listed.Tools[at].Annotations; a == nil || !a.ReadOnlyHint {
				t.Errorf("%s is not marked as read-only", c.tool)
			}
			got, err := session.CallTool(ctx, &mcp.CallToolParams{Name: c.tool, Arguments: c.args})
			if err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			for _, part := range got.Content {
				if text, ok := part.(*mcp.TextContent); ok {
					said.WriteString(text.Text)
				}
			}
			if got.IsError || !strings.Contains(said.String(), c.want) {
				t.Errorf("%s answered (error %t) without %q:\n%s", c.tool, got.IsError, c.want, said.String())
			}
		})
	}
}
