package border

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func walled(host string, w *Wall) bool { return w.pass(host) != nil }

func TestAnExpiredTokenIsNotTriedUntilTheAccountIsLocked(t *testing.T) {
	var asked atomic.Int32
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	})
	c := Client(ClientOptions{})
	for range 3 {
		var status *StatusError
		if _, err := get(t, c, s.URL, nil); !errors.As(err, &status) {
			t.Fatalf("err = %v", err)
		}
	}
	for range 5 {
		_, err := get(t, c, s.URL+"?q=SEKRIT", nil)
		var wall *WallError
		if !errors.As(err, &wall) || wall.Refusals != 3 || !strings.Contains(err.Error(), "renew the token") || strings.Contains(err.Error(), "SEKRIT") {
			t.Fatalf("err = %v", err)
		}
	}
	if asked.Load() != 3 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestTheWallGrowsToAQuarterOfAnHourAndFallsWithOneGoodAnswer(t *testing.T) {
	c := &clock{t: time.Unix(1000, 0)}
	w := &Wall{now: c.now}
	for range wallAfter {
		if walled("a", w) {
			t.Fatal("walled too early")
		}
		w.answered("a", http.StatusUnauthorized)
	}
	for _, wait := range []time.Duration{1, 2, 4, 8, 15, 15} {
		c.t = c.t.Add(wait*time.Minute - time.Second)
		if !walled("a", w) {
			t.Fatalf("let through before %d minutes", wait)
		}
		c.t = c.t.Add(time.Second)
		if walled("a", w) {
			t.Fatalf("still walled after %d minutes", wait)
		}
		if !walled("a", w) {
			t.Error("a second call was let through beside the trial")
		}
		w.answered("a", http.StatusUnauthorized)
	}
	if walled("b", w) {
		t.Error("another host is walled too")
	}
	c.t = c.t.Add(wallMax)
	if walled("a", w) {
		t.Fatal("still walled")
	}
	w.answered("a", http.StatusNotFound)
	if walled("a", w) {
		t.Error("still walled after a good answer")
	}
}

func TestRefusalsMustBeInARowAndLateOnesDoNotLengthenTheWait(t *testing.T) {
	c := &clock{t: time.Unix(1000, 0)}
	w := &Wall{now: c.now}
	for range 4 {
		w.answered("a", 401)
		w.answered("a", 401)
		w.answered("a", 200)
	}
	if walled("a", w) {
		t.Error("walled although answers in between were good")
	}
	for range 12 {
		w.answered("a", 401)
	}
	c.t = c.t.Add(wallFirst)
	if walled("a", w) {
		t.Error("calls that were under way lengthened the wait")
	}
	w.lost("a")
	if walled("a", w) {
		t.Error("a trial without an answer keeps the wall up")
	}
}

func TestWhatALoginMayNotSeeIsNoRefusedLogin(t *testing.T) {
	w := &Wall{}
	for range 10 {
		w.answered("a", http.StatusForbidden)
	}
	if walled("a", w) {
		t.Error("a plan without a feature walls the host")
	}
	w.answered("a", 401)
	w.answered("a", 403)
	w.answered("a", 401)
	w.answered("a", 401)
	if !walled("a", w) {
		t.Error("a 403 between them hides refused logins")
	}
}
