// Package slack is where a brief goes, and where a channel's talk is read.
//
// Out: markdown.go and inline.go turn Markdown into Block Kit through a parser's
// tree (body.go prepares it, literal.go keeps commands whole, links.go reads
// Slack's own links), blocks.go keeps Slack's limits (limits.go), report.go and
// first.go are the two steps of a flow, deliver.go chooses between the bot
// (bot.go) and the incoming webhook (hook.go); sent.go tells what may have been
// posted, exchange.go guards what the Web API answers. In: reads.go and web.go
// read messages, said.go finds their words, mcp.go offers them as tools.
//
// Text from outside goes into plain_text and rich_text elements, which Slack
// does not parse: mrkdwn has no escape for * _ ~ :, and <!channel> in an alert
// would ping everyone. A post that may have happened is never blindly repeated.
//
// Worker side throughout; only the steps' inputs and outputs, which hold no
// secret, cross into Temporal.
package slack
