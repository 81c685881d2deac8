/*
 * What a session tells about itself: the line of JSON of --stats and the lines of -v.
 */
#ifndef TOOLS_CLI_REPORT_H
#define TOOLS_CLI_REPORT_H

#include "tools/cli/session.h"

/* One line of JSON on fd; wsbox-run(1) explains its members. */
void report_stats(const struct session *s, int fd);

/* On standard error: for each cell the walls that stood, those missing and why. */
void report_walls(const struct session *s);

/* The end of a trace, or its table. */
void report_trace(const struct session *s);

#endif
