package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"strings"
	"unicode"

	"github.com/caarlos0/env/v11"
)

const (
	maxSecretFile = 64 << 10 // bytes; no secret comes near
	maxTextFile   = 1 << 20  // bytes, of a prompt or a tools file
)

// Load reads the settings from an environment in the form of os.Environ and
// from the files it names (NAME_FILE of a secret, the prompt, the tools file).
//
// Every mistake is found at once: the error is Problems. The Config is filled
// as far as it can be even then, with defaults where a value was refused.
// Warnings are for the log.
func Load(environ []string) (Config, []Warning, error) {
	var cfg Config
	l := loader{environ: toMap(environ), values: map[string]string{}, given: map[string]bool{}}
	settings := cfg.settings()
	for _, s := range settings {
		l.read(s)
	}
	l.parse(&cfg, settings)
	l.prompt(&cfg.Agent)
	l.tools(&cfg.Tools)
	l.settle(&cfg)
	l.contradictions(&cfg)
	l.unknown(settings)
	for name := range l.given {
		if l.refused(name) {
			cfg.refused = append(cfg.refused, name)
		}
	}
	return cfg, l.warnings, l.problems.orNil()
}

type loader struct {
	environ  map[string]string
	values   map[string]string // by setting, trimmed and checked
	given    map[string]bool   // settings the environment sets, also when refused
	problems Problems
	warnings []Warning
}

// toMap lets the last of several entries win, as a process sees it.
func toMap(environ []string) map[string]string {
	m := make(map[string]string, len(environ))
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok && name != "" {
			m[name] = value
		}
	}
	return m
}

func (l *loader) refuse(name, read, format string, args ...any) {
	l.problems = append(l.problems, Problem{Name: name, Read: read, Text: fmt.Sprintf(format, args...)})
}

func (l *loader) warn(name, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{Name: name, Text: fmt.Sprintf(format, args...)})
}

// refused reports whether the environment sets a setting to something that
// cannot be used. It is reported once, not again as missing or contradicting.
func (l *loader) refused(name string) bool {
	_, usable := l.values[name]
	return l.given[name] && !usable
}

// read takes one setting from its variable or its file, and checks its text.
func (l *loader) read(s setting) {
	var ok bool
	name, text := s.name, strings.TrimSpace(l.environ[s.name])
	if path := strings.TrimSpace(l.environ[s.name+"_FILE"]); s.secret() && path != "" {
		if text != "" {
			l.given[s.name] = true
			l.refuse(s.name, "", "both %s and %s_FILE are set; keep one of them", s.name, s.name)
			return
		}
		name = s.name + "_FILE"
		if text, ok = l.secretFile(name, path); !ok {
			l.given[s.name] = true
			return
		}
	}
	if text == "" {
		return
	}
	l.given[s.name] = true
	if s.list() {
		if text = l.entries(s, name, text); text == "" {
			return
		}
	}
	if text, ok = l.checked(s, name, text); ok {
		l.values[s.name] = text
	}
}

// secretFile reads the file of a secret. Editors and "echo" end it with a line
// break that is not part of the secret, and some begin it with a mark of their own.
func (l *loader) secretFile(name, path string) (string, bool) {
	data, err := readFile(path, maxSecretFile)
	if err != nil {
		l.refuse(name, path, "%s; mount or create the file, or unset %s", err, name)
		return "", false
	}
	text := strings.TrimSpace(strings.TrimPrefix(data, "\ufeff"))
	if text == "" {
		l.refuse(name, path, "the file is empty; write the secret into it, or unset %s", name)
		return "", false
	}
	return text, true
}

func readFile(path string, limit int64) (string, error) {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", errors.New("there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return "", errors.New("the file may not be read by this user")
	case err != nil:
		return "", errors.New("the file cannot be opened")
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return "", errors.New("this is no file that can be read")
	case int64(len(data)) > limit:
		return "", fmt.Errorf("the file is larger than %d bytes", limit)
	}
	return string(data), nil
}

