/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Counts what a NAT gateway forwards and refuses, by flow and window.
 *
 * Hides: where the kernel keeps a packet's conversation, and that a packet may leave by two interfaces.
 * Knows nothing of: rules, names, records. The shapes of keys and values are read by ../src/bpf/layout.rs.
 */
#include <stdbool.h>
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "kernel.h"
#include "packet.h"

#define TCX_NEXT (-1)
#define PACKET_HOST 0

/* Low bits of sk_buff._nfct: how the packet relates to its conversation. */
#define CT_MASK 7UL
#define CT_RELATED 1
#define CT_NEW 2
#define CT_REPLY_FROM 3
#define CT_UNTRACKED 7
/* nf_conn.status */
#define STATUS_CONFIRMED (1 << 3)
#define STATUS_SRC_NAT (1 << 4)

/* Why a packet is counted. */
enum class {
	CLASS_TRACKED = 0,
	CLASS_UNTRACKED = 1,
	CLASS_FILTERED = 16,
	CLASS_NO_PORT = 17,
	CLASS_NO_ROUTE = 18,
	CLASS_INVALID = 19,
	CLASS_OTHER = 20,
};

/* How conntrack saw a refused packet. Zero for others. */
enum state {
	STATE_NONE = 0,
	STATE_NEW = 1,
	STATE_ESTABLISHED = 2,
	STATE_RELATED = 3,
	STATE_UNTRACKED = 4,
	STATE_NO_ENTRY = 5,
};

/* `second` is the translated tuple; for refusals, the tuple of the packet as the rules saw it. */
struct key4 {
	__u32 saddr, daddr, second_saddr, second_daddr;
	__u16 sport, dport, second_sport, second_dport;
	__u8 protocol, class, state, zero;
};

struct key6 {
	__u32 saddr[4], daddr[4], second_saddr[4], second_daddr[4];
	__u16 sport, dport, second_sport, second_dport;
	__u8 protocol, class, state, zero;
};

/* What every packet touches comes first: behind a `key4` it is one line of the processor's cache. */
struct value {
	__u64 forward_packets, forward_bytes, reply_packets, reply_bytes;
	__u64 last;   /* ns since the Unix epoch, by the clock of `settings` */
	__u32 window; /* number of the window since the Unix epoch, as far as it fits */
	__u32 tcp_flags;
	__u64 first;
	__u32 ifindex_in, ifindex_out;
	__u32 drop_reason, zero;
};

struct settings {
	__s64 clock_offset; /* ns from the monotonic clock to the Unix epoch */
	__u64 window_length; /* ns */
	__u64 netns_cookie;  /* tells namespaces apart that had the same inode one after the other */
	__u32 netns;	     /* inode of the watched namespace */
	__u32 zero;
};

/* Sums since the object was loaded, one set for even and one for odd windows. */
struct totals {
	__u64 forwarded_packets, forwarded_bytes;
	__u64 refused_packets, refused_bytes;
	__u64 local_packets, local_bytes;	  /* sent by the gateway itself */
	__u64 full_packets, full_bytes;	  /* no room for their flow */
	__u64 late_packets, late_bytes;	  /* their map still held an older window */
};

/* What an agent wrote down for the next one. The programs do not read it. */
struct note {
	__u64 next;  /* number of the first window that is not delivered */
	__s64 since; /* ms since the Unix epoch from when on everything was watched */
	struct totals known[2];
	__u64 delivered[2][2]; /* of even and odd windows: packets and bytes that were taken out of the maps */
};

#define FLOW_MAP(name, key_type)                        \
	struct {                                        \
		__uint(type, BPF_MAP_TYPE_HASH);        \
		__uint(max_entries, 1);                 \
		__type(key, struct key_type);           \
		__type(value, struct value);            \
	} name SEC(".maps")

FLOW_MAP(flows4_even, key4);
FLOW_MAP(flows4_odd, key4);
FLOW_MAP(flows6_even, key6);
FLOW_MAP(flows6_odd, key6);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct totals);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} watched SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct note);
} note SEC(".maps");

/* The packet that last left an interface which hands it on to another (variant `tracing`). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} handed_on SEC(".maps");

/* Number of the window that a packet was last counted in: mostly that of the next packet, too. */
static volatile __u64 latest_window;

static __always_inline bool set_time(struct packet *p, const struct settings *now)
{
	if (!now->window_length)
		return false;
	p->now = bpf_ktime_get_ns() + now->clock_offset;
	p->window = latest_window;
	/* A division takes as long as all the rest of this function. */
	if (p->now - p->window * now->window_length >= now->window_length) {
		p->window = p->now / now->window_length;
		latest_window = p->window;
	}
	return true;
}

