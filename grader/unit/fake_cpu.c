/* SPDX-License-Identifier: MIT */
#include "fake_cpu.h"

#include "arch/arch.h"
#include "every_instruction.h"
#include "unit.h"

struct fake_cpu cpu = { .now = 1000, .timer_at = UINT64_MAX, .irq_on = true };

void cpu_interrupt(void)
{
    if (!cpu.irq_on) {
        cpu.pending = true;
        return;
    }
    cpu.irq_on = false;
    cpu.pending = false;
    cpu.handler();
    CHECK(!cpu.irq_on, "interrupts stay off in a handler");
    cpu.irq_on = true;
}

bool arch_irq_disable(void)
{
    bool were_on = cpu.irq_on;

    cpu.irq_on = false;
    return were_on;
}

void arch_irq_restore(bool were_on)
{
    cpu.irq_on = were_on;
    if (cpu.irq_on && cpu.pending)
        cpu_interrupt();
}

uint64_t arch_clock_ns(void)
{
    return cpu.now;
}

void arch_timer_set(uint64_t deadline_ns)
{
    cpu.timer_at = deadline_ns;
}

void arch_irq_enable_and_wait(void)
{
    CHECK(!cpu.irq_on, "interrupts are off when the machine goes to sleep: "
                       "otherwise one comes between the last look and the "
                       "sleep");
    cpu.sleeps++;
    if (cpu.in_sleep)
        cpu.pending = true;
    cpu.in_sleep = false;
    if (cpu.stepped && !cpu.pending)
        every_instruction_over();
    CHECK(cpu.pending || cpu.timer_at != UINT64_MAX,
          "the machine sleeps and nothing will ever wake it");
    if (!cpu.pending && cpu.now < cpu.timer_at)
        cpu.now = cpu.timer_at;
    if (cpu.now >= cpu.timer_at)
        cpu.timer_at = UINT64_MAX;
    cpu.irq_on = true;
    if (cpu.pending)
        cpu_interrupt();
    cpu.irq_on = false;
}
