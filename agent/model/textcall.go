package model

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
)

// Forms in which weak models print a call instead of making it.
var (
	callBlock = regexp.MustCompile(`(?s)<tool_call>\s*(.*?)\s*(?:</tool_call>|$)`)
	callFence = regexp.MustCompile("(?ms)^```(?:json|tool_call|tool_code)?[ \t]*\r?\n(.*?)\r?\n```[ \t]*$")
	callXML   = regexp.MustCompile(`(?s)<(?:function=|invoke name=")([a-zA-Z0-9_-]+)"?>(.*?)(?:</(?:function|invoke)>|$)`)
	paramXML  = regexp.MustCompile(`(?s)<parameter(?:=| name=")([a-zA-Z0-9_.-]+)"?>\r?\n?(.*?)\r?\n?</parameter>`)
	// unfinishedCall is the beginning of a printed call, up to the end.
	unfinishedCall = regexp.MustCompile("(?s)(?:<tool_call>|<function=|(?:^|\n)[ \t]*(?:```[a-z_]*\\s*)?\\[?\\{\\s*\"(?:name|tool|tool_name|function)\"\\s*:).*$")
	// wrapXML is what may stand around XML calls.
	wrapXML = regexp.MustCompile(`</?(?:function_calls|tool_call)>`)
)

// textMarks are control tokens that models put before a printed call.
var textMarks = []string{"[TOOL_CALLS]", "<|python_tag|>", "<|tool_call|>"}

// TextCalls finds calls that a model printed as text: JSON objects or arrays
// and nothing else, the same in a Markdown fence, <tool_call> blocks, or XML. Only a call of a
// tool that is offered, with its arguments, counts; any other text stays text.
// The rest is the text around the calls. The calls have no ids yet.
func TextCalls(text string, offered []Tool) (rest string, calls []Call) {
	names := map[string]json.RawMessage{}
	for _, t := range offered {
		names[t.Name] = t.Schema
	}
	if len(names) == 0 || !strings.ContainsAny(text, "{<") {
		return text, nil
	}
	p := printed{offered: names}
	lone := strings.TrimSpace(text)
	for _, mark := range textMarks {
		lone = strings.TrimSpace(strings.TrimPrefix(lone, mark))
	}
	if calls := p.json(lone); calls != nil {
		return "", calls
	}
	for _, form := range []struct {
		find *regexp.Regexp
		read func(string) []Call
	}{{callBlock, p.block}, {callXML, p.xml}, {callFence, p.json}} {
		if rest, calls = p.extract(text, form.find, form.read); calls != nil {
			return strings.TrimSpace(wrapXML.ReplaceAllString(rest, "")), calls
		}
	}
	return text, nil
}

type printed struct{ offered map[string]json.RawMessage }

// extract takes every match that is a call out of text.
func (p printed) extract(text string, find *regexp.Regexp, read func(string) []Call) (string, []Call) {
	var calls []Call
	var rest strings.Builder
	at := 0
	for _, m := range find.FindAllStringSubmatchIndex(text, -1) {
		inner := text[m[2]:m[3]]
		if find == callXML {
			inner = text[m[0]:m[1]]
		}
		found := read(inner)
		if found == nil {
			continue
		}
		calls = append(calls, found...)
		rest.WriteString(text[at:m[0]])
		at = m[1]
	}
	rest.WriteString(text[at:])
	return rest.String(), calls
}

func (p printed) block(body string) []Call {
	if calls := p.json(body); calls != nil {
		return calls
	}
	return p.xml(body)
}

// json reads calls: objects and arrays of them, one after the other; all of the
// text, or nothing.
func (p printed) json(body string) []Call {
	body = strings.TrimSpace(body)
	if inner, ok := unfence(body); ok {
		body = inner
	}
	var calls []Call
	for d := json.NewDecoder(strings.NewReader(body)); ; {
		var value json.RawMessage
		if err := d.Decode(&value); errors.Is(err, io.EOF) {
			return calls
		} else if err != nil {
			return nil
		}
		found := p.value(value)
		if found == nil {
			return nil
		}
		calls = append(calls, found...)
	}
}

func (p printed) value(raw json.RawMessage) []Call {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return p.object(raw)
	}
	var calls []Call
	for _, item := range list {
		found := p.object(item)
		if found == nil {
			return nil
		}
		calls = append(calls, found...)
	}
	return calls
}

// object reads {"name": …, "arguments": {…}} in its variants.
func (p printed) object(raw json.RawMessage) []Call {
	var o map[string]json.RawMessage
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	if list, ok := o["tool_calls"]; ok && len(o) == 1 {
		return p.json(string(list))
	}
	if f, ok := o["function"]; ok && json.Unmarshal(f, new(string)) != nil {
		return p.object(f)
	}
	name := ""
	for _, key := range []string{"name", "tool", "tool_name", "function"} {
		if json.Unmarshal(o[key], &name) == nil && name != "" {
			break
		}
	}
	for _, key := range []string{"arguments", "parameters", "input", "args"} {
		if args, ok := o[key]; ok {
			return p.call(name, string(args))
		}
	}
	return nil
}

func (p printed) call(name, arguments string) []Call {
	if _, ok := p.offered[name]; !ok {
		return nil
	}
	args, problem := ParseArguments(arguments)
	return []Call{{Name: name, Arguments: args, Problem: problem}}
}

// xml reads <function=name><parameter=key>value</parameter></function> and
// <invoke name="name"><parameter name="key">value</parameter></invoke>.
func (p printed) xml(body string) []Call {
	var calls []Call
	for _, m := range callXML.FindAllStringSubmatch(body, -1) {
		schema, ok := p.offered[m[1]]
		if !ok {
			return nil
		}
		args := map[string]json.RawMessage{}
		for _, param := range paramXML.FindAllStringSubmatch(m[2], -1) {
			args[param[1]] = xmlValue(schema, param[1], param[2])
		}
		raw, err := json.Marshal(args)
		if err != nil {
			return nil
		}
		calls = append(calls, p.call(m[1], string(raw))...)
	}
	return calls
}

// xmlValue gives a value the type that the tool's schema asks for: "123" may be
// a number or a string.
func xmlValue(schema json.RawMessage, key, value string) json.RawMessage {
	var s struct {
		Properties map[string]struct {
			Type any `json:"type"`
		} `json:"properties"`
	}
	_ = json.Unmarshal(schema, &s) // a schema that cannot be read asks for nothing
	kind, known := s.Properties[key].Type.(string)
	if known && kind != "string" && json.Valid([]byte(value)) {
		return json.RawMessage(value)
	}
	quoted, _ := json.Marshal(value) // a string always encodes
	return quoted
}
