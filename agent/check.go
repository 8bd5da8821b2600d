package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/opsbuddy/opsbuddy/agent/mcp"
	"github.com/opsbuddy/opsbuddy/agent/model"
)

// CheckTools starts every MCP server and lists its tools, and ends them again. It
// fails when one is down, or has not what its allow list names.
func CheckTools(ctx context.Context, tools []Tool, baseEnv []string) (string, error) {
	servers := make([]mcp.Server, len(tools))
	for i, t := range tools {
		servers[i] = t.server
	}
	pool, err := mcp.NewPool(servers, mcp.Options{BaseEnv: baseEnv})
	if err != nil {
		return "", err
	}
	defs, down := pool.Tools(ctx)
	errs := []error{pool.Close()}
	for _, d := range down {
		errs = append(errs, fmt.Errorf("%s: %s", d.Server, d.Why))
	}
	if drift := pool.Drift(); len(drift) > 0 {
		errs = append(errs, fmt.Errorf("allowed, but not offered: %s", strings.Join(drift, ", ")))
	}
	return fmt.Sprintf("%d tools of %d servers", len(defs), len(servers)), errors.Join(errs...)
}

// checkTokens is enough for one word.
const checkTokens = 16

// CheckModel asks each configured model for one word. It costs less than a
// hundredth of a cent.
func CheckModel(ctx context.Context, c LLMConfig) (string, error) {
	names := models(c)
	if len(names) == 0 {
		return "none: briefs come from the facts alone", nil
	}
	var said []string
	for _, name := range names {
		client, err := newClient(NodeConfig{LLM: c}, name)
		if err != nil {
			return "", err
		}
		_, err = client.Complete(ctx, model.Request{
			Messages: []model.Message{{Role: model.User, Text: "Answer with the word ok."}}, MaxTokens: checkTokens,
		})
		if err != nil {
			return "", fmt.Errorf("%s %s: %w", c.ProviderType, name, err)
		}
		_, priced := model.PriceOf(c.ProviderType, name)
		if !priced {
			name += " (its price is not known: briefs show the cost as unknown)"
		}
		said = append(said, name)
	}
	return strings.Join(said, ", ") + " answers", nil
}
