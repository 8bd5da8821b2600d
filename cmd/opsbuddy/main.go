// Command opsbuddy is the on-call assistant as one program: it receives
// PagerDuty's webhooks, reviews each incident durably on Temporal, and posts a
// brief to Slack.
//
// It wires the packages together and talks to a person; it decides nothing else.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	_ "github.com/opsbuddy/opsbuddy/core/embedded"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2 // wrong usage or configuration
)

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// program is what every command is given.
type program struct {
	environ []string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
}

// usageError is a mistake of whoever called: wrong words, wrong settings.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// run is the whole program, for main and for tests.
func run(args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// A reader that went away (demo | head) must not end us before the child that
	// the demo started is stopped.
	signal.Ignore(syscall.SIGPIPE)
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	p := &program{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr}
	root := p.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(stderr, "opsbuddy:", line)
	}
	if errors.As(err, &usageError{}) {
		return exitUsage
	}
	return exitFailed
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "opsbuddy",
		Short:         "The on-call assistant: a PagerDuty incident in, an operator-first brief in Slack out",
		Long:          "Ops Buddy receives PagerDuty's webhooks, gathers what is known about each incident, lets a model\nlook further with read-only tools, and posts a brief to Slack.\n\nTry it without any keys:  opsbuddy demo",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q: see opsbuddy --help", args[0])}
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w: see %s --help", err, cmd.CommandPath())}
	})
	root.AddCommand(p.serveCommand(), p.demoCommand(), p.reviewCommand(), p.doctorCommand(),
		p.mcpCommand(), p.budgetCommand(), p.configCommand(), p.versionCommand())
	return root
}

// arguments wraps cobra's check of the number of words as a usage error.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w: see %s --help", err, cmd.CommandPath())}
		}
		return nil
	}
}
