/* SPDX-License-Identifier: MIT */
/*
 * sample.c - on aarch64: the physical timer of EL1, of which clock.c uses the
 * virtual one. Its interrupt comes in like any other, so what it has
 * interrupted is looked for up the stack: the frame that traps.S made.
 * [Arm ARM, Generic Timer]
 */
#include "arch/sample/sample.h"

#include "arch/aarch64/aarch64.h"
#include "core/irq.h"

enum {
    PHYSICAL_TIMER = 30,            /* INTID; the same on every Arm server */
    VECTOR = IRQ_LEGACY_VECTOR,     /* there are no 8259s to use it */
    CTL_ENABLE = 1 << 0,            /* CNTP_CTL_EL0 */
    WFI = 0xd503207f,
};

/* What traps.S keeps of whom it interrupted. */
struct interrupted {
    uint64_t frame, elr;
    uint64_t spsr, link;
};

struct frame {
    uint64_t caller, return_address;
};

static void (*taker)(const struct sample *sample);
static uint64_t period;             /* in steps of the counter */

static bool is_code(uint64_t address)
{
    return address > (uintptr_t)image_start && address < (uintptr_t)text_end;
}

/* Sleeping is done with interrupts off: it is at one of the instructions that
 * let them in. */
static bool is_behind_wfi(uint64_t at)
{
    for (uint64_t back = 4; back <= 12; back += 4)
        if (is_code(at - back) && *(const uint32_t *)(at - back) == WFI)
            return true;
    return false;
}

/* The handler's callers are few: up to gic_interrupt(), whose own return
 * address lies in traps.S, which stores no return address but ELR. */
static const struct interrupted *find_interrupted(void)
{
    extern const char trap_vectors[], semihosting[];
    const struct frame *frame = __builtin_frame_address(0);

    for (unsigned i = 0; i < 16; i++) {
        uint64_t at = frame->return_address;

        frame = (const struct frame *)frame->caller;
        if (at >= (uintptr_t)trap_vectors && at < (uintptr_t)semihosting)
            return (const struct interrupted *)frame;
    }
    return NULL;
}

static void timer_came(void *ctx)
{
    const struct interrupted *was = find_interrupted();

    SYSTEM_WRITE("cntp_cval_el0", SYSTEM_READ("cntpct_el0") + period);
    SYSTEM_SYNC();
    if (was == NULL)
        return;
    struct sample sample = {
        .at = was->elr,
        .link = is_code(was->link) ? was->link : 0,
        .frame = was->frame,
        .idle = is_behind_wfi(was->elr),
    };
    taker(&sample);
}

int sample_start(unsigned hz, void (*take)(const struct sample *sample))
{
    static struct irq_action action = { .handler = timer_came };

    taker = take;
    period = (SYSTEM_READ("cntfrq_el0") & UINT32_MAX) / hz;
    irq_actions[VECTOR] = &action;
    gic_connect(PHYSICAL_TIMER, VECTOR);
    SYSTEM_WRITE("cntp_cval_el0", SYSTEM_READ("cntpct_el0") + period);
    SYSTEM_WRITE("cntp_ctl_el0", CTL_ENABLE);
    SYSTEM_SYNC();

    /* Start-up has them off, and so they would stay while anything is done:
     * the event loop leaves them as it finds them. */
    arch_irq_restore(true);
    return 0;
}
