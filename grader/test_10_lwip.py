# SPDX-License-Identifier: MIT
"""Lab 10, a network stack brought up.

The steps stand on host tests of each function by itself (unit/test_port.c,
unit/test_port_time.c) and of all of them under the real lwIP (test_netif.c,
test_dhcp.c); the whole on a cable at whose other end a DHCP server offers
addresses of this run and loses the first question, and on which both sides
ping.
"""

from __future__ import annotations

import random

from lodge.boots import Boots
from lodge.dhcp import DISCOVER, DhcpServer, Lease, Message
from lodge.ethernet import ECHO_REQUEST, ICMP, IPV4, Echo, Ethernet, IPv4
from lodge.lab import Hint, Lab, Step
from lodge.lan import Lan
from lodge.machine import Machine
from lodge.objects import Symbols
from lodge.page import serve_page

LAB = Lab(
    "10-lwip",
    "A network stack",
    app="ping",
    exercises={
        "10-lwip/netif.c": Symbols(
            defines=(
                "sys_now", "port_init", "port_sent", "port_output", "port_received",
                "port_receive", "port_timers_set", "port_timers_run", "port_address",
            ),
            may_use=(
                "clock_ns", "event_timer_cancel", "event_timer_set", "etharp_output",
                "dhcp_start", "netif_set_addr", "netif_set_ipaddr", "netif_set_netmask",
                "netif_set_gw", "pbuf_alloced_custom", "pbuf_clen", "pbuf_free", "pbuf_ref",
                "port_ask_offload", "port_link_output", "received_give", "received_take",
                "sys_check_timeouts", "sys_timeouts_sleeptime",
                # behind transmit_take() and transmit_give()
                "pool_give", "pool_grow", "pool_take", "transmit_current",
                "transmit_drained", "transmit_pool",
            ),
            units=("port", "port_time", "netif", "dhcp"),
        )
    },
    steps=(
        Step(
            "10.1", "sys_now",
            where="core/clock.h has the clock that there is, and names for how many of "
            "its units make one of lwIP's.",
            spec="lwip/sys.h: what the number is for. It is only ever subtracted from a "
            "later one, in 32 bits.",
            show='print("%u\\n", sys_now()) twice, with a busy loop between: has it grown by '
            "about what your watch says?",
        ),
        Step(
            "10.2", "port_init",
            where="struct netif in lwip/netif.h, from `output` down to `name`; and struct "
            "netdev in net/netdev.h beside it. Draw a line from each field of the one to "
            "where the other has it.",
            spec="lwip/netif.h: the comment above each NETIF_FLAG_. Who sets it, and does "
            "this card have it? Each is a bit of its own.",
            show='print("%02x, link %u\\n", netif->flags, card->link_up) at the end, and '
            "then the six bytes of hwaddr.",
        ),
        Step(
            "10.3", "port_sent",
            where="The handout's second picture. Each arrow called `owner` is one reference; "
            "which arrow goes away?",
            spec="net/netdev.h on release(): how often it is called, and for what. "
            "net/lwip/buffers.h has the two functions that undo a take and a ref.",
            show='print("%p: %u\\n", nb->owner, ((struct pbuf *)nb->owner)->ref) before.',
        ),
        Step(
            "10.4", "port_output",
            where="Take a frame of three pbufs and two netbufs in the pool. Write down who "
            "has which reference at the moment at which the third netbuf is not there. "
            "That list is what your way back has to undo.",
            spec="net/netdev.h: struct netbuf, on sending, and the errors of send(). "
            "lwip/pbuf.h: len, tot_len and next.",
            show="For each pbuf and its netbuf print payload, len, ref, nb->data, nb->len.",
        ),
        Step(
            "10.5", "port_received",
            where="struct received in net/lwip/buffers.h: the pbuf that lwIP hands back is "
            "the first thing in it. What else is in there, and to whom is it owed?",
            spec="lwip/pbuf.h: custom_free_function, and when it is called.",
            show='print("%p back to the card\\n", r->frame). Then the order of your two '
            "calls: which of them makes the other's argument worthless?",
        ),
        Step(
            "10.6", "port_receive",
            where="A table with a row for each way to leave the function (no memory, lwIP "
            "refuses, lwIP takes it) and two columns: who owns the frame, who frees it.",
            spec="lwip/netif.h: the comment above netif_input_fn, on what it returns. "
            "lwip/pbuf.h: pbuf_alloced_custom() with its six arguments.",
            show="p->ref, p->len and p->tot_len before netif->input(), and what that has "
            "returned after.",
        ),
        Step(
            "10.7", "port_timers_set",
            where="Two numbers and two units: what lwIP tells is a distance, what the event "
            "loop wants is a place. event/event.h says on which clock.",
            spec="lwip/timeouts.h: what sys_timeouts_sleeptime() returns when there is "
            "nothing to wait for.",
            show='print("%u ms\\n", ms), and beside it how far timer->deadline_ns is from '
            "clock_ns().",
        ),
        Step(
            "10.8", "port_timers_run",
            where="Play it through with two timeouts, in 100 ms and in 250. What stands on "
            "the event loop's list after the first has been run?",
            spec="event/event.h: when a timer is disarmed. lwip/timeouts.h: the one function "
            "that runs what is due.",
            show='print("%u: timers run\\n", sys_now()) at the beginning: is it called '
            "again and again?",
        ),
        Step(
            "10.9", "port_address",
            where="net/lwip/settings.h says how 10.0.2.15 looks in `settings`. How does it "
            "lie in memory on this processor, and how on a wire?",
            spec="[RFC 791 appendix B] on the order of bytes; lwip/def.h has the four "
            "functions that change it. lwip/dhcp.h for the other way.",
            show='print("%08x -> %08x\\n", settings->address, netif_ip4_addr(netif)->addr).',
        ),
    ),
    hints=(
        Hint(
            r"AddressSanitizer: heap-use-after-free|attempting double-free",
            "Something was used after it had been given away, or given away twice. The "
            "report says which line has given it away and which came too late. Whose was "
            "it in between?",
        ),
        Hint(
            r"never came back to netbuf->release|receive buffers have not been",
            "The card waits for what is its own. For each way through the function ask who "
            "has the buffer at its end.",
        ),
        Hint(
            r"of pool \"headers\"|of pool \"PBUF|of pool \"frames",
            "Pbufs are left over: somebody holds a reference who does not exist any more.",
        ),
    ),
)

