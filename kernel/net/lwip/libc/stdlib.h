/* SPDX-License-Identifier: MIT */
/* stdlib.h - under the name by which lwIP asks for it, which is for atoi(). */
#include "lib/number.h"
