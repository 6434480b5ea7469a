package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
)

// judge says what is wrong with an entry that may take up to room bytes.
func judge(e Entry, room int64) error {
	switch {
	case e.Name == "":
		return errors.New("no name")
	case len(e.Name) > math.MaxUint16:
		return fmt.Errorf("a name of %d bytes, more than %d", len(e.Name), math.MaxUint16)
	case !fs.ValidPath(e.Name), e.Name == ".", strings.ContainsAny(e.Name, "\x00\\"):
		return fmt.Errorf("the name %.80q is no clean path", e.Name)
	case e.Size < 0:
		return fmt.Errorf("a size of %d bytes", e.Size)
	case e.Size > room:
		return fmt.Errorf("with its %d bytes the archive is too large", e.Size)
	case e.Size == 0 && e.CRC32 != 0:
		return fmt.Errorf("no data, but the CRC-32 %08x", e.CRC32)
	}
	return nil
}
