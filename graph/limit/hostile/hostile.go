// Package hostile holds the documents that a GraphQL server must refuse quickly, for the tests and benchmarks of
// every layer a request passes. Nothing but tests may import it.
package hostile

import (
	"fmt"
	"strconv"
	"strings"
)

// Query is one way to make a server work for nothing.
type Query struct {
	Name string
	Text string
}

// Queries returns one document of each known kind, all of them within the 64 KiB that a request body may have unless
// they are refused for their tokens alone.
func Queries() []Query {
	return []Query{
		{"repeats", "{" + repeat(20_000, "viewer{id}") + "}"},
		{"repeats within the tokens", "{viewer{" + repeat(900, "id") + "}}"},
		{"repeats spread over siblings", "{" + repeat(10, "viewer{"+repeat(2, "id")+"}") + "}"},
		{"repeats in fragments", "{viewer{" + repeat(11, "...f") + "}} fragment f on Account{id}"},
		{"fragments doubling a level", Doubling(20)},
		{"fragments doubling a level, unused", "{viewer{id}} " + strings.TrimPrefix(Doubling(20), "{viewer{...f0}}")},
		{"fragments that contain themselves", "{viewer{...a}} fragment a on Account{...b} fragment b on Account{...a}"},
		{"fragments in a chain", "{viewer{...f0}}" + number(180, "fragment fN on Account{...fM}") + "fragment f180 on Account{id}"},
		{"fragments in a chain of doubled names", "{viewer{...a}} fragment a on Account{id} fragment a on Account{" + repeat(10, "...b") + "} fragment b on Account{id email role " + repeat(9, "...c") + "} fragment c on Account{id}"},
		{"aliases", "{" + number(10_000, "aN:viewer{id}") + "}"},
		{"aliases within the tokens", "{viewer{" + number(31, "aN:id") + "}}"},
		{"aliases in many operations", number(16, "query qN{viewer{a:id b:email}}")},
		{"directives", "{viewer" + repeat(10_000, "@skip(if:true)") + "{id}}"},
		{"directives within the tokens", "{viewer" + repeat(21, "@skip(if:true)") + "{id}}"},
		{"directives nobody knows", "{viewer" + number(600, "@dN") + "{id}}"},
		{"directives on variables", "query(" + number(25, "$vN:Int@d") + "){viewer{id}}"},
		{"unknown fields", "{" + number(10_000, "xN") + "}"},
		{"unknown fields within the tokens", "{viewer{" + number(1_500, "xN") + "}}"},
		{"unknown root fields", "{" + number(21, "xN") + "}"},
		{"deep selection sets", "{" + repeat(10_000, "a{") + "b" + repeat(10_000, "}") + "}"},
		{"deep selection sets within the tokens", "{" + repeat(15, "a{") + "b" + repeat(15, "}") + "}"},
		{"deep selection sets by fragments", "{...f0}" + number(16, "fragment fN on T{a{...fM}}") + "fragment f16 on T{a}"},
		{"deep lists", "{job(id:" + repeat(10_000, "[") + repeat(10_000, "]") + "){id}}"},
		{"deep lists within the tokens", "{job(id:" + repeat(16, "[") + repeat(16, "]") + "){id}}"},
		{"deep objects", "{job(id:" + repeat(5_000, "{a:") + "1" + repeat(5_000, "}") + "){id}}"},
		{"deep objects within the tokens", "{job(id:" + repeat(16, "{a:") + "1" + repeat(16, "}") + "){id}}"},
		{"deep list types", "query($v:" + repeat(400, "[") + "Int" + repeat(400, "]") + "){viewer{id}}"},
		{"deep defaults", "query($v:Int=" + repeat(16, "[") + repeat(16, "]") + "){viewer{id}}"},
		{"deep values in directives", "{viewer@include(if:" + repeat(16, "[") + repeat(16, "]") + "){id}}"},
		{"guesses by alias", `mutation{a:verifyOtp(input:{challengeId:"c",code:"000001"}){expiresAt} b:verifyOtp(input:{challengeId:"c",code:"000002"}){expiresAt}}`},
		{"guesses in fragments", `mutation{...f ...f} fragment f on Mutation{verifyOtp(input:{challengeId:"c",code:"000001"}){expiresAt}}`},
		{"mails and a guess", `mutation{requestOtp(input:{email:"a@example.com"}){challengeId} verifyOtp(input:{challengeId:"c",code:"000001"}){expiresAt}}`},
		{"comments", repeat(20_000, "#\n") + "{viewer{id}}"},
		{"operations", number(600, "query qN{a}")},
	}
}

// Doubling returns a query of some 45 bytes a level whose fragments expand to twice as many fields with each of the levels.
func Doubling(levels int) string {
	var b strings.Builder
	b.WriteString("{viewer{...f0}}")
	for i := range levels {
		fmt.Fprintf(&b, " fragment f%d on Account{...f%d ...f%d}", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment f%d on Account{id}", levels)
	return b.String()
}

func repeat(n int, s string) string { return strings.Repeat(s+" ", n) }

// number writes n pieces, each with its own number for N and the next one for M.
func number(n int, piece string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.NewReplacer("N", strconv.Itoa(i), "M", strconv.Itoa(i+1)).Replace(piece))
		b.WriteByte(' ')
	}
	return b.String()
}
