package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
)

const module = "github.com/opsbuddy/opsbuddy/"

// mayImport is the map of the house: each package with the packages of ours
// that its code, tests left out, may import. A package without a row fails, and
// so does a row without a package.
var mayImport = map[string][]string{
	"border":   {},
	"incident": {},
	"money":    {},
	"config":   {},

	"core":          {"core/attempt"},
	"core/attempt":  {},
	"core/coretest": {"core"},
	"core/embedded": {"core", "internal/temporalembed"},

	"pagerduty":             {"border", "core", "incident"},
	"atlassian":             {"border", "incident"},
	"slack":                 {"border", "core", "incident", "money"},
	"slack/slacktest":       {},
	"evidence":              {"border", "incident"},
	"evidence/evidencetest": {"evidence", "incident"},
	"brief":                 {"brief/check", "evidence", "incident"},
	"brief/check":           {"evidence", "incident"},

	"agent":                 {"agent/budget", "agent/compact", "agent/mcp", "agent/model", "agent/model/anthropic", "agent/model/openai", "agent/tool", "core", "money"},
	"agent/budget":          {"core", "money"},
	"agent/compact":         {"agent/model"},
	"agent/mcp":             {"agent/tool", "border"},
	"agent/model":           {"border", "money"},
	"agent/model/anthropic": {"agent/model", "border"},
	"agent/model/openai":    {"agent/model", "border"},
	"agent/model/modeltest": {"agent/model"},
	"agent/tool":            {},

	"triage":         {"agent", "agent/budget", "atlassian", "brief", "core", "evidence", "incident", "money", "pagerduty", "slack", "triage/problem"},
	"triage/problem": {"core", "evidence", "incident"},
	"triage/seed":    {},

	"telemetry":          {"core"},
	"telemetry/otlptest": {},

	"cmd/opsbuddy": {"*"},

	"internal/archtest":        {},
	"internal/externalcheck":   {"*"},
	"internal/killtest":        {"agent", "agent/budget", "agent/model", "core", "internal/world", "money", "pagerduty", "slack"},
	"internal/measure":         {"*"},
	"internal/temporalcluster": {},
	"internal/temporalembed":   {"core/attempt"},
	"internal/world":           {"agent/model", "agent/model/modeltest", "slack/slacktest"},
}

// onlyIn says where a foreign module may appear, and why.
var onlyIn = map[string]struct {
	in  []string
	why string
}{
	"go.temporal.io/server":                    {[]string{"internal/temporalembed", "internal/temporalcluster"}, "it weighs 130 MB; everything else builds without it"},
	"github.com/temporalio/ui-server":          {[]string{"internal/temporalembed"}, "it comes with the server"},
	"go.temporal.io/sdk":                       {[]string{"core", "core/coretest", "agent", "agent/budget", "triage", "triage/problem", "cmd/opsbuddy", "internal/killtest", "internal/temporalembed", "internal/temporalcluster"}, "steps are plain functions"},
	"github.com/anthropics/anthropic-sdk-go":   {[]string{"agent/model/anthropic"}, "one vendor, one folder"},
	"github.com/openai/openai-go":              {[]string{"agent/model/openai"}, "one vendor, one folder"},
	"github.com/slack-go/slack":                {[]string{"slack", "slack/slacktest"}, "one vendor, one folder"},
	"github.com/PagerDuty/go-pagerduty":        {[]string{"pagerduty"}, "one vendor, one folder"},
	"github.com/modelcontextprotocol/go-sdk":   {[]string{"agent", "agent/mcp", "pagerduty", "atlassian", "slack", "cmd/opsbuddy"}, "tools are offered and called over MCP, nothing else is"},
	"go.temporal.io/sdk/contrib/opentelemetry": {[]string{"core"}, "no span comes from workflow code but by Temporal's own interceptor"},
	"go.opentelemetry.io/otel":                 {[]string{"core", "agent", "telemetry", "cmd/opsbuddy", "internal/temporalembed"}, "what is traced is what is counted; nobody else makes spans"},
	"go.opentelemetry.io/otel/sdk":             {[]string{"telemetry", "internal/temporalembed"}, "the others are handed a tracer"},
	"go.opentelemetry.io/otel/exporters":       {[]string{"telemetry"}, "one place sends"},
	"go.opentelemetry.io/contrib":              {[]string{"telemetry"}, "one place sends"},
	"go.opentelemetry.io/proto":                {[]string{"telemetry/otlptest"}, "the program speaks OTLP by its exporters"},
	"go.uber.org/fx":                           {[]string{"internal/temporalembed"}, "it comes with the server"},
	"github.com/spf13/cobra":                   {[]string{"cmd/opsbuddy"}, "commands live in the program"},
	"github.com/stretchr/testify":              {nil, "testing and go-cmp are enough"},
	"github.com/pkg/errors":                    {nil, "errors and fmt are enough"},
}