static __always_inline void sum(struct value *value, const struct packet *p)
{
	if (p->reply) {
		__sync_fetch_and_add(&value->reply_packets, p->packets);
		__sync_fetch_and_add(&value->reply_bytes, p->bytes);
	} else {
		__sync_fetch_and_add(&value->forward_packets, p->packets);
		__sync_fetch_and_add(&value->forward_bytes, p->bytes);
	}
	if (value->last < p->now)
		value->last = p->now;
	if ((value->tcp_flags & p->tcp_flags) != p->tcp_flags)
		__sync_fetch_and_or(&value->tcp_flags, p->tcp_flags);
}

static __always_inline void add(void *map, const void *key, const struct packet *p)
{
	__u32 parity = p->window & 1;
	struct totals *total = bpf_map_lookup_elem(&totals, &parity);
	struct value *value = bpf_map_lookup_elem(map, key);

	if (!total)
		return;
	if (p->class >= CLASS_FILTERED) {
		__sync_fetch_and_add(&total->refused_packets, p->packets);
		__sync_fetch_and_add(&total->refused_bytes, p->bytes);
	} else {
		__sync_fetch_and_add(&total->forwarded_packets, p->packets);
		__sync_fetch_and_add(&total->forwarded_bytes, p->bytes);
	}
	if (!value) {
		struct value fresh = {
			.first = p->now,
			.last = p->now,
			.window = p->window,
			.ifindex_in = p->reply ? p->ifindex_out : p->ifindex_in,
			.ifindex_out = p->reply ? p->ifindex_in : p->ifindex_out,
			.drop_reason = p->drop_reason,
		};

		/* Another processor may be first; whether the flow has room shows in the second look. */
		bpf_map_update_elem(map, key, &fresh, BPF_NOEXIST);
		value = bpf_map_lookup_elem(map, key);
	}
	if (!value) {
		__sync_fetch_and_add(&total->full_packets, p->packets);
		__sync_fetch_and_add(&total->full_bytes, p->bytes);
	} else if (value->window != (__u32)p->window) {
		__sync_fetch_and_add(&total->late_packets, p->packets);
		__sync_fetch_and_add(&total->late_bytes, p->bytes);
	} else {
		sum(value, p);
	}
}

/* `original` and `second` are both in the initiator's direction. */
static __always_inline void add_flow(const struct packet *p, const struct tuple *original, const struct tuple *second)
{
	bool odd = p->window & 1;

	if (p->tuple.family == 4) {
		struct key4 key = {
			.saddr = original->saddr[0], .daddr = original->daddr[0],
			.second_saddr = second->saddr[0], .second_daddr = second->daddr[0],
			.sport = original->sport, .dport = original->dport,
			.second_sport = second->sport, .second_dport = second->dport,
			.protocol = original->protocol, .class = p->class, .state = p->state,
		};
		if (odd)
			add(&flows4_odd, &key, p);
		else
			add(&flows4_even, &key, p);
	} else {
		struct key6 key = {
			.sport = original->sport, .dport = original->dport,
			.second_sport = second->sport, .second_dport = second->dport,
			.protocol = original->protocol, .class = p->class, .state = p->state,
		};
		__builtin_memcpy(key.saddr, original->saddr, 16);
		__builtin_memcpy(key.daddr, original->daddr, 16);
		__builtin_memcpy(key.second_saddr, second->saddr, 16);
		__builtin_memcpy(key.second_daddr, second->daddr, 16);
		if (odd)
			add(&flows6_odd, &key, p);
		else
			add(&flows6_even, &key, p);
	}
}

/* Conntrack keeps other things in the place of ports for protocols without them (GRE: a call number). */
static __always_inline void drop_false_ports(struct tuple *tuple)
{
	if (!has_ports(tuple->protocol) && !is_icmp(tuple->protocol)) {
		tuple->sport = 0;
		tuple->dport = 0;
	}
}

/* Of an IPv4 tuple only the words that are in use; `tuple` holds zeros elsewhere. */
static __always_inline void read_tuple(struct tuple *tuple, const struct nf_conntrack_tuple_hash *from, bool is_ipv6,
				       bool direct)
{
	if (direct && !is_ipv6) {
		const void *at = &from->tuple;
		/* From the beginning of the source, from its port, and from the end of the destination on. */
		const struct in6_addr *begin = bytes_at(at), *middle = bytes_at(at + 16), *end = bytes_at(at + 32);

		tuple->saddr[0] = begin->word[0];
		*(__u32 *)&tuple->sport = middle->word[0];
		tuple->daddr[0] = middle->word[1];
		*(__u32 *)&tuple->dport = end->word[1];
	} else {
		copy(tuple, &from->tuple, sizeof(*tuple), direct);
	}
	drop_false_ports(tuple);
}

