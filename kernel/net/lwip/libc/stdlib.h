/* SPDX-License-Identifier: MIT */
/* stdlib.h - under the name by which lwIP asks for it, which is for atoi(). In
 * a Unix process the host's comes first. */
#if __STDC_HOSTED__
#include_next <stdlib.h>
#else
#include "lib/number.h"
#endif
