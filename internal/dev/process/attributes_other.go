//go:build unix && !linux

package process

import "syscall"

// Only Linux has user namespaces and death signals. Elsewhere programs are
// stopped by us, and one that outlives a kill -9 is found by its lock.
func attributes(o Options) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if o.As.UID != 0 {
		a.Credential = &syscall.Credential{Uid: o.As.UID, Gid: o.As.GID}
	}
	return a
}
