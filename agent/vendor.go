package agent

import (
	"fmt"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/agent/model/anthropic"
	"github.com/opsbuddy/opsbuddy/agent/model/openai"
)

// defaultOllama is where Ollama listens when nobody says otherwise.
const defaultOllama = "http://localhost:11434/v1"

// newClient makes the client of one model: the only place that knows vendors.
func newClient(c NodeConfig, name string) (model.Client, error) {
	switch p := c.LLM.ProviderType; p {
	case "", "anthropic":
		return anthropic.New(anthropic.Options{APIKey: c.LLM.APIKey, BaseURL: c.LLM.BaseURL, Model: name, HTTP: c.HTTP, Logger: c.Logger}), nil
	case "openai-compat", "ollama":
		base := c.LLM.BaseURL
		if base == "" && p == "ollama" {
			base = defaultOllama
		}
		return openai.New(openai.Options{Provider: p, APIKey: c.LLM.APIKey, BaseURL: base, Model: name, HTTP: c.HTTP, Logger: c.Logger}), nil
	default:
		return nil, fmt.Errorf("agent: provider %q: it is one of anthropic, openai-compat, ollama, none", p)
	}
}
