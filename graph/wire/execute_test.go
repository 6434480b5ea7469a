package wire_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"pixgate/graph/wire"
)

func TestGuardRefusesBeforeAnythingRuns(t *testing.T) {
	t.Parallel()
	o := options(func(field string) { t.Errorf("%s ran", field) })
	o.Guard = func(_ context.Context, op *graphql.OperationContext) gqlerror.List {
		return gqlerror.List{
			{Message: "no", Extensions: map[string]any{"code": op.Variables["c"]}},
			{Message: "nor this", Extensions: map[string]any{"code": "FORBIDDEN"}},
		}
	}
	h := wire.New(o)
	for code, status := range refusals {
		for _, media := range bothMedia {
			for _, query := range []string{`query($c:String){ok fail(code:$c)}`, `mutation($c:String!){change(name:$c){id}}`} {
				got := ask(t, h, media, query, map[string]any{"c": code})
				if got.status != status || got.Data != nil || got.code() != code || len(got.Errors) != 2 {
					t.Errorf("%s: %d %s, want %d", code, got.status, got.body, status)
				}
			}
		}
	}
}

func TestGuardsErrorsArePresented(t *testing.T) {
	t.Parallel()
	o := options(nil)
	o.Guard = func(context.Context, *graphql.OperationContext) gqlerror.List {
		return gqlerror.List{gqlerror.Errorf("raw")}
	}
	o.ErrorPresenter = func(context.Context, error) *gqlerror.Error {
		return &gqlerror.Error{Message: "presented", Extensions: map[string]any{"code": "FORBIDDEN"}}
	}
	if got := ask(t, wire.New(o), mediaJSON, "{ok}", nil); got.status != 403 || got.Errors[0].Message != "presented" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestBefore(t *testing.T) {
	t.Parallel()
	type key struct{}
	o := options(nil)
	o.Before = func(ctx context.Context, op *graphql.OperationContext) context.Context {
		return context.WithValue(ctx, key{}, op.OperationName)
	}
	o.Guard = func(ctx context.Context, _ *graphql.OperationContext) gqlerror.List {
		if ctx.Value(key{}) != "" {
			t.Errorf("guard sees %v", ctx.Value(key{}))
		}
		return nil
	}
	o.ErrorPresenter = func(ctx context.Context, _ error) *gqlerror.Error {
		if ctx.Value(key{}) != "" {
			t.Errorf("presenter sees %v", ctx.Value(key{}))
		}
		return &gqlerror.Error{Extensions: map[string]any{"code": "FORBIDDEN"}}
	}
	if got := ask(t, wire.New(o), mediaJSON, `{fail(code:"FORBIDDEN")}`, nil); got.status != 403 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// An error that nobody gave a known code is told as internal, without its text, wherever it comes from; ask checks the text.
func TestUnknownErrorsAreMasked(t *testing.T) {
	t.Parallel()
	o := options(nil)
	o.ErrorPresenter = func(ctx context.Context, err error) *gqlerror.Error {
		e := graphql.DefaultErrorPresenter(ctx, err)
		if e.Extensions == nil {
			e.Extensions = map[string]any{"requestId": "r1"}
		}
		return e
	}
	h := wire.New(o)
	for _, query := range []string{"{fail}", "{panic}", "{failHard}", `{fail(code:"SOME_DRIVER_CODE")}`, "{thing(id:1){broken}}", "{ok panic}"} {
		got := ask(t, h, mediaGraphQL, query, nil)
		if got.code() != "INTERNAL" || got.Errors[0].Message != "Something went wrong." || len(got.Errors[0].Path) == 0 {
			t.Errorf("%s: %s", query, got.body)
		}
		if !strings.Contains(query, "DRIVER") && got.Errors[0].Extensions.RequestID != "r1" {
			t.Errorf("%s: no request id in %s", query, got.body)
		}
	}
}

func TestPanicOutsideResolvers(t *testing.T) {
	t.Parallel()
	o := options(nil)
	var value any = "boom"
	o.Guard = func(context.Context, *graphql.OperationContext) gqlerror.List { panic(value) }
	h := wire.New(o)
	if got := ask(t, h, mediaJSON, "{ok}", nil); got.status != 500 || got.code() != "INTERNAL" || got.Data != nil {
		t.Errorf("%d %s", got.status, got.body)
	}
	value = http.ErrAbortHandler
	defer func() {
		p := recover()
		if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("an abort became %v", p)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), post(`{"query":"{ok}"}`))
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	o := options(nil)
	o.Timeout = time.Millisecond
	h := wire.New(o)
	for _, query := range []string{"{wait}", "{waitSilently}", "{ok wait}", "{things{id} waitSilently}"} {
		for _, media := range bothMedia {
			got := ask(t, h, media, query, nil)
			if got.status != 503 || got.code() != "UNAVAILABLE" || got.Data != nil || got.header.Get("Retry-After") != "5" {
				t.Errorf("%s: %d %s", query, got.status, got.body)
			}
		}
	}
	o.Before = func(ctx context.Context, _ *graphql.OperationContext) context.Context {
		<-ctx.Done()
		return ctx
	}
	h = wire.New(o)
	if got := ask(t, h, mediaJSON, `mutation{change(name:"x"){name}}`, nil); got.status != 200 || string(got.Data) != `{"change":{"name":"x"}}` {
		t.Errorf("a mutation that took effect late: %d %s", got.status, got.body)
	}
	if got := ask(t, h, mediaJSON, `mutation{refuse(code:"FORBIDDEN"){name}}`, nil); got.status != 503 {
		t.Errorf("a mutation that failed late: %d %s", got.status, got.body)
	}
}

func TestIntrospection(t *testing.T) {
	t.Parallel()
	type key struct{}
	o := options(func(field string) {
		if field != "ok" {
			t.Errorf("%s ran", field)
		}
	})
	o.Introspect = func(ctx context.Context) error {
		if ctx.Value(key{}) == nil {
			return &gqlerror.Error{Message: "Sign in first.", Extensions: map[string]any{"code": "UNAUTHENTICATED"}}
		}
		return nil
	}
	h := wire.New(o)
	for _, query := range []string{
		"{__schema{types{name}}}",
		`{a:__type(name:"Thing"){name}}`,
		`{fail ...f} fragment f on Query{...{__type(name:"Thing"){name}}}`,
	} {
		for range 2 { // read, and from the cache
			got := ask(t, h, mediaJSON, query, nil)
			if got.status != 401 || got.code() != "UNAUTHENTICATED" || got.Data != nil || strings.Contains(got.body, "Thing") {
				t.Errorf("%s: %d %s", query, got.status, got.body)
			}
		}
	}
	o.Introspect = nil
	if got := ask(t, wire.New(o), mediaJSON, "{__schema{types{name}}}", nil); got.status != 403 || got.code() != "FORBIDDEN" {
		t.Errorf("without a rule: %d %s", got.status, got.body)
	}
	if got := ask(t, h, mediaJSON, "{__typename ok}", nil); got.body != `{"data":{"__typename":"Query","ok":"ok"}}` {
		t.Errorf("%s", got.body)
	}
	admin := post(`{"query":"{__type(name:\"Thing\"){name}}"}`)
	got := do(t, h, admin.WithContext(context.WithValue(admin.Context(), key{}, true)))
	if got.body != `{"data":{"__type":{"name":"Thing"}}}` {
		t.Errorf("%s", got.body)
	}
}

func TestMutationsRunInOrder(t *testing.T) {
	t.Parallel()
	var ran []string
	h := wire.New(options(func(field string) { ran = append(ran, field) }))
	ask(t, h, mediaJSON, `mutation{change(name:"x"){id} refuse(code:"FORBIDDEN"){id} b:change(name:"y"){id}}`, nil)
	if want := []string{"change", "refuse", "change"}; !slices.Equal(ran, want) {
		t.Errorf("%v, want %v", ran, want)
	}
}

// A document is parsed once and then shared: the race detector watches that nobody writes to it.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	h := wire.New(options(nil))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 20 {
				got := ask(t, h, mediaJSON, "query($id:ID!,$no:Boolean!){thing(id:$id){...f ok:name @skip(if:$no)}} fragment f on Thing{id}", map[string]any{"id": "1", "no": true})
				if got.body != `{"data":{"thing":{"id":"1"}}}` {
					t.Errorf("%s", got.body)
				}
			}
		})
	}
	wg.Wait()
}
