// Command standin is the server as far as the embedded default knows it: it
// migrates, loads a demo, serves, and drains when asked to end.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

func main() {
	if err := run(append(os.Args, "serve")[1]); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

func run(command string) error {
	switch command {
	case "migrate":
		return execute("MIGRATE_DATABASE_URL", "CREATE TABLE IF NOT EXISTS starts (); GRANT INSERT, SELECT ON starts TO pixgate_server")
	case "demo":
		fmt.Println("Anna  anna@example.org  customer")
		return execute("DATABASE_URL", "INSERT INTO starts DEFAULT VALUES")
	default:
		return serve()
	}
}

func execute(variable, sql string) error {
	conn, err := pgx.Connect(context.Background(), os.Getenv(variable))
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	_, err = conn.Exec(context.Background(), sql)
	return err
}

func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	http.HandleFunc("GET /environment", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, strings.Join(os.Environ(), "\n"))
	})
	http.HandleFunc("GET /die", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
	listener, err := net.Listen("tcp", os.Getenv("ADDR"))
	if err != nil {
		return err
	}
	go http.Serve(listener, nil)
	<-ctx.Done()
	return os.WriteFile(os.Getenv("STANDIN_REPORT"), []byte(drain()), 0o600)
}

// drain needs every part once more.
func drain() string {
	if err := execute("DATABASE_URL", "SELECT"); err != nil {
		return err.Error()
	}
	for _, variable := range []string{"REDIS_URL", "S3_ENDPOINT", "SES_ENDPOINT"} {
		u, err := url.Parse(os.Getenv(variable))
		if err != nil {
			return err.Error()
		}
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			return err.Error()
		}
		conn.Close()
	}
	return "drained"
}
