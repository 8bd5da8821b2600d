package model

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func printable() []Tool {
	return []Tool{
		{Name: "mcp__pagerduty__get_incident", Schema: json.RawMessage(`{"type":"object","properties":{"incident_id":{"type":"string"},"limit":{"type":"integer"}}}`)},
		{Name: "jira", Schema: json.RawMessage(`{"type":"object"}`)},
	}
}

func TestACallPrintedAsTextIsFound(t *testing.T) {
	one := []Call{{Name: "mcp__pagerduty__get_incident", Arguments: json.RawMessage(`{"incident_id":"Q1"}`)}}
	two := append(one, Call{Name: "jira", Arguments: json.RawMessage(`{"jql":"a = b"}`)})
	body := `{"name":"mcp__pagerduty__get_incident","arguments":{"incident_id":"Q1"}}`
	jira := `{"name": "jira", "parameters": {"jql": "a = b"}}`
	for _, c := range []struct {
		in, rest string
		calls    []Call
	}{
		{body, "", one},
		{"\n " + body + "\n", "", one},
		{`{"tool":"mcp__pagerduty__get_incident","input":{"incident_id":"Q1"}}`, "", one},
		{`{"type":"function","function":{"name":"mcp__pagerduty__get_incident","arguments":"{\"incident_id\":\"Q1\"}"}}`, "", one},
		{`{"function":"mcp__pagerduty__get_incident","args":{"incident_id":"Q1"}}`, "", one},
		{`{"tool_calls":[` + body + `,` + jira + `]}`, "", two},
		{`[` + body + `,` + jira + `]`, "", two},
		{body + "\n\n" + jira, "", two},
		{"```json\n" + body + "\n" + jira + "\n```", "", two},
		{"```json\n" + body + "\n```", "", one},
		{"I look it up:\n\n```json\n" + body + "\n```\n", "I look it up:", one},
		{"<tool_call>\n" + body + "\n</tool_call>", "", one},
		{"First.\n<tool_call>" + body + "</tool_call>\n<tool_call>" + jira + "</tool_call>", "First.", two},
		{"<tool_call>\n" + body, "", one},
		{"[TOOL_CALLS]" + `[` + body + `]`, "", one},
		{"<|python_tag|>" + body, "", one},
		{"<tool_call>\n<function=mcp__pagerduty__get_incident>\n<parameter=incident_id>\nQ1\n</parameter>\n</function>\n</tool_call>", "", one},
		{`Now. <function_calls><invoke name="mcp__pagerduty__get_incident"><parameter name="incident_id">Q1</parameter></invoke></function_calls>`, "Now.", one},
		{"<function=mcp__pagerduty__get_incident><parameter=incident_id>12</parameter><parameter=limit>12</parameter></function>", "",
			[]Call{{Name: "mcp__pagerduty__get_incident", Arguments: json.RawMessage(`{"incident_id":"12","limit":12}`)}}},
	} {
		rest, calls := TextCalls(c.in, printable())
		if rest != c.rest || !cmp.Equal(calls, c.calls) {
			t.Errorf("%s\n= %q %s", c.in, rest, cmp.Diff(c.calls, calls))
		}
	}
}

func TestTextThatIsNoCallOfAnOfferedToolStaysText(t *testing.T) {
	body := `{"name":"mcp__pagerduty__resolve_incident","arguments":{"incident_id":"Q1"}}`
	for _, in := range []string{
		"", "An answer.", body, "```json\n" + body + "\n```", "<tool_call>" + body + "</tool_call>",
		`{"name":"jira"}`, `{"name":"jira","status":"open"}`, `{"id":"jira","arguments":{}}`, `{"arguments":{}}`, `{}`, `[]`, `["jira"]`,
		`[{"name":"jira","arguments":{}},` + body + `]`,
		`{"name":"jira","arguments":{}} is what I would call`, `{"name":"jira","arguments":{}} {"status":"up"}`, `{"name":"jira","arguments":{`,
		`Run {"name":"jira","arguments":{}} to see it.`,
		"```sh\njira {\"name\":\"jira\",\"arguments\":{}}\n```",
		"<function=resolve><parameter=a>b</parameter></function>",
		"Restart with `<tool_call>` in the template.",
	} {
		if rest, calls := TextCalls(in, printable()); rest != in || calls != nil {
			t.Errorf("%q = %q, %+v", in, rest, calls)
		}
	}
	if _, calls := TextCalls(`{"name":"jira","arguments":{}}`, nil); calls != nil {
		t.Errorf("without tools: %+v", calls)
	}
}

func TestAPrintedCallWithBrokenArgumentsHasAProblem(t *testing.T) {
	_, calls := TextCalls(`{"name":"jira","arguments":"{\"jql\":"}`, printable())
	if len(calls) != 1 || calls[0].Problem == "" || string(calls[0].Arguments) != "{}" {
		t.Errorf("calls = %+v", calls)
	}
}
