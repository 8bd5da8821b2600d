//go:build cluster

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/internal/world"
)

// deaths are more than the attempts that the first message has.
const deaths = 7

// crashLoop lets the only process die each time that it posts the first message,
// as one does that runs out of memory there. A step does not fail because its
// process dies, however often.
func crashLoop(t *testing.T, c *cluster) {
	w := crowd(t, 1)
	g := newGate(t, w, 1)
	in := c.install(t, w, 72*time.Hour, g.setting())
	w.Inject(world.Slack, world.Fault{Hang: true, Match: "chat.postMessage"})
	s := in.serve(t)
	in.pages(t, 1)
	began := time.Now()
	for death := 1; death <= deaths; death++ {
		eventually(t, fmt.Sprintf("the first post, time %d,", death), func() bool { return posts(w) == death })
		s.kill(t)
		if death == deaths {
			w.Heal(world.Slack)
		}
		s = in.serve(t)
	}
	in.processes = []*served{s}
	g.open()
	in.allReported(t, 1)
	t.Logf("%d deaths and the outcome took %s", deaths, time.Since(began).Round(time.Second))
	in.fullBriefs(t, 1)
	g.paid(t)
}

// posts are the requests to post a message so far.
func posts(w *world.World) int {
	n := 0
	for _, r := range w.Requests() {
		if r.API == world.Slack && strings.HasSuffix(r.Path, "chat.postMessage") {
			n++
		}
	}
	return n
}
