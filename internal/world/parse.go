package world

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

//go:embed company.yaml
var embedded []byte

// Company is a fictional company, read and checked.
type Company struct {
	root *yaml.Node
	raw  *house // its templates not yet run
}

// Scenario is one incident that the company can have.
type Scenario struct {
	Name    string // a short slug
	Summary string // one sentence: what it shows
}

// Load reads the company that comes with the program.
func Load() (*Company, error) { return Parse(embedded) }

// Parse reads a company from YAML, in the format that company.yaml explains.
// An error names the line and the field of each mistake.
func Parse(source []byte) (*Company, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(source, &root); err != nil {
		return nil, fmt.Errorf("company: %s", plain(err))
	}
	if len(root.Content) == 0 {
		return nil, errors.New("company: the file is empty; see internal/world/company.yaml for the format")
	}
	raw, err := strict(source)
	if err != nil {
		return nil, err
	}
	c := &Company{root: root.Content[0], raw: raw}
	if err := check(c.root, raw); err != nil {
		return nil, err
	}
	// A trial, so that a broken template is found here and not in the demo.
	if _, err := c.at(time.Now(), sites{}); err != nil {
		return nil, err
	}
	return c, nil
}

// Scenarios lists what can happen, in the file's order.
func (c *Company) Scenarios() []Scenario {
	var out []Scenario
	for _, s := range c.raw.Scenarios {
		out = append(out, Scenario{Name: s.Slug, Summary: strings.Join(strings.Fields(s.Shows), " ")})
	}
	return out
}

// strict decodes and refuses fields that the format does not have.
func strict(source []byte) (*house, error) {
	dec := yaml.NewDecoder(bytes.NewReader(source))
	dec.KnownFields(true)
	var h house
	if err := dec.Decode(&h); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("company: %s", plain(err))
	}
	h.nameScenarios()
	return &h, nil
}

// nameScenarios gives a scenario's own incident the scenario's name.
func (h *house) nameScenarios() {
	for i := range h.Scenarios {
		h.Scenarios[i].Incident.Slug = h.Scenarios[i].Slug
	}
}

var (
	unknownField = regexp.MustCompile(`field (\S+) not found in type world\.(\w+)`)
	wrongKind    = regexp.MustCompile("cannot unmarshal (\\S+) `([^`]*)` into (\\S+)")
)

// plain says yaml's errors in the words of the file's author.
func plain(err error) string {
	var list *yaml.TypeError
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if errors.As(err, &list) {
		text = strings.Join(list.Errors, "; ")
	}
	text = unknownField.ReplaceAllString(text, `there is no field "$1" in a $2`)
	return wrongKind.ReplaceAllString(text, `"$2" is not what this field takes ($3)`)
}

// at is the company at one moment: templates run, every text final.
func (c *Company) at(now time.Time, s sites) (*house, error) {
	funcs := (&story{house: c.raw, now: now, sites: s}).funcs()
	node, err := render(c.root, funcs)
	if err != nil {
		return nil, fmt.Errorf("company: %w", err)
	}
	var h house
	if err := node.Decode(&h); err != nil {
		return nil, fmt.Errorf("company: %s", plain(err))
	}
	h.nameScenarios()
	return &h, nil
}
