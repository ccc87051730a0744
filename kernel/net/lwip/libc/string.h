/* SPDX-License-Identifier: MIT */
/* string.h - under the name by which lwIP asks for it. In a Unix process the
 * host's comes first. */
#if __STDC_HOSTED__
#include_next <string.h>
#else
#include "lib/string.h"
#endif
