package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Words that OPSBUDDY_TOOLS knows beside the path of a file.
const (
	ToolsBuiltin  = "builtin"
	ToolsExternal = "external" // the three commands of the original: uvx pagerduty-mcp, uvx mcp-atlassian, npx server-slack
)

// Tools is where the agent's tools come from.
type Tools struct {
	Source string `env:"OPSBUDDY_TOOLS" envDefault:"builtin" doc:"builtin, external (the commands pagerduty-mcp, mcp-atlassian and server-slack), or the path of a file {\"mcpServers\": {…}} with command, args, env, url, headers and allowTools."`

	// Servers are those of the file, by name; none for builtin and external.
	Servers []ToolServer

	secrets []Secret
}

// ToolServer is one MCP server of a tools file, with every ${NAME} replaced. It
// has either a Command or a URL. It prints without arguments, environment and
// headers, which may hold secrets.
type ToolServer struct {
	Name       string
	Command    string
	Args       []string
	Env        map[string]Secret
	URL        string
	Headers    map[string]Secret
	AllowTools []string // nil = every tool that the server offers
}

// String names the server and its command or host.
func (s ToolServer) String() string {
	if s.Command != "" {
		return fmt.Sprintf("%s (command %s)", s.Name, s.Command)
	}
	host := "?"
	if u, err := address(s.URL); err == nil {
		host = u.Host
	}
	return fmt.Sprintf("%s (at %s)", s.Name, host)
}

// Format implements fmt.Formatter for every verb.
func (s ToolServer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue implements slog.LogValuer.
func (s ToolServer) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler, which JSON and YAML use too.
func (s ToolServer) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// serverFile is one server as the file has it.
type serverFile struct {
	Command    string            `json:"command"`
	Args       []string          `json:"args"`
	Env        map[string]string `json:"env"`
	URL        string            `json:"url"`
	Headers    map[string]string `json:"headers"`
	AllowTools *[]string         `json:"allowTools"`
}

var serverKeys = []string{"command", "args", "env", "url", "headers", "allowTools"}

const toolsName = "OPSBUDDY_TOOLS"

func (l *loader) tools(t *Tools) {
	if t.Source == ToolsBuiltin || t.Source == ToolsExternal {
		return
	}
	text, err := readFile(t.Source, maxTextFile)
	if err != nil {
		l.refuse(toolsName, t.Source, "%s; want builtin, external, or the path of a tools file", err)
		return
	}
	var file map[string]json.RawMessage
	var servers map[string]json.RawMessage
	if err = json.Unmarshal([]byte(text), &file); err == nil {
		err = json.Unmarshal(file["mcpServers"], &servers)
	}
	if err != nil || len(servers) == 0 {
		l.refuse(toolsName, t.Source, `%s; want {"mcpServers": {"name": {"command": …} or {"url": …}}}`, jsonReason(err, "the file names no server"))
		return
	}
	for key := range file {
		if key != "mcpServers" {
			l.warn(toolsName, "%s: the key %q is not known and is ignored", t.Source, key)
		}
	}
	l.servers(t, servers)
}

func (l *loader) servers(t *Tools, files map[string]json.RawMessage) {
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		s := &serverReader{loader: l, tools: t, name: name}
		if other, twice := seen[strings.ToLower(name)]; twice {
			s.refuse("differs from server %q only in case; rename one of them", other)
			continue
		}
		seen[strings.ToLower(name)] = name
		if server, ok := s.read(files[name]); ok {
			t.Servers = append(t.Servers, server)
		}
	}
}

// jsonReason says what is wrong with a file without quoting it.
func jsonReason(err error, otherwise string) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Sprintf("%s is a JSON %s", kind.Field, kind.Value)
	case errors.As(err, &kind):
		return "it is a JSON " + kind.Value
	case errors.As(err, &syntax) && syntax.Offset > 0:
		return fmt.Sprintf("the file is not JSON at byte %d", syntax.Offset)
	}
	return otherwise
}

// serverReader reads one server and collects its mistakes.
type serverReader struct {
	*loader
	tools *Tools
	name  string
	bad   bool
}

func (s *serverReader) refuse(format string, args ...any) {
	s.bad = true
	s.loader.refuse(toolsName, s.tools.Source, "server %q %s", s.name, fmt.Sprintf(format, args...))
}

