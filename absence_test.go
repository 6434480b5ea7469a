package main

import (
	"slices"
	"testing"
	"time"
)

// clockwork is a time that tests move, and what waits for it.
type clockwork struct {
	at      time.Time
	waiting func()
	due     time.Time
	told    []bool
	a       *absence
}

func newClockwork() *clockwork {
	c := &clockwork{at: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
	c.a = newAbsence(func(away bool) { c.told = append(c.told, away) })
	c.a.now = func() time.Time { return c.at }
	c.a.after = func(d time.Duration, f func()) {
		c.due, c.waiting = c.at.Add(d), f
	}
	return c
}

func (c *clockwork) pass(d time.Duration) {
	c.at = c.at.Add(d)
	if c.waiting != nil && !c.at.Before(c.due) {
		f := c.waiting
		c.waiting = nil
		f()
	}
}

// away lets it be away for so long, and then be there again.
func (c *clockwork) away(d time.Duration) {
	c.a.change(true)
	c.pass(d)
	c.a.change(false)
}

func TestAMomentWithoutRedisWakesNobody(t *testing.T) {
	t.Parallel()
	c := newClockwork()
	for range 100 { // as a busy machine has them
		c.away(50 * time.Millisecond)
		c.pass(longThere)
	}
	c.away(longAway - time.Millisecond)
	if len(c.told) != 0 {
		t.Errorf("told %v of moments", c.told)
	}
}

func TestALongAbsenceIsToldOnceAndSoIsItsEnd(t *testing.T) {
	t.Parallel()
	c := newClockwork()
	for round := range 2 {
		c.a.change(true)
		c.pass(longAway - time.Millisecond)
		if len(c.told) != 2*round {
			t.Fatalf("told %v too early", c.told)
		}
		c.pass(time.Millisecond)
		c.pass(time.Hour)
		if !slices.Equal(c.told[2*round:], []bool{true}) {
			t.Fatalf("told %v while it is away", c.told)
		}
		c.a.change(false)
		c.away(50 * time.Millisecond) // what was told is told
		if !slices.Equal(c.told[2*round:], []bool{true, false}) {
			t.Fatalf("told %v when it is back", c.told)
		}
		c.pass(longThere)
	}
}

// A Redis that comes and goes is away half of the time, and never for long.
func TestMomentsThatComeOneAfterTheOtherAddUp(t *testing.T) {
	t.Parallel()
	c := newClockwork()
	for range 4 {
		c.away(time.Second)
		c.pass(time.Second)
	}
	if len(c.told) != 0 {
		t.Errorf("told %v after four seconds", c.told)
	}
	c.away(time.Second)
	if !slices.Equal(c.told, []bool{true, false}) {
		t.Errorf("told %v of a Redis that comes and goes", c.told)
	}
}

// What waits for the end of an absence runs off after it, too: when Redis is back, or has
// gone again.
func TestAnAbsenceThatIsOverIsNotTold(t *testing.T) {
	t.Parallel()
	c := newClockwork()
	c.a.change(true)
	late := c.waiting
	c.pass(longAway - time.Second)
	c.a.change(false)
	late()
	c.pass(longThere)
	c.a.change(true)
	late()
	if len(c.told) != 0 {
		t.Errorf("told %v of an absence that was over", c.told)
	}
}