// entries drops the empty entries of a list: an empty signing key is one that
// everybody knows.
func (l *loader) entries(s setting, name, text string) string {
	kept := withoutEmpty(strings.Split(text, ","))
	for _, entry := range kept {
		if quoted(entry) {
			l.refuseQuoted(s, name, entry)
			return ""
		}
	}
	if len(kept) == 0 {
		delete(l.given, s.name)
		if s.secret() {
			l.warn(name, "holds no value, only commas; it counts as not set")
		}
	}
	return strings.Join(kept, ",")
}

// checked applies what holds for every value, then the setting's own check.
func (l *loader) checked(s setting, name, text string) (string, bool) {
	read := shown(s, text)
	switch {
	case quoted(text):
		l.refuseQuoted(s, name, text)
		return "", false
	case strings.ContainsFunc(text, unicode.IsControl):
		l.refuse(name, "", "holds a line break or another control character; it must be one line (separate several values with commas)")
		return "", false
	}
	kind, argument, _ := strings.Cut(s.check, ":")
	if check := checks[kind]; check != nil {
		better, err := check(text, argument)
		if err != nil {
			l.refuse(name, read, "%s", err)
			return "", false
		}
		text = better
	}
	return text, true
}

// tokenLike finds secrets that were put into a variable meant for something else.
var tokenLike = regexp.MustCompile(`(?i)://[^/?#]*@|hooks\.slack|\bsk-|\bxox[a-z]-|\bxapp-|\bgh[a-z]_|\bglpat-|\beyJ|\bbearer `)

// shown is what an error may quote of a value.
func shown(s setting, text string) string {
	if s.secret() || tokenLike.MatchString(text) {
		return ""
	}
	if runes := []rune(text); len(runes) > 80 {
		return string(runes[:79]) + "…"
	}
	return text
}

func quoted(text string) bool {
	last := len(text) - 1
	return last >= 1 && text[0] == text[last] && (text[0] == '"' || text[0] == '\'')
}

func (l *loader) refuseQuoted(s setting, name, text string) {
	if shown(s, text) == "" {
		l.refuse(name, "", "the value carries quotes, and the quotes are part of it; remove them")
		return
	}
	l.problems = append(l.problems, Problem{Name: name, Text: fmt.Sprintf(
		"read %s, and the quotes are part of the value; write %s=%s", text, name, text[1:len(text)-1])})
}

// parse fills cfg. Each value is tried alone first: the library's errors name
// the struct's field, and several settings share a field's name.
func (l *loader) parse(cfg *Config, settings []setting) {
	for _, s := range settings {
		text, ok := l.values[s.name]
		if !ok {
			continue
		}
		var scratch Config
		if err := parse(&scratch, map[string]string{s.name: text}); err != nil {
			l.refuse(s.name, shown(s, text), "%s, such as %s", wanted(err), s.fallback)
			delete(l.values, s.name)
		}
	}
	if err := parse(cfg, l.values); err != nil {
		l.refuse("configuration", "", "%s", err) // only a wrong default could do this, and a test holds them
	}
	for _, s := range settings {
		if value, set := l.environ[s.name]; set && s.empty != "" && strings.TrimSpace(value) == "" {
			s.field.SetZero()
		}
	}
}

func parse(cfg *Config, values map[string]string) error {
	return env.ParseWithOptions(cfg, env.Options{Environment: values, FuncMap: map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[int]():     count,
		reflect.TypeFor[float64](): amount,
		reflect.TypeFor[bool]():    yesOrNo,
		durationType:               duration,
	}})
}

// wanted takes our own sentence out of the library's error.
func wanted(err error) string {
	var pe env.ParseError
	if errors.As(err, &pe) && pe.Err != nil {
		return pe.Err.Error()
	}
	return err.Error()
}

func (l *loader) prompt(a *Agent) {
	if a.SystemPromptFile == "" {
		return
	}
	const name = "AGENT_SYSTEM_PROMPT_FILE"
	text, err := readFile(a.SystemPromptFile, maxTextFile)
	switch {
	case err != nil:
		l.refuse(name, a.SystemPromptFile, "%s; correct the path, or unset it to use the built-in prompt", err)
	case strings.TrimSpace(text) == "":
		l.refuse(name, a.SystemPromptFile, "the file is empty; write a prompt into it, or unset it to use the built-in prompt")
	default:
		a.SystemPrompt = text
	}
}
