package check

import "testing"

func TestATicketHasThePriorityThatItHas(t *testing.T) {
	f := shipped()
	f.Tickets[0].Priority, f.Tickets[1].Priority = "High", "Low"
	judgedLines{
		"- PLAT-892: In Progress, High, Jane Okafor":                    true,
		"- PLAT-892: In Progress, Low, Jane Okafor":                     false,
		"- PLAT-892 is high priority and in progress":                   true,
		"- PLAT-892 is low priority and in progress":                    false,
		"- PLAT-901 (alert on memory; low priority, to do)":             true,
		"- PLAT-901 (alert on memory; high priority, to do)":            false,
		"- PLAT-901: priority low, to do":                               true,
		"- PLAT-901: priority: critical, to do":                         false,
		"- PLAT-901 is to do. The memory is low priority for everybody": true, // another sentence
	}.hold(t, f, "## Open Tickets\n")
}
