/* What errors mean, and which library this is. */

#include "../roam/guest.h"

const char *roam_version(void)
{
	return ROAM_VERSION_TEXT;
}

const char *roam_strerror(int error)
{
	if (error == 0)
		return "no error";
	switch ((enum roam_error)error) {
	case ROAM_ERR_ARGUMENT:
		return "invalid argument";
	case ROAM_ERR_NO_MEMORY:
		return "out of memory";
	case ROAM_ERR_SYSTEM:
		return "a system call failed";
	case ROAM_ERR_AGAIN:
		return "it would have to wait";
	case ROAM_ERR_CLOSED:
		return "closed by this side";
	case ROAM_ERR_NO_TICKET:
		return "no host started this process";
	case ROAM_ERR_NO_HOST:
		return "nobody serves the segment or socket";
	case ROAM_ERR_NOT_SEGMENT:
		return "not a segment";
	case ROAM_ERR_VERSION:
		return "a segment of another version";
	case ROAM_ERR_TRUNCATED:
		return "the segment is truncated";
	case ROAM_ERR_HEADER:
		return "a field of the segment's header is out of bounds";
	case ROAM_ERR_UNSUPPORTED:
		return "the segment uses what this library does not know";
	case ROAM_ERR_PEER_ID:
		return "the segment has no such peer id";
	case ROAM_ERR_CLAIM:
		return "the entry is not reserved for this guest";
	case ROAM_ERR_HUB_FULL:
		return "the hub is full";
	case ROAM_ERR_REFUSED:
		return "the host refuses this process";
	case ROAM_ERR_HOST_DIED:
		return "the host died";
	case ROAM_ERR_HOST_LEAVING:
		return "the host is leaving";
	case ROAM_ERR_EVICTED:
		return "the host ended the connection";
	case ROAM_ERR_VIOLATION:
		return "the host broke a rule of the protocol";
	case ROAM_ERR_UNKNOWN_METHOD:
		return "unknown method";
	case ROAM_ERR_INVALID_PAYLOAD:
		return "invalid payload";
	case ROAM_ERR_CANCELLED:
		return "cancelled";
	case ROAM_ERR_DEADLINE:
		return "deadline exceeded";
	case ROAM_ERR_REMOTE:
		return "the handler failed";
	case ROAM_ERR_USER:
		return "the method's declared error";
	case ROAM_ERR_DECODE:
		return "bytes that do not decode";
	case ROAM_ERR_TOO_LARGE:
		return "too large";
	case ROAM_ERR_TOO_MANY:
		return "too many";
	case ROAM_ERR_END:
		return "end of the channel";
	case ROAM_ERR_RESET:
		return "channel reset";
	}
	return "unknown error";
}
