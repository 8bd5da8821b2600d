package border

import (
	"regexp"
	"strings"
)

// rule finds one kind of secret. hints are lower-case texts of which one must
// be there for the pattern to match: searching them is many times cheaper.
type rule struct {
	hints   []string
	pattern *regexp.Regexp
	// replace turns one match into what stands there afterwards; groups are
	// those of the pattern.
	replace func(groups []string) string
}

func (r rule) worthTrying(s string) bool {
	for _, h := range r.hints {
		if containsFold(s, h) {
			return true
		}
	}
	return false
}

// containsFold is strings.Contains for an ASCII hint in lower case, without a
// copy of s.
func containsFold(s, hint string) bool {
	for i := 0; i+len(hint) <= len(s); i++ {
		if lower(s[i]) == hint[0] && strings.EqualFold(s[i:i+len(hint)], hint) {
			return true
		}
	}
	return false
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

func (r rule) apply(s string) string {
	matches := r.pattern.FindAllStringSubmatchIndex(s, -1)
	if matches == nil {
		return s
	}
	var out strings.Builder
	at := 0
	for _, m := range matches {
		groups := make([]string, len(m)/2)
		for i := range groups {
			if m[2*i] >= 0 {
				groups[i] = s[m[2*i]:m[2*i+1]]
			}
		}
		out.WriteString(s[at:m[0]])
		out.WriteString(r.replace(groups))
		at = m[1]
	}
	out.WriteString(s[at:])
	return out.String()
}

// whole replaces the match.
func whole([]string) string { return Redacted }

// after keeps group 1 and replaces the rest.
func after(g []string) string { return g[1] + Redacted }

// between keeps group 1 and the last group, and replaces group 2 unless it is a
// placeholder.
func between(g []string) string {
	if placeholder(g[2]) {
		return g[0]
	}
	return g[1] + Redacted + g[len(g)-1]
}

// Sources of the token forms: the vendors' pages on their tokens and secret
// scanning, as gathered by gitleaks' and GitHub's lists.
var rules = []rule{
	{ // PEM and PGP private keys; one that was cut short loses what is left of it
		hints: []string{"private key"},
		pattern: regexp.MustCompile(`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----` +
			`(?:[\s\S]*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----` +
			`|(?:(?:\s|\\[nr])*(?:[A-Za-z-]+: [^\n]*|[A-Za-z0-9+/]{16,}=*|[A-Za-z0-9+/]+=+))*)`),
		replace: whole,
	},
	{
		hints:   []string{"hooks.slack"},
		pattern: regexp.MustCompile(`(\bhooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/)[A-Za-z0-9/_-]{8,}`),
		replace: after,
	},
	{
		hints:   []string{"eyj"},
		pattern: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){1,3}`),
		replace: whole,
	},
	{
		hints:   []string{"akia", "asia", "abia", "acca"},
		pattern: regexp.MustCompile(`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b`),
		replace: whole,
	},
	{ // tokens that name their vendor
		hints: []string{"xox", "xapp-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "glptt-", "gldt-", "glrt-",
			"gloas-", "glcbt-", "glsoat-", "glft-", "glimt-", "glagent-", "glsa_", "glc_", "sk-", "aiza", "ya29.", "k_live_", "k_test_",
			"sg.", "npm_", "pypi-", "hf_", "att3", "ctt3", "hvs.", "hvb.", "dop_v1_", "shpat_", "shpca_", "shppa_", "shpss_", "dapi",
			"lin_api_", "age-secret-key-", "nrak-", "u+", "+_", "xkeysib-", "pul-"},
		pattern: regexp.MustCompile(`\b(?:` + strings.Join([]string{
			`xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}`, `xapp-\d-[A-Za-z0-9-]{8,}`, // Slack
			`gh[pousr]_[A-Za-z0-9]{20,}`, `github_pat_[A-Za-z0-9_]{20,}`, // GitHub
			`gl(?:pat|ptt|dt|rt|oas|cbt|soat|ft|imt|agent)-[A-Za-z0-9_.-]{16,}`, `glsa_[A-Za-z0-9_]{30,}`, `glc_[A-Za-z0-9+/=]{30,}`, // GitLab, Grafana
			`sk-ant-[A-Za-z0-9_-]{10,}`, `sk-(?:proj|svcacct|admin|or-v1|lf)-[A-Za-z0-9_-]{16,}`, `sk-[A-Za-z0-9]{20,}`, // Anthropic, OpenAI and look-alikes
			`AIza[A-Za-z0-9_-]{35}`, `ya29\.[A-Za-z0-9_-]{20,}`, // Google
			`[sr]k_(?:live|test)_[A-Za-z0-9]{16,}`, `SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`, `npm_[A-Za-z0-9]{36}`, `pypi-[A-Za-z0-9_-]{50,}`,
			`hf_[A-Za-z0-9]{30,}`, `AT[AC]TT3[A-Za-z0-9_=.+/-]{20,}`, `hv[sb]\.[A-Za-z0-9_-]{20,}`, `dop_v1_[a-f0-9]{64}`,
			`shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}`, `dapi[a-f0-9]{32}`, `lin_api_[A-Za-z0-9]{40}`, `AGE-SECRET-KEY-1[A-Z0-9]{58}`,
			`NRAK-[A-Z0-9]{27}`, `xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}`, `pul-[a-f0-9]{40}`,
			`u\+[A-Za-z0-9_-]{16,}`, `pd[a-z]{2}\+_[A-Za-z0-9_+/=-]{16,}`, // PagerDuty: user API keys, scoped OAuth tokens
		}, "|") + `)`),
		replace: whole,
	},
	{ // scheme://user:password@host
		hints:   []string{"://"},
		pattern: regexp.MustCompile(`(\b[A-Za-z][A-Za-z0-9+.-]*://[^\s:/?#@"'<>]*:)([^\s/?#"'<>]+)(@)`),
		replace: between,
	},
	{ // scheme://token@host
		hints:   []string{"://"},
		pattern: regexp.MustCompile(`(\b[A-Za-z][A-Za-z0-9+.-]*://)([A-Za-z0-9_-]{20,})(@)`),
		replace: between,
	},
	{ // user:password@tcp(host:3306)/db
		hints:   []string{"@tcp(", "@unix("},
		pattern: regexp.MustCompile(`([A-Za-z0-9_.-]+:)([^\s@/"']+)(@(?:tcp|unix)\()`),
		replace: between,
	},
	{
		hints:   []string{"authorization"},
		pattern: regexp.MustCompile(`(?i)\b((?:proxy-)?authorization\\?["']?[ \t]*[:=][ \t]*\\?["']?)((?:[a-z0-9-]+ +)?)([^\s"'\\,;]+(?:, *[a-z]+="[^"\n]*")*)`),
		replace: authorization,
	},
	{
		hints:   []string{"bearer "},
		pattern: regexp.MustCompile(`(?i)(\bbearer +)([A-Za-z0-9._~+/-]{12,}=*)()`),
		replace: bearer,
	},
	{
		hints:   []string{"cookie"},
		pattern: regexp.MustCompile(`(?i)(\b(?:set-)?cookie\\?["']?\s*:\s*\\?["']?)([A-Za-z0-9_.-]+=[^\n"'\\]+)`),
		replace: after,
	},
	{
		hints:   []string{"sig", "x-amz-security-token"},
		pattern: regexp.MustCompile(`(?i)([?&](?:sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature)=)[^\s&"'<>#]+`),
		replace: after,
	},
	{ // curl -u user:password
		hints:   []string{"curl"},
		pattern: regexp.MustCompile(`(\bcurl\b[^\n|;]*?\s(?:-u|--user|--proxy-user)[ =]?["']?[^\s:"']+:)([^\s"']+)()`),
		replace: between,
	},
	{ // <password>value</password>
		hints:   []string{"</"},
		pattern: regexp.MustCompile(`(?i)(<[a-z0-9_.:-]*(?:password|passwd|passphrase|secret|token|api-?key)>)([^<]+)(</)`),
		replace: between,
	},
	{ // --password value
		hints:   []string{"--"},
		pattern: regexp.MustCompile(`(?i)(--[a-z0-9-]*(?:password|passwd|passphrase|secret|token|api-?key|access-?key|secret-?key)[ \t]+["']?)([^\s"'\-][^\s"']*)()`),
		replace: between,
	},
}

// schemes are the words that stand before a credential in an Authorization
// header; PagerDuty's is "Token token=…".
var schemes = regexp.MustCompile(`(?i)^(?:bearer|basic|token|digest|negotiate|ntlm|apikey|api-key|geniekey|aws4-hmac-sha256) +$`)

// authorization keeps the scheme's name. Without a known scheme a value needs a
// digit to be taken for a credential, so that "authorization: policy check
// failed" stays a sentence.
func authorization(g []string) string {
	scheme, value := g[2], g[3]
	value, isToken := strings.CutPrefix(value, "token=")
	known := schemes.MatchString(scheme)
	switch {
	case placeholder(value), !known && !strings.ContainsAny(value, "0123456789"):
		return g[0]
	case isToken:
		return g[1] + scheme + "token=" + Redacted
	}
	return g[1] + scheme + Redacted
}

// bearer leaves "bearer authentication" alone: a token has digits.
func bearer(g []string) string {
	if !strings.ContainsAny(g[2], "0123456789") {
		return g[0]
	}
	return between(g)
}
