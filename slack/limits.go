package slack

// Slack's limits (docs.slack.dev/reference/block-kit/blocks, "header", "section",
// "context"; a message has at most 50 blocks). All count characters.
const (
	maxBlocks  = 50
	maxSection = 3000
	maxHeader  = 150
	maxLink    = 3000
	// maxMessage is the room for text in one message. It is not documented:
	// messages were refused with msg_blocks_too_long between 11,300 and 13,200
	// characters (slackapi/bolt-js#2509, #2867).
	maxMessage = 10_000
	// maxBody is what a message's body may take of it; head and foot have the rest.
	maxBody = maxMessage - 1_500
	// bodyBlocks leaves room for head and foot as well.
	bodyBlocks = maxBlocks - 10
	// maxParts bounds how many messages a brief may take: one, and its thread.
	maxParts = 4
	// maxPiece is the most that one element of a text holds before it is split.
	maxPiece = 2_800
)
