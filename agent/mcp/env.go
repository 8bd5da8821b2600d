package mcp

import (
	"net/url"
	"slices"
	"sort"
	"strings"
)

// inherited are the variables of the parent that a child needs: without the
// certificates it dies behind a private authority, without a proxy it reaches
// nothing. Nothing else crosses, above all no other server's secrets.
var inherited = []string{
	"PATH", "HOME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
}

// inheritedPrefixes are families of such variables: locale, and where uv and npm
// find their registries and caches.
var inheritedPrefixes = []string{"LC_", "UV_", "npm_config_", "NPM_CONFIG_"}

// defaults quiet servers that talk on start, and keep npx from asking a registry
// that may be down for what is cached already.
var defaults = map[string]string{
	"PATH":                       "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", // a shell's, when base has none
	"FASTMCP_SHOW_SERVER_BANNER": "false", "FASTMCP_CHECK_FOR_UPDATES": "off", "npm_config_prefer_offline": "true",
}

// Env is a child's whole environment: a few variables of base, and its own.
func Env(base []string, own map[string]string) []string {
	env := map[string]string{}
	for k, v := range defaults {
		env[k] = v
	}
	for _, kv := range base {
		k, v, ok := strings.Cut(kv, "=")
		if ok && mayInherit(k, v) {
			env[k] = v
		}
	}
	for k, v := range own {
		env[k] = v
	}
	out := make([]string, 0, len(env))
	for k, v := range env {
		out = append(out, k+"="+v)
	}
	sort.Strings(out)
	return out
}

// mayInherit lets a family's settings through but for its logins, such as
// UV_PUBLISH_TOKEN, UV_INDEX_X_PASSWORD, npm_config__auth and a registry's
// address with a user in it. A server that needs one names it in its own Env.
func mayInherit(name, value string) bool {
	if slices.Contains(inherited, name) {
		return true
	}
	if !slices.ContainsFunc(inheritedPrefixes, func(p string) bool { return strings.HasPrefix(name, p) }) || holdsSecret(name) {
		return false
	}
	u, err := url.Parse(value)
	return err != nil || u.User == nil
}

func value(env []string, name string) string {
	for _, kv := range env {
		if k, v, _ := strings.Cut(kv, "="); k == name {
			return v
		}
	}
	return ""
}
