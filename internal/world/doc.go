// Package world is a fictional company to try Ops Buddy on: stand-ins for
// PagerDuty, Jira, Confluence and Slack over HTTP and a replayed model, all
// from one YAML file (company.yaml). It carries the product's demo and its
// end-to-end tests; nothing in the product knows the company.
//
// The stand-ins answer in the vendors' shapes, page by page and with the
// vendors' errors, check the keys they are given, and write down every request.
// Times in the file are offsets from the moment the world starts, so the
// company is always current. A scenario is one open incident with its alerts,
// changes, chat, and the turns of the model that reviews it.
//
// It has no part in a running flow: it stands outside, where the vendors do.
// The model's turns depend on the conversation alone, never on a count kept
// here, so a repeated call gets the same answer.
package world
