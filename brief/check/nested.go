package check

import (
	"strings"

	"github.com/opsbuddy/opsbuddy/incident"
)

// heir is an item of a list with the earlier incident that it is about.
type heir struct {
	indent int
	past   incident.Past
}

// inherit notes what the items above a line of a list are about: below "#3112, 15
// February" an item says it of that incident, unless it names another.
func (p *pass) inherit(line string) {
	p.inherited = nil
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	if !listMarker.MatchString(line) {
		if strings.TrimSpace(line) != "" && indent == 0 {
			p.heirs = nil
		}
		return
	}
	for len(p.heirs) > 0 && p.heirs[len(p.heirs)-1].indent >= indent {
		p.heirs = p.heirs[:len(p.heirs)-1]
	}
	if past, ok := p.pastIn(line); ok {
		p.heirs = append(p.heirs, heir{indent, past})
	} else if len(p.heirs) > 0 {
		p.inherited = &p.heirs[len(p.heirs)-1].past
	}
}
