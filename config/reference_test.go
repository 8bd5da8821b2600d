package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/configuration.md from the struct's tags")

const referenceHead = `# Configuration

<!-- Generated from the tags of config/config.go: go test ./config -run Reference -update -->

Ops Buddy is configured by environment variables alone. ` + "`opsbuddy config`" + ` prints what is in force, ` + "`opsbuddy doctor`" + `
checks it against the real thing.

- A variable that is not set, or set to nothing, has its default.
- A secret can also come from a file: ` + "`NAME_FILE=/path`" + ` in place of ` + "`NAME`" + `. The line break at its end is not part of it.
- Lists are comma-separated; empty entries are dropped. Durations carry their unit, as in ` + "`90s`" + ` or ` + "`15m`" + `.
- Quotes are part of a value: env files and ` + "`docker --env-file`" + ` keep them, so write none.
- Mistakes are reported all at once at the start, and the program ends with exit code 2. An unknown ` + "`OPSBUDDY_…`" + ` or ` + "`AGENT_…`" + `
  variable is a warning that names the nearest known one.
- In a tools file, ` + "`${NAME}`" + ` is taken from the environment; ` + "`${NAME:-default}`" + ` has a default. A variable that is not set is an error.
`

var groupTitles = map[string]string{
	"PagerDuty": "PagerDuty", "Agent": "Model", "Limits": "Money", "Deadlines": "Time", "Jira": "Jira", "Confluence": "Confluence",
	"Slack": "Slack", "Tools": "Tools", "Server": "Servers and data", "Temporal": "Temporal", "Worker": "Worker", "Log": "Log", "Telemetry": "Traces and metrics",
}

// reference is docs/configuration.md.
func reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	group := ""
	for _, s := range new(Config).settings() {
		if s.group != group {
			group = s.group
			fmt.Fprintf(&b, "\n## %s\n\n| variable | default | meaning | secret |\n|---|---|---|---|\n", groupTitles[group])
		}
		fallback, secret := "", ""
		if s.fallback != "" {
			fallback = "`" + s.fallback + "`"
		}
		if s.secret() {
			secret = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.name, fallback, strings.ReplaceAll(s.doc, "|", `\|`), secret)
	}
	return b.String()
}

func TestReferenceInDocsIsUpToDate(t *testing.T) {
	path := filepath.Join("..", "docs", "configuration.md")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != reference() {
		t.Errorf("%s is stale; run: go test ./config -run Reference -update", path)
	}
}

func TestEverySettingIsDescribedOnceAndItsCheckExists(t *testing.T) {
	seen := map[string]bool{}
	name := regexp.MustCompile(`^[A-Z]+(_[A-Z]+)+$`)
	for _, s := range new(Config).settings() {
		switch kind, _, _ := strings.Cut(s.check, ":"); {
		case seen[s.name], !name.MatchString(s.name):
			t.Errorf("%s is there twice or is no name", s.name)
		case !strings.HasSuffix(s.doc, "."):
			t.Errorf("%s has no sentence that says what it means", s.name)
		case s.check != "" && checks[kind] == nil:
			t.Errorf("%s: there is no check %q", s.name, kind)
		case s.secret() && s.fallback != "":
			t.Errorf("%s: a secret has a default", s.name)
		case groupTitles[s.group] == "":
			t.Errorf("group %s has no title", s.group)
		}
		seen[s.name] = true
	}
}

func TestEveryDefaultPassesItsOwnCheck(t *testing.T) {
	for _, s := range new(Config).settings() {
		if s.fallback == "" {
			continue
		}
		if _, _, err := Load([]string{s.name + "=" + s.fallback}); err != nil {
			t.Errorf("%v", err)
		}
	}
}
