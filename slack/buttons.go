package slack

import (
	api "github.com/slack-go/slack"
)

// The buttons below a brief, by their action_id. Messages in Slack hold these
// names for years: they never change.
const (
	againButton     = "opsbuddy_again"
	usefulButton    = "opsbuddy_useful"
	notUsefulButton = "opsbuddy_not_useful"
)

// buttonsFor are the buttons below the brief of an incident. Each carries the
// incident's id, and nothing else: whoever presses it is known to Slack alone.
func buttonsFor(incidentID string) *api.ActionBlock {
	button := func(action, label string) api.BlockElement {
		return api.NewButtonBlockElement(action, incidentID, api.NewTextBlockObject(api.PlainTextType, label, false, false))
	}
	return api.NewActionBlock("opsbuddy_buttons",
		button(againButton, "Review again"), button(usefulButton, "Useful"), button(notUsefulButton, "Not useful"))
}

// withButtons are a message's blocks with its buttons above the last one, which
// is the footer.
func (m message) withButtons() []api.Block {
	last := len(m.blocks) - 1
	if m.buttons == nil || last < 0 {
		return m.blocks
	}
	return append(append(append([]api.Block{}, m.blocks[:last]...), m.buttons), m.blocks[last])
}
