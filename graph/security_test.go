package graph

import (
	"testing"

	"pixgate/graph/model"
)

func TestAFilterThatIsLeftOutAsksForEverything(t *testing.T) {
	t.Parallel()
	if all, none := eventFilter(nil), eventFilter(&model.SecurityEventFilter{}); all != none {
		t.Errorf("%+v and %+v", all, none)
	}
}
