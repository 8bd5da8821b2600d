package mcp

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSchemasBecomeWhatEveryVendorTakes(t *testing.T) {
	for name, row := range map[string]struct{ in, out string }{
		"nothing at all": {`{}`, `{"type":"object","properties":{}}`},
		"no properties":  {`{"type":"object","additionalProperties":false,"$schema":"http://json-schema.org/draft-07/schema#"}`, `{"type":"object","properties":{}}`},
		"references": {
			`{"type":"object","properties":{"q":{"$ref":"#/$defs/Query","description":"what to ask"}},"required":["q"],
			  "$defs":{"Query":{"type":"object","title":"Query","properties":{"s":{"$ref":"#/$defs/State"}}},"State":{"type":"string","enum":["a","b"],"description":"gone"}}}`,
			`{"type":"object","properties":{"q":{"type":"object","description":"what to ask","properties":{"s":{"type":"string","enum":["a","b"],"description":"gone"}}}},"required":["q"]}`,
		},
		"a reference to a property": {
			`{"type":"object","properties":{"a~b/c":{"type":"integer"},"since":{"type":"string"},"until":{"$ref":"#/properties/since"}}}`,
			`{"type":"object","properties":{"since":{"type":"string"},"until":{"type":"string"}}}`,
		},
		"a reference to nowhere": {
			`{"type":"object","properties":{"a":{"$ref":"https://example.com/x.json"},"b":{"$ref":"#/$defs/None"}}}`,
			`{"type":"object","properties":{"a":{},"b":{}}}`,
		},
		"a tree": {
			`{"$ref":"#/$defs/Node","$defs":{"Node":{"type":"object","properties":{"v":{"type":"string"},"next":{"$ref":"#/$defs/Node"}}}}}`,
			`{"type":"object","properties":{"v":{"type":"string"},"next":{"type":"object","properties":{"v":{"type":"string"},"next":{}}}}}`,
		},
		"this or null": {
			`{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}],"default":null,"title":"A","description":"d"},
			  "b":{"type":["integer","null"],"default":5},"c":{"enum":["x",null]},"d":{"oneOf":[{"type":"array"},{"const":null}]},
			  "e":{"anyOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]}}}`,
			`{"type":"object","properties":{"a":{"type":"string","description":"d"},"b":{"type":"integer","default":5},"c":{"enum":["x"]},
			  "d":{"type":"array","items":{}},"e":{"anyOf":[{"type":"string"},{"type":"integer"}]}}}`,
		},
		"arguments that are called like keywords": {
			`{"type":"object","properties":{"title":{"type":"string","title":"Title"},"$ref":{"type":"string"},"default":{"type":"string"},"definitions":{"type":"string"}},"required":["title"]}`,
			`{"type":"object","properties":{"title":{"type":"string"},"default":{"type":"string"},"definitions":{"type":"string"}},"required":["title"]}`,
		},
		"alternatives at the top": {
			`{"anyOf":[{"type":"object","properties":{"id":{"type":"string"}},"required":["id"]},{"$ref":"#/$defs/ByURL"}],"$defs":{"ByURL":{"type":"object","properties":{"url":{"type":"string"}},"required":["url"]}}}`,
			`{"type":"object","properties":{"id":{"type":"string"},"url":{"type":"string"}}}`,
		},
		"all of several at the top": {
			`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"allOf":[{"properties":{"b":{"type":"string"}},"required":["b","nowhere"]}]}`,
			`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["a","b"]}`,
		},
		"names that vendors refuse": {
			`{"type":"object","properties":{"filter[state]":{"type":"string"},"ok":{"type":"string"}},"required":["ok"]}`,
			`{"type":"object","properties":{"ok":{"type":"string"}},"required":["ok"]}`,
		},
		"odd corners": {
			`{"type":"object","properties":{"list":{"type":"array"},"pair":{"type":"array","items":[{"type":"string"}]},"free":true,
			  "n":{"type":"number","exclusiveMinimum":true,"minimum":0},"if":{"if":{"$ref":"#/x"},"not":{}}},"required":null,"x-vendor":{"$ref":"#/x"}}`,
			`{"type":"object","properties":{"list":{"type":"array","items":{}},"pair":{"type":"array","items":{}},"free":{},"n":{"type":"number","minimum":0},"if":{}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := normalise(json.RawMessage(row.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decoded(t, row.out), decoded(t, string(got))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func decoded(t *testing.T, s string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	return v
}

func TestSchemasThatCannotBeMendedAreErrors(t *testing.T) {
	var wide strings.Builder
	for i := range 12 {
		fmt.Fprintf(&wide, `%q:{"type":"object","properties":{`, fmt.Sprint("d", i))
		for j := range 12 {
			fmt.Fprintf(&wide, `"p%d":{"$ref":"#/$defs/d%d"},`, j, j)
		}
		wide.WriteString(`"z":{}}},`)
	}
	for says, in := range map[string]string{
		"no JSON object":       `[]`,
		`type is "string"`:     `{"type":"string"}`,
		"which vendors refuse": `{"type":"object","properties":{"filter[a]":{}},"required":["filter[a]"]}`,
		"more than 4000 parts": `{"type":"object","properties":{"a":{"$ref":"#/$defs/d0"}},"$defs":{` + wide.String() + `"last":{}}}`,
	} {
		if _, err := normalise(json.RawMessage(in)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: %v, want %q", in, err, says)
		}
	}
}

func TestOneBadSchemaCostsItsToolAndNotItsServer(t *testing.T) {
	s := builtin("fine")
	p := newPool(t, Options{}, Server{Name: "s", InMemory: s})
	bad := json.RawMessage(`{"type":"object","properties":{"a[b]":{}},"required":["a[b]"]}`)
	addTool(s, "bad", bad)
	defs, down := p.Tools(t.Context())
	if len(defs) != 1 || defs[0].Tool != "fine" || down != nil {
		t.Errorf("tools %v, down %v", defs, down)
	}
	want(t, call(t, p, "mcp__s__bad", ""), true, "no tool")
}

func TestDescriptionsLoseWhatIsForProgrammers(t *testing.T) {
	for in, out := range map[string]string{
		"List incidents.\n\n    Args:\n        ctx: The context\n    Returns:\n        JSON": "List incidents.",
		"Search with JQL.\nctx: the FastMCP context\nmore":                                   "Search with JQL.",
		"Get it.\nReturns: a list":                                                           "Get it.",
		"Args:\n  id: the id":                                                                "Args: id: the id",
		"Two  lines\nin one; Returns: stays inside a line.":                                  "Two lines in one; Returns: stays inside a line.",
	} {
		if got := describe(in); got != out {
			t.Errorf("%q became %q", in, got)
		}
	}
	if got := describe(strings.Repeat("long ", 500)); len(got) > maxDescription+3 {
		t.Errorf("%d bytes", len(got))
	}
}
