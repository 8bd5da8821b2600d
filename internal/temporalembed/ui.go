package temporalembed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/csrf"
	"github.com/temporalio/ui-server/v2/server/route"
	"github.com/temporalio/ui-server/v2/ui"
	"google.golang.org/grpc/metadata"
)

// codecPath is where the UI asks for packed payloads, on its own address.
const codecPath = "/codec"

const (
	// uiBody bounds a request. The largest ones hold the packed payloads of
	// several events, of 2 MB at most each.
	uiBody         = 16 << 20
	uiHeaderTime   = 10 * time.Second
	uiShutdownTime = 500 * time.Millisecond // browsers hold unused connections open
)

// webUI is Temporal's UI on a listener of ours. The routes are those of
// ui-server; its own Server is not used because it ends the process when its
// port is taken, cannot be given the token for every route (the download of a
// history has none), and answers to any Host.
type webUI struct {
	listener net.Listener
	http     *http.Server
	log      *slog.Logger
}

type uiConfig struct {
	grpcAddr, namespace string
}

// ErrUITaken says that the web UI's address is taken by another program.
var ErrUITaken = errors.New("it is taken by another program")

func listenUI(addr string, log *slog.Logger) (*webUI, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("temporal web ui: %s: %w: give another address, or an empty one to run without the web ui", addr, ErrUITaken)
	}
	if err != nil {
		return nil, fmt.Errorf("temporal web ui: it cannot listen on %q: %w; give host:port such as 127.0.0.1:8233, or an empty address to run without the web ui", addr, err)
	}
	return &webUI{listener: l, log: log}, nil
}

func (w *webUI) loopbackOnly() bool { return w.listener.Addr().(*net.TCPAddr).IP.IsLoopback() }

// serve returns at once; requests have waited in the listener's queue since
// listenUI.
func (w *webUI) serve(c uiConfig, t token, codec http.Handler) error {
	pages, err := w.pages(c, t, codec != nil)
	if err != nil {
		return fmt.Errorf("temporal web ui: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	if codec != nil {
		mux.Handle("POST "+codecPath+"/", codec)
	}
	handler := http.MaxBytesHandler(mux, uiBody)
	if w.loopbackOnly() {
		handler = localHostOnly(handler)
	} else {
		w.log.Warn("temporal web ui listens beyond this machine: whoever reaches it can read and stop workflows",
			"address", w.listener.Addr().String())
	}
	w.http = &http.Server{
		Handler: handler, ReadHeaderTimeout: uiHeaderTime,
		ErrorLog: slog.NewLogLogger(w.log.Handler(), slog.LevelWarn),
	}
	go func() {
		if err := w.http.Serve(w.listener); !errors.Is(err, http.ErrServerClosed) {
			w.log.Error("temporal web ui ended", "error", err)
		}
	}()
	return nil
}

// pages has the parts of ui-server's NewServer in the same order. CORS is left
// out: no other origin may ask.
func (w *webUI) pages(c uiConfig, t token, codec bool) (http.Handler, error) {
	cfg, err := config.NewConfigProviderWithRefresh(c.settings(codec))
	if err != nil {
		return nil, err
	}
	assets, err := ui.Assets()
	if err != nil {
		return nil, err
	}
	if assets, err = fs.Sub(assets, "local"); err != nil {
		return nil, err
	}
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	e.Use(middleware.RecoverWithConfig(middleware.RecoverConfig{LogErrorFunc: w.recovered}))
	e.Use(middleware.Gzip(), middleware.Secure(), dropAuth)
	e.Use(csrf.EnsureTokenCookie(false), middleware.CSRFWithConfig(csrf.MiddlewareConfig(cfg, false)))
	e.Use(t.act)
	route.SetHealthRoute(e)
	if err := route.SetAPIRoutes(e, cfg, nil); err != nil {
		return nil, err
	}
	if err := route.SetUIRoutes(e, "", assets, cfg); err != nil {
		return nil, err
	}
	route.SetRenderRoute(e, "/")
	return e, nil
}

func (c uiConfig) settings(codec bool) *config.Config {
	s := &config.Config{
		TemporalGRPCAddress: c.grpcAddr, DefaultNamespace: c.namespace,
		EnableUI: true, HideLogs: true, DisableNewsFetch: true,
		// Batch jobs need the worker service, which does not run.
		BatchActionsDisabled: true,
	}
	s.CORS.CookieInsecure = true // plain HTTP on this machine
	if codec {
		s.Codec.Endpoint = codecPath
	}
	return s
}

func (w *webUI) recovered(_ echo.Context, err error, stack []byte) error {
	w.log.Error("temporal web ui panicked", "error", err, "stack", string(stack))
	return err
}

// dropAuth removes what the browser sent: ui-server takes an Authorization
// header for proof that the request is no forgery.
func dropAuth(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Request().Header.Del(echo.HeaderAuthorization)
		return next(c)
	}
}

// act lets a request that passed the check for forgery act with the token: most
// routes pass the header on, the download of a history takes the context's.
func (t token) act(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		r.Header.Set(echo.HeaderAuthorization, *t.header)
		c.SetRequest(r.WithContext(metadata.AppendToOutgoingContext(r.Context(), authHeader, *t.header)))
		return next(c)
	}
}

// localHostOnly refuses pages of other sites that point a name of theirs at
// 127.0.0.1 (DNS rebinding): to the browser they would be the UI's own origin.
func localHostOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocal(r.Host) {
			http.Error(w, "this page answers to localhost and 127.0.0.1 only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLocal(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = strings.Trim(hostPort, "[]")
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// stop waits for open requests a moment, then cuts them off.
func (w *webUI) stop(ctx context.Context) error {
	if w.http == nil {
		return w.listener.Close()
	}
	ctx, cancel := context.WithTimeout(ctx, uiShutdownTime)
	defer cancel()
	if err := w.http.Shutdown(ctx); err != nil {
		return w.http.Close()
	}
	return nil
}
