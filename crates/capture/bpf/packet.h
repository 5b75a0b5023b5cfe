/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Reads the headers and sizes of a packet, as it is on the wire.
 *
 * Hides: extension headers, fragments, and how an offloaded super-packet becomes wire packets.
 * Knows nothing of: conntrack, maps, why a packet is counted.
 */
#pragma once

#include "kernel.h"

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86DD
#define GSO_BY_FRAGS 0xFFFF
#define EXTENSION_HEADERS_MAX 6
/* An IPv4 header without options. */
#define IPV4_BYTES 20
/* Of the transport header, what is looked at. */
#define TRANSPORT_BYTES 16
/* So that more than a byte is loaded at a time. */
#define ALIGNED __attribute__((aligned(8)))

/* Addresses and ports are in network order, as everywhere in the kernel. */
struct tuple {
	__u32 saddr[4];
	__u16 sport;
	__u16 family;
	__u32 daddr[4];
	__u16 dport;
	__u8 protocol;
	__u8 direction;
};

/* A packet on its way into the maps. */
struct packet {
	struct tuple tuple; /* by its own headers */
	__u64 packets, bytes;
	__u64 now, window;
	__u32 ifindex_in, ifindex_out;
	__u32 drop_reason;
	__u8 tcp_flags, class, state, reply;
};

static __always_inline bool has_ports(__u8 protocol)
{
	/* TCP, UDP, DCCP, SCTP, UDP-Lite */
	return protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 || protocol == 136;
}

static __always_inline bool is_icmp(__u8 protocol)
{
	return protocol == 1 || protocol == 58;
}

static __always_inline bool icmp_has_identifier(__u8 protocol, __u8 type)
{
	if (protocol == 1)
		return type == 8 || type == 0 || (type >= 13 && type <= 18);
	return type == 128 || type == 129;
}

/* Takes what lies behind the IP header; returns the length of that header, as far as it repeats in every segment. */
static __always_inline __u32 take_transport(struct packet *p, const __u8 *raw)
{
	if (has_ports(p->tuple.protocol)) {
		__builtin_memcpy(&p->tuple.sport, raw, 2);
		__builtin_memcpy(&p->tuple.dport, raw + 2, 2);
		if (p->tuple.protocol == 6) {
			p->tcp_flags = raw[13] & 0x3f;
			return (raw[12] >> 4) * 4;
		}
		return 8;
	}
	if (is_icmp(p->tuple.protocol)) {
		__builtin_memcpy(&p->tuple.dport, raw, 2);
		if (icmp_has_identifier(p->tuple.protocol, raw[0]))
			__builtin_memcpy(&p->tuple.sport, raw + 4, 2);
	}
	return 0;
}

static __always_inline __u32 read_transport(struct packet *p, const unsigned char *at, bool direct)
{
	__u8 ALIGNED raw[TRANSPORT_BYTES];

	copy(raw, at, sizeof(raw), direct);
	return take_transport(p, raw);
}

/* Reads an IPv4 header; returns the length of all headers, 0 when it is none. */
static __always_inline __u32 read_ipv4(struct packet *p, const unsigned char *at, bool direct)
{
	/* Both headers at once, as they mostly lie; behind the packet's own bytes the buffer has more than these. */
	__u8 ALIGNED raw[IPV4_BYTES + TRANSPORT_BYTES];

	copy(raw, at, sizeof(raw), direct);
	if (raw[0] >> 4 != 4)
		return 0;
	__u32 length = (raw[0] & 15) * 4;
	bool later_fragment = (raw[6] & 0x1f) || raw[7];

	p->tuple.family = 4;
	p->tuple.protocol = raw[9];
	__builtin_memcpy(p->tuple.saddr, raw + 12, 4);
	__builtin_memcpy(p->tuple.daddr, raw + 16, 4);
	if (later_fragment)
		return length;
	if (length == IPV4_BYTES)
		return length + take_transport(p, raw + IPV4_BYTES);
	return length + read_transport(p, at + length, direct);
}

static __always_inline __u32 read_ipv6(struct packet *p, const unsigned char *at, bool direct)
{
	__u8 ALIGNED raw[40];
	__u32 length = sizeof(raw);

	copy(raw, at, sizeof(raw), direct);
	if (raw[0] >> 4 != 6)
		return 0;
	__u8 next = raw[6];

	p->tuple.family = 6;
	__builtin_memcpy(p->tuple.saddr, raw + 8, 16);
	__builtin_memcpy(p->tuple.daddr, raw + 24, 16);
#pragma unroll
	for (int i = 0; i < EXTENSION_HEADERS_MAX; i++) {
		__u8 ALIGNED extension[4];
		bool hop_routing_or_destination = next == 0 || next == 43 || next == 60;
		bool fragment = next == 44;

		if (!hop_routing_or_destination && !fragment)
			break;
		copy(extension, at + length, sizeof(extension), direct);
		next = extension[0];
		length += fragment ? 8 : (extension[1] + 1) * 8;
		if (fragment && (extension[2] || (extension[3] & 0xf8))) {
			p->tuple.protocol = next;
			return length;
		}
	}
	p->tuple.protocol = next;
	return length + read_transport(p, at + length, direct);
}

/* Reads the headers and sizes of a packet as it is on the wire; false when it is no IP packet. */
static __always_inline bool read_packet(struct packet *p, struct sk_buff *skb, bool direct)
{
	const unsigned char *head = skb->head;
	__u16 network = skb->network_header;
	__u32 headers;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		headers = read_ipv4(p, head + network, direct);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		headers = read_ipv6(p, head + network, direct);
	else
		return false;
	if (!headers)
		return false;

	/* `data` stands at the link header, the IP header or behind it, depending on the caller. */
	__u64 bytes = (__u64)skb->len + (skb->data - head) - network;
	const struct skb_shared_info *shared = (void *)(head + skb->end);
	__u16 segment = READ(skb_shared_info, shared, gso_size, direct);

	p->packets = 1;
	if (segment == GSO_BY_FRAGS) {
		__u16 segments = READ(skb_shared_info, shared, gso_segs, direct);

		p->packets = segments ? segments : 1;
	} else if (segment && bytes > headers) {
		p->packets = (bytes - headers + segment - 1) / segment;
	}
	p->bytes = bytes + (p->packets - 1) * headers;
	return true;
}
