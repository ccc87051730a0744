SRCS  := main.c
NEEDS := console core lib