/* The translated tuple: what the responder answers to, turned round. */
static __always_inline void read_translated(struct tuple *translated, const struct tuple *original,
					    const struct nf_conn *entry, bool is_ipv6, bool direct)
{
	struct tuple reply = {};

	read_tuple(&reply, &entry->tuplehash[1], is_ipv6, direct);
	__builtin_memcpy(translated->saddr, reply.daddr, 16);
	__builtin_memcpy(translated->daddr, reply.saddr, 16);
	if (is_icmp(reply.protocol)) {
		/* The identifier stays in the source's place in both directions. */
		translated->sport = reply.sport;
		translated->dport = original->dport;
	} else {
		translated->sport = reply.dport;
		translated->dport = reply.sport;
	}
}

/* Counts a packet that leaves by an interface. */
static __always_inline void count_leaving(struct sk_buff *skb, __u32 ifindex_out, const struct settings *now,
					  bool direct)
{
	struct packet p = {};

	if (!set_time(&p, now) || !read_packet(&p, skb, direct))
		return;
	p.ifindex_in = skb->skb_iif;
	p.ifindex_out = ifindex_out;
	if (!p.ifindex_in) {
		__u32 parity = p.window & 1;
		struct totals *total = bpf_map_lookup_elem(&totals, &parity);

		if (total) {
			__sync_fetch_and_add(&total->local_packets, p.packets);
			__sync_fetch_and_add(&total->local_bytes, p.bytes);
		}
		return;
	}

	unsigned long nfct = skb->_nfct;
	const struct nf_conn *entry = (void *)(nfct & ~CT_MASK);

	if (entry) {
		struct tuple original = {}, translated = {};
		bool is_ipv6 = p.tuple.family == 6;

		read_tuple(&original, &entry->tuplehash[0], is_ipv6, direct);
		read_translated(&translated, &original, entry, is_ipv6, direct);
		p.class = CLASS_TRACKED;
		p.reply = (nfct & CT_MASK) >= CT_REPLY_FROM;
		add_flow(&p, &original, &translated);
	} else {
		struct tuple none = {};

		p.class = CLASS_UNTRACKED;
		add_flow(&p, &p.tuple, &none);
	}
}

/* Whether the packet was counted where its route sent it: at a watched interface that stands on this one (macvlan). */
static __always_inline bool counted_above(struct sk_buff *skb, __u32 ifindex)
{
	const struct dst_entry *route =
		bpf_rdonly_cast((void *)(skb->_skb_refdst & ~1UL), bpf_core_type_id_kernel(struct dst_entry));
	const struct net_device *routed = route->dev;
	__u32 above = routed->ifindex;

	return above && above != ifindex && routed->nd_net.net == skb->dev->nd_net.net &&
	       bpf_map_lookup_elem(&watched, &above);
}

/* The variant `tcx`: attached to each watched interface. */
SEC("tcx/egress")
int natlens_egress(struct __sk_buff *context)
{
	__u32 zero = 0, ifindex = context->ifindex;
	struct settings *now = bpf_map_lookup_elem(&settings, &zero);
	struct sk_buff *skb = bpf_cast_to_kern_ctx(context);

	/* A tagged packet has been counted where it left its VLAN interface. */
	if (now && !context->vlan_present && !counted_above(skb, ifindex))
		count_leaving(skb, ifindex, now, true);
	return TCX_NEXT;
}

static __always_inline bool is_tagged(struct sk_buff *skb)
{
	if (bpf_core_field_exists(skb->vlan_all))
		return BPF_CORE_READ(skb, vlan_all);
	return BPF_CORE_READ_BITFIELD_PROBED((struct sk_buff___before_vlan_all *)skb, vlan_present);
}

/*
 * Whether the packet was counted at an interface that stands on this one. Here the route is gone already, except at an
 * interface that hands its packets on, and such a packet arrives below before this processor sends another.
 */
static __always_inline bool was_handed_on(struct sk_buff *skb)
{
	__u32 zero = 0;
	__u64 *last = bpf_map_lookup_elem(&handed_on, &zero), this = (__u64)skb;

	if (!last)
		return false;
	if (skb->_skb_refdst) {
		*last = this;
		return false;
	}
	bool known = *last == this;

	*last = 0;
	return known;
}

