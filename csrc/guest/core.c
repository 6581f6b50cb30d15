/* The core's own life: it begins, leaves effects behind, and ends. */

#include "core_state.h"

#include <stdarg.h>
#include <stdio.h>

int core_init(struct core *core, const struct core_config *config)
{
	*core = (struct core){ .config = *config };
	if (idmap_init(&core->calls, config->allocator) != 0 || idmap_init(&core->serving, config->allocator) != 0 ||
	    idmap_init(&core->channels, config->allocator) != 0 || core_ids_init(core) != 0) {
		core_destroy(core);
		return ROAM_ERR_NO_MEMORY;
	}
	return 0;
}

void core_destroy(struct core *core)
{
	idmap_free(&core->calls);
	idmap_free(&core->serving);
	idmap_free(&core->channels);
	core_ids_free(core);
}

bool core_busy(const struct core *core)
{
	return core->calls.count + core->serving.count + core->channels.count > 0;
}

void core_effect(struct core *core, struct core_effect *effect, uint8_t change)
{
	if (effect->change == 0) {
		effect->next = NULL;
		if (core->effects == NULL)
			core->effects = effect;
		else
			core->last_effect->next = effect;
		core->last_effect = effect;
	}
	effect->change |= change;
}

struct core_effect *core_next_effect(struct core *core, uint8_t *change)
{
	struct core_effect *effect = core->effects;

	if (effect != NULL) {
		core->effects = effect->next;
		*change = effect->change;
		effect->change = 0;
	}
	return effect;
}

int core_violation(struct core *core, const char *rule, const char *format, ...)
{
	char *text = core->fault.text;
	size_t size = sizeof(core->fault.text);
	int len = snprintf(text, size, "%s: ", rule);
	va_list values;

	va_start(values, format);
	if (len > 0 && (size_t)len < size)
		(void)vsnprintf(text + len, size - (size_t)len, format, values);
	va_end(values);
	core->fault.error = ROAM_ERR_VIOLATION;
	core->fault.system_errno = 0;
	return ROAM_ERR_VIOLATION;
}

static void clear_outbox(struct core *core)
{
	while (core->first_out != NULL)
		core_discard(core, core->first_out);
}

void core_fail(struct core *core, const struct roam_failure *failure)
{
	struct idmap_node *node;

	if (core->failure.error != 0)
		return;
	core->failure = *failure;
	clear_outbox(core);
	while ((node = idmap_pop(&core->calls)) != NULL) {
		struct core_call *call = CORE_OF(node, struct core_call, node);

		core_end_call(core, call, failure->error);
		core_effect(core, &call->effect, CORE_WAKE | CORE_LOOSE);
	}
	while ((node = idmap_pop(&core->serving)) != NULL) {
		struct core_request *request = CORE_OF(node, struct core_request, node);

		request->served = false;
		core_effect(core, &request->effect, request->taken ? CORE_WAKE | CORE_LOOSE : CORE_LOOSE);
	}
	while ((node = idmap_pop(&core->channels)) != NULL)
		core_fail_channel(core, CORE_OF(node, struct core_channel, node), failure->error);
	core->surplus = 0;
}
