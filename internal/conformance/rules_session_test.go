package conformance

import (
	"slices"

	"github.com/roam-rpc/roam-go/wire"
)

func rules() []rule {
	return slices.Concat(callRules, channelRules, attachRules, wakeRules, sharedRules, endRules)
}

var callRules = []rule{
	{section: "Calls", says: "request ids are unique while in flight, counting up from 1",
		cases: []string{"request ids of the guest count up from 1", "answers to the guest in any order", "TestAllScenariosAtOnce"}},
	{section: "Calls", says: "a Request whose id is in flight is a fault", id: wire.RuleDuplicateRequest, cases: []string{"duplicate request id"}},
	{section: "Calls", says: "at the callee a Request is in flight until just before its Response is published",
		cases: []string{"request id again right after its response"}},
	{section: "Calls", says: "at the caller a Request is in flight until its Response came, also when it was given up",
		cases: []string{"request id of a call that is given up"}},
	{section: "Calls", says: "request ids are any of 32 bits (shm.id.request-id)", cases: []string{"any request id of 32 bits", "descriptor: *"}},
	{section: "Calls", says: "at most 1024 Requests are in flight; callers beyond that wait", cases: []string{"calls beyond 1024 wait for a place"}},
	{section: "Calls", says: "1024 Requests of the peer are served at once", cases: []string{"1024 requests in flight"}},
	{section: "Calls", says: "a surplus Request of a peer with a table is a fault", id: wire.RuleInFlight, cases: []string{"1025th request"}},
	{section: "Calls", says: "a surplus Request of another peer is answered with roam.error and opens no channel",
		cases: []string{"surplus requests of a foreign host"}},
	{section: "Calls", says: "1024 surplus answers that wait for room are as many as there may be", id: wire.RuleInFlight,
		cases: []string{"surplus answers that wait for room"}},
	{section: "Calls", says: "one Response for each Request, in any order", cases: []string{"responses in any order", "answers to the guest in any order", "TestNestedCalls"}},
	{section: "Calls", says: "a Response to an unknown id is ignored", cases: []string{"response to an unknown request"}},
	{section: "Calls", says: "an unknown method is answered UnknownMethod", cases: []string{"unknown method"}},
	{section: "Calls", says: "arguments that do not decode are answered InvalidPayload", cases: []string{"arguments that do not decode"}},
	{section: "Calls", says: "a payload over the limit is a fault", id: wire.RulePayloadLimit,
		cases: []string{"request over the limit", "response over the limit", "largest payload"}},
	{section: "Calls", says: "the sender refuses a payload over the limit with its size and the limit", cases: []string{"failures of the guest's calls", "TestScenariosBothWays"}},
	{section: "Calls", says: "a result over the limit is answered with roam.error that names both", cases: []string{"result over the limit"}},
	{section: "Calls", says: "roam.error is cut to what fits", cases: []string{"roam.error is cut to what fits"}},
	{section: "Calls", says: "over byte streams the limit binds the payload field", host: "byte streams: driver's and wire's tests"},
	{section: "Calls", says: "Cancel ends the handler's context, and a Response follows", cases: []string{"cancel ends the handler", "cancel twice"}},
	{section: "Calls", says: "a caller that gives up returns, sends Cancel, then Resets its open channels, and drops the late Response",
		cases: []string{"call that is given up", "call ends with the request that it is made for", "TestScenariosBothWays"}},
	{section: "Calls", says: "a Cancel for an id that is done is ignored", cases: []string{"cancel of a request that is done, or never was"}},
	{section: "Calls", says: "a handler that waits delays no call, Cancel or Data", cases: []string{"handlers that wait delay nobody", "handlers end in any order"}},
	{section: "Calls", says: "a handler that panics or fails fails its call alone", cases: []string{"handler that panics", "handler that fails", "failures of the guest's calls"}},
	{section: "Results", says: "a result that does not decode fails its call", cases: []string{"result that does not decode"}},
	{section: "Results", says: "the time left travels and ends the handler", cases: []string{"deadline of a request", "deadline that has passed",
		"deadline beyond any clock", "time left travels", "call past its deadline"}},
}

