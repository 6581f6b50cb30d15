package load

import (
	"go/token"
	"go/types"
)

// locker is what go vet takes for a lock: what has these methods by its pointer alone.
var locker = func() *types.Interface {
	nothing := types.NewSignatureType(nil, nil, nil, nil, nil, false)
	return types.NewInterfaceType([]*types.Func{
		types.NewFunc(token.NoPos, nil, "Lock", nothing),
		types.NewFunc(token.NoPos, nil, "Unlock", nothing),
	}, nil).Complete()
}()

// holdsLock says that values of a type must not be copied.
func holdsLock(t types.Type) bool {
	if isLock(t) {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Array:
		return holdsLock(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if holdsLock(f.Type()) {
				return true
			}
		}
	}
	return false
}

func isLock(t types.Type) bool {
	return types.Implements(types.NewPointer(t), locker) && !types.Implements(t, locker)
}
