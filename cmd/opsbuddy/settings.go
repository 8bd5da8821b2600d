package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/config"
)

// settings loads the configuration and checks what a command needs of it.
// Every mistake is reported at once.
func (p *program) settings(needs func(config.Config) error) (config.Config, error) {
	cfg, warnings, err := config.Load(p.environ)
	for _, w := range warnings {
		fmt.Fprintln(p.stderr, "opsbuddy: warning:", w)
	}
	if err := config.Join(err, needs(cfg)); err != nil {
		return cfg, usageError{err}
	}
	return cfg, nil
}

// logger writes to stderr in the configured form; a secret that reaches a
// message all the same is taken out.
func (p *program) logger(cfg config.Config) *slog.Logger {
	redactor := border.NewRedactor(cfg.Secrets()...)
	opts := &slog.HandlerOptions{Level: cfg.Log.SlogLevel(), ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch v := a.Value.Any().(type) {
		case string:
			a.Value = slog.StringValue(redactor.Redact(v))
		case error:
			a.Value = slog.StringValue(redactor.Redact(v.Error()))
		}
		return a
	}}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(p.stderr, opts))
	}
	return slog.New(slog.NewTextHandler(p.stderr, opts))
}

func (p *program) configCommand() *cobra.Command {
	return &cobra.Command{
		Use: "config", Short: "Print the configuration in force, secrets as [redacted]", Args: arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			cfg, err := p.settings(func(config.Config) error { return nil })
			if err != nil {
				return err
			}
			return cfg.Print(p.stdout)
		},
	}
}
