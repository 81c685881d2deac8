/*
 * Writes one JSON value piece by piece into a fixed buffer: commas are put where they belong,
 * strings escaped. What does not fit is dropped and json_end() says so.
 */
#ifndef TOOLS_CLI_JSON_H
#define TOOLS_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	size_t len;
	bool comma, full;
	char text[16384];
};

/* name is NULL at the top and in arrays. */
void json_open(struct json *j, const char *name, char bracket);
void json_close(struct json *j, char bracket);
void json_u64(struct json *j, const char *name, uint64_t value);
void json_bool(struct json *j, const char *name, bool value);
void json_string(struct json *j, const char *name, const char *value);

/* One decimal place. */
void json_tenths(struct json *j, const char *name, uint64_t tenths);

/* Writes the text and a newline to fd. 0, -ENOSPC if it did not fit, or -errno. */
int json_end(struct json *j, int fd);

#endif