// serverName keeps mcp__<server>__<tool> one name that models' APIs accept and
// that can be taken apart again.
var serverName = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]|_[A-Za-z0-9-]){0,31}$`)

func (s *serverReader) read(data json.RawMessage) (ToolServer, bool) {
	if !serverName.MatchString(s.name) {
		s.refuse("has a name that cannot be part of a tool's name; use up to 32 letters, digits, - and single _")
	}
	file, err := s.decode(data)
	if err != nil {
		s.refuse("cannot be read: %s; want texts for command and url, lists for args and allowTools, objects for env and headers",
			jsonReason(err, "it is not what is wanted"))
		return ToolServer{}, false
	}
	s.shape(file)
	server := ToolServer{
		Name: s.name, Command: s.expand("command", file.Command), URL: s.expand("url", file.URL),
		Env: s.expandMap("env", file.Env), Headers: s.expandMap("headers", file.Headers),
	}
	for _, a := range file.Args {
		server.Args = append(server.Args, s.expand("args", a))
	}
	if file.AllowTools != nil {
		server.AllowTools = withoutEmpty(*file.AllowTools)
	}
	if server.URL != "" && !s.bad {
		if _, err := address(server.URL); err != nil {
			s.refuse("has a wrong url: %s", err)
		}
	}
	return server, !s.bad
}

// decode reads the known keys, by their exact names, and warns about others.
// One that was meant to be the allow list is refused: without it, every tool of
// the server would be allowed.
func (s *serverReader) decode(data json.RawMessage) (file serverFile, err error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return file, err
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if slices.Contains(serverKeys, key) {
			continue
		}
		low := strings.ToLower(key)
		switch {
		case strings.Contains(low, "allow"), strings.Contains(low, "tools"):
			s.refuse("has the key %q; an allow list is written allowTools", key)
		case key != "type": // the transport follows from command or url
			s.warn(toolsName, "server %q: the key %q is not known and is ignored; known are %s", s.name, key, strings.Join(serverKeys, ", "))
		}
		delete(keys, key)
	}
	known, err := json.Marshal(keys)
	if err == nil {
		err = json.Unmarshal(known, &file)
	}
	return file, err
}

func (s *serverReader) shape(f serverFile) {
	switch {
	case f.Command == "" && f.URL == "":
		s.refuse("has neither command nor url; give it one")
	case f.Command != "" && f.URL != "":
		s.refuse("has both command and url; keep one")
	case f.URL == "" && len(f.Headers) > 0:
		s.refuse("has headers without url; they are for url only")
	case f.Command == "" && len(f.Args)+len(f.Env) > 0:
		s.refuse("has args or env without command; they are for command only")
	}
	switch {
	case f.AllowTools == nil:
		s.warn(toolsName, "server %q has no allowTools: every tool it offers reaches the model, also those that change things", s.name)
	case len(withoutEmpty(*f.AllowTools)) == 0:
		s.refuse("has an empty allowTools, so none of its tools could be used; name some, or remove the server")
	}
}

// variable is ${NAME}, ${env:NAME} as some editors write it, or
// ${NAME:-default}.
var variable = regexp.MustCompile(`\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}`)

// secretName tells variables and keys whose values must not be shown.
var secretName = regexp.MustCompile(`(?i)token|secret|passw|passphrase|credential|authorization|cookie|api_?-?key|private_?-?key|access_?-?key`)

func (s *serverReader) expand(where, text string) string {
	out := variable.ReplaceAllStringFunc(text, func(match string) string {
		m := variable.FindStringSubmatch(match)
		value := s.lookup(m[1])
		if value == "" && m[2] != "" {
			value = strings.TrimPrefix(m[2], ":-")
		} else if value == "" {
			s.refuse("needs the variable %s (in %s), which is not set; set it, or remove the server", m[1], where)
		}
		if secretName.MatchString(m[1]) {
			s.tools.secrets = append(s.tools.secrets, NewSecret(value))
		}
		return value
	})
	if rest := strings.Index(variable.ReplaceAllString(text, ""), "${"); rest >= 0 {
		s.refuse("has a ${…} in %s that cannot be read; write ${NAME} with the name of a variable", where)
	}
	return out
}

// lookup knows settings that came from a file as well.
func (s *serverReader) lookup(name string) string {
	if v, ok := s.values[name]; ok {
		return v
	}
	return strings.TrimSpace(s.environ[name])
}

func (s *serverReader) expandMap(where string, m map[string]string) map[string]Secret {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]Secret, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		value := s.expand(where+" "+key, m[key])
		out[key] = NewSecret(value)
		if secretName.MatchString(key) {
			_, token, found := strings.Cut(value, " ") // "Bearer …"
			if !found {
				token = value
			}
			s.tools.secrets = append(s.tools.secrets, NewSecret(token))
		}
	}
	return out
}
