package border

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	wallAfter = 3 // refusals in a row
	wallFirst = time.Minute
	wallMax   = 15 * time.Minute
	// wallProbe is how long one trial call after a wait may take before the
	// next one is let through.
	wallProbe = 30 * time.Second
)

// Wall keeps an expired or wrong token from being tried until the account is
// locked: after three answers 401 in a row from one host, calls to it fail at
// once for a minute; then one call is let through, and each further refusal
// doubles the wait up to 15 minutes. Any other answer ends it, but for 403: that
// is how a plan or a page refuses a login that is good (PagerDuty answers so for
// what an account has not bought), and it says nothing of the token. The zero
// Wall is ready, and is safe for concurrent use.
type Wall struct {
	mu    sync.Mutex
	hosts map[string]*refusals
	now   func() time.Time // for tests; nil = time.Now
}

type refusals struct {
	count   int
	wait    time.Duration
	until   time.Time
	probing bool
}

// WallError says that a call was not made because the host kept refusing the
// login.
type WallError struct {
	Host     string
	Refusals int           // in a row
	Wait     time.Duration // until the next call is let through
}

func (e *WallError) Error() string {
	return fmt.Sprintf("%s refused the login %d times in a row; not asked again for %s, so that the account is not locked: renew the token",
		e.Host, e.Refusals, e.Wait.Round(time.Second))
}

// pass reports whether host may be called now.
func (w *Wall) pass(host string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.hosts[host]
	if r == nil || r.count < wallAfter {
		return nil
	}
	now := w.clock()
	if wait := r.until.Sub(now); wait > 0 {
		return &WallError{Host: host, Refusals: r.count, Wait: wait}
	}
	r.probing, r.until = true, now.Add(wallProbe)
	return nil
}

// answered counts what host said.
func (w *Wall) answered(host string, status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch status {
	case http.StatusUnauthorized:
	case http.StatusForbidden:
		w.retry(host)
		return
	default:
		delete(w.hosts, host)
		return
	}
	r := w.hosts[host]
	if r == nil {
		if w.hosts == nil {
			w.hosts = map[string]*refusals{}
		}
		r = &refusals{}
		w.hosts[host] = r
	}
	r.count++
	// Calls that were under way when the wall went up report late; they say
	// nothing new and must not lengthen the wait.
	if r.count >= wallAfter && (r.wait == 0 || r.probing) {
		r.wait = min(max(2*r.wait, wallFirst), wallMax)
		r.until, r.probing = w.clock().Add(r.wait), false
	}
}

// lost ends a trial call that got no answer: the next one may try.
func (w *Wall) lost(host string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.retry(host)
}

// retry lets the next call through after a trial that told nothing.
func (w *Wall) retry(host string) {
	if r := w.hosts[host]; r != nil && r.probing {
		r.probing, r.until = false, w.clock()
	}
}

func (w *Wall) clock() time.Time {
	if w.now != nil {
		return w.now()
	}
	return time.Now()
}
