// Package drill runs the built server as a process of its own, in production
// settings behind a TLS front, on real parts, and then uses, attacks or breaks it
// from outside, by HTTP alone. Whatever a drill is about, it ends with a search for
// secrets in all that the server has said, answered and stored.
package drill
