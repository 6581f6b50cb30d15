package roam

import "context"

// DispatcherOption is an option of a generated dispatcher.
type DispatcherOption func(*dispatcher)

// WithInterceptor runs i around every request of the dispatcher, inside of those that
// options before this one gave.
func WithInterceptor(i Interceptor) DispatcherOption {
	return func(d *dispatcher) { d.interceptors = append(d.interceptors, i) }
}

// ServiceDispatcher is the dispatcher of one service.
type ServiceDispatcher interface {
	Dispatcher
	// Service describes what is served.
	Service() *Service
}

// dispatcher is a ServiceDispatcher with options.
type dispatcher struct {
	Dispatcher
	service      *Service
	interceptors []Interceptor
	borrow       map[uint64]bool // ids of the methods that borrow
}

// NewDispatcher gives the dispatcher of a service, prepared by d, with options. It is for
// generated code.
func NewDispatcher(service *Service, d Dispatcher, options []DispatcherOption) ServiceDispatcher {
	s := &dispatcher{Dispatcher: d, service: service, borrow: make(map[uint64]bool)}
	for _, m := range service.Methods {
		if m.Borrow {
			s.borrow[m.ID] = true
		}
	}
	for _, o := range options {
		o(s)
	}
	return s
}

// Service implements [ServiceDispatcher].
func (d *dispatcher) Service() *Service { return d.service }

// Borrows implements [Borrower].
func (d *dispatcher) Borrows(method uint64) bool { return d.borrow[method] }

// Prepare implements [Dispatcher].
func (d *dispatcher) Prepare(in *Incoming) (Invocation, error) {
	if len(d.interceptors) == 0 {
		return d.Dispatcher.Prepare(in)
	}
	inv, err := d.Dispatcher.Prepare(in)
	if err != nil {
		return nil, err
	}
	return &intercepted{inv, inv.Method(), d.interceptors}, nil
}

// intercepted is an Invocation inside of interceptors.
type intercepted struct {
	inv          Invocation
	method       *Method
	interceptors []Interceptor
}

// Method implements [Invocation].
func (i *intercepted) Method() *Method { return i.method }

// Invoke implements [Invocation].
func (i *intercepted) Invoke(ctx context.Context, reply *Reply) {
	defer drop(i.inv)
	ran := false
	err := intercept(ctx, i.method, i.interceptors, func(ctx context.Context) error {
		i.inv.Invoke(ctx, reply)
		ran = true // not when it panics, whoever recovers
		return reply.Outcome()
	})
	if err == nil && (!ran || reply.Outcome() != nil) {
		err = errNoOutcome
	}
	if err != nil {
		reply.Fail(i.method, err)
	}
}
