/* What errors are told as, with the path that they are about. */

#include <limits.h>

#include "check.h"
#include "guest/failure.h"

/* Of enum roam_error, and no number beside them. */
static const int all[] = {
	-1, -2, -3, -4, -5,
	-20, -21, -22, -23, -24, -25, -26, -27, -28, -29, -30,
	-40, -41, -42, -43,
	-60, -61, -62, -63, -64, -65, -66, -67, -68,
	-80, -81,
};
enum { COUNT = sizeof(all) / sizeof(all[0]) };

static void each_error_has_words_of_its_own(void)
{
	const char *unknown = roam_strerror(1);
	int known = 0;

	CHECK(strlen(roam_strerror(0)) > 0);
	CHECK_EQ(strcmp(roam_strerror(INT_MIN), unknown), 0);
	CHECK_EQ(strcmp(roam_strerror(INT_MAX), unknown), 0);
	for (int error = -1000; error < 0; error++)
		known += strcmp(roam_strerror(error), unknown) != 0;
	CHECK_EQ(known, COUNT);
	for (int i = 0; i < COUNT; i++) {
		CHECK(strcmp(roam_strerror(all[i]), unknown) != 0);
		for (int j = 0; j < i; j++)
			CHECK(strcmp(roam_strerror(all[i]), roam_strerror(all[j])) != 0);
	}
}

static void library_says_which_it_is(void)
{
	CHECK_EQ(strcmp(roam_version(), ROAM_VERSION_TEXT), 0);
}

static void path_goes_before_what_went_wrong(void)
{
	struct roam_failure failure;
	char path[300];

	CHECK_EQ(failure_set(&failure, ROAM_ERR_HUB_FULL, "hub full"), ROAM_ERR_HUB_FULL);
	CHECK_EQ(failure_at(&failure, ROAM_ERR_HUB_FULL, "join", "/run/host"), ROAM_ERR_HUB_FULL);
	CHECK_EQ(strcmp(failure.text, "join /run/host: hub full"), 0);
	CHECK_EQ(failure.error, ROAM_ERR_HUB_FULL);
	CHECK_EQ(failure_at(&failure, ROAM_ERR_HUB_FULL, "again", NULL), ROAM_ERR_HUB_FULL);
	CHECK_EQ(failure_at(&failure, ROAM_ERR_HUB_FULL, "again", ""), ROAM_ERR_HUB_FULL);
	CHECK_EQ(failure_at(&failure, 0, "again", "/run/host"), 0);
	CHECK_EQ(strcmp(failure.text, "join /run/host: hub full"), 0);
	CHECK_EQ(failure_at(NULL, ROAM_ERR_HUB_FULL, "join", "/run/host"), ROAM_ERR_HUB_FULL);

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	failure_set(&failure, ROAM_ERR_SYSTEM, "%s", path);
	failure_at(&failure, ROAM_ERR_SYSTEM, "attach to", path);
	CHECK_EQ(strlen(failure.text), sizeof(failure.text) - 1);
	CHECK_EQ(strncmp(failure.text + 10 + 100, ": ppp", 5), 0);
}

int main(void)
{
	RUN(each_error_has_words_of_its_own);
	RUN(library_says_which_it_is);
	RUN(path_goes_before_what_went_wrong);
	return finished();
}
