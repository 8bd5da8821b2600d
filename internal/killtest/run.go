package killtest

import (
	"context"
	"fmt"
	"net/http"

	"github.com/opsbuddy/opsbuddy/core"
)

// Options say what is killed and how often.
type Options struct {
	Binary string // the program
	Dir    string // for data folders and logs
	Kills  int
	Seed   uint64
	Only   string // a kind of campaign; all when empty
	// Open reads the data folder of a process that has ended.
	Open func(ctx context.Context, dir string) (*core.Engine, error)
	Say  func(format string, args ...any) // progress
}

type run struct {
	Options
	client *http.Client
}

// Run kills so often, and says what was seen. An error is about the run itself:
// then nothing is known.
func Run(ctx context.Context, o Options) (Result, error) {
	r := &run{Options: o, client: newClient()}
	res := Result{Seed: o.Seed, Moments: map[string]*Moment{}}
	for i, s := range plan(o.Kills, o.Only) {
		c, err := r.newCampaign(i, s)
		if err != nil {
			return res, fmt.Errorf("campaign %d (%s): %w", i, s, err)
		}
		err = c.play(ctx)
		res.add(c)
		if err != nil {
			return res, fmt.Errorf("campaign %d (%s), kill %d, %s: %w", i, s, len(c.deaths), c.moment, err)
		}
		o.Say("campaign %d (%s): %s", i, s, c.figures)
	}
	return res, nil
}
