package load

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"

	"github.com/roam-rpc/roam-go/internal/roamgen/model"
	"github.com/roam-rpc/roam-go/internal/roamgen/names"
)

// readService reads a marked interface; nil when it is none.
func (l *loader) readService(obj *types.TypeName) *model.Service {
	s := site{pos: obj.Pos(), path: []string{obj.Name()}}
	iface, ok := obj.Type().Underlying().(*types.Interface)
	if !ok {
		return nil // told by the check of directives
	}
	if named, ok := obj.Type().(*types.Named); ok && named.TypeParams().Len() > 0 {
		l.fault(s, "a service cannot have type parameters; write an interface for each instance")
		return nil
	}
	if !iface.IsMethodSet() {
		l.fault(s, "a service has methods only, this interface is a type constraint")
		return nil
	}
	n := l.notesOf(obj)
	service := &model.Service{GoName: obj.Name(), Name: wireName(n, obj.Name()), Doc: n.doc}
	declared := l.declaredError(s, n, obj)
	for _, m := range l.methods(iface) {
		if method := l.readMethod(l.methodSite(obj, m), m, declared); method != nil {
			service.Methods = append(service.Methods, method)
		}
	}
	if iface.NumMethods() == 0 {
		l.fault(s, "a service needs at least one method, as Ping(ctx context.Context) error")
	}
	return service
}

// wireName is what //roam:name says, or the Go name.
func wireName(n notes, name string) string {
	if d, ok := n.get("name"); ok {
		return d.args
	}
	return name
}

// methods are those of the interface in the order of the source, then those of
// embedded ones.
func (l *loader) methods(iface *types.Interface) []*types.Func {
	var own, embedded []*types.Func
	explicit := make(map[string]bool)
	for m := range iface.ExplicitMethods() {
		own = append(own, m)
		explicit[m.Id()] = true
	}
	for m := range iface.Methods() {
		if !explicit[m.Id()] {
			embedded = append(embedded, m)
		}
	}
	slices.SortFunc(own, func(a, b *types.Func) int { return l.bySource(a, b) })
	return append(own, embedded...)
}

// methodSite is where a method of a service is: in our source, or where it is embedded.
func (l *loader) methodSite(service *types.TypeName, f *types.Func) site {
	at := site{pos: service.Pos()}
	for _, e := range l.indexOf(service.Pkg()).embedded[service.Pos()] {
		if found, _, _ := types.LookupFieldOrMethod(e.kind, false, f.Pkg(), f.Name()); found != nil {
			at.pos = e.pos
		}
	}
	pos := f.Pos()
	if !f.Exported() && f.Pkg() != service.Pkg() {
		pos = at.pos // it is right where it is
	}
	return l.at(at, pos, service.Name()+"."+f.Name())
}

func (l *loader) readMethod(s site, f *types.Func, declared *model.Error) *model.Method {
	n := l.notesOf(f)
	if !l.checkDirectives(n, s) {
		return nil
	}
	m := &model.Method{
		GoName: f.Name(), Name: wireName(n, f.Name()), Doc: n.doc, Error: declared,
		Inline: n.has("inline"), Idempotent: n.has("idempotent"), Borrow: n.has("borrow"),
	}
	if !f.Exported() {
		l.fault(s, "a method of a service is exported; %s", l.advice(f, names.Exported(f.Name())))
		return nil
	}
	if n.has("error") {
		m.Error = l.declaredError(s, n, f)
	}
	signature := f.Signature()
	if !l.checkSignature(s, f, signature) {
		return nil
	}
	ok := true
	taken := make(map[string]bool)
	for i := 1; i < signature.Params().Len(); i++ {
		v := signature.Params().At(i)
		at := l.at(s, v.Pos(), argumentName(v, i))
		arg := model.Arg{GoName: v.Name(), Name: names.Snake(v.Name()), Type: l.typeOf(v.Type(), at)}
		if arg.Name == "" {
			arg.GoName, arg.Name = "", fmt.Sprintf("arg%d", i)
		}
		if taken[arg.Name] {
			l.fault(at, "another argument is called %s on the wire as well; give it another name", arg.Name)
		}
		taken[arg.Name] = true
		ok = ok && arg.Type != nil
		m.Args = append(m.Args, arg)
	}
	for i := range signature.Results().Len() - 1 {
		v := signature.Results().At(i)
		at := l.at(s, v.Pos(), "result")
		result := model.Arg{GoName: v.Name(), Name: names.Snake(v.Name()), Type: l.typeOf(v.Type(), at)}
		ok = ok && result.Type != nil
		l.refuseChannels(at, result.Type, "a result")
		m.Results = append(m.Results, result)
	}
	if !ok {
		return nil
	}
	if d, _ := n.get("borrow"); m.Borrow && !m.HasBytes() {
		if l.isOurs(d.pos) {
			s.pos = d.pos
		}
		l.fault(s, "//roam:borrow lends []byte arguments, and this method has none; take it away")
	}
	return m
}

func argumentName(v *types.Var, i int) string {
	if v.Name() == "" || v.Name() == "_" {
		return fmt.Sprintf("argument %d", i)
	}
	return "argument " + v.Name()
}