NOT_HOME = Hint(
    r"be in its pool again",
    "What was taken from a pool has not gone back to it. It works for as many frames as "
    "the pool has pieces, and then never again.",
)

# ---- 10.1 and 10.2 ----------------------------------------------------------


@LAB.check(
    "10.1", 4, "Step 10.1", "lwIP knows what time it is",
    hints=[
        Hint(
            r"^(86400000|4294967295) ms after|should return 77",
            "It is right for some seconds, and wrong later on. How many bits has the number "
            "that you divide, and how many does the clock need?",
        ),
        Hint(
            r"sys_now\(\) should return",
            "lwIP and the clock count in different units: all of lwIP's waits are too "
            "short or too long by the same factor.",
        )
    ],
)  # fmt: skip
def test_now(unit):
    unit("port_time", "test_sys_now")


@LAB.check(
    "10.2", 8, "Step 10.2", "lwIP knows its card: address, MTU, link, and how to send",
    hints=[
        Hint(
            r"hwaddr(_len)? should be",
            "Who answers us puts this address into his frames, and the card takes none "
            "that are for another's. An answer would be lost without a word.",
        ),
        Hint(
            r"LINK_UP should be set when",
            "lwIP sends nothing over a link that it takes to be down: DHCP would wait for "
            "a cable for ever, and say nothing.",
        ),
        Hint(
            r"LINK_UP should not be set when",
            "The link is taken to be up while it is not. Who knows?",
        ),
        Hint(
            r"the flag (ETHERNET|ETHARP|BROADCAST) should be set|the others should be",
            "By these flags lwIP decides what it does with an interface: whether it makes "
            "Ethernet frames and asks by ARP, and whether broadcasts are for it.",
        ),
        Hint(
            r"the flag UP",
            "That the interface is in use is decided by who brings it up, with "
            "netif_set_up(), and not before it has been added.",
        ),
        Hint(
            r"the MTU should be",
            "How much a frame may carry is the card's to say, and there are cards that "
            "take less than 1500.",
        ),
        Hint(
            r"go out, should be|be called with the card",
            "lwIP sends in two stages, packets and frames, each by a function of the netif.",
        ),
    ],
)  # fmt: skip
def test_init(unit):
    unit("port", "test_port_init")


# ---- 10.3 and 10.4 ----------------------------------------------------------


@LAB.check(
    "10.3", 6, "Step 10.3", "What the card gives back goes where it came from",
    hints=[
        NOT_HOME,
        Hint(
            r"AddressSanitizer",
            "The netbuf, or its pbuf, was looked at after it had gone. In which order do "
            "the two go? And how often does each go?",
        ),
        Hint(
            r"of two references|take a reference|the pbuf should be freed|come back too|"
            r"other netbuf should",
            "One netbuf comes back: one pbuf loses one reference, and the rest of the "
            "frame is still the card's.",
        ),
    ],
)  # fmt: skip
def test_sent(unit):
    unit("port", "test_port_sent")


