# SPDX-License-Identifier: MIT
"""`lodge pbufs` and `lodge connections`: what lwIP holds.

Pieces of a pool lie in pages of that pool, each of which begins with the
pool's address (net/lwip/pools.h); what is not in the list of its free pieces
is in use.
"""

import gdb
import guest

# Pools whose pieces are pbufs, or begin with one; some hold other things too.
HOLDING = ("PBUF_REF/ROM", "PBUF_POOL", "headers", "frames", "received")
PAGE_HEAD = 16
SHOWN = 40


def _pools():
    pool = guest.must("pools_all", "lwIP")
    while int(pool):
        yield pool.dereference()
        pool = pool["next"]


def _free_pieces(pool):
    pieces, piece = set(), int(pool["free"])
    while piece and piece not in pieces:
        pieces.add(piece)
        piece = guest.words(piece, 1)[0]
    return pieces


def _pieces(pools):
    """Of these pools the pieces in use: (pool's name, address)."""
    known = {int(p.address): (p["name"].string(), int(p["size"]), _free_pieces(p)) for p in pools}
    for page in guest.used_pages():
        name, size, free = known.get(guest.words(page, 1)[0], ("", 0, set()))
        if not size:
            continue
        for i in range((guest.PAGE - PAGE_HEAD) // size):
            piece = page + PAGE_HEAD + i * size
            if piece not in free:
                yield name, piece


def _is_pbuf(p):
    return 1 <= int(p["ref"]) <= 16 and 0 < int(p["len"]) <= int(p["tot_len"]) and int(p["payload"])


def show_pbufs(argument):
    """Show lwIP's memory: its pools, and each pbuf that is in use.
    A pbuf that nobody will ever free again stays in this list."""
    pools = list(_pools())
    if not pools:
        print("lwIP's pools are not made yet.")
        return
    print("  pool                      in use    made   limit   bytes each")
    for pool in sorted(pools, key=lambda p: p["name"].string()):
        if int(pool["used"]) or pool["name"].string() in HOLDING:
            print(f"  {pool['name'].string():<24} {int(pool['used']):>7} {int(pool['made']):>7} "
                  f"{int(pool['limit']):>7}   {int(pool['size']):>7}")  # fmt: skip
    found = []
    for name, piece in _pieces([p for p in pools if p["name"].string() in HOLDING]):
        pbuf = guest.at(piece, "struct pbuf")
        if _is_pbuf(pbuf):
            found.append((name, piece, pbuf))
    print(f"{guest.plural(len(found), 'pbuf')} in use")
    if found:
        print("  pbuf            pool          ref    len  tot_len  payload         next")
    for name, piece, p in found[:SHOWN]:
        print(f"  {piece:#012x}    {name:<12} {int(p['ref']):>4} {int(p['len']):>6}  "
              f"{int(p['tot_len']):>7}  {int(p['payload']):#012x}    {int(p['next']):#x}")  # fmt: skip
    if len(found) > SHOWN:
        print(f"  ... and {len(found) - SHOWN} more")


# ---- Connections ------------------------------------------------------------


def _address(ip):
    """Of an ip_addr_t, which with IPv4 alone is one number."""
    number = int(ip["addr"])
    return ".".join(str(number >> shift & 255) for shift in (0, 8, 16, 24))


def _listed(expression):
    pcb = guest.value(expression)
    while pcb is not None and int(pcb):
        yield pcb.dereference()
        pcb = pcb["next"]


def _stream(pcb):
    """Whose it is, if it is a stream's (net/lwip/streams.h)."""
    receive = guest.value("(unsigned long) &stream_on_receive")
    if receive is None or int(pcb["recv"]) != int(receive) or not int(pcb["callback_arg"]):
        return None
    return guest.at(int(pcb["callback_arg"]), "struct stream")


def _unread(stream):
    total, p = 0, stream["unread"]
    while int(p):
        total += int(p["len"])
        p = p["next"]
    return total


_FLAGS = (
    ("wants_room", "waits for room"),
    ("peer_ended", "the peer has ended"),
    ("closed", "closed by us"),
)


def _show_connection(pcb):
    unacked = (int(pcb["snd_nxt"]) - int(pcb["lastack"])) % (1 << 32)
    unsent = (int(pcb["snd_lbb"]) - int(pcb["snd_nxt"])) % (1 << 32)
    local = f"{_address(pcb['local_ip'])}:{int(pcb['local_port'])}"
    remote = f"{_address(pcb['remote_ip'])}:{int(pcb['remote_port'])}"
    print(f"  {str(pcb['state']):<12} {local:<22} {remote:<22} {unacked:>8} {unsent:>8} "
          f"{int(pcb['snd_wnd']):>8} {int(pcb['rcv_wnd']):>8}")  # fmt: skip
    stream = _stream(pcb)
    if stream is None:
        return
    notes = [f"accepted {int(stream['accepted']):,}"]
    notes.append(f"acknowledged {int(stream['acknowledged']):,}")
    if int(stream["unread"]):
        notes.append(f"{guest.plural(_unread(stream), 'byte')} not taken")
    notes += [words for flag, words in _FLAGS if stream[flag]]
    print(f"               stream {int(stream.address):#x}: {', '.join(notes)}")


def show_connections(argument):
    """Show lwIP's TCP connections, and the streams over them.
    Behind the two ends: bytes sent and not acknowledged, bytes queued, and the
    windows of the peer and of ours."""
    if guest.value("tcp_active_pcbs") is None:
        raise gdb.GdbError(
            "There is no lwIP in this program. A process over the host's sockets shows "
            "its connections by: ss -tnp"
        )
    for pcb in _listed("tcp_listen_pcbs.listen_pcbs"):
        print(f"  LISTEN       port {int(pcb['local_port'])}")
    active = list(_listed("tcp_active_pcbs"))
    if active:
        print("  state        local                  remote                  unacked   queued  "
              "peer's     ours")  # fmt: skip
    for pcb in active:
        _show_connection(pcb)
    resting = len(list(_listed("tcp_tw_pcbs")))
    print(f"{guest.plural(len(active), 'connection')}, and {resting} that only wait to be forgotten")
