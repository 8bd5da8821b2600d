package main

import (
	"os"
	"path/filepath"
)

// slackHook sends server-slack's requests to a stand-in: its address is fixed.
const slackHook = `const real = globalThis.fetch;
const from = "https://slack.com/api/";
globalThis.fetch = (to, options) => {
  const address = String(to instanceof Request ? to.url : to);
  return real(address.startsWith(from) ? process.env.SLACK_API_BASE + address.slice(from.length) : to, options);
};
`

// writeHook puts the hook where Node can load it and returns its path and what
// takes it away again.
func writeHook() (string, func(), error) {
	dir, err := os.MkdirTemp("", "externalcheck")
	if err != nil {
		return "", nil, err
	}
	path := filepath.Join(dir, "hook.cjs")
	return path, func() { _ = os.RemoveAll(dir) }, os.WriteFile(path, []byte(slackHook), 0o600)
}
