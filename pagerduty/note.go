package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/opsbuddy/opsbuddy/border"
	"github.com/opsbuddy/opsbuddy/core"
)

// WriteNoteInput configures WriteNote.
type WriteNoteInput struct {
	Client     *Client // nil writes nothing
	IncidentID core.Ref
	Body       core.Ref // string, Markdown
}

type writtenInput struct {
	IncidentID string `json:"incident_id"`
	Body       string `json:"body"`
}

// WriteNoteOutput says whether the note was written. Frozen: histories hold it.
type WriteNoteOutput struct {
	Written bool   `json:"written"`
	Why     string `json:"why,omitempty"` // why it was not
}

// noteMark begins our notes, by which an earlier attempt's is found again.
const noteMark = "Ops Buddy's brief"

// maxBriefNote keeps a note readable in PagerDuty's timeline, in characters.
const maxBriefNote = 10_000

// WriteNote makes the step that writes a brief as one note of its incident: the
// only thing that Ops Buddy ever writes to PagerDuty, and only when it is asked
// to. Whatever goes wrong, the flow goes on: the brief stands in Slack.
func WriteNote(in WriteNoteInput) *core.Node {
	bind := core.Bind{"IncidentID": in.IncidentID, "Body": in.Body}
	return core.Activity("pagerduty.WriteNote", bind, func(ctx context.Context, n writtenInput) (WriteNoteOutput, error) {
		if in.Client == nil {
			return WriteNoteOutput{Why: "notes are off"}, nil
		}
		err := in.Client.writeNote(ctx, n.IncidentID, n.Body)
		switch {
		case err == nil:
			return WriteNoteOutput{Written: true}, nil
		case ctx.Err() != nil:
			return WriteNoteOutput{}, err
		default:
			return WriteNoteOutput{Why: err.Error()}, nil
		}
	})
}

// writeNote adds the note unless an earlier attempt did.
func (c *Client) writeNote(ctx context.Context, id, body string) error {
	if err := checkID("an incident", id); err != nil {
		return err
	}
	if core.Attempt(ctx) > 1 {
		notes, err := c.Notes(ctx, id)
		if err != nil {
			return err
		}
		for _, n := range notes {
			if strings.HasPrefix(n.Text, noteMark) {
				return nil
			}
		}
	}
	me, err := c.Me(ctx)
	if errors.Is(err, ErrAccountKey) || err == nil && me.Email == "" {
		return errors.New("a note wants a user's API key, since it has an author: create one under User Settings")
	}
	if err != nil {
		return err
	}
	text, _ := border.Cut(noteMark+"\n\n"+body, maxBriefNote)
	raw, err := json.Marshal(map[string]any{"note": map[string]string{"content": text}})
	if err != nil {
		return err
	}
	return c.post(ctx, "/incidents/"+id+"/notes", me.Email, raw)
}

// post sends a body on behalf of a user. It is in no tool's reach.
func (c *Client) post(ctx context.Context, path, from string, body []byte) error {
	x := &exchange{}
	req, err := http.NewRequestWithContext(context.WithValue(ctx, exchangeKey{}, x), http.MethodPost, c.host+path, bytes.NewReader(body))
	if err != nil {
		return errors.New("PAGERDUTY_API_HOST is no address of an API")
	}
	req.Header.Set("From", from)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.main.Do(req, true)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if x.err != nil {
		err = x.err
	}
	if err != nil {
		return fmt.Errorf("writing a note: %w", c.explain(err))
	}
	return nil
}
