package slack

import (
	"os"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"
)

// The manifest in the documents is what people create their app from: a scope or
// an event that it lacks is a question that nobody hears.
func TestTheAppOfTheDocumentsMayDoWhatIsDone(t *testing.T) {
	raw, err := os.ReadFile("../docs/slack-app.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var app struct {
		OAuth struct {
			Scopes struct{ Bot []string }
		} `yaml:"oauth_config"`
		Settings struct {
			Events struct {
				Bot []string `yaml:"bot_events"`
			} `yaml:"event_subscriptions"`
			Interactivity struct {
				Enabled bool `yaml:"is_enabled"`
			}
			Socket bool `yaml:"socket_mode_enabled"`
		}
	}
	if err := yaml.Unmarshal(raw, &app); err != nil {
		t.Fatal(err)
	}
	for _, scope := range []string{"chat:write", "channels:history", "channels:read", "groups:history", "groups:read", "users:read", "app_mentions:read"} {
		if !slices.Contains(app.OAuth.Scopes.Bot, scope) {
			t.Errorf("the scope %s is missing", scope)
		}
	}
	for _, event := range []string{"app_mention", "message.channels", "message.groups"} {
		if !slices.Contains(app.Settings.Events.Bot, event) {
			t.Errorf("the event %s is missing", event)
		}
	}
	if !app.Settings.Interactivity.Enabled || !app.Settings.Socket {
		t.Errorf("%+v", app.Settings)
	}
}
