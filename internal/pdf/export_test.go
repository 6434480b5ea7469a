package pdf

import "time"

// Within changes the bounds of a printer that has not printed yet; 0 leaves one as it is.
func (p *Printer) Within(load time.Duration, file int, traffic, memory int64) *Printer {
	if load > 0 {
		p.bounds.load = load
	}
	if file > 0 {
		p.bounds.file = file
	}
	if traffic > 0 {
		p.bounds.traffic = traffic
	}
	if memory > 0 {
		p.bounds.memory = memory
	}
	return p
}
