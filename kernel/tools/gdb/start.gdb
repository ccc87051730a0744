# SPDX-License-Identifier: MIT
# To the first line that is not a processor's own business: no console, no
# memory, no device is there yet. Breakpoints of the processor's, as those in
# memory would be lost when the image is loaded. A guest that ends stops in
# arch_exit() first, so that one can ask how it came there. Who quits leaves
# without asking it for anything more: `make debug` ends it.
define hook-quit
    if $_thread != 0
        disconnect
    end
end
thbreak core_start
hbreak arch_exit
continue
