package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNumbersHaveThreeDigits(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.00319: "0.00319", 0.5: "0.5", 1.3: "1.3", 5.004: "5", 56.44: "56.4", 100: "100", 999.7: "1000", 123456: "123456",
	} {
		assert.Equal(t, want, number(v))
	}
}

func TestUnitIsTheLargestThatFits(t *testing.T) {
	for ns, want := range map[float64]string{
		0: "", 410: "410 ns", 3402: "3.4 us", 95_490: "95.5 us", 2_290_000: "2.29 ms", 3e9: "3 s",
	} {
		assert.Equal(t, want, duration(ns))
	}
	assert.Equal(t, "214 k", rounded(214_321))
	assert.Equal(t, "7", rounded(7))
}
