// Package atlassian reads Jira and Confluence, Cloud and Server / Data Center:
// tickets about a service, one ticket with its newest comments, pages, and the
// runbook of an incident. Every request is a search or a read; nothing here
// can write.
//
// It lives on the worker side of the workflow line: network, clock, secrets.
// Its values are those of package incident and may cross into Temporal.
//
// Invariants:
//   - "Could not look" is an error, never an empty list. That covers answers
//     with status 200 which are none: an anonymous or expired login, a login
//     page, an answer that is no search result. ErrNothing alone says that
//     somebody looked and nothing was there.
//   - Words from outside reach JQL and CQL only through jqlText, jqlString and
//     their CQL twins.
//   - Commands survive letter by letter: code stands in fences that are never
//     indented or quoted, and plain text is not escaped.
//   - Every list, page, text and wait has a bound; what was left out is said.
//   - No credential, and no address with one, is in an error or a log line.
package atlassian