@LAB.check(
    "10.4", 10, "Step 10.4", "The card sees every byte of a frame where lwIP has it",
    rests_on=[test_init, test_sent],
    hints=[
        Hint(
            r"be a chain of \d+ netbufs",
            "What the card is shown is not the whole frame, or more than that. A frame has "
            "as many pieces as its chain has pbufs, and the last of them ends it.",
        ),
        Hint(
            r"have the pbuf's len",
            "A pbuf has two lengths. Which of them is of its own bytes?",
        ),
        Hint(
            r"the pbuf's own bytes",
            "The card is shown something else than the pbuf's bytes, or a copy of them.",
        ),
        Hint(
            r"has no release\(\)",
            "The card gives back what it was lent by calling release(). What stands there?",
        ),
        Hint(
            r"while the card has the frame|stay while the card has them",
            "lwIP frees its pbufs when it likes, and the card may read later. What keeps a "
            "pbuf's bytes for as long as a netbuf points at them?",
        ),
        Hint(
            r"take a reference from its own|given everything back|freed, but|left over",
            "What was taken for the card is not what is given back after. Print each pbuf's "
            "ref before, while the card has the frame, and after.",
        ),
        Hint(
            r"port_ask_offload",
            "The card will be asked to complete a checksum; who tells it where?",
        ),
    ],
)  # fmt: skip
def test_output(unit):
    unit(
        "port", "test_port_output_shows", "test_port_output_keeps", "test_port_output_leaves",
        "test_port_output_asks",
    )  # fmt: skip


@LAB.check(
    "10.4", 10, "Step 10.4", "A frame that can't be sent leaves nothing behind",
    rests_on=[test_output],
    hints=[
        Hint(
            r"port_output\(\) should return",
            "lwIP goes by the error: after one it comes again later, after the other it "
            "does not. For which of your failures will later be better?",
        ),
        Hint(
            r"no netbuf should be left over|no part of a frame",
            "Netbufs are left over after a frame that was not sent. lwIP comes again, many "
            "times perhaps, and each time there are fewer.",
        ),
        Hint(
            r"after a failure each pbuf",
            "A pbuf has another number of references than before the call. For those that "
            "had got a netbuf and for those that had not: what has to be undone?",
        ),
    ],
)  # fmt: skip
def test_undo(unit):
    unit("port", "test_port_output_undoes")


# ---- 10.5 and 10.6 ----------------------------------------------------------


@LAB.check(
    "10.5", 6, "Step 10.5", "A frame that lwIP is done with goes back to the card",
    hints=[
        Hint(
            r"AddressSanitizer",
            "A struct received was looked at after it had gone back to its pool: somebody "
            "else may have it by then.",
        ),
        Hint(
            r"have its buffer back",
            "The card's ring has a buffer less for each frame that does not come back, "
            "and a stranger's for each that comes back twice.",
        ),
        NOT_HOME,
    ],
)  # fmt: skip
def test_received(unit):
    unit("port", "test_port_received")


@LAB.check(
    "10.6", 12, "Step 10.6", "A frame comes up without a copy, and goes back once",
    rests_on=[test_received],
    hints=[
        Hint(
            r"be lent while lwIP|has it the buffer should be lent",
            "The card may write its next frame into a buffer that lwIP is still reading.",
        ),
        Hint(
            r"input\(\) should be called",
            "The frame does not come to lwIP, or to another interface of it.",
        ),
        Hint(
            r"of type PBUF_REF",
            "By its type lwIP knows whether a pbuf's bytes are its own, behind it in memory, "
            "or somebody else's who may want them back. What does pbuf.h say of each?",
        ),
        Hint(
            r"stand for the bytes|len and tot_len|one pbuf with one",
            "The pbuf does not stand for the frame as it is. Print payload, len, tot_len, "
            "next and ref beside the netbuf's data and len.",
        ),
        Hint(
            r"SEGV|custom_free_function",
            "lwIP has called what stood where a function's address should be. Who is to be "
            "called when the pbuf is freed, and where did you say so?",
        ),
        Hint(
            r"here 2 times|AddressSanitizer",
            "A frame went back twice: to whom did the pbuf belong after input()?",
        ),
        Hint(
            r"when input\(\) returns an error",
            "Who owns a pbuf that input() did not want? lwip/netif.h says so above "
            "netif_input_fn.",
        ),
        Hint(
            r"without a struct received",
            "When there is no memory a frame may be dropped, but its buffer is still the "
            "card's.",
        ),
        NOT_HOME,
    ],
)  # fmt: skip
def test_receive(unit):
    unit("port", "test_port_receive_")


