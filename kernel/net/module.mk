SRCS  := netdev.c
NEEDS := lib
