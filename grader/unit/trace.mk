# SPDX-License-Identifier: MIT
#
# trace.mk - the program that counts the guest's instructions for a recorded
# visit (trace.h): the objects of `web` as they are linked into the guest, less
# the port, drivers and the application itself, and a harness for this host.
# It is for a host that has the guest's processor: ARCH is the host's.

TRACE_OUT := $(BUILD)/trace/$(ARCH)
TRACE_MODULES := $(filter-out arch arch/% drivers/% apps/%,$(MODULES))
TRACE_GUEST := $(foreach s,$(foreach m,$(TRACE_MODULES),$(filter-out \
    kernel/core/start.c,$(call sources,$(m)))) kernel/arch/map.c \
    $(addprefix kernel/arch/$(ARCH)/,memcpy.c memset.c),$(call object,$(s)))
TRACE_HARNESS := $(patsubst %,$(TRACE_OUT)/%.o, \
    trace trace_client trace_machine trace_cpu_$(ARCH))
# Each of its files becomes one section, which is not counted.
TRACE_CFLAGS := -std=gnu11 -O1 -g -fno-pie -fno-stack-protector \
    -fno-reorder-functions -Wall -Wextra $(WERROR) \
    -Ikernel -Ikernel/arch/$(ARCH) -Igrader/unit

$(TRACE_OUT)/%.o: grader/unit/%.c
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TRACE_CFLAGS) -MD -MP -c -o $@.new $<
	$(Q)$(OBJCOPY) --rename-section \
	    .text=harness,alloc,load,readonly,code,contents $@.new $@ && rm $@.new
-include $(TRACE_HARNESS:.o=.o.d)

$(TRACE_OUT)/trace: $(TRACE_HARNESS) $(TRACE_GUEST) $(OUT)/objects
	$(call say,LD,$@)
	$(Q)$(CC) -no-pie -Wl,--gc-sections -Wl,-z,noexecstack -o $@ \
	    $(TRACE_HARNESS) $(TRACE_GUEST)

$(TRACE_OUT)/disk.img: grader/unit/trace-disk.sh
	$(call say,DISK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sh $< $@

.PHONY: trace-program
trace-program: $(TRACE_OUT)/trace $(TRACE_OUT)/disk.img
