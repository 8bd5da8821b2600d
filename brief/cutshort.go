package brief

import (
	"fmt"
	"strings"

	"github.com/opsbuddy/opsbuddy/evidence"
)

// showRead is how many answers of tools a brief without the model's words lists.
const showRead = 6

// lookedInto lists what the model had looked into when it was cut short: the operator
// has no words of it, but the first line of each answer, and where to look on.
func lookedInto(brought []evidence.Item) string {
	var b strings.Builder
	shown := 0
	for _, i := range brought {
		if i.State != evidence.Found || shown == showRead {
			continue
		}
		shown++
		first, _, _ := strings.Cut(strings.TrimSpace(i.Text), "\n")
		fmt.Fprintf(&b, "- %s: %s [%s]\n", Text(ToolName(i.Source)), Text(clip(first)), i.ID())
	}
	if shown == 0 {
		return ""
	}
	return "\n## Read Before The Review Was Cut Short\n" + b.String()
}

// ToolName is a tool's own name, without its server's.
func ToolName(s string) string {
	_, name, ok := strings.Cut(strings.TrimPrefix(s, "mcp__"), "__")
	if !ok {
		return s
	}
	return name
}