// sources are the Go files of the module by package, tests apart.
func sources(t *testing.T) (code, tests map[string][]string) {
	t.Helper()
	code, tests = map[string][]string{}, map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && rel != "." || d.Name() == "testdata" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		pkg := filepath.ToSlash(filepath.Dir(rel))
		switch {
		case strings.HasSuffix(path, "_test.go"):
			tests[pkg] = append(tests[pkg], path)
		case strings.HasSuffix(path, ".go"):
			code[pkg] = append(code[pkg], path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return code, tests
}

const root = "../.."

func imports(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, i := range f.Imports {
		out = append(out, strings.Trim(i.Path.Value, `"`))
	}
	return out
}

func TestPackagesImportOnlyWhatTheMapAllows(t *testing.T) {
	code, _ := sources(t)
	for pkg, files := range code {
		allowed, ok := mayImport[pkg]
		if !ok {
			t.Errorf("package %s has no row in mayImport: say there what it may import", pkg)
			continue
		}
		for _, file := range files {
			for _, imp := range imports(t, file) {
				own, ours := strings.CutPrefix(imp, module)
				if ours && !slices.Contains(allowed, own) && !slices.Contains(allowed, "*") {
					t.Errorf("%s imports %s, which mayImport does not allow", file, own)
				}
			}
		}
	}
	for pkg := range mayImport {
		if len(code[pkg]) == 0 {
			t.Errorf("mayImport has a row for %s, which is not there", pkg)
		}
	}
}

func TestForeignModulesStayWhereTheyBelong(t *testing.T) {
	code, tests := sources(t)
	for pkg, files := range code {
		for _, file := range files {
			for _, imp := range imports(t, file) {
				for foreign, rule := range onlyIn {
					if (imp == foreign || strings.HasPrefix(imp, foreign+"/")) && !slices.Contains(rule.in, pkg) {
						t.Errorf("%s imports %s: %s", file, imp, rule.why)
					}
				}
			}
		}
	}
	for _, files := range tests {
		for _, file := range files {
			for _, imp := range imports(t, file) {
				if rule, ok := onlyIn[imp]; ok && rule.in == nil {
					t.Errorf("%s imports %s: %s", file, imp, rule.why)
				}
			}
		}
	}
}

// readsEnvironment are the packages that may: all settings come through one door.
var readsEnvironment = []string{"config", "cmd/opsbuddy", "internal/externalcheck"}

func TestTheEnvironmentIsReadInOnePlace(t *testing.T) {
	code, _ := sources(t)
	for pkg, files := range code {
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range []string{"os.Getenv(", "os.LookupEnv(", "os.Environ("} {
				if strings.Contains(string(text), call) && !slices.Contains(readsEnvironment, pkg) {
					t.Errorf("%s calls %s…): read the environment in config and pass it on", file, call)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsAndWhereItLives(t *testing.T) {
	code, _ := sources(t)
	for _, pkg := range sorted(code) {
		doc := packageDoc(t, code[pkg])
		if doc == "" {
			t.Errorf("package %s has no package comment", pkg)
			continue
		}
		if !saysSide(doc) {
			t.Errorf("the comment of package %s does not say on which side of the workflow line it lives", pkg)
		}
	}
}

// saysSide looks for the words with which a package comment places its package.
func saysSide(doc string) bool {
	low := strings.ToLower(strings.Join(strings.Fields(doc), " "))
	for _, words := range []string{"workflow side", "worker side", "both sides of the workflow line", "side of the workflow line", "history", "no part in a running flow", "leaf", "rules of the house", "command opsbuddy"} {
		if strings.Contains(low, words) {
			return true
		}
	}
	return false
}

func packageDoc(t *testing.T, files []string) string {
	t.Helper()
	var doc string
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		if f.Doc != nil {
			doc += f.Doc.Text()
		}
	}
	return doc
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
