package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Process is a server under load, in a process of its own so that its CPU can be
// told from the load's.
type Process struct {
	URL string
	cmd *exec.Cmd
	log bytes.Buffer
}

// Start runs a command with only the given environment, and waits until the URL
// answers at path.
func Start(url, path string, env []string, name string, args ...string) (*Process, error) {
	p := &Process{URL: url, cmd: exec.Command(name, args...)}
	p.cmd.Env = env
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if err := answers(url+path, 20*time.Second); err != nil {
		p.Stop()
		return nil, fmt.Errorf("%w; it said:\n%s", err, p.log.String())
	}
	return p, nil
}

// Stop ends the process.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	done := time.AfterFunc(10*time.Second, func() { _ = p.cmd.Process.Kill() })
	_ = p.cmd.Wait() // how it ends is of no interest here
	done.Stop()
}

// tick is the unit of CPU times in /proc: USER_HZ, 100 on every Linux of today.
const tick = 10 * time.Millisecond

// CPU is how much processor time the process has used, user and system, exact to
// 10 ms (Linux, proc(5)).
func (p *Process) CPU() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("read the process's CPU time: %w", err)
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	var ticks int64
	for _, field := range fields[11:13] { // utime, stime
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read the process's CPU time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// Written is how many bytes the process has sent to disks (Linux, proc(5)).
func (p *Process) Written() (int64, error) {
	counts, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/io")
	if err != nil {
		return 0, fmt.Errorf("read what the process wrote: %w", err)
	}
	_, after, _ := strings.Cut(string(counts), "\nwrite_bytes: ")
	digits, _, _ := strings.Cut(after, "\n")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read what the process wrote: %w", err)
	}
	return n, nil
}

// Memory is the most memory that the process has held at once, in bytes (Linux,
// proc(5)).
func (p *Process) Memory() (int64, error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, fmt.Errorf("read the process's memory: %w", err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(after)
	if len(fields) < 2 || fields[1] != "kB" {
		return 0, fmt.Errorf("read the process's memory: no peak in %d bytes", len(status))
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the process's memory: %w", err)
	}
	return kib << 10, nil
}
