package main

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOptionsNameFilesAndLength(t *testing.T) {
	o, err := parseOptions([]string{"--quick", "--json", "a.json", "--html", "a.html"}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, "a.json", o.json)
	assert.Equal(t, "a.html", o.html)
	assert.Equal(t, quickRounds, o.rounds)
	assert.Equal(t, quickPasses, o.passes)
	full, err := parseOptions(nil, io.Discard)
	require.NoError(t, err)
	assert.Less(t, o.spell, full.spell)
	assert.Less(t, o.limit, full.limit)
	assert.True(t, full.run.MatchString(smallCall.name+"/"+roamCgo.name))
}

func TestOptionsRefuseWhatTheyDoNotKnow(t *testing.T) {
	for _, args := range [][]string{{"more"}, {"-run", "("}, {"-fast"}} {
		var said bytes.Buffer
		_, err := parseOptions(args, &said)
		assert.Error(t, err)
		assert.NotEmpty(t, said.String())
	}
}
