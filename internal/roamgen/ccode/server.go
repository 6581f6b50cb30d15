package ccode

import (
	"fmt"
	"strings"
)

// largeResult is from how many bytes on a result that a handler fills in is not on the stack.
const largeResult = 4096

// outcome are the parameters for what a method answers: its result, then its failure.
func (m *method) outcome(parameter func(t *ctype, name string) string) []string {
	var parameters []string
	if m.result != nil {
		parameters = append(parameters, parameter(m.result, "result"))
	}
	if m.failure != nil {
		parameters = append(parameters, parameter(m.failure, "failure"))
	}
	return parameters
}

func (m *method) handlerParameters() []string {
	parameters := []string{"struct roam_request *request"}
	if m.arguments != nil {
		parameters = append(parameters, "const "+m.arguments.c+" *arguments")
	}
	return append(parameters, m.outcome(pointerParameter)...)
}

// server writes what the header has for who serves.
func (g *generator) server(s *service) {
	g.comment(0, strings.TrimSpace(s.Doc+"\n\n"+wrapped(0, fmt.Sprintf("The handlers of %s. roam_request_user gives the user that %s_service was given.", s.GoName, s.base))))
	g.p("struct %s_handlers {", s.base)
	for i, m := range s.methods {
		if i > 0 {
			g.p("")
		}
		g.comment(1, g.handlerDoc(m))
		g.spread(fmt.Sprintf("\tint (*%s)(", m.member), m.handlerParameters(), ");")
	}
	g.p("};\n")
	g.comment(0, wrapped(0, fmt.Sprintf("The service %s for struct roam_options, served by these handlers. They must live as long as the guest; any number of them may run at once, by any threads of the guest.", s.GoName)))
	g.spread(fmt.Sprintf("struct roam_service %s_service(", s.base), []string{fmt.Sprintf("const struct %s_handlers *handlers", s.base), "void *user"}, ");")
	g.p("")
	g.comment(0, wrapped(0, "Answers of handlers that returned ROAM_DEFERRED, as roam_request_finish, which says when they may wait. What is given is read before they return."))
	for _, m := range s.methods {
		for _, a := range m.answers() {
			g.spread(fmt.Sprintf("void %s_%s(", m.base, a.name), a.parameters(), ");")
		}
	}
	g.p("")
}

// handlerDoc is what is said of a handler.
func (g *generator) handlerDoc(m *method) string {
	doc := strings.TrimSpace(m.Doc)
	if m.Inline {
		doc += "\n\nIt runs on the thread that receives, which it must not keep for longer than some microseconds."
	}
	if m.Error != nil && m.failure == nil {
		doc += "\n\nIt fails with ROAM_ERR_USER and nothing else to say."
	}
	return strings.TrimSpace(doc)
}

// answer is one way to answer a deferred request.
type answer struct {
	name   string
	status string
	value  *ctype // nil for none
	called string
}

func (m *method) answers() []answer {
	all := []answer{{"answer", "0", m.result, "result"}}
	if m.Error != nil {
		all = append(all, answer{"refuse", "ROAM_ERR_USER", m.failure, "failure"})
	}
	return all
}

func (a answer) parameters() []string {
	parameters := []string{"struct roam_request *request"}
	if a.value != nil {
		parameters = append(parameters, valueParameter(a.value, a.called))
	}
	return parameters
}

// serve writes what prepares, runs and answers requests of a method.
func (g *generator) serve(m *method) {
	g.prepare(m)
	for _, a := range m.answers() {
		if a.value != nil {
			g.writeAnswer(m, a)
		}
	}
	g.handle(m)
	for _, a := range m.answers() {
		g.spread(fmt.Sprintf("void %s_%s(", m.base, a.name), a.parameters(), ")")
		if a.value == nil {
			g.p("{\n\troam_request_finish(request, %s);\n}\n", a.status)
			continue
		}
		g.p("{\n\troam_request_finish(request, write_%s_%s(request, %s));\n}\n", m.base, a.called, a.called)
	}
}

