// Package release has the store that Go's atomics do not: one that is ordered after all
// that its goroutine did before, as a mutex's unlock is, but not before the loads that
// follow. It costs a tenth of an atomic store, and is for a word that one goroutine at a
// time writes where nothing hangs on when others see it, or something else orders it before
// those loads, as the unlock of a mutex does.
package release
