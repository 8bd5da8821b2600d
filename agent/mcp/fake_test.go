package mcp

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// fakeVar makes this test binary an MCP server on stdio, in the mode it names.
const fakeVar = "FAKE_MCP_MODE"

// fakeMark is a file by which a fake remembers, from life to life.
const fakeMark = "FAKE_MCP_MARK"

func TestMain(m *testing.M) {
	switch mode := os.Getenv(fakeVar); mode {
	case "":
		os.Exit(m.Run())
	case "sleeper":
		signal.Ignore(syscall.SIGTERM, syscall.SIGHUP)
		select {}
	default:
		(&fake{mode: mode, in: bufio.NewReader(os.Stdin)}).serve()
	}
}

// fake is a server that misbehaves in one way.
type fake struct {
	mode string
	in   *bufio.Reader
}

type fakeCall struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		Name      string          `json:"name"`
		Cursor    string          `json:"cursor"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"params"`
}

func (f *fake) serve() {
	f.begin()
	for {
		line, err := f.in.ReadString('\n')
		if err != nil {
			if f.mode == "stubborn" {
				select {}
			}
			os.Exit(0)
		}
		var c fakeCall
		if json.Unmarshal([]byte(line), &c) != nil || c.ID == nil {
			continue
		}
		if f.mode == "noise" {
			fmt.Println(`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no id"}}`)
			fmt.Println(`{"jsonrpc":"2.0","id":1,"error":"not an object"}`)
			fmt.Println("INFO request", c.Method)
			fmt.Println(`{"level":"info","msg":"a log line that is JSON"}`)
			fmt.Println("{'level': 'info'}")
			fmt.Println()
			fmt.Print("no line break after this: ")
		}
		f.answer(c)
	}
}

func (f *fake) begin() {
	switch f.mode {
	case "noise":
		fmt.Println("Starting the server ...")
	case "bom":
		fmt.Print("\ufeff")
	case "flood":
		fmt.Fprint(os.Stderr, strings.Repeat("a line of chatter that nobody reads\n", 60_000))
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
	case "silent":
		select {}
	case "leaky":
		fmt.Fprintln(os.Stderr, "Traceback (most recent call last):\n  login with "+os.Getenv("THE_TOKEN")+" refused")
		os.Exit(1)
	case "oldpython":
		fmt.Fprintln(os.Stderr, "Because the current Python version (3.11.7) does not satisfy Python>=3.12,<3.13 it cannot be used.")
		os.Exit(1)
	}
}

func (f *fake) answer(c fakeCall) {
	switch c.Method {
	case "initialize":
		f.reply(c, `{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"fake","version":"1"}}`)
	case "tools/list":
		f.reply(c, f.list(c))
		if f.mode == "deaf" {
			select {}
		}
	case "tools/call":
		f.call(c)
	default:
		fmt.Printf(`{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no such method"}}`+"\n", c.ID)
	}
}

func (f *fake) list(c fakeCall) string {
	if f.mode == "empty" {
		return `{"tools":[]}`
	}
	tools := []string{`{"name":"post_and_die","description":"d","inputSchema":{"type":"object"}}`}
	if f.mode == "endless" {
		tools = nil
	}
	for _, name := range []string{"echo", "pid", "env", "die", "dieonce", "hang", "huge", "spawn", "refuse", "odd"} {
		if f.mode == "endless" {
			name += c.Params.Cursor
		}
		tools = append(tools, fmt.Sprintf(`{"name":%q,"description":"d","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}`, name))
	}
	next := ""
	if f.mode == "cursor" {
		next = `,"nextCursor":"again"`
	}
	if f.mode == "endless" {
		next = `,"nextCursor":"` + c.Params.Cursor + `x"`
	}
	return `{"tools":[` + strings.Join(tools, ",") + `]` + next + `}`
}

func (f *fake) call(c fakeCall) {
	switch c.Params.Name {
	case "echo":
		f.say(c, string(c.Params.Arguments))
	case "pid":
		f.say(c, strconv.Itoa(os.Getpid()))
	case "env":
		env := os.Environ()
		slices.Sort(env)
		f.say(c, strings.Join(env, "\n"))
	case "die":
		fmt.Fprintln(os.Stderr, "fatal: out of memory")
		os.Exit(3)
	case "dieonce":
		if _, err := os.Stat(os.Getenv(fakeMark)); err != nil {
			_ = os.WriteFile(os.Getenv(fakeMark), nil, 0o600)
			os.Exit(3)
		}
		f.say(c, "alive again")
	case "post_and_die":
		mark, err := os.OpenFile(os.Getenv(fakeMark), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			fmt.Fprint(mark, "x")
		}
		os.Exit(3)
	case "odd":
		f.reply(c, `{"content":[{"type":"hologram","text":"x"}]}`)
	case "hang":
		select {}
	case "huge":
		f.say(c, strings.Repeat("x", maxLine+1))
	case "spawn":
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), fakeVar+"=sleeper")
		child.Stdout = os.Stdout // holds the pipe open, as npx's children do
		if err := child.Start(); err != nil {
			f.say(c, err.Error())
			return
		}
		f.say(c, strconv.Itoa(child.Process.Pid))
	case "refuse":
		fmt.Printf(`{"jsonrpc":"2.0","id":%s,"error":{"code":-32602,"message":"incident_id is missing"}}`+"\n", c.ID)
	}
}

func (f *fake) say(c fakeCall, text string) {
	quoted, _ := json.Marshal(text)
	f.reply(c, `{"content":[{"type":"text","text":`+string(quoted)+`}]}`)
}

func (f *fake) reply(c fakeCall, result string) {
	fmt.Printf(`{"jsonrpc":"2.0","id":%s,"result":%s}`+"\n", c.ID, result)
}
