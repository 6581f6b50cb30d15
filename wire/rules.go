package wire

// Rule ids. A Goodbye reason starts with the id of the rule that was broken.
const (
	// RuleDecodeError: bytes of a message that do not decode.
	RuleDecodeError = "message.decode-error"
	// RuleUnknownVariant: a message, or a descriptor's type, that does not exist.
	RuleUnknownVariant = "message.unknown-variant"
	// RuleHelloUnknownVersion: a Hello of a version other than 1.
	RuleHelloUnknownVersion = "message.hello.unknown-version"
	// RuleHelloOrdering: another message before both Hellos have passed.
	RuleHelloOrdering = "message.hello.ordering"

	// RuleDuplicateRequest: a Request whose id is in flight.
	RuleDuplicateRequest = "unary.request-id.duplicate-detection"
	// RuleInFlight: more Requests in flight than allowed.
	RuleInFlight = "unary.request-id.in-flight"
	// RuleMetadataLimits: metadata over one of its limits, see [CheckMetadata].
	RuleMetadataLimits = "unary.metadata.limits"
	// RulePayloadLimit: a payload of a call over the negotiated limit.
	RulePayloadLimit = "flow.unary.payload-limit"

	// RuleChannelZero: channel id 0.
	RuleChannelZero = "channeling.id.zero-reserved"
	// RuleChannelParity: a channel id of the other side's parity.
	RuleChannelParity = "channeling.id.parity"
	// RuleChannelUniqueness: a channel id named twice, or still open.
	RuleChannelUniqueness = "channeling.id.uniqueness"
	// RuleChannelUnknown: a message for a channel id that never was.
	RuleChannelUnknown = "channeling.unknown"
	// RuleDataAfterClose: Data on a channel that its sender has closed.
	RuleDataAfterClose = "channeling.data-after-close"
	// RuleDataInvalid: a channel item that does not decode.
	RuleDataInvalid = "channeling.data.invalid"
	// RuleDataSizeLimit: a channel item over the negotiated limit.
	RuleDataSizeLimit = "channeling.data.size-limit"
	// RuleCreditOverrun: more bytes on a channel than were granted.
	RuleCreditOverrun = "flow.channel.credit-overrun"
)

// Rule ids of shared memory: faults of a descriptor or of the shared counters.
const (
	// RuleShmInlineFields: inline length, generation or offset.
	RuleShmInlineFields = "shm.desc.inline-fields"
	// RuleShmSlotGeneration: slot index or generation.
	RuleShmSlotGeneration = "shm.slot.generation"
	// RuleShmPayloadOffset: offset plus length outside of the slot.
	RuleShmPayloadOffset = "shm.slot.payload-offset"
	// RuleShmRingCapacity: head and tail further apart than the ring is long.
	RuleShmRingCapacity = "shm.ring.capacity"
	// RuleShmCreditWrap: remaining credit is negative.
	RuleShmCreditWrap = "shm.flow.wrap-rule"
	// RuleShmChannelTable: a channel id at or over max_channels.
	RuleShmChannelTable = "shm.flow.channel-table-indexing"
)
