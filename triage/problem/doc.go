// Package problem finds the incidents that are one problem, so that a storm costs
// one review a problem and not one a page.
//
// Each service has a board, a Temporal workflow. An incident claims its problem
// there as soon as its facts are read; who comes first leads and is reviewed,
// whoever follows within the window is told who leads, and the lead's review is
// told of the follower. Nobody waits for others to come.
//
// A group must never hide another problem, so incidents are one only when their
// service is the same and all that their alerts say of themselves, when a dedup
// key is the same, or when PagerDuty says that they are related. A high urgency
// never follows a low one.
//
// Workflow side: Board and Workflow; time is the workflow's own. Worker side:
// Keys, Desk.
package problem
