// Package core is a small flow library on Temporal. It knows nothing of
// incidents.
//
// A flow is a list of named steps that a webhook starts:
//
//	flow := core.NewFlow("incident-reviewer").
//		TriggeredBy(core.Webhook("/hooks/incident")).
//		Then(pagerduty.ParseWebhook(…).As("webhook")).
//		When(func(s *core.FlowState) bool { … }).
//		Then(slack.NotifyReport(…)).
//		EndWhen().
//		Build()
//
// Build checks every reference from one step to another against the real
// fields of the outputs, so a wrong flow never reaches run time. A Worker runs
// flows: it connects to Temporal (a cluster, or a server inside the process),
// registers the steps, and serves the webhook and the health pages.
//
// # The workflow line
//
// Workflow side: Flow.Execute and all that it calls (workflow.go), and the
// children that steps register with Child. They see names and data, never a clock,
// a socket or a secret, and behave the same when they are replayed.
//
// Worker side: everything else. A step's configuration stays in the closures
// and providers of the worker; only resolved references and outputs cross into
// Temporal.
package core
