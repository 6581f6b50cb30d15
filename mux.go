package roam

import "fmt"

// NewMux gives a dispatcher of several services. It refuses two methods of one id.
func NewMux(services ...ServiceDispatcher) (Dispatcher, error) {
	m := make(mux)
	owners := make(map[uint64]*Method)
	for _, s := range services {
		for _, method := range s.Service().Methods {
			if other := owners[method.ID]; other != nil {
				return nil, fmt.Errorf("methods %s and %s have the same id %016x", other, method, method.ID)
			}
			owners[method.ID] = method
			m[method.ID] = s
		}
	}
	return m, nil
}

// mux is the dispatcher of each method id.
type mux map[uint64]Dispatcher

// Prepare implements [Dispatcher].
func (m mux) Prepare(in *Incoming) (Invocation, error) {
	d, ok := m[in.Method]
	if !ok {
		return nil, ErrUnknownMethod
	}
	return d.Prepare(in)
}

// Borrows implements [Borrower].
func (m mux) Borrows(method uint64) bool {
	b, ok := m[method].(Borrower)
	return ok && b.Borrows(method)
}
