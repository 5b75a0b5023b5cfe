/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The members of kernel structures that natlens.bpf.c reads, and nothing else.
 *
 * Offsets and enum numbers are relocated to the running kernel's when the object is loaded, so only names and
 * types matter here. A complete header of one kernel would make the object four times as large.
 */
#pragma once

#include <linux/types.h>

#define RELOCATED __attribute__((preserve_access_index))

struct ns_common {
	unsigned int inum;
} RELOCATED;

struct net {
	struct ns_common ns;
} RELOCATED;

typedef struct {
	struct net *net;
} RELOCATED possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
} RELOCATED;

struct dst_entry {
	struct net_device *dev;
	short error;
} RELOCATED;

struct skb_shared_info {
	unsigned short gso_size;
	unsigned short gso_segs;
} RELOCATED;

struct sk_buff {
	struct net_device *dev;
	unsigned long _skb_refdst;
	unsigned long _nfct;
	unsigned int len;
	__u8 pkt_type : 3;
	int skb_iif;
	__be16 protocol;
	__u32 vlan_all;
	__u16 network_header;
	unsigned int end;
	unsigned char *head;
	unsigned char *data;
} RELOCATED;

/* Before Linux 6.2, where `vlan_all` came. */
struct sk_buff___before_vlan_all {
	__u8 vlan_present : 1;
} RELOCATED;

struct nf_conntrack_tuple {
	char opaque[40];
} RELOCATED;

struct nf_conntrack_tuple_hash {
	struct nf_conntrack_tuple tuple;
} RELOCATED;

struct nf_conn {
	struct nf_conntrack_tuple_hash tuplehash[2];
	unsigned long status;
} RELOCATED;

enum skb_drop_reason {
	SKB_DROP_REASON_NOT_SPECIFIED = 2,
	SKB_DROP_REASON_NETFILTER_DROP = 12,
	SKB_DROP_REASON_IP_CSUM = 14,
	SKB_DROP_REASON_IP_INHDR = 15,
	SKB_DROP_REASON_IP_RPFILTER = 16,
	SKB_DROP_REASON_IP_OUTNOROUTES = 54,
	SKB_DROP_REASON_NEIGH_FAILED = 58,
	SKB_DROP_REASON_IP_INADDRERRORS = 87,
	SKB_DROP_REASON_IP_INNOROUTES = 88,
	SKB_DROP_REASON_IP_INVALID_SOURCE = 90,
	SKB_DROP_REASON_PKT_TOO_BIG = 93,
};
