// Package slacktest is a strict stand-in for Slack's posting side: it keeps what
// was posted, edited and replied, and refuses what Slack refuses, so that a test
// finds a block that is too long before an operator does. It has no part in a
// running flow.
package slacktest
