package check

import "testing"

func TestWhatRanOutDidSoWhenTheDetailsSay(t *testing.T) {
	f := shipped()
	f.Alerts[0].Details = "certificate: CN=gw.mtls.acme.example\nnot_after: 2026-03-20T13:52:00Z"
	f.Items[1].Text += "\n  certificate: CN=gw.mtls.acme.example\n  not_after: 2026-03-20T13:52:00Z"
	judgedLines{
		"- The client certificate ran out at 13:52 UTC":                  true,
		"- The client certificate was valid until 13:52 UTC":             true,
		"- The certificate expired at 14:52 CET":                         true,
		"- The client certificate ran out at 13:59 UTC":                  false, // the alert began then
		"- The certificate expired at 13:42 UTC":                         false,
		"- The 502 rate is 35% since 13:59 UTC":                          true,
		"- The certificate expired seven minutes before the first alert": true,
		"- The certificate expired four minutes before the first alert":  false,
	}.hold(t, f, "## Notes\n")
}
