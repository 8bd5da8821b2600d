package main

import (
	"context"
	"flag"
	"log/slog"
	"os/exec"
	"testing"
	"time"

	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/internal/killtest"
)

var (
	kills    = flag.Int("kills", 25, "how often the process is killed by the property test")
	killSeed = flag.Uint64("killseed", 0, "seed of the property test, to choose the same moments again; 0 takes a new one")
	killOnly = flag.String("killonly", "", "only campaigns of this kind: bot, webhook, handover or money")
)

// TestPagesAreNeverLostAndNeverReviewedTwice is the first promise as a property:
// see internal/killtest. A longer run, whose data folders and logs are kept, is
//
//	go test ./cmd/opsbuddy -run NeverLost -v -timeout 1h -kills=1000 -artifacts -outputdir=/tmp
func TestPagesAreNeverLostAndNeverReviewedTwice(t *testing.T) {
	binary, err := exec.LookPath("opsbuddy")
	if err != nil {
		t.Fatal(err)
	}
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	r, err := killtest.Run(t.Context(), killtest.Options{
		Binary: binary, Dir: t.ArtifactDir(), Kills: *kills, Seed: seed, Only: *killOnly, Open: openFolder, Say: t.Logf,
	})
	t.Log(r)
	for _, p := range r.Problems {
		t.Errorf("seed %d, %s", seed, p)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// openFolder opens the data of a process that has ended.
func openFolder(ctx context.Context, dir string) (*core.Engine, error) {
	return core.Connect(ctx, core.Environment{}, core.EmbeddedOptions{DataDir: dir, Logger: slog.New(slog.DiscardHandler)})
}