/* The variant `tracing`: attached once, sees every namespace. */
SEC("tp_btf/net_dev_queue")
int BPF_PROG(natlens_queue, struct sk_buff *skb)
{
	__u32 zero = 0, ifindex = skb->dev->ifindex;
	struct settings *now = bpf_map_lookup_elem(&settings, &zero);

	if (now && skb->dev->nd_net.net->ns.inum == now->netns && bpf_map_lookup_elem(&watched, &ifindex) &&
	    !is_tagged(skb) && !was_handed_on(skb))
		count_leaving(skb, ifindex, now, false);
	return 0;
}

#define IS(reason, name)                                                                         \
	(bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_##name) &&             \
	 (reason) == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_##name))

/* The class of a refusal, or 0 when the drop is none. */
static __always_inline __u8 class_of(__u32 reason, short route_error, unsigned long status)
{
	if (IS(reason, NETFILTER_DROP)) {
		/* Source translation done, entry not confirmed: its insertion failed on a used port. */
		bool no_port = (status & STATUS_SRC_NAT) && !(status & STATUS_CONFIRMED);

		return no_port ? CLASS_NO_PORT : CLASS_FILTERED;
	}
	if (IS(reason, IP_OUTNOROUTES) || IS(reason, IP_INNOROUTES) || IS(reason, IP_INADDRERRORS) ||
	    IS(reason, NEIGH_FAILED))
		return CLASS_NO_ROUTE;
	if (IS(reason, NOT_SPECIFIED))
		return route_error ? CLASS_NO_ROUTE : 0;
	if (IS(reason, IP_CSUM) || IS(reason, IP_INVALID_SOURCE))
		return CLASS_INVALID;
	if (IS(reason, IP_INHDR) || IS(reason, IP_RPFILTER) || IS(reason, PKT_TOO_BIG))
		return CLASS_OTHER;
	return 0;
}

static __always_inline __u8 state_of(unsigned long relation, bool has_entry)
{
	if (relation == CT_UNTRACKED)
		return STATE_UNTRACKED;
	if (!has_entry)
		return STATE_NO_ENTRY;
	if (relation == CT_NEW)
		return STATE_NEW;
	return relation == CT_RELATED || relation == CT_RELATED + CT_REPLY_FROM ? STATE_RELATED : STATE_ESTABLISHED;
}

static __always_inline void count_refusal(struct sk_buff *skb, __u32 reason, bool direct)
{
	__u32 zero = 0, ifindex_in = skb->skb_iif;
	struct settings *now = bpf_map_lookup_elem(&settings, &zero);
	struct packet p = {};
	short route_error = 0;
	unsigned long status = 0;

	if (!now || !ifindex_in || skb->dev->nd_net.net->ns.inum != now->netns ||
	    !bpf_map_lookup_elem(&watched, &ifindex_in))
		return;

	const struct dst_entry *route = (void *)(skb->_skb_refdst & ~1UL);
	unsigned long nfct = skb->_nfct, relation = nfct & CT_MASK;
	const struct nf_conn *entry = (void *)(nfct & ~CT_MASK);

	if (route) {
		const struct net_device *routed = READ(dst_entry, route, dev, direct);

		route_error = READ(dst_entry, route, error, direct);
		p.ifindex_out = READ(net_device, routed, ifindex, direct);
	}
	if (entry)
		copy(&status, &entry->status, sizeof(status), direct);
	p.class = class_of(reason, route_error, status);
	if (!p.class || !set_time(&p, now) || !read_packet(&p, skb, direct))
		return;
	/* Neighbours' broadcasts that nobody routes are no refusals; a rule that drops them is. */
	if (p.class > CLASS_NO_PORT && BPF_CORE_READ_BITFIELD(skb, pkt_type) != PACKET_HOST)
		return;
	p.ifindex_in = ifindex_in;
	p.drop_reason = reason;
	p.state = state_of(relation, entry != NULL);
	p.reply = entry && relation >= CT_REPLY_FROM;

	struct tuple original = p.tuple, none = {};

	if (entry)
		read_tuple(&original, &entry->tuplehash[0], p.tuple.family == 6, direct);
	/* A retry finds another port each time: the packet's own tuple would make one entry of each. */
	add_flow(&p, &original, p.class == CLASS_NO_PORT ? &none : &p.tuple);
}

/* What is refused, in the variant `tcx`. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(natlens_refusal, struct sk_buff *skb, void *location, unsigned int reason)
{
	count_refusal(skb, reason, true);
	return 0;
}

/* What is refused, in the variant `tracing`. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(natlens_drop, struct sk_buff *skb, void *location, unsigned int reason)
{
	count_refusal(skb, reason, false);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
