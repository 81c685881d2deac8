#include "tools/build.h"

const uint8_t build_id[BUILD_ID] = {
#include "tools/build-id.h"
};
