package forecast

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

const (
	brief = Brief - 1
	long  = Brief
)

func TestBriefSleepsAreExpectedAfterOne(t *testing.T) {
	var s Sleep
	assert.False(t, s.Brief())
	s.Took(long)
	assert.False(t, s.Brief())
	s.Took(brief)
	assert.True(t, s.Brief())
}

func TestExpectationThatIsLetDownReturnsSlowly(t *testing.T) {
	var s Sleep
	for range 1000 {
		s.Took(brief)
	}
	s.Took(time.Hour)
	for range -doubt {
		assert.False(t, s.Brief())
		s.Took(brief)
	}
	assert.False(t, s.Brief())
	s.Took(long)
	assert.False(t, s.Brief(), "long sleeps meanwhile change nothing")
	s.Took(brief)
	assert.True(t, s.Brief())
}