// advice is what to do about a method that should be as text has it.
func (l *loader) advice(f *types.Func, text string) string {
	if !l.isOurs(f.Pos()) || !f.Exported() && !l.here(f.Pkg()) {
		return "embed no interface that has " + f.Name()
	}
	return "write " + text
}

// checkSignature wants a context first, an error last and nothing variadic.
func (l *loader) checkSignature(s site, f *types.Func, signature *types.Signature) bool {
	params, results := signature.Params(), signature.Results()
	withContext := params.Len() > 0 && isContext(params.At(0).Type())
	withError := results.Len() > 0 && isError(results.At(results.Len()-1).Type())
	switch {
	case signature.Variadic():
		l.fault(s, "a method of a service has a fixed number of arguments; %s", l.advice(f, l.rewritten(f)))
	case !withContext && !withError:
		l.fault(s, "a method of a service takes a context.Context first and returns an error last, since a call can always fail; %s", l.advice(f, l.rewritten(f)))
	case !withContext:
		l.fault(s, "a method of a service takes a context.Context first; %s", l.advice(f, l.rewritten(f)))
	case !withError:
		l.fault(s, "a method of a service returns an error last, since a call can always fail; %s", l.advice(f, l.rewritten(f)))
	default:
		return true
	}
	return false
}

func isContext(t types.Type) bool { return isNamed(t, "context", "Context") }

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

func isNamed(t types.Type, pkg, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == pkg && named.Obj().Name() == name
}

// declaredError reads //roam:error; nil when there is none, or it says "-".
func (l *loader) declaredError(s site, n notes, obj types.Object) *model.Error {
	d, ok := n.get("error")
	if !ok || d.args == "-" {
		return nil
	}
	s.pos = d.pos
	if d.args == "" {
		l.fault(s, "//roam:error needs the error's type, as //roam:error NotFoundError")
		return nil
	}
	s.path = append(slices.Clip(s.path), "error "+d.args)
	tv, err := types.Eval(l.fset, obj.Pkg(), obj.Pos(), d.args)
	if err != nil || !tv.IsType() {
		l.fault(s, "there is no such type here; name a struct, enum or interface that has an Error method")
		return nil
	}
	return l.errorType(s, tv.Type)
}

// errorType checks a declared error.
func (l *loader) errorType(s site, t types.Type) *model.Error {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	iface := types.Universe.Lookup("error").Type().Underlying().(*types.Interface)
	value, pointer := types.Implements(t, iface), types.Implements(types.NewPointer(t), iface)
	if !value && !pointer {
		l.fault(s, "%s is no error; give it a method Error() string", l.text(t))
		return nil
	}
	e := &model.Error{Type: l.typeOf(t, s), Pointer: !value}
	if e.Type == nil {
		return nil
	}
	_, isInterface := t.Underlying().(*types.Interface)
	switch e.Type.Form {
	case model.Struct, model.UnitEnum, model.Enum:
	default:
		l.fault(s, "a declared error is a struct, an enum or a sealed interface; wrap %s in a struct", l.text(t))
		return nil
	}
	e.Value = value && !isInterface
	l.refuseChannels(s, e.Type, "an error")
	return e
}

// refuseChannels finds channels where there can be none.
func (l *loader) refuseChannels(s site, t *model.Type, where string) {
	if t != nil && t.HasChannel {
		l.fault(s, "%s has a roam.Tx or roam.Rx in %s; channels are passed in arguments only, and not through other channels", where, l.text(t.Go))
	}
}

// text is a type as the service's source would write it.
func (l *loader) text(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if l.here(p) {
			return ""
		}
		return p.Name()
	})
}

// rewritten is the method as it should be written.
func (l *loader) rewritten(f *types.Func) string {
	signature := f.Signature()
	context := types.NewVar(token.NoPos, nil, "ctx", types.NewNamed(types.NewTypeName(token.NoPos, types.NewPackage("context", "context"), "Context", nil), types.NewStruct(nil, nil), nil))
	params := []*types.Var{context}
	named := true
	for i := range signature.Params().Len() {
		v := signature.Params().At(i)
		if !isContext(v.Type()) {
			params = append(params, v)
		}
		named = named && v.Name() != ""
	}
	if !named {
		for i, v := range params {
			params[i] = types.NewVar(v.Pos(), v.Pkg(), "", v.Type())
		}
	}
	var results []*types.Var
	resultsNamed := true
	for i := range signature.Results().Len() {
		v := signature.Results().At(i)
		if !isError(v.Type()) {
			results = append(results, v)
		}
		resultsNamed = resultsNamed && v.Name() != ""
	}
	name := ""
	if resultsNamed && len(results) > 0 {
		name = "err"
	} else {
		for i, v := range results {
			results[i] = types.NewVar(v.Pos(), v.Pkg(), "", v.Type())
		}
	}
	results = append(results, types.NewVar(token.NoPos, nil, name, types.Universe.Lookup("error").Type()))
	fixed := types.NewSignatureType(nil, nil, nil, types.NewTuple(params...), types.NewTuple(results...), false)
	text := l.text(fixed)
	return f.Name() + text[len("func"):]
}