# ---- 10.7, 10.8 and 10.9 ----------------------------------------------------

TIMERS = [
    Hint(
        r"after port_timers_run\(\) .* ns from",
        "The timer was set for a timeout that has been run since, or before a new one was "
        "asked for. Which half comes first?",
    ),
    Hint(
        r"ns from now",
        "The timer is for another moment than lwIP's. Look at the units of both, and at "
        "what each of them counts from.",
    ),
    Hint(
        r"so the timer should be armed",
        "There is something to wait for, and nobody has set the alarm: the first timeout "
        "comes, perhaps, and none after it.",
    ),
    Hint(
        r"should not be armed$|should be cancelled",
        "Is there anything to wait for? lwIP has a number of its own for no.",
    ),
    Hint(
        r"be run, here 0|have been run, here [012]\b",
        "Time goes by and nothing that lwIP waits for comes about: a question that was "
        "lost is never asked again.",
    ),
    Hint(
        r"should run nothing",
        "To set an alarm is one thing, and to act when it rings another.",
    ),
]


@LAB.check(
    "10.7 10.8", 10, "Steps 10.7 and 10.8",
    "lwIP's timeouts come when they are due, all of them",
    rests_on=[test_now], hints=TIMERS,
)  # fmt: skip
def test_timers(unit):
    unit("port_time", "test_port_timers_set", "test_port_timers_run")


@LAB.check(
    "10.9", 8, "Step 10.9", "The address is the one that was given, or DHCP is asked",
    rests_on=[test_now],
    hints=[
        Hint(
            r"the (address|netmask|gateway) should be [0-9a-f]{8}",
            "Compare the two numbers in hexadecimal: are the bytes others, or is it their "
            "order, or have two of the three changed places?",
        ),
        Hint(
            r"DHCP should not be asked|a DISCOVER should be sent",
            "Who has an address asks for none, and who has none asks.",
        ),
        Hint(
            r"-ENOMEM",
            "lwIP's errors are not ours: what does net_up() make of a number that it does "
            "not know, or of a failure that it never hears of?",
        ),
    ],
)  # fmt: skip
def test_address(unit):
    unit("port_time", "test_port_address")


# ---- All of it, under lwIP --------------------------------------------------


@LAB.check(
    "10", 8, "Check", "Under lwIP: ARP, pings, DHCP over days, and nothing left over",
    rests_on=[test_init, test_undo, test_receive, test_timers, test_address],
    hints=[
        Hint(r"milliseconds|has grown by", "All of lwIP's waits go by sys_now()."),
        Hint(
            r"DHCP asks|DISCOVER|asked about|times in|tries again|lost|by DHCP",
            "Nobody asks again after a silence, or too soon, or never stops. Which of "
            "lwIP's timeouts would have done so, and was it run?",
        ),
        Hint(
            r"pinged|ping with|answered",
            "Small frames pass and others don't, or the other way round: print the length "
            "of each piece on its way out.",
        ),
    ],
)  # fmt: skip
def test_together(unit):
    unit("netif", "test_")
    unit(
        "dhcp", "test_dhcp_absent", "test_dhcp_nak", "test_dhcp_renewal", "test_dhcp_a_lease_that",
        "test_dhcp_is_asked_again", "test_the_clock_wraps",
    )  # fmt: skip


# ---- In QEMU ----------------------------------------------------------------

BURSTS, BURST = 20, 60  # in all, more than netbufs or buffers to receive
PING_MAX = 1472


