package ccode

import (
	"fmt"
	"strings"
)

func (m *method) beginParameters() []string {
	parameters := []string{"struct roam_guest *guest", "const struct roam_call_options *options"}
	switch {
	case m.caller == nil:
	case m.hasChannels():
		parameters = append(parameters, m.caller.c+" *arguments")
	default:
		parameters = append(parameters, "const "+m.caller.c+" *arguments")
	}
	return append(parameters, "struct roam_call **call")
}

func (m *method) endParameters() []string {
	return append([]string{"struct roam_call *call"}, m.outcome(pointerParameter)...)
}

func (m *method) callParameters() []string {
	begin := m.beginParameters()
	last := len(begin) - 1
	return append(append(begin[:last:last], m.outcome(pointerParameter)...), begin[last])
}

// client writes what the header has for who calls.
func (g *generator) client(s *service) {
	for _, m := range s.methods {
		g.comment(0, g.callDoc(m))
		if !m.hasChannels() {
			g.spread(fmt.Sprintf("int %s_call(", m.base), m.callParameters(), ");")
		}
		g.spread(fmt.Sprintf("int %s_begin(", m.base), m.beginParameters(), ");")
		g.spread(fmt.Sprintf("int %s_end(", m.base), m.endParameters(), ");")
		g.p("")
	}
}

// callDoc is what is said of the functions that call a method.
func (g *generator) callDoc(m *method) string {
	own := "call may be NULL."
	switch {
	case m.hasChannels():
		own = "Puts this side's ends of the channels into *arguments."
	case m.borrows():
		own = "What is answered lives as long as *call."
	}
	doc := strings.TrimSpace(m.Doc)
	if doc != "" {
		doc += "\n\n"
	}
	return doc + own
}

// call writes the functions that call a method.
func (g *generator) call(m *method) {
	if m.hasChannels() {
		g.beginPassing(m)
	} else {
		g.begin(m)
	}
	g.finish(m)
	if !m.hasChannels() {
		g.callAndWait(m)
	}
}

func (g *generator) begin(m *method) {
	g.spread(fmt.Sprintf("int %s_begin(", m.base), m.beginParameters(), ")")
	g.p("{\n\tint error;\n\n\t*call = NULL;")
	g.p("\terror = roam_call_begin(guest, %s, options, NULL, 0, call);", m.id())
	g.p("\tif (error != 0)\n\t\treturn error;")
	if m.caller != nil {
		g.p("\t%s_write(roam_call_arguments(*call), arguments);", m.caller.full())
	}
	g.p("\treturn %s(call);\n}\n", g.helper("send_call"))
}

func (g *generator) beginPassing(m *method) {
	g.helper("passing")
	g.spread(fmt.Sprintf("int %s_begin(", m.base), m.beginParameters(), ")")
	g.p("{\n\tstruct passing own = { 0 }, *passing = &own;\n\tint error;\n")
	g.p("\troam_writer_init(&passing->sends, roam_guest_allocator(guest));")
	g.p("\t%s_pass(passing, arguments);", m.caller.full())
	g.p("\terror = %s(passing, guest, %s, options);", g.helper("begin_passing"), m.id())
	g.p("\tif (error == 0) {")
	g.p("\t\t%s_write(passing, arguments);", m.caller.full())
	g.p("\t\terror = %s(&passing->call);\n\t}", g.helper("send_call"))
	g.p("\tif (error == 0) {\n\t\tpassing->next = 0;")
	g.p("\t\t%s_pass(passing, arguments);\n\t}", m.caller.full())
	g.p("\troam_writer_free(&passing->sends);\n\t*call = passing->call;\n\treturn error;\n}\n")
}

func (g *generator) finish(m *method) {
	g.spread(fmt.Sprintf("int %s_end(", m.base), m.endParameters(), ")")
	g.p("{\n\tstruct roam_reader own, *reader = &own;")
	if m.Error == nil {
		g.p("\tint status = roam_call_wait(call);\n")
		g.p("\tif (status != 0)\n\t\treturn status == ROAM_ERR_USER ? ROAM_ERR_DECODE : status;")
	} else {
		g.p("\tint error, status = roam_call_wait(call);\n")
		g.p("\tif (status != 0 && status != ROAM_ERR_USER)\n\t\treturn status;")
	}
	g.p("\town = roam_call_result(call);")
	if m.borrows() {
		g.p("\troam_reader_memory(reader, %s, call);", g.helper("call_memory"))
	}
	for _, a := range m.answers() {
		switch {
		case a.value == nil:
		case m.Error == nil:
			g.read("\t", a.value, "*"+a.called)
		default:
			g.p("\tif (status == %s)", a.status)
			g.read("\t\t", a.value, "*"+a.called)
		}
	}
	if m.Error == nil {
		g.p("\treturn roam_reader_finish(reader);\n}\n")
		return
	}
	g.p("\terror = roam_reader_finish(reader);\n\treturn error != 0 ? error : status;\n}\n")
}

func (g *generator) callAndWait(m *method) {
	given := []string{"guest", "options"}
	if m.caller != nil {
		given = append(given, "arguments")
	}
	g.spread(fmt.Sprintf("int %s_call(", m.base), m.callParameters(), ")")
	g.p("{\n\tstruct roam_call *made;\n\tint status;\n")
	if m.borrows() {
		g.p("\tif (call == NULL)\n\t\treturn ROAM_ERR_ARGUMENT;")
	}
	g.spread(fmt.Sprintf("\tstatus = %s_begin(", m.base), append(given, "&made"), ");")
	got := []string{"made"}
	for _, a := range m.answers() {
		if a.value != nil {
			got = append(got, a.called)
		}
	}
	g.p("\tif (status == 0)")
	g.spread(fmt.Sprintf("\t\tstatus = %s_end(", m.base), got, ");")
	if m.borrows() {
		g.p("\t*call = made;\n\treturn status;\n}\n")
		return
	}
	g.p("\tif (call != NULL)\n\t\t*call = made;\n\telse\n\t\troam_call_free(made);\n\treturn status;\n}\n")
}