var channelRules = []rule{
	{section: "Channels", says: "Tx and Rx stand in arguments alone, at any depth", host: "what code the generator writes: tests of internal/roamgen"},
	{section: "Channels", says: "id 0 is reserved", id: wire.RuleChannelZero,
		cases: []string{"channel id zero in a request", "descriptor: data for channel 0", "descriptor: close for channel 0", "descriptor: reset for channel 0"}},
	{section: "Channels", says: "the host's ids are even, the guest's odd (shm.id.channel-parity)", id: wire.RuleChannelParity,
		cases: []string{"guest's stream up", "channel id of the guest in a request"}},
	{section: "Channels", says: "an id is named once and is not open", id: wire.RuleChannelUniqueness, cases: []string{"channel id named twice", "channel id still open"}},
	{section: "Channels", says: "messages of a channel stay in order; Data may come right behind its Request",
		cases: []string{"data right behind the request, in order"}},
	{section: "Channels", says: "every Data and the Close of a call leave before its Response", cases: []string{"data and close, then the response"}},
	{section: "Channels", says: "the Response ends what the caller receives when no Close came",
		cases: []string{"response without a close ends what the caller receives"}},
	{section: "Channels", says: "the caller may go on sending after the Response", cases: []string{"stream up goes on after the response"}},
	{section: "Channels", says: "a handler that returns closes its Tx and resets its Rx", cases: []string{"handler that returns resets what it has not read"}},
	{section: "Channels", says: "a handler that panics does so too", cases: []string{"handler that panics ends its channels"}},
	{section: "Channels", says: "an Rx that was detached goes on", cases: []string{"channel that outlives its call"}},
	{section: "Channels", says: "nobody sends after Close or Reset but for the Close that answers a Reset",
		cases: []string{"caller that is reset answers with close", "reset ends what a handler sends", "cancel and resets of a call with channels"}},
	{section: "Channels", says: "an end that the program drops is ended", cases: []string{"end that the guest's program drops"}},
	{section: "Channels", says: "Data after Close is a fault", id: wire.RuleDataAfterClose, cases: []string{"data after close", "data after close, to the caller"}},
	{section: "Channels", says: "Reset drops what is pending", cases: []string{"reset ends what a handler receives", "reset of what the caller receives"}},
	{section: "Channels", says: "messages that cross with a Reset are ignored", cases: []string{"reset that crosses the end", "handler that returns resets what it has not read"}},
	{section: "Channels", says: "a message for an id that never was is a fault", id: wire.RuleChannelUnknown,
		cases: []string{"data of a channel that never was", "close of a channel that never was", "reset of a channel that never was",
			"data of a guest's channel that never was", "reset of a guest's channel that never was", "data on a channel that the guest sends on"}},
	{section: "Channels", says: "a Data that does not decode is a fault", id: wire.RuleDataInvalid,
		cases: []string{"item that does not decode", "item with bytes behind it", "item that does not decode, to the caller"}},
	{section: "Channels", says: "an item over max_payload_size is a fault", id: wire.RuleDataSizeLimit, cases: []string{"item over the limit"}},
	{section: "Channels", says: "items may be empty, and what they cost is bounded", cases: []string{"items without bytes"}},
	{section: "Channels", says: "channels of a refused call end at the caller", cases: []string{"refused call of the guest", "undecodable call of the guest"}},
	{section: "Channels", says: "channels of a refused call were never open at the callee", cases: []string{"refused request opens nothing"}},
	{section: "Channels", says: "after a refusal, messages for unopened ids of that parity are dropped",
		cases: []string{"refused request opens nothing", "refusal excuses no message of the guest's ids"}},
	{section: "Credit over byte streams", says: "Credit messages, their overrun", host: "byte streams: driver's tests"},
	{section: "Hello", says: "version, unknown variants, a second Hello", host: "byte streams: tests of handshake and driver"},
	{section: "Goodbye", says: "it is sent before closing on a violation, and begins with the rule", cases: []string{"duplicate request id", "descriptor: *"}},
	{section: "Goodbye", says: "on receipt all calls and channels fail, and the connection closes", cases: []string{"goodbye of the host", "goodbye that is long", "TestGoodbyeBothWays"}},
	{section: "Goodbye", says: "an idle connection lives for ever, without work", cases: []string{"TestLesson_IdleUsesNoCPU"}},
}
