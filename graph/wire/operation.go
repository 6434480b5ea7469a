package wire

import (
	"context"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"

	"pixgate/graph/limit"
)

// operation picks the operation to run, coerces its variables and judges what they make it cost.
func (h *handler) operation(ctx context.Context, d *document, e envelope) (*graphql.OperationContext, *answer) {
	op := d.ast.Operations.ForName(e.operationName)
	switch {
	case op == nil:
		return nil, invalid("operationName", "invalid_value", gqlerror.Errorf("The document holds no operation of this name, or several and no name was given."))
	case op.Operation == ast.Subscription && h.Subscribe == nil:
		return nil, failed(gqlerror.List{rejection("Subscriptions are not supported.")})
	case op.Operation == ast.Mutation && !e.mutable:
		return nil, wrongMethod("POST", "Send mutations with POST.")
	}
	if d.introspect {
		if refusal := h.introspection(ctx); refusal != nil {
			return nil, refusal
		}
	}
	variables, err := h.coerce(d, op, e.variables)
	if err != nil {
		return nil, err
	}
	if err := limit.Cost(op, variables); err != nil {
		return nil, failed(gqlerror.List{err})
	}
	return &graphql.OperationContext{
		RawQuery:               e.query,
		OperationName:          e.operationName,
		Variables:              variables,
		Doc:                    d.ast,
		Operation:              op,
		DisableIntrospection:   !d.introspect,
		RecoverFunc:            h.Recover,
		ResolverMiddleware:     func(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) },
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler { return next(ctx) },
	}, nil
}

// introspection refuses who may not read the schema.
func (h *handler) introspection(ctx context.Context) *answer {
	if h.Introspect == nil {
		return refused(Status(codeForbidden), codeForbidden, "You may not read the schema.")
	}
	if err := h.Introspect(ctx); err != nil {
		return failed(mask(gqlerror.List{h.ErrorPresenter(ctx, err)}))
	}
	return nil
}

func (h *handler) coerce(d *document, op *ast.OperationDefinition, raw map[string]any) (map[string]any, *answer) {
	variables, err := validator.VariableValues(h.schema, op, raw)
	if err != nil {
		return nil, badVariable(err)
	}
	// A nullable variable with a default may stand where a Boolean! is wanted, so only its value tells.
	for _, name := range d.conditions {
		if value, given := variables[name]; given && value == nil {
			return nil, badVariable(gqlerror.ErrorPathf(ast.Path{ast.PathName("variable"), ast.PathName(name)}, "cannot be null"))
		}
	}
	return variables, nil
}

// badVariable names the variable and what in it is wrong, as the validator knows it.
func badVariable(err error) *answer {
	e := gqlerror.WrapIfUnwrapped(err)
	at := strings.TrimPrefix(e.Path.String(), "variable.")
	code := "invalid_value"
	switch {
	case e.Message == "must be defined", e.Message == "cannot be null":
		code = "required"
	case strings.HasPrefix(e.Message, "cannot use"), strings.HasPrefix(e.Message, "must be a "), strings.HasPrefix(e.Message, "enums must be"):
		code = "invalid_type"
	}
	// The path of a GraphQL error points into data, which there is none of.
	return invalid("variables."+at, code, &gqlerror.Error{Message: fmt.Sprintf("Variable $%s %s.", at, e.Message)})
}

func rejection(message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": codeRejected}}
}
