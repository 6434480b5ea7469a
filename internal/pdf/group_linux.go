package pdf

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// apart puts a program into a process group of its own, which dies when we do.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup ends a process group at once.
func killGroup(group int) { _ = syscall.Kill(-group, syscall.SIGKILL) } // fails only where it has ended

// memoryOf is how much memory the processes of a group have to themselves, in bytes: what
// they share is counted once for none of them.
func memoryOf(group int) int64 {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	var sum int64
	for _, process := range processes {
		if _, err := strconv.Atoi(process.Name()); err != nil || groupOf(process.Name()) != group {
			continue
		}
		// Pages: of the program, in memory, and of these, shared.
		text, err := os.ReadFile("/proc/" + process.Name() + "/statm")
		if fields := bytes.Fields(text); err == nil && len(fields) > 2 {
			resident, _ := strconv.ParseInt(string(fields[1]), 10, 64) // the kernel writes numbers
			shared, _ := strconv.ParseInt(string(fields[2]), 10, 64)
			sum += (resident - shared) * int64(os.Getpagesize())
		}
	}
	return sum
}

// groupOf is the group of a process; 0 where it has gone.
func groupOf(process string) int {
	text, err := os.ReadFile("/proc/" + process + "/stat") //nolint:gosec // process is a number
	end := bytes.LastIndexByte(text, ')')                  // its name may hold anything
	if err != nil || end < 0 {
		return 0
	}
	fields := bytes.Fields(text[end+1:])
	if len(fields) < 3 {
		return 0
	}
	group, _ := strconv.Atoi(string(fields[2])) // the kernel writes numbers
	return group
}