class World(Lan):
    """With a DHCP server which never answers the first question; it notes who
    pings it."""

    def __init__(self, boot: Boots, numbers: random.Random) -> None:
        super().__init__(boot, numbers)
        self.size = numbers.randrange(1, 1400)  # of the guest's own pings
        lease = Lease(self.guest_ip, router=self.router_ip)
        self.dhcp = DhcpServer(self.router, self.router_ip, lease)
        self.dhcp.spoil = self._lose_the_first
        self.asked: list[tuple[Ethernet, IPv4, Echo]] = []
        self.wire.listeners.append(self._note)

    def _lose_the_first(self, answer: Message) -> list[bytes]:
        return [answer.pack()] if len(self.dhcp.heard(DISCOVER)) > 1 else []

    def _note(self, frame: Ethernet) -> None:
        if frame.type == IPV4:
            packet = IPv4.read(frame.data)
            if packet.protocol == ICMP:
                echo = Echo.read(packet.data)
                if echo.type == ECHO_REQUEST:
                    self.asked.append((frame, packet, echo))

    # ---- What is to happen --------------------------------------------------

    def lease(self, guest: Machine) -> None:
        """DHCP, whose first question is lost."""
        self.wire.wait("ask DHCP for an address", lambda: self.dhcp.heard(DISCOVER))
        self.wire.wait(
            "ask DHCP again after a question without an answer",
            lambda: len(self.dhcp.heard(DISCOVER)) > 1,
        )
        if {m.chaddr for m in self.dhcp.messages} != {self.guest_mac}:
            seen = self.dhcp.messages[0].chaddr
            self.fail(f"questions from {self.guest_mac}, the card's address", f"from {seen}")
        guest.expect(
            rf"^net0: {self.guest_ip}/24, gateway {self.router_ip} \(by DHCP\)$"
        )

    def is_pinged(self, guest: Machine) -> None:
        """The guest pings its gateway, and is answered."""
        self.wire.wait("ping its gateway three times", lambda: len(self.asked) >= 3)
        for number, (frame, packet, echo) in enumerate(self.asked[:3], 1):
            seen = (frame.source, packet.source, packet.target, echo.number, len(echo.data))
            wanted = (self.guest_mac, self.guest_ip, self.router_ip, number, self.size)
            if seen != wanted:
                words = "a ping from {} {} to {}, sequence {}, {} bytes"
                self.fail(words.format(*wanted), words.format(*seen))
        guest.expect(rf"^ping: {self.size} bytes from {self.router_ip}, sequence 3, ")

    def pings(self, numbers: random.Random) -> None:
        """Bursts of pings of all sizes, each with bytes of its own."""
        ident = numbers.randrange(1 << 16)
        sent: dict[int, bytes] = {}

        def answers() -> dict[int, bytes]:
            return {e.number: e.data for _, e in self.router.echoes if e.ident == ident}

        for _ in range(BURSTS):
            for number in range(len(sent), len(sent) + BURST):
                size = numbers.choice((0, 56, numbers.randrange(PING_MAX), PING_MAX))
                sent[number] = numbers.randbytes(size)
                echo = Echo(ECHO_REQUEST, ident, number, sent[number])
                self.router.ping(self.router_ip, self.guest_ip, echo)
            self.wire.wait(f"answer {len(sent)} pings", lambda: len(answers()) >= len(sent))
        came = answers()
        for number, data in sent.items():
            if came[number] != data:
                self.fail(
                    f"the {len(data)} bytes of ping {number} as they were sent",
                    f"{len(came[number])} other bytes",
                )


@LAB.check(
    "10", 12, "Check", "On a cable: an address by DHCP, and hundreds of pings both ways",
    rests_on=[test_init, test_undo, test_receive, test_timers, test_address],
    hints=[
        Hint(
            r"did not ask DHCP for",
            "Nothing leaves the guest. Was linkoutput called? Does lwIP think that there "
            "is a link?",
        ),
        Hint(
            r"did not ask DHCP again",
            "The first question was lost on purpose, as it is when a bridge is still "
            "learning. Who is to ask again, and what would wake him?",
        ),
        Hint(
            r"the card's address",
            "The question has another hardware address in it than the card. Who answers "
            "writes to that one.",
        ),
        Hint(
            r"did not print .*by DHCP",
            "The server's offer was sent, and led to nothing. Does it come to "
            "port_receive(), and from there to netif->input()?",
        ),
        Hint(
            r"did not answer \d+ pings",
            "How many were answered? `tcpdump -r net0.pcap` in the evidence's folder "
            "counts them. There are 256 struct received and 1024 netbufs.",
        ),
        Hint(
            r"other bytes|makes no sense",
            "Frames arrive that are not as lwIP made them: cut, or of pieces that changed "
            "while the card was reading.",
        ),
    ],
)  # fmt: skip
def test_ping(boot, rng):
    numbers = rng("ping")
    with World(boot, numbers) as world:
        challenge = f"interval=50 size={world.size}"
        with world.boot("ping", "ping", CHALLENGE=challenge) as guest:
            world.lease(guest)
            world.is_pinged(guest)
            world.pings(numbers)
            world.check_sense()


@LAB.check(
    "10", 6, "Serve the page with it", "Your link carries the web page",
    rests_on=[test_ping],
    hints=[
        Hint(
            r"bytes of|other|did not answer",
            "Pings pass and the page does not. A page's segments are chains: headers of "
            "lwIP's and, behind them, bytes of the file.",
        )
    ],
)  # fmt: skip
def test_page(boot, rng):
    serve_page(boot, rng)
