package agent

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/opsbuddy/opsbuddy/agent/model"
	"github.com/opsbuddy/opsbuddy/agent/tool"
	"github.com/opsbuddy/opsbuddy/money"
)

// Input starts a run. Frozen: histories hold it.
type Input struct {
	UserPrompt    string        `json:"user_prompt"`
	FirstEvidence int           `json:"first_evidence,omitempty"`
	StepTimeout   time.Duration `json:"step_timeout"`
	Began         time.Time     `json:"began,omitzero"`    // when StepTimeout began to run, if not now
	Spent         money.USD     `json:"spent,omitzero"`    // of the run's ceiling, before
	Once          bool          `json:"once,omitempty"`    // one call without tools may do
	Context       any           `json:"context,omitempty"` // for Verify
}

// StopReason says why a run ended.
type StopReason string

// The reasons. Only Answered is a success.
const (
	Answered      StopReason = "answered"
	MaxIterations StopReason = "max iterations"
	OutOfMoney    StopReason = "budget"
	OutOfTime     StopReason = "deadline"
	Looping       StopReason = "loop"
	Refused       StopReason = "refused"
	ModelFailed   StopReason = "model failed"
	NoModel       StopReason = "no model"
	Interrupted   StopReason = "interrupted" // the flow had no more use for an answer
)

// Result is the outcome of a run, and always there. Frozen: histories hold it.
type Result struct {
	// Response is the final text. It may be there when Succeeded is not: then it
	// is the best that the model could say when it was stopped.
	Response   string        `json:"response"`
	Succeeded  bool          `json:"succeeded"`
	StopReason StopReason    `json:"stop_reason"`
	Detail     string        `json:"detail,omitempty"` // one sentence on the reason
	TotalCost  money.USD     `json:"total_cost"`
	Duration   time.Duration `json:"duration"`
	Iterations int           `json:"iterations"` // calls to the model that were answered
	Provider   string        `json:"provider"`
	Model      string        `json:"model"`
	Usage      model.Usage   `json:"usage"`
	Turns      []Turn        `json:"turns,omitempty"`
	// Observations are the tool calls with their answers, in the order asked.
	Observations []Observation `json:"observations,omitempty"`
	Down         []tool.Down   `json:"down,omitempty"` // servers that could not be asked
	// MayComeBack says that the model failed in a way that passes.
	MayComeBack bool `json:"may_come_back,omitempty"`
}

// Turn is one answered call to the model.
type Turn struct {
	Model   string        `json:"model"`
	Purpose string        `json:"purpose,omitempty"` // "", "once", "final", "correct" or "compact"
	Usage   model.Usage   `json:"usage"`
	Cost    money.USD     `json:"cost"`
	Took    time.Duration `json:"took"`
	Calls   int           `json:"calls,omitempty"`
	Stop    model.Stop    `json:"stop"`
	Warning string        `json:"warning,omitempty"`
	Stepped string        `json:"stepped,omitempty"` // how the call was made cheaper, and why
}

// Stepped says how the run was made cheaper than it was meant, and why; empty when
// it was not.
func (r Result) Stepped() string {
	for _, t := range slices.Backward(r.Turns) {
		if t.Stepped != "" {
			return t.Stepped
		}
	}
	return ""
}

// Observation is one tool call and what it answered.
type Observation struct {
	Number    int             `json:"number"` // E<Number> in the conversation
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Text      string          `json:"text"`
	Failed    bool            `json:"failed,omitempty"`
	Mistake   bool            `json:"mistake,omitempty"` // the call was wrong, and nothing was asked
	Cut       bool            `json:"cut,omitempty"`
	At        time.Time       `json:"at"`
}

// Plan is what the workflow knows of the agent: settings without secrets and
// the tools of this run. Frozen: histories hold it.
type Plan struct {
	Provider      string        `json:"provider"`
	Models        []string      `json:"models"` // the model, then its fallback
	System        string        `json:"system"`
	Tools         []model.Tool  `json:"tools"`
	Down          []tool.Down   `json:"down,omitempty"`
	MaxIterations int           `json:"max_iterations"`
	MaxTokens     int           `json:"max_tokens"`
	PerRun        money.USD     `json:"per_run"` // zero is no ceiling
	SoftDeadline  time.Duration `json:"soft_deadline"`
	Threshold     int           `json:"threshold"`
	KeepRecent    int           `json:"keep_recent"`
	Patient       bool          `json:"patient,omitempty"`
	Verifies      bool          `json:"verifies,omitempty"`
}
