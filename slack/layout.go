package slack

import (
	"fmt"
	"strings"
	"unicode"

	api "github.com/slack-go/slack"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/incident"
)

// headBlocks are the first lines: what happened, where, how bad.
func headBlocks(header string, i incident.Incident, labels [][2]string) []api.Block {
	var out []api.Block
	if header = line(header, maxHeader); header != "" {
		out = append(out, api.NewHeaderBlock(api.NewTextBlockObject(api.PlainTextType, header, false, false)))
	}
	var sections []api.RichTextElement
	for _, l := range [][]span{titleLine(i), factsLine(i), labelsLine(i, labels)} {
		if l = trimmed(l); l != nil {
			sections = append(sections, api.NewRichTextSection(elements(l)...))
		}
	}
	if len(sections) > 0 {
		out = append(out, api.NewRichTextBlock("", sections...))
	}
	return out
}

// titleLine is the incident's number, linked, and its title letter by letter.
func titleLine(i incident.Incident) []span {
	if i.ID == "" {
		return nil
	}
	c := converter{}
	name := c.link(i.URL, with(span{bold: true}, line(numberOf(i), maxTitle)), span{})
	return append(append(name, span{text: " "}), span{text: line(i.Title, maxTitle), bold: true})
}

// numberOf is what people call an incident.
func numberOf(i incident.Incident) string {
	if i.Number > 0 {
		return fmt.Sprintf("#%d", i.Number)
	}
	return i.ID
}

// factsLine is what is known of the incident.
func factsLine(i incident.Incident) []span {
	if i.ID == "" {
		return nil
	}
	var out []span
	for _, l := range [][2]string{{"Service", i.Service.Name}, {"Urgency", i.Urgency}, {"Priority", i.Priority}, {"Status", i.Status}} {
		out = append(out, labelled(l[0], l[1], len(out) > 0)...)
	}
	return out
}

// labelsLine shows the step's labels, but for a service that stands in the line
// above.
func labelsLine(i incident.Incident, labels [][2]string) []span {
	var out []span
	for _, l := range labels {
		if said := i.ID != "" && l[1] == i.Service.Name; !said && l[0] != "" {
			out = append(out, labelled(l[0], l[1], len(out) > 0)...)
		}
	}
	return out
}

func labelled(label, value string, after bool) []span {
	if value = line(value, maxTitle); value == "" {
		return nil
	}
	out := []span{{text: line(label, maxTitle) + ": "}, {text: value, bold: true}}
	if after {
		out = append([]span{{text: " · "}}, out...)
	}
	return out
}

// maxFoot keeps the last line to what a phone shows of it.
const maxFoot = 600

// footBlock is one line below the body.
func footBlock(text string) api.Block {
	return api.NewContextBlock("", api.NewTextBlockObject(api.PlainTextType, line(text, maxFoot), false, false))
}

// fallback is the text of a notification. It is parsed by Slack, so it is
// escaped, once.
func fallback(header string, i incident.Incident, outcome string) string {
	if i.ID == "" {
		return escape(line(header, maxTitle))
	}
	s := fmt.Sprintf("%s: %s %s", outcome, numberOf(i), line(i.Title, maxTitle))
	var about []string
	for _, a := range []string{i.Service.Name, i.Urgency} {
		if a = line(a, 60); a != "" {
			about = append(about, a)
		}
	}
	if len(about) > 0 {
		s += " (" + strings.Join(about, ", ") + ")"
	}
	return escape(s)
}

// withoutTitle takes a brief's own title off: the head shows the incident's. In
// the usual form the status stands in a quote below it; in any other form a first
// heading is a title only when it says what the incident's says.
func withoutTitle(body string, i incident.Incident) string {
	body = strings.TrimLeft(unwrapped(border.Clean(body)), " \n")
	top, rest, _ := strings.Cut(body, "\n")
	title, ok := strings.CutPrefix(top, "# ")
	if !ok || i.ID == "" {
		return body
	}
	said, known := lettersOnly(title), lettersOnly(i.Title)
	same := said != "" && known != "" && (strings.Contains(said, known) || strings.Contains(known, said))
	if same || strings.HasPrefix(strings.TrimLeft(rest, " \n"), ">") {
		return rest
	}
	return body
}

// lettersOnly compares titles whatever their form: a model escapes, cuts and
// decorates them.
func lettersOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// allowOnly makes clickable what the evidence has.
func allowOnly(links []string, own ...string) func(string) bool {
	known := map[string]bool{}
	for _, l := range append(own, links...) {
		known[addressKey(l)] = true
	}
	return func(address string) bool { return known[addressKey(address)] }
}

// addressKey makes two spellings of one address equal: a slash at its end, the
// case of its host, a bar as it is and encoded.
func addressKey(address string) string {
	address = strings.TrimRight(strings.ReplaceAll(address, "|", "%7C"), "/")
	if scheme, rest, ok := strings.Cut(address, "://"); ok {
		name, path, slash := strings.Cut(rest, "/")
		if address = strings.ToLower(scheme + "://" + name); slash {
			address += "/" + path
		}
	}
	return address
}
