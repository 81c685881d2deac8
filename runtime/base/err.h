/*
 * Errors for a person: what was wrong, where, and the status a program should end with.
 *
 * Functions return 0 or a count, or -errno. Where a person must be told, the last parameter is a
 * struct wsbox_err: owned by the caller, fixed size, never allocated. It is set once, where the
 * fact is known; a caller that knows more may add context in front with err_prefix().
 */
#ifndef RUNTIME_BASE_ERR_H
#define RUNTIME_BASE_ERR_H

#include <stddef.h>
#include <stdint.h>

/* Exit statuses of the programs, documented in wsbox(1). */
enum wsbox_status {
	WSBOX_OK = 0,
	WSBOX_TIMEOUT = 124,	/* a time limit was reached */
	WSBOX_FAILED = 125,	/* wsbox itself could not do it */
	WSBOX_INVALID = 126,	/* not a valid module, or it cannot be linked */
	WSBOX_NOTFOUND = 127,	/* no such file or function */
	WSBOX_TRAPPED = 134,	/* the guest trapped */
	WSBOX_KILLED = 137,	/* killed, for memory mostly */
};

#define WSBOX_ERR_TEXT 480
#define WSBOX_NO_OFFSET UINT64_MAX

struct wsbox_err {
	int code;			/* negative errno, 0 if none is set */
	int status;			/* enum wsbox_status */
	uint64_t offset;		/* byte offset in the module, or WSBOX_NO_OFFSET */
	char text[WSBOX_ERR_TEXT];	/* one line, NUL-terminated, no newline */
};

#define WSBOX_ERR_INIT { .offset = WSBOX_NO_OFFSET }

/* Each sets *err (which may be NULL) and returns code, so that a failure is one line. */
__attribute__((format(printf, 4, 5)))
int err_set(struct wsbox_err *err, int code, int status, const char *fmt, ...);

/* The module is wrong at this byte offset: status WSBOX_INVALID, code -ENOEXEC. */
__attribute__((format(printf, 3, 4)))
int err_module(struct wsbox_err *err, uint64_t offset, const char *fmt, ...);

/* Puts "text: " in front of a message that is set; returns err->code. */
__attribute__((format(printf, 2, 3)))
int err_prefix(struct wsbox_err *err, const char *fmt, ...);

/*
 * Text from a module or a file may hold anything: replaces in place what a terminal might obey or
 * not show, or what would be a second line (utf8_hidden(), and bytes that are not UTF-8), each
 * byte of it by '?'.
 */
void err_printable(char *s, size_t n);

/* Name of an errno for messages ("No such file or directory"). */
const char *err_name(int code);

#endif
