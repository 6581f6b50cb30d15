package sched

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// ways are the two to sleep, the second with something that never comes about.
var ways = map[string]func(*Sleeper){
	"sleep":                            (*Sleeper).Sleep,
	"sleep unless":                     func(s *Sleeper) { s.SleepUnless(make(chan struct{}), nil) },
	"sleep or be woken on the channel": func(s *Sleeper) { s.SleepUnless(nil, nil) },
}

// TestWakeBeforeSleep: one that was woken does not sleep the next time, however often it was.
func TestWakeBeforeSleep(t *testing.T) {
	for name, sleep := range ways {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s Sleeper
				s.Wake()
				s.Wake()
				sleep(&s)
				s.Wake()
				s.Reset()
				slept := make(chan struct{})
				go func() {
					defer close(slept)
					sleep(&s)
				}()
				synctest.Wait()
				select {
				case <-slept:
					t.Error("two wakes counted twice, or one that was forgotten")
				default:
				}
				s.Wake()
				<-slept
			})
		})
	}
}

// TestASleepIsDurable to testing/synctest, as one on a channel is: time passes meanwhile.
func TestASleepIsDurable(t *testing.T) {
	for name, sleep := range ways {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s Sleeper
				began := time.Now()
				go func() {
					time.Sleep(time.Hour)
					s.Wake()
				}()
				sleep(&s)
				assert.Equal(t, time.Hour, time.Since(began))
			})
		})
	}
}

// TestASleepThatEndsOtherwise, and leaves nothing to the next one.
func TestASleepThatEndsOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Sleeper
		closed := make(chan struct{})
		close(closed)
		s.SleepUnless(closed, nil)
		began := time.Now()
		s.SleepUnless(nil, time.After(time.Minute))
		assert.Equal(t, time.Minute, time.Since(began))
		go func() {
			time.Sleep(time.Hour)
			s.Wake()
		}()
		s.Sleep()
		assert.Equal(t, time.Minute+time.Hour, time.Since(began))
	})
}

// TestNoWakeIsLost: two goroutines wake each other in turn, in changing ways, and so would stop
// for good over a single wake that got lost. Some sleeps end at the moment of the wake.
func TestNoWakeIsLost(t *testing.T) {
	const turns = 20_000
	var sleepers [2]Sleeper
	var turn atomic.Int64
	var both sync.WaitGroup
	for who := range 2 {
		both.Go(func() {
			own, other := &sleepers[who], &sleepers[1-who]
			for mine := int64(who); mine < turns; mine += 2 {
				for round := 0; turn.Load() != mine; round++ {
					switch {
					case (int(mine)/2+round)%3 == 0:
						done := make(chan struct{})
						go close(done)
						own.SleepUnless(done, nil)
					case (int(mine)/2+round)%3 == 1:
						own.SleepUnless(nil, nil)
					default:
						own.Sleep()
					}
				}
				turn.Add(1)
				other.Wake()
			}
		})
	}
	both.Wait()
	assert.EqualValues(t, turns, turn.Load())
}

// TestManyWake: any goroutine may wake, and one is enough.
func TestManyWake(t *testing.T) {
	const wakers, rounds = 4, 2000
	var s Sleeper
	var asked, served atomic.Int64
	var all sync.WaitGroup
	for range wakers {
		all.Go(func() {
			for range rounds {
				asked.Add(1)
				s.Wake()
			}
		})
	}
	for served.Load() < wakers*rounds {
		s.Sleep()
		served.Store(asked.Load())
	}
	all.Wait()
}

// TestASleeperKeepsItsStack, which the runtime may move meanwhile, and what lies there.
func TestASleeperKeepsItsStack(t *testing.T) {
	var s Sleeper
	sum := make(chan int)
	go func() { sum <- sumOver(&s, 200) }()
	for range 20 {
		runtime.GC() // which shrinks stacks
		runtime.Gosched()
	}
	for waiting := true; waiting; {
		s.Wake()
		select {
		case got := <-sum:
			assert.Equal(t, 200*201/2, got)
			waiting = false
		default:
			runtime.GC()
		}
	}
}

// sumOver adds the numbers up to n, one in each frame, and sleeps in each.
func sumOver(s *Sleeper, n int) int {
	if n == 0 {
		return 0
	}
	own := new(int)
	*own = n
	s.Sleep()
	return *own + sumOver(s, n-1)
}

// TestTracesTellOfASleep: who sleeps is shown as one who waits for another goroutine.
func TestTracesTellOfASleep(t *testing.T) {
	var s Sleeper
	slept := make(chan struct{})
	go func() {
		defer close(slept)
		s.Sleep()
	}()
	state := ""
	for state == "" || strings.HasPrefix(state, "run") { // running, or runnable
		runtime.Gosched()
		state = stateOf("(*Sleeper).Sleep(")
	}
	assert.Contains(t, []string{"sync.Cond.Wait", "chan receive"}, state)
	s.Wake()
	<-slept
}

// stateOf is the state of the goroutine in whose trace call is, empty if it is in none.
func stateOf(call string) string {
	traces := make([]byte, 1<<20)
	traces = traces[:runtime.Stack(traces, true)]
	for trace := range strings.SplitSeq(string(traces), "\n\n") {
		if _, state, ok := strings.Cut(trace, "["); ok && strings.Contains(trace, call) {
			state, _, _ = strings.Cut(state, "]")
			return state
		}
	}
	return ""
}

func BenchmarkSleeper(b *testing.B) {
	var there, back Sleeper
	go func() {
		for range b.N {
			there.Sleep()
			back.Wake()
		}
	}()
	for range b.N {
		there.Wake()
		back.Sleep()
	}
}
