/*
 * The name of what this build of wsbox compiles modules to: the SHA-256 of the objects that decide
 * it, which are the decoder, the compilers and the runtime that their code calls. Made when wsbox
 * is built (Kbuild); wsbox puts it into the names of cached code, wsbox-cell into code images.
 */
#ifndef TOOLS_BUILD_H
#define TOOLS_BUILD_H

#include <stdint.h>

enum { BUILD_ID = 32 };

extern const uint8_t build_id[BUILD_ID];

#endif