// prepare writes what decodes a request's arguments.
func (g *generator) prepare(m *method) {
	g.p("static int prepare_%s(struct roam_request *request, struct roam_reader *reader)\n{", m.base)
	g.p("\tconst struct %s_handlers *handlers = roam_request_handlers(request);", m.service.base)
	if m.arguments != nil {
		g.p("\t%s *arguments;", m.arguments.c)
	}
	g.p("\n\tif (handlers->%s == NULL)\n\t\treturn ROAM_ERR_UNKNOWN_METHOD;", m.member)
	if m.arguments != nil {
		g.p("\troam_reader_memory(reader, %s, request);", g.helper("request_memory"))
		g.p("\targuments = roam_reader_alloc(reader, 1, sizeof(*arguments));")
		g.p("\tif (arguments == NULL)\n\t\treturn reader->error;")
		g.read("\t", m.arguments, "*arguments")
		g.p("\troam_request_set_arguments(request, arguments);")
	}
	g.p("\treturn roam_reader_finish(reader);\n}\n")
}

// writeAnswer writes what encodes a result or failure and gives the request's status.
func (g *generator) writeAnswer(m *method, a answer) {
	g.spread(fmt.Sprintf("static int write_%s_%s(", m.base, a.called), a.parameters(), ")")
	g.p("{\n\tstruct roam_writer *writer = roam_request_result(request);\n")
	g.write("\t", a.value, valueExpr(a.value, a.called))
	if a.status == "0" {
		g.p("\treturn writer->error;\n}\n")
	} else {
		g.p("\treturn writer->error != 0 ? writer->error : %s;\n}\n", a.status)
	}
}

// handle writes what runs a handler.
func (g *generator) handle(m *method) {
	g.p("static int handle_%s(struct roam_request *request)\n{", m.base)
	g.p("\tconst struct %s_handlers *handlers = roam_request_handlers(request);", m.service.base)
	arguments := []string{"request"}
	if m.arguments != nil {
		arguments = append(arguments, "roam_request_arguments(request)")
	}
	var made, cleared []string
	for _, a := range m.answers() {
		switch {
		case a.value == nil:
			continue
		case a.value.size < largeResult:
			g.p("\t%s;", declared(a.value.c, a.called))
			cleared = append(cleared, fmt.Sprintf("memset(&%s, 0, sizeof(%s));", a.called, a.called))
			arguments = append(arguments, "&"+a.called)
		default:
			g.p("\t%s = roam_request_alloc(request, sizeof(*%s));", declared(a.value.c, "*"+a.called), a.called)
			made = append(made, fmt.Sprintf("if (%s == NULL)\n\t\treturn ROAM_ERR_NO_MEMORY;", a.called))
			cleared = append(cleared, fmt.Sprintf("memset(%s, 0, sizeof(*%s));", a.called, a.called))
			arguments = append(arguments, a.called)
		}
	}
	g.p("\tint status;\n")
	for _, line := range append(made, cleared...) {
		g.p("\t%s", line)
	}
	g.spread(fmt.Sprintf("\tstatus = handlers->%s(", m.member), arguments, ");")
	for _, a := range m.answers() {
		if a.value == nil {
			continue
		}
		value := a.called
		if a.value.size >= largeResult {
			value = "*" + a.called
		}
		if !a.value.byValue() {
			value = ref(value)
		}
		g.p("\tif (status == %s)\n\t\treturn write_%s_%s(request, %s);", a.status, m.base, a.called, value)
	}
	if m.Error == nil {
		g.p("\tif (status == ROAM_ERR_USER)")
		g.p("\t\treturn roam_request_fail(request, \"%%s returned ROAM_ERR_USER and declares no error\", %s);", literal(m.service.Name+"."+m.Name))
	}
	g.p("\treturn status;\n}\n")
}

// makeService writes the table of methods, and what makes a service of it.
func (g *generator) makeService(s *service) {
	g.p("static const struct roam_method %s_methods[] = {", s.base)
	for _, m := range s.methods {
		g.spread("\t{ ", []string{m.id(), literal(s.Name + "." + m.Name), "prepare_" + m.base, "handle_" + m.base, m.flags()}, " },")
	}
	g.p("};\n")
	g.spread(fmt.Sprintf("struct roam_service %s_service(", s.base), []string{fmt.Sprintf("const struct %s_handlers *handlers", s.base), "void *user"}, ")")
	g.p("{\n\tstruct roam_service service = { %s, %s_methods, sizeof(%s_methods) / sizeof(%s_methods[0]), handlers, user };\n", literal(s.Name), s.base, s.base, s.base)
	g.p("\treturn service;\n}\n")
}
