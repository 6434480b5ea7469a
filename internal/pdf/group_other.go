//go:build !linux

package pdf

import (
	"os/exec"
	"syscall"
)

// apart puts a program into a process group of its own.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends a process group at once.
func killGroup(group int) { _ = syscall.Kill(-group, syscall.SIGKILL) } // fails only where it has ended

// memoryOf is 0: only Linux tells of it without asking a program. Time bounds the rest.
func memoryOf(int) int64 { return 0 }
