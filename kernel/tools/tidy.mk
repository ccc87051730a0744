# SPDX-License-Identifier: MIT
#
# tidy.mk - prints how each of our C files in application APP is compiled, a
# line a file, for tidy.sh: its path, then the flags that matter to who reads
# it. Run as `make -s -f kernel/tools/tidy.mk APP=web`.

include kernel/rules.mk

.PHONY: list
.DEFAULT_GOAL := list
FOR.aarch64 := --target=aarch64-linux-gnu
flags = $(FOR.$(ARCH)) $(filter -std=% -ffreestanding -m64 \
            -march=%,$(call cflags,$(1))) $(call include_roots,$(1))
ours  = $(filter kernel/%.c solutions/%.c,$(call sources,$(1)))
list:
	@:$(foreach m,$(MODULES),$(foreach s,$(call ours,$(m)),$(info \
	    $(strip $(s) $(call flags,$(m))))))
