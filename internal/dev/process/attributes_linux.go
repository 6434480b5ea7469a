package process

import (
	"os"
	"syscall"
)

// insider is root's id inside its own user namespace: any but 0.
const insider = 1000

func attributes(o Options) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: o.Death}
	switch {
	case o.As.Namespace:
		a.Cloneflags = syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: insider, HostID: os.Geteuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: insider, HostID: os.Getegid(), Size: 1}}
	case o.As.UID != 0:
		a.Credential = &syscall.Credential{Uid: o.As.UID, Gid: o.As.GID}
	}
	return a
}
