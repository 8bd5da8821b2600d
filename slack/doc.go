// Package slack is where a brief goes, and where a channel's talk is read.
//
// Out: markdown.go and inline.go turn Markdown into Block Kit through a parser's
// tree, blocks.go keeps Slack's limits, report.go and first.go are the two steps
// of a flow, deliver.go chooses between the bot (bot.go) and the incoming
// webhook (hook.go); exchange.go guards what the Web API answers. In: reads.go,
// offered as tools by mcp.go.
//
// Text from outside goes into plain_text and rich_text elements, which Slack
// does not parse: mrkdwn has no escape for * _ ~ :, and <!channel> in an alert
// would ping everyone. A post that may have happened is never blindly repeated.
//
// Worker side throughout; only the steps' inputs and outputs, which hold no
// secret, cross into Temporal.
package slack
