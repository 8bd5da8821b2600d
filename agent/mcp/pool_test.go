package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

var anything = json.RawMessage(`{"type":"object"}`)

// builtin is a server in memory whose tools answer with their own name.
func builtin(names ...string) *sdk.Server {
	s := sdk.NewServer(&sdk.Implementation{Name: "builtin", Version: "1"}, nil)
	for _, name := range names {
		addTool(s, name, anything)
	}
	return s
}

func addTool(s *sdk.Server, name string, schema json.RawMessage) {
	s.AddTool(&sdk.Tool{Name: name, Description: "about " + name, InputSchema: schema}, func(_ context.Context, r *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		return text(r.Params.Name + string(r.Params.Arguments)), nil
	})
}

func TestNewPoolRefusesWhatCannotWork(t *testing.T) {
	mem := builtin("a")
	for says, servers := range map[string][]Server{
		`"pd" stands twice`:       {{Name: "pd", InMemory: mem}, {Name: "pd", Command: "x"}},
		`"": name it`:             {{Command: "x"}},
		`"p d": name it`:          {{Name: "p d", Command: "x"}},
		`"a__b": name it`:         {{Name: "a__b", Command: "x"}},
		`"a_": name it`:           {{Name: "a_", Command: "x"}},
		`at most 32`:              {{Name: strings.Repeat("n", 33), Command: "x"}},
		"give it a command":       {{Name: "none"}},
		"and not both":            {{Name: "two", Command: "x", URL: "https://mcp.example.com"}},
		"its url wants http://":   {{Name: "hosted", URL: "mcp.example.com/mcp"}},
		`url wants http:// or ht`: {{Name: "hosted", URL: "ftp://mcp.example.com/mcp"}},
	} {
		p, err := NewPool(servers, Options{})
		if err == nil || p != nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want %q", servers, err, says)
		}
	}
}

func TestToolsComeByServerAndNameAndAreCalledByTheirOwnNames(t *testing.T) {
	p := newPool(t, Options{}, Server{Name: "slack", InMemory: builtin("post", "list")}, Server{Name: "jira", InMemory: builtin("issues.search", "issues_search", "a/b")})
	defs, down := p.Tools(t.Context())
	var got []string
	for _, d := range defs {
		got = append(got, d.Name+" "+d.Server+" "+d.Tool)
	}
	wanted := []string{
		"mcp__jira__a_b jira a/b",
		"mcp__jira__issues_search jira issues.search",
		"mcp__jira__issues_search_" + strings.TrimPrefix(hashedName("jira", "issues_search"), "mcp__jira__issues_search_") + " jira issues_search",
		"mcp__slack__list slack list",
		"mcp__slack__post slack post",
	}
	if diff := cmp.Diff(wanted, got); diff != "" || down != nil {
		t.Errorf("%s down: %v", diff, down)
	}
	for _, d := range defs {
		want(t, call(t, p, d.Name, `{"n":1}`), false, d.Tool+`{"n":1}`)
	}
}

func TestLongNamesStayUniqueAndWithinSixtyFourCharacters(t *testing.T) {
	long := strings.Repeat("get_everything_", 6)
	one, two := modelName("pagerduty", long+"a"), modelName("pagerduty", long+"b")
	if len(one) != maxName || len(two) != maxName || one == two {
		t.Errorf("%s (%d), %s (%d)", one, len(one), two, len(two))
	}
	if again := modelName("pagerduty", long+"a"); again != one {
		t.Errorf("%s became %s", one, again)
	}
}

func TestTheAllowListHoldsForListingAndForCalling(t *testing.T) {
	p := newPool(t, Options{}, Server{Name: "pd", InMemory: builtin("get_incident", "resolve_incident"), AllowTools: []string{"get_incident", "list_oncalls"}})
	for range 2 { // before and after listing
		got := call(t, p, "mcp__pd__resolve_incident", `{}`)
		want(t, got, true, `no tool "mcp__pd__resolve_incident"`, "mcp__pd__get_incident")
	}
	want(t, call(t, p, "resolve_incident", `{}`), true, "no tool")
	defs, _ := p.Tools(t.Context())
	if len(defs) != 1 || defs[0].Tool != "get_incident" {
		t.Errorf("tools: %v", defs)
	}
	if diff := cmp.Diff([]string{"pd: list_oncalls"}, p.Drift()); diff != "" {
		t.Error(diff)
	}
}

func TestAServerThatRenamedAllItsToolsIsDownAndSaysWhatItHas(t *testing.T) {
	p := newPool(t, Options{}, Server{Name: "pd", InMemory: builtin("browse_incidents", "manage_incidents"), AllowTools: []string{"get_incident"}})
	defs, down := p.Tools(t.Context())
	if len(defs) != 0 || len(down) != 1 || !strings.Contains(down[0].Why, "offers browse_incidents, manage_incidents") {
		t.Errorf("tools %v, down %v", defs, down)
	}
	want(t, call(t, p, "mcp__pd__get_incident", ""), true, "there are: none at all", "the tools of pd cannot be had now")
}

func TestACallWithoutAListingBeforeListsFirst(t *testing.T) {
	p := newPool(t, Options{}, Server{Name: "s", InMemory: builtin("t")})
	want(t, call(t, p, "mcp__s__t", ""), false, "t{}")
}

func TestACallInMemoryThatHangsEndsInTimeAndSoDoesClose(t *testing.T) {
	s := builtin("fine")
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) })
	s.AddTool(&sdk.Tool{Name: "stuck", InputSchema: anything}, func(context.Context, *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		<-stuck
		return nil, errors.New("too late")
	})
	p := newPool(t, Options{}, Server{Name: "m", InMemory: s, CallTimeout: 100 * time.Millisecond})
	want(t, call(t, p, "mcp__m__stuck", ""), true, "within 100ms")
	want(t, call(t, p, "mcp__m__fine", ""), false, "fine")
	began := time.Now()
	_ = p.Close()
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("closing took %s", took)
	}
}

func TestArgumentsThatCannotBeReadAreNewsForTheModel(t *testing.T) {
	p := newPool(t, Options{}, Server{Name: "s", InMemory: builtin("t")})
	for _, args := range []string{`{"a":`, `[1]`, `7`, `{} {}`} {
		want(t, call(t, p, "mcp__s__t", args), true, "the arguments of t cannot be read")
	}
}
