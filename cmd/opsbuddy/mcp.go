package main

import (
	"fmt"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"github.com/opsbuddy/opsbuddy/atlassian"
	"github.com/opsbuddy/opsbuddy/config"
	"github.com/opsbuddy/opsbuddy/pagerduty"
	"github.com/opsbuddy/opsbuddy/slack"
)

func (p *program) mcpCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "mcp pagerduty|atlassian|slack",
		Short:     "Serve one of the built-in read-only MCP servers on stdin and stdout",
		Long:      "Serve one of the built-in read-only MCP servers on stdin and stdout, for any MCP client. Logs go to stderr.",
		ValidArgs: []string{"pagerduty", "atlassian", "slack"},
		Args:      arguments(cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := p.settings(func(c config.Config) error { return c.CheckMCP(args[0]) })
			if err != nil {
				return err
			}
			s, err := sources(cfg, p.logger(cfg))
			if err != nil {
				return err
			}
			var server *mcp.Server
			switch args[0] {
			case "pagerduty":
				server = pagerduty.NewServer(s.PagerDuty)
			case "atlassian":
				server = atlassian.NewServer(s.Atlassian)
			default:
				server = slack.NewServer(s.Slack)
			}
			stdio := newPatient(p.stdin, p.stdout)
			err = server.Run(cmd.Context(), &mcp.IOTransport{Reader: stdio, Writer: stdio})
			if err != nil && cmd.Context().Err() == nil {
				return fmt.Errorf("serving %s over MCP: %w", args[0], err)
			}
			return nil
		},
	}
}
