/* SPDX-License-Identifier: MIT */
/* string.h - under the name by which lwIP asks for it. */
#include "lib/string.h"
