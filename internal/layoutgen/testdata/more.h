#define ROAM_COUNT 3

struct roam_first {
	uint32_t ok;
};
