package ccode

// helpers are functions that a source has once, in this order, where others need them.
var helpers = []struct{ name, needs, text string }{
	{"request_memory", "", `static void *request_memory(void *request, size_t size)
{
	return roam_request_alloc(request, size);
}
`},
	{"call_memory", "", `static void *call_memory(void *call, size_t size)
{
	return roam_call_alloc(call, size);
}
`},
	{"rx_memory", "", `static void *rx_memory(void *rx, size_t size)
{
	return roam_rx_alloc(rx, size);
}
`},
	{"finish_item", "", `static int finish_item(struct roam_rx *rx, struct roam_reader *reader)
{
	int error = roam_reader_finish(reader);

	return error == ROAM_ERR_DECODE ? roam_rx_invalid(rx) : error;
}
`},
	{"read_tx", "", `/* An id that breaks a rule fails the reader: the library knows by then, and does what follows. */
static struct roam_tx *read_tx(struct roam_request *request, struct roam_reader *reader)
{
	uint64_t id = roam_read_u64(reader);
	struct roam_tx *tx = reader->error == 0 ? roam_request_tx(request, id) : NULL;

	if (tx == NULL)
		roam_reader_fail(reader);
	return tx;
}
`},
	{"read_rx", "", `/* As read_tx. */
static struct roam_rx *read_rx(struct roam_request *request, struct roam_reader *reader)
{
	uint64_t id = roam_read_u64(reader);
	struct roam_rx *rx = reader->error == 0 ? roam_request_rx(request, id) : NULL;

	if (rx == NULL)
		roam_reader_fail(reader);
	return rx;
}
`},
	{"send_call", "", `/* Sends a call whose arguments are written. After an error it is gone, and its channels with it. */
static int send_call(struct roam_call **call)
{
	int error = roam_call_arguments(*call)->error;

	if (error == 0)
		error = roam_call_send(*call);
	if (error != 0) {
		roam_call_free(*call);
		*call = NULL;
	}
	return error;
}
`},
	{"passing", "", `/* What walks over the channels in a call's arguments, always in the same order: first to list the ends that the caller
 * keeps, then to write their ids, then to hand them out. */
struct passing {
	struct roam_call *call;   /* NULL while they are listed */
	struct roam_writer sends; /* for each a bool: this side sends */
	size_t next;
};
`},
	{"write_end", "passing", `static void write_end(struct passing *passing)
{
	roam_write_u64(roam_call_arguments(passing->call), roam_call_channel_id(passing->call, passing->next++));
}
`},
	{"pass_tx", "passing", `static void pass_tx(struct passing *passing, struct roam_tx **end)
{
	bool sends = true;

	if (passing->call == NULL)
		roam_write_raw(&passing->sends, &sends, sizeof(sends));
	else
		*end = roam_call_tx(passing->call, passing->next++);
}
`},
	{"pass_rx", "passing", `static void pass_rx(struct passing *passing, struct roam_rx **end)
{
	bool sends = false;

	if (passing->call == NULL)
		roam_write_raw(&passing->sends, &sends, sizeof(sends));
	else
		*end = roam_call_rx(passing->call, passing->next++);
}
`},
	{"begin_passing", "passing", `/* Begins a call with the ends that were listed. */
static int begin_passing(struct passing *passing, struct roam_guest *guest, uint64_t method,
			 const struct roam_call_options *options)
{
	const bool *sends = (const bool *)(const void *)passing->sends.data;

	if (passing->sends.error != 0)
		return passing->sends.error;
	return roam_call_begin(guest, method, options, sends, passing->sends.len / sizeof(bool), &passing->call);
}
`},
}

// writeHelpers writes those that are needed.
func (g *generator) writeHelpers() {
	for _, h := range helpers {
		if h.needs != "" && g.helpers[h.name] {
			g.helpers[h.needs] = true
		}
	}
	for _, h := range helpers {
		if g.helpers[h.name] {
			g.p("%s", h.text)
		}
	}
}
