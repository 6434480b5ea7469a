package testschema

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// LeakText is in every error that must not reach a client.
const LeakText = "relation \"account\" does not exist"

// New returns the schema. calls, which may be nil, is told the name of each root field that runs.
func New(calls func(field string)) graphql.ExecutableSchema {
	if calls == nil {
		calls = func(string) {}
	}
	return NewExecutableSchema(Config{Resolvers: root{calls}})
}

type root struct{ calls func(string) }

func (r root) Query() QueryResolver             { return query(r) }
func (r root) Mutation() MutationResolver       { return mutation(r) }
func (root) Subscription() SubscriptionResolver { return subscription{} }
func (root) Thing() ThingResolver               { return thing{} }

// refusal is an error with a code, as a server's presenter would make it; with none it is one that leaks.
func refusal(code *string, retryAfter *int) error {
	if code == nil {
		return errors.New(LeakText)
	}
	e := &gqlerror.Error{Message: "refused", Extensions: map[string]any{"code": *code}}
	if retryAfter != nil {
		e.Extensions["retryAfter"] = *retryAfter
	}
	return e
}

type query struct{ calls func(string) }

func (q query) Ok(context.Context) (*string, error) {
	q.calls("ok")
	return new("ok"), nil
}

func (q query) Nothing(context.Context) (*string, error) { return nil, nil }

func (q query) Fail(_ context.Context, code *string, retryAfter *int) (*string, error) {
	q.calls("fail")
	return nil, refusal(code, retryAfter)
}

func (q query) FailHard(_ context.Context, code *string) (string, error) {
	return "", refusal(code, nil)
}

func (q query) Wait(ctx context.Context) (*string, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (q query) WaitSilently(ctx context.Context) (*string, error) {
	<-ctx.Done()
	return nil, nil
}

func (q query) Panic(context.Context) (*string, error) { panic(LeakText) }

func (q query) Thing(_ context.Context, id string) (*Thing, error) {
	return &Thing{ID: id, Name: "thing " + id}, nil
}

func (q query) Things(ctx context.Context, first *int) ([]*Thing, error) {
	return thing{}.Things(ctx, nil, first)
}

func (q query) Paint(_ context.Context, colour Colour, _ *Where) (*string, error) {
	return new(colour.String()), nil
}

type mutation struct{ calls func(string) }

func (m mutation) Change(_ context.Context, name string) (*Thing, error) {
	m.calls("change")
	return &Thing{ID: "1", Name: name}, nil
}

func (m mutation) Refuse(_ context.Context, code string) (*Thing, error) {
	m.calls("refuse")
	return nil, refusal(&code, nil)
}

func (mutation) Paint(_ context.Context, colour Colour) (*Thing, error) {
	return &Thing{ID: "1", Name: colour.String()}, nil
}

func (mutation) RequestOtp(context.Context, string) (*bool, error) { return new(true), nil }

type subscription struct{}

// Ticks gives the Tick of the context, nothing for zero, or fails with what is there instead.
func (subscription) Ticks(ctx context.Context) (<-chan int, error) {
	if err, failed := ctx.Value(Tick{}).(error); failed {
		return nil, err
	}
	one := make(chan int, 1)
	if tick := ctx.Value(Tick{}).(int); tick != 0 {
		one <- tick
	}
	close(one)
	return one, nil
}

// Tick is where the context of an event has its number, or an error.
type Tick struct{}

type thing struct{}

func (thing) Secret(context.Context, *Thing) (*string, error) {
	return nil, refusal(new("FORBIDDEN"), nil)
}

func (thing) Stored(context.Context, *Thing) (*string, error) {
	return nil, refusal(new("UNAVAILABLE"), new(7))
}

func (thing) Broken(context.Context, *Thing) (*string, error) { return nil, errors.New(LeakText) }

func (thing) BrokenHard(context.Context, *Thing) (string, error) { return "", errors.New(LeakText) }

func (thing) Painted(_ context.Context, _ *Thing, colour Colour) (*string, error) {
	return new(colour.String()), nil
}

func (thing) Things(_ context.Context, _ *Thing, first *int) ([]*Thing, error) {
	n := 2
	if first != nil {
		n = min(max(*first, 0), 100)
	}
	things := make([]*Thing, n)
	for i := range things {
		things[i] = &Thing{ID: string(rune('a' + i)), Name: "thing"}
	}
	return things, nil
}
