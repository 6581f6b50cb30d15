package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNamesAreTakenOnce(t *testing.T) {
	seen := make(map[string]bool)
	once := func(name string) {
		assert.False(t, seen[name], name)
		seen[name] = true
	}
	for _, bc := range cases {
		once(bc.name)
	}
	for _, c := range contenders {
		once(c.name)
		assert.Contains(t, colours, c.name)
	}
	for _, r := range rulesFor(roamCgo) {
		once(r.name)
	}
}

func TestEveryRuleIsOfWhatIsMeasured(t *testing.T) {
	s := make(series)
	for _, bc := range cases {
		for _, c := range contenders {
			if c.takes(bc) && judged[seriesKey{bc.name, c.name}] {
				s.add(bc, c, 0, sample{Ops: 1, Seconds: 1, Times: histogramOf(1), Idle: &idle{}})
			}
		}
	}
	for _, r := range rulesFor(roamCgo) {
		_, ok := r.ratio(s)
		assert.True(t, ok, r.name)
		for _, key := range slices.Concat(r.of.keys, r.over.keys) {
			without := maps.Clone(s)
			delete(without, key)
			_, ok := r.ratio(without)
			assert.False(t, ok, "%s without %v", r.name, key)
		}
	}
	for key := range s { // none is said to be judged that is in no ratio
		without := maps.Clone(s)
		delete(without, key)
		all := slices.Concat(ratiosOf(without, rulesFor(roamCgo)), ratiosOf(without, rulesFor(roamGo)))
		assert.Less(t, len(all), len(ratiosOf(s, rulesFor(roamCgo)))+len(ratiosOf(s, rulesFor(roamGo))), "%v", key)
	}
}

func TestStreamsBothWaysMoveTwiceAsMuch(t *testing.T) {
	both := stream(streamBoth, "64 KiB", largeItem, largeItems)
	assert.Equal(t, 2*upLarge.bytes, both.bytes)
	assert.Equal(t, 2*upLarge.items, both.items)
	assert.Equal(t, upLarge.perStream(), both.perStream())
}
