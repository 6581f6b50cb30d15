/* What the segment's header uses of stddef.h, for linux/amd64. */
typedef unsigned long size_t;
#define NULL ((void *)0)
#define offsetof(type, member) __builtin_offsetof(type, member)
