package driver

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	roam "github.com/roam-rpc/roam-go"
)

// TestBareContextsAreEachTheirOwn: whoever keeps one for long finds that it has ended, and
// nothing of the requests after it.
func TestBareContextsAreEachTheirOwn(t *testing.T) {
	s := &served{c: new(conn)}
	seen := make(map[*bareContext]bool)
	var kept []*bareContext
	for i := range 3*bareCount + 1 {
		b := s.newBareContext()
		require.False(t, seen[b], i)
		seen[b] = true
		require.NoError(t, b.Err())
		require.Nil(t, b.Metadata())
		_, limited := b.Deadline()
		require.False(t, limited)
		request, ok := roam.RequestFrom(b)
		require.True(t, ok)
		require.Equal(t, &Handle{s.c}, request.Caller())
		b.end()
		b.end() // as when the connection ends, and the handler returns after it
		kept = append(kept, b)
	}
	current := s.newBareContext()
	for _, b := range kept {
		require.Equal(t, context.Canceled, b.Err())
		require.Equal(t, context.Canceled, context.Cause(b))
		<-b.Done()
		b.end()
	}
	assert.NoError(t, current.Err())
}

// TestDoneOfABareContextStaysTheSame: what Done gave tells of that request's end, and goes on
// to be what Done gives.
func TestDoneOfABareContextStaysTheSame(t *testing.T) {
	s := &served{c: new(conn)}
	for range 3 {
		s.newBareContext().end() // so that it is not always the first
		b := s.newBareContext()
		done := b.Done()
		select {
		case <-done:
			t.Fatal("done while it is served")
		default:
		}
		assert.NoError(t, b.Err())
		child, cancel := context.WithCancel(b)
		b.end()
		<-done
		<-child.Done()
		cancel()
		next := s.newBareContext()
		next.end()
		assert.Equal(t, done, b.Done())
		assert.Equal(t, context.Canceled, b.Err())
	}
	late := s.newBareContext()
	late.end()
	done := late.Done()
	<-done
	s.newBareContext().end()
	assert.Equal(t, done, late.Done())
}

// TestBareContextsAreUsedAtOnce: those that were kept are asked while requests go on.
func TestBareContextsAreUsedAtOnce(t *testing.T) {
	s := &served{c: new(conn)}
	var all sync.WaitGroup
	for i := range 4 * bareCount {
		b := s.newBareContext()
		if i%8 == 0 {
			all.Go(func() {
				_ = b.Err() // ended or not
				<-b.Done()
				assert.Equal(t, context.Canceled, b.Err())
				assert.Equal(t, context.Canceled, context.Cause(b))
			})
		}
		b.end()
	}
	all.Wait()
}

// TestWhereDoneIsCalledTheNextContextIsForThat, until one comes of which it is not.
func TestWhereDoneIsCalledTheNextContextIsForThat(t *testing.T) {
	s := &served{c: new(conn)}
	next := func(asks bool) context.Context {
		s.ctx = s.newContext([]byte{0})
		if asks {
			s.ctx.Done()
		}
		endContext(s.ctx)
		assert.Equal(t, context.Canceled, s.ctx.Err())
		assert.Empty(t, roam.IncomingMetadata(s.ctx))
		return s.ctx
	}
	assert.IsType(t, (*bareContext)(nil), next(true))
	for range 3 {
		assert.IsType(t, (*requestContext)(nil), next(true))
	}
	assert.IsType(t, (*requestContext)(nil), next(false))
	for range 3 {
		assert.IsType(t, (*bareContext)(nil), next(false))
	}
}
