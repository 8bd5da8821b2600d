package evidence

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/opsbuddy/opsbuddy/incident"
)

// ErrNothing is what a reader returns when it looked and there is nothing to
// speak of, where an empty list would not say it.
var ErrNothing = errors.New("nothing there")

// ErrNotOffered is what a reader returns for a feature that the account does not
// have: the source counts as not set up.
var ErrNotOffered = errors.New("not offered to this account")

// Readers look into the outside. A nil reader is a source that nobody set up.
// Each returns cleaned and redacted values, is bounded in size, and fails when
// it could not look.
type Readers struct {
	Incident func(ctx context.Context, id string) (incident.Incident, error)
	Alerts   func(ctx context.Context, id string) ([]incident.Alert, incident.Cut, error)
	Notes    func(ctx context.Context, id string) ([]incident.Note, error)
	Log      func(ctx context.Context, id string) ([]incident.LogEntry, error)
	Past     func(ctx context.Context, i incident.Incident) ([]incident.Past, error)
	Related  func(ctx context.Context, id string) ([]incident.Past, error)
	Changes  func(ctx context.Context, i incident.Incident) ([]incident.Change, error)
	OnCall   func(ctx context.Context, policyID string) ([]incident.OnCall, error)
	Tickets  func(ctx context.Context, i incident.Incident) ([]incident.Ticket, incident.Cut, error)
	Runbook  func(ctx context.Context, link string, i incident.Incident) (incident.Page, string, error)
	Messages func(ctx context.Context, i incident.Incident) (incident.Channel, []incident.ChatMessage, error)
	Now      func() time.Time // time.Now when nil
	Patience time.Duration    // how long one source may take: at most, and when 0, sourceCap
}

func (r Readers) patience() time.Duration {
	if r.Patience > 0 {
		return min(r.Patience, sourceCap)
	}
	return sourceCap
}

func (r Readers) now() time.Time {
	if r.Now != nil {
		return r.Now().UTC()
	}
	return time.Now().UTC()
}

// gathering collects answers as they come; each source writes its own part.
type gathering struct {
	facts    *Facts
	answers  map[string]answer
	patience time.Duration // of each source
	mu       sync.Mutex
	closed   bool // what a source brings after its time is dropped
	wg       sync.WaitGroup
}

type answer struct {
	state State
	why   string
}

// Gather looks into every source at once, each within its own time, and returns
// numbered facts. It never fails: what went wrong is in the items. known is the
// incident as the webhook told it, used where PagerDuty cannot be asked.
func Gather(ctx context.Context, r Readers, known incident.Incident) Facts {
	known = completed(ctx, r, known)
	f := &Facts{Incident: known, ReadAt: r.now()}
	g := &gathering{facts: f, answers: map[string]answer{}, patience: r.patience()}
	g.incidentAndOnCall(ctx, r, known)
	alerts := g.alertsDone(ctx, r, known)
	g.lists(ctx, r, known)
	g.look(ctx, Runbook, r.Runbook != nil, func(ctx context.Context) error {
		select { // the alerts may link the runbook
		case <-alerts:
		case <-ctx.Done():
		}
		g.mu.Lock()
		link := RunbookLink(*f)
		g.mu.Unlock()
		page, match, err := r.Runbook(ctx, link, known)
		return g.put(err, page.ID == "", func() { f.Runbook, f.RunbookMatch = page, match })
	})
	g.wg.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	f.Items = number(f, g.answers)
	return *f
}

// completed reads the incident first when its id is all that is known: tickets and
// runbooks are found by its service and title.
func completed(ctx context.Context, r Readers, known incident.Incident) incident.Incident {
	if known.Service != (incident.Ref{}) || known.ID == "" || r.Incident == nil {
		return known
	}
	ctx, cancel := context.WithTimeout(ctx, r.patience())
	defer cancel()
	read, err := r.Incident(ctx, known.ID)
	if err != nil {
		return known // the source itself is read again below, and says why it is missing
	}
	return merge(known, read)
}

// incidentAndOnCall reads the incident and, by its policy, who is on call. The
// webhook names the policy, so the second does not wait for the first.
func (g *gathering) incidentAndOnCall(ctx context.Context, r Readers, known incident.Incident) {
	f := g.facts
	g.look(ctx, Incident, r.Incident != nil, func(ctx context.Context) error {
		i, err := r.Incident(ctx, known.ID)
		return g.put(err, false, func() { f.Incident = merge(known, i) })
	})
	g.look(ctx, OnCall, r.OnCall != nil && known.EscalationPolicy.ID != "", func(ctx context.Context) error {
		v, err := r.OnCall(ctx, known.EscalationPolicy.ID)
		return g.put(err, len(v) == 0, func() { f.OnCall = v })
	})
}

