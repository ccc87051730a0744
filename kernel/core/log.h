#include "console/log.h" /* moved; this file goes away */
