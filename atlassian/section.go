package atlassian

import (
	"strings"

	"github.com/opsbuddy/opsbuddy/border"
)

// maxSectionNames bounds how many headings are named.
const maxSectionNames = 25

// section is a heading and the place where its line begins.
type section struct {
	name  string
	level int
	at    int
}

// sections are the headings of a page. A "# comment" inside code is none.
func sections(text string) []section {
	var out []section
	open, at := "", 0
	for line := range strings.SplitAfterSeq(text, "\n") {
		bare := strings.TrimRight(line, "\n")
		name := strings.TrimLeft(bare, "#")
		level := len(bare) - len(name)
		if open == "" && level >= 1 && level <= 6 && strings.HasPrefix(name, " ") {
			out = append(out, section{name: strings.TrimSpace(name), level: level, at: at})
		}
		open = fenceAfter(open, bare)
		at += len(line)
	}
	return out
}

// sectionOf is the text from the heading that fits best to the next heading
// that is not below it.
func sectionOf(text, wanted string) (string, bool) {
	all := sections(text)
	i := bestSection(all, wanted)
	if i < 0 {
		return "", false
	}
	end := len(text)
	for _, next := range all[i+1:] {
		if next.level <= all[i].level {
			end = next.at
			break
		}
	}
	return strings.TrimSpace(text[all[i].at:end]), true
}

// bestSection is the heading that is what is wanted, holds it, or holds all of
// its words, in this order of preference; -1 when none does.
func bestSection(all []section, wanted string) int {
	wanted = strings.ToLower(oneLine(strings.TrimLeft(strings.TrimSpace(wanted), "# ")))
	ws := words(wanted)
	fits := []func(name string) bool{
		func(name string) bool { return name == wanted },
		func(name string) bool { return wanted != "" && strings.Contains(name, wanted) },
		func(name string) bool { return holdsAll(name, ws) },
	}
	for _, fit := range fits {
		for i, s := range all {
			if fit(strings.ToLower(s.name)) {
				return i
			}
		}
	}
	return -1
}

// sectionNames lists the headings that can be asked for.
func sectionNames(text string) string {
	all := sections(text)
	if len(all) == 0 {
		return "the page has no headings"
	}
	var names []string
	for _, s := range all[:min(len(all), maxSectionNames)] {
		name, _ := border.Cut(s.name, 60)
		names = append(names, name)
	}
	list := "its sections are: " + strings.Join(names, "; ")
	if len(all) > maxSectionNames {
		list += "; and more"
	}
	return list
}