// alertsDone reads the alerts and closes the channel when it is through.
func (g *gathering) alertsDone(ctx context.Context, r Readers, known incident.Incident) <-chan struct{} {
	done := make(chan struct{})
	if r.Alerts == nil {
		close(done)
	}
	f := g.facts
	g.look(ctx, Alerts, r.Alerts != nil, func(ctx context.Context) error {
		defer close(done)
		v, cut, err := r.Alerts(ctx, known.ID)
		return g.put(err, len(v) == 0, func() { f.Alerts, f.AlertsCut = v, cut })
	})
	return done
}

func (g *gathering) lists(ctx context.Context, r Readers, known incident.Incident) {
	f := g.facts
	g.look(ctx, Notes, r.Notes != nil, func(ctx context.Context) error {
		v, err := r.Notes(ctx, known.ID)
		return g.put(err, len(v) == 0, func() { f.Notes = v })
	})
	g.look(ctx, Log, r.Log != nil, func(ctx context.Context) error {
		v, err := r.Log(ctx, known.ID)
		return g.put(err, len(v) == 0, func() { f.Log = v })
	})
	g.look(ctx, Past, r.Past != nil, func(ctx context.Context) error {
		v, err := r.Past(ctx, known)
		return g.put(err, len(v) == 0, func() { f.Past = v })
	})
	g.look(ctx, Related, r.Related != nil, func(ctx context.Context) error {
		v, err := r.Related(ctx, known.ID)
		return g.put(err, len(v) == 0, func() { f.Related = v })
	})
	g.look(ctx, Changes, r.Changes != nil, func(ctx context.Context) error {
		v, err := r.Changes(ctx, known)
		return g.put(err, len(v) == 0, func() { f.Changes = v })
	})
	g.look(ctx, Tickets, r.Tickets != nil, func(ctx context.Context) error {
		v, cut, err := r.Tickets(ctx, known)
		return g.put(err, len(v) == 0, func() { f.Tickets, f.TicketsCut = v, cut })
	})
	g.look(ctx, Messages, r.Messages != nil, func(ctx context.Context) error {
		ch, v, err := r.Messages(ctx, known)
		return g.put(err, len(v) == 0, func() { f.Channel, f.Messages = ch, v })
	})
}

// look asks one source in its own goroutine and files how it went. A source
// that does not heed its time is left behind.
func (g *gathering) look(ctx context.Context, source string, setUp bool, read func(context.Context) error) {
	if !setUp {
		g.file(source, answer{state: NotSetUp})
		return
	}
	g.wg.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, g.patience)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- read(ctx) }()
		var err error
		select {
		case err = <-done:
		case <-ctx.Done():
			err = ctx.Err()
		}
		g.file(source, g.answered(err))
	})
}

func (g *gathering) answered(err error) answer {
	switch {
	case err == nil:
		return answer{state: Found}
	case errors.Is(err, ErrNotOffered):
		return answer{state: NotSetUp}
	case errors.Is(err, ErrNothing):
		return answer{state: Nothing}
	case errors.Is(err, context.DeadlineExceeded):
		return answer{state: Unread, why: fmt.Sprintf("no answer within %s", g.patience)}
	default:
		return answer{state: Unread, why: err.Error()}
	}
}

// file records the first answer of a source.
func (g *gathering) file(source string, a answer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.answers[source]; !ok {
		g.answers[source] = a
	}
}

// put stores what a reader brought, unless it could not look.
func (g *gathering) put(err error, empty bool, store func()) error {
	if err != nil {
		return err
	}
	g.mu.Lock()
	if !g.closed {
		store()
	}
	g.mu.Unlock()
	if empty {
		return ErrNothing
	}
	return nil
}

// merge keeps what only the webhook knew.
func merge(known, read incident.Incident) incident.Incident {
	if read.ID == "" {
		return known
	}
	if read.Service.Name == "" {
		read.Service = known.Service
	}
	if read.EscalationPolicy.ID == "" {
		read.EscalationPolicy = known.EscalationPolicy
	}
	if read.URL == "" {
		read.URL = known.URL
	}
	return read
}
