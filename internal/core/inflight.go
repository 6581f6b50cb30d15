package core

// inFlight are the calls or requests that are in flight, by id. They come and go with every
// call and are few, MaxInFlight and as many that are too many: a table that is probed from
// the place on which an id hashes, at most half full, costs a fraction of a map.
//
// Whoever chooses the ids can have them hash to one place. All that this costs is a walk
// over those in flight.
type inFlight[T any] struct {
	places []place[T] // a power of two, none before the first
	n      int
}

// place has an id and what has it; of is nil where there is none.
type place[T any] struct {
	id uint64
	of *T
}

const leastPlaces = 8

// len is how many there are.
func (f *inFlight[T]) len() int { return f.n }

// spread is how many places lie from the home of an id to that of the next. It is odd, so that
// ids which count up have homes of their own.
const spread = 5

// home is where the search for an id begins. Ids that count up do not lie side by side: to
// remove the oldest would be a walk over all that came after.
func (f *inFlight[T]) home(id uint64) int { return int(id*spread) & (len(f.places) - 1) }

// after is the place that follows.
func (f *inFlight[T]) after(i int) int { return (i + 1) & (len(f.places) - 1) }

// get is what has the id, or nil.
func (f *inFlight[T]) get(id uint64) *T {
	if i := f.place(id); i >= 0 {
		return f.places[i].of
	}
	return nil
}

// place is where that has its place, -1 if nothing has the id.
func (f *inFlight[T]) place(id uint64) int {
	if f.n == 0 {
		return -1
	}
	for i := f.home(id); f.places[i].of != nil; i = f.after(i) {
		if f.places[i].id == id {
			return i
		}
	}
	return -1
}

// add puts in what has an id that nothing there has.
func (f *inFlight[T]) add(id uint64, of *T) {
	if 2*(f.n+1) > len(f.places) {
		f.grow()
	}
	f.put(id, of)
	f.n++
}

func (f *inFlight[T]) put(id uint64, of *T) {
	i := f.home(id)
	for f.places[i].of != nil {
		i = f.after(i)
	}
	f.places[i] = place[T]{id, of}
}

func (f *inFlight[T]) grow() {
	old := f.places
	f.places = make([]place[T], max(leastPlaces, 2*len(old)))
	for _, p := range old {
		if p.of != nil {
			f.put(p.id, p.of)
		}
	}
}

// remove takes out what has the id, if anything has.
func (f *inFlight[T]) remove(id uint64) {
	if i := f.place(id); i >= 0 {
		f.removeAt(i)
	}
}

// removeAt takes out what has a place. Those after it that were put there because the place
// was taken move up, so that a search still finds them.
func (f *inFlight[T]) removeAt(i int) {
	f.n--
	for next := f.after(i); f.places[next].of != nil; next = f.after(next) {
		// One may stay that lies between the gap and its home.
		if f.distance(f.home(f.places[next].id), next) >= f.distance(i, next) {
			f.places[i] = f.places[next]
			i = next
		}
	}
	f.places[i] = place[T]{}
}

// distance is how many places to lies after from, around the end.
func (f *inFlight[T]) distance(from, to int) int { return (to - from) & (len(f.places) - 1) }

// takeAll empties it and gives what was there.
func (f *inFlight[T]) takeAll() []*T {
	all := make([]*T, 0, f.n)
	for _, p := range f.places {
		if p.of != nil {
			all = append(all, p.of)
		}
	}
	*f = inFlight[T]{}
	return all
}
