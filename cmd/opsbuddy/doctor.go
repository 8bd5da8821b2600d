package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/opsbuddy/opsbuddy/agent"
	"github.com/opsbuddy/opsbuddy/config"
	"github.com/opsbuddy/opsbuddy/core"
	"github.com/opsbuddy/opsbuddy/slack"
	"github.com/opsbuddy/opsbuddy/telemetry"
	"github.com/opsbuddy/opsbuddy/triage"
)

// checkTimeout bounds one check; a cold uvx installs a server first.
const checkTimeout = 90 * time.Second

// finding is one line of doctor.
type finding struct {
	part string
	warn bool // worth a word, and no failure
	said string
	err  error
}

func (p *program) doctorCommand() *cobra.Command {
	var fix bool
	c := &cobra.Command{
		Use: "doctor", Short: "Check every part of the configuration against the real thing", Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.settings(config.Config.CheckServe)
			if err != nil {
				fmt.Fprintln(p.stdout, "fail  configuration")
				return err
			}
			return p.report(p.examine(cmd.Context(), cfg, fix))
		},
	}
	c.Flags().BoolVar(&fix, "fix", false, "mend what can be mended here: create the data folder")
	return c
}

func (p *program) report(all []finding) error {
	failed := 0
	for _, f := range all {
		word, said := "ok", f.said
		if f.err != nil {
			word, said = "fail", f.err.Error()
			if f.warn {
				word = "warn"
			} else {
				failed++
			}
		}
		fmt.Fprintf(p.stdout, "%-4s  %-12s %s\n", word, f.part, said)
	}
	if failed > 0 {
		return fmt.Errorf("%d checks failed", failed)
	}
	return nil
}

// examine asks each part the way the product does.
func (p *program) examine(ctx context.Context, cfg config.Config, fix bool) []finding {
	log := p.logger(cfg)
	s, err := sources(cfg, log)
	if err != nil {
		return []finding{{part: "sources", err: err}}
	}
	out := []finding{{part: "settings", said: "complete"}}
	check := func(part string, run func(context.Context) (string, error)) {
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		said, err := run(ctx)
		out = append(out, finding{part: part, said: said, err: err})
	}
	var short string
	check("temporal", func(ctx context.Context) (said string, err error) {
		said, short, err = p.checkTemporal(ctx, cfg, fix)
		return said, err
	})
	if short != "" {
		out = append(out, finding{part: "retention", warn: true, err: errors.New(short)})
	}
	if s.PagerDuty != nil {
		check("pagerduty", func(ctx context.Context) (string, error) { return checkPagerDuty(ctx, s) })
	} else {
		out = append(out, finding{part: "pagerduty", warn: true, err: errors.New("PAGERDUTY_USER_API_KEY is not set: briefs know the webhook alone")})
	}
	if s.Atlassian != nil && s.Atlassian.HasJira() {
		check("jira", s.Atlassian.CheckJira)
	}
	if s.Atlassian != nil && s.Atlassian.HasConfluence() {
		check("confluence", s.Atlassian.CheckConfluence)
	}
	if s.Slack != nil {
		check("slack", s.Slack.Check)
		if cfg.Slack.Channel != "" {
			check("channel", func(ctx context.Context) (string, error) {
				ch, _, err := s.Slack.Talk(ctx, cfg.Slack.Channel, time.Now().Add(-time.Hour))
				return ch.ID + " can be read", err
			})
		}
	}
	if cfg.Slack.AppToken.IsSet() {
		check("replies", func(ctx context.Context) (string, error) {
			return slack.CheckSocket(ctx, cfg.Slack.AppToken.Reveal(), cfg.Slack.APIURL)
		})
	}
	if t := cfg.Telemetry; t.Traces().Exporter == "otlp" || t.Metrics().Exporter == "otlp" {
		check("telemetry", func(ctx context.Context) (string, error) {
			return telemetry.Check(ctx, p.telemetryConfig(cfg, log, prometheus.NewRegistry()))
		})
	}
	flow := p.flowConfig(cfg, s, log, nil)
	check("tools", func(ctx context.Context) (string, error) { return agent.CheckTools(ctx, flow.Tools, flow.BaseEnv) })
	check("model", func(ctx context.Context) (string, error) { return agent.CheckModel(ctx, flow.LLM) })
	return out
}

// checkTemporal also says when a cluster forgets closed reviews too early.
func (p *program) checkTemporal(ctx context.Context, cfg config.Config, fix bool) (said, short string, err error) {
	if cfg.Temporal.Address == "" {
		said, err = checkFolder(cfg.Server.DataDir, fix)
		return said, "", err
	}
	e, err := core.Connect(ctx, p.temporalEnvironment(cfg), core.EmbeddedOptions{Logger: p.logger(cfg)})
	if err != nil {
		return "", "", err
	}
	return "answers at " + cfg.Temporal.Address + ", namespace " + e.Namespace, e.ShortRetention(), e.Close(ctx)
}

// checkFolder tries to write where the embedded server will.
func checkFolder(dir string, fix bool) (string, error) {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		if !fix {
			return fmt.Sprintf("embedded; OPSBUDDY_DATA_DIR=%s will be made by serve", dir), roomFor(dir)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", fmt.Errorf("OPSBUDDY_DATA_DIR: %w: choose a folder that can be written", err)
		}
	}
	probe := filepath.Join(dir, ".doctor")
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		return "", fmt.Errorf("OPSBUDDY_DATA_DIR: %w: choose a folder that can be written", err)
	}
	return "embedded, data in " + dir, os.Remove(probe)
}

// roomFor tells whether a folder that is not there can be made, and leaves nothing.
func roomFor(dir string) error {
	above := filepath.Dir(dir)
	for _, err := os.Stat(above); errors.Is(err, os.ErrNotExist) && above != filepath.Dir(above); _, err = os.Stat(above) {
		above = filepath.Dir(above)
	}
	probe, err := os.MkdirTemp(above, ".doctor")
	if err != nil {
		return fmt.Errorf("OPSBUDDY_DATA_DIR: %w: choose a folder that can be written", err)
	}
	return os.Remove(probe)
}

// usableFolder makes the data folder before anything is started on it: the
// embedded server knows the path alone, not the variable that chose it.
func usableFolder(cfg config.Config) error {
	if cfg.Temporal.Address != "" {
		return nil
	}
	_, err := checkFolder(cfg.Server.DataDir, true)
	return err
}

func checkPagerDuty(ctx context.Context, s triage.Sources) (string, error) {
	_, cut, err := s.PagerDuty.Services(ctx, "")
	if err != nil {
		return "", err
	}
	if cut.Total > 0 {
		return fmt.Sprintf("%d services can be read", cut.Total), nil
	}
	return "services can be read", nil
}
