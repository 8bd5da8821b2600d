package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents are checked against the tree: what they name must be there.
var documents = []string{"README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/*.md", "docs/decisions/*.md"}

var (
	// aFile is a path in a code span: core/flow.go, triage/testdata/incidents.
	aFile = regexp.MustCompile("`((?:[\\w.-]+/)+[\\w.*-]*|[\\w-]+\\.(?:go|md|yaml))`")
	// aFunction is a file with a function: core/flow.go:Build.
	aFunction = regexp.MustCompile("`((?:[\\w-]+/)*[\\w-]+\\.go):([A-Za-z.]+)`")
	// aLink is a link to a file of the repository.
	aLink = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func eachDocument(t *testing.T, check func(name, text string)) {
	t.Helper()
	for _, pattern := range documents {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Errorf("no document %s (%v)", pattern, err)
		}
		for _, f := range files {
			check(f, read(t, f))
		}
	}
}

func there(path string) bool {
	found, err := filepath.Glob(filepath.Join(root, strings.TrimSuffix(path, "/")))
	return err == nil && len(found) > 0
}

func TestDocumentsNameFilesThatExist(t *testing.T) {
	eachDocument(t, func(name, text string) {
		for _, m := range aFile.FindAllStringSubmatch(text, -1) {
			first, _, _ := strings.Cut(m[1], "/")
			if outside[first] || strings.HasPrefix(m[1], "http") {
				continue
			}
			if !there(m[1]) {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
		for _, m := range aLink.FindAllStringSubmatch(text, -1) {
			path := filepath.Join(filepath.Dir(name), m[1])
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
		}
	})
}

// outside are first parts of paths that are not in this repository.
var outside = map[string]bool{"opsbuddy-data": true, "temporalio": true, "contrib": true, "application": true, "tools": true}

func TestDocumentsNameFunctionsThatExist(t *testing.T) {
	found := 0
	eachDocument(t, func(name, text string) {
		for _, m := range aFunction.FindAllStringSubmatch(text, -1) {
			found++
			file := filepath.Join(root, m[1])
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s names %s, which is not there", name, m[1])
				continue
			}
			fn := m[2][strings.LastIndexByte(m[2], '.')+1:]
			if !regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?|type |const |var |\t)` + regexp.QuoteMeta(fn) + `\b`).MatchString(read(t, file)) {
				t.Errorf("%s names %s in %s, which is not there", name, m[2], m[1])
			}
		}
	})
	if found < 12 {
		t.Errorf("the documents name %d functions; ARCHITECTURE.md follows one incident by file and function", found)
	}
}

func TestTheMapNamesEveryPackage(t *testing.T) {
	code, _ := sources(t)
	text := read(t, filepath.Join(root, "ARCHITECTURE.md"))
	for pkg := range code {
		if !strings.Contains(text, "`"+pkg+"/`") {
			t.Errorf("ARCHITECTURE.md has no line for `%s/`", pkg)
		}
	}
}
