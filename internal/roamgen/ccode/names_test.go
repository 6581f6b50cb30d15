package ccode

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMember(t *testing.T) {
	for name, want := range map[string]string{
		"UserID": "user_id", "HTTPURL2": "httpurl2", "X": "x", "already_snake": "already_snake",
		"Class": "class_", "Int": "int_", "Errno": "errno_", "Integer": "integer",
		"Größe": "gru00f6u00dfe", "世界": "u4e16u754c", "2fast": "_2fast",
	} {
		assert.Equal(t, want, member(name), name)
	}
}

func TestIsPrefix(t *testing.T) {
	for _, prefix := range []string{"files", "a1", "My_App", "roaming"} {
		assert.True(t, IsPrefix(prefix), prefix)
	}
	for _, prefix := range []string{"", "1a", "_a", "a-b", "a b", "größe", "roam"} {
		assert.False(t, IsPrefix(prefix), prefix)
	}
}

func TestComments(t *testing.T) {
	assert.Equal(t, "a * / b / * c", sanitized("a */ b /* c"))
	assert.NotContains(t, sanitized("**//"), "*/")
	assert.NotContains(t, sanitized("/*/"), "/*")
	assert.Equal(t, "ab", sanitized("a\u202eb"))
}
