/*
 * The file that wsbox compile makes.
 */
#ifndef TOOLS_CLI_OUTPUT_H
#define TOOLS_CLI_OUTPUT_H

#include "tools/cli/options.h"

/*
 * Writes what memfd holds to the file of --output, or to one named by the module in the current
 * directory. It appears whole or not at all. 0, or -errno with err set, which names the file.
 */
int output_write(const struct options *o, int memfd, struct wsbox_err *err);

#endif
