/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The members of kernel structures that natlens.bpf.c reads, and nothing else.
 *
 * Offsets and enum numbers are relocated to the running kernel's when the object is loaded, so only names and
 * types matter here. A complete header of one kernel would make the object four times as large.
 */
#pragma once

#include <stdbool.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

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

/* Sixteen bytes that may lie anywhere: of a type that every kernel knows itself, while conntrack's may be a module's. */
struct in6_addr {
	__u32 word[4];
};

/* Weak: kernels before 6.2 have none and load the tracing variant. */
extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym __weak;
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;

/*
 * Reads a member of a kernel structure: by a load where the kernel offers that (`direct`, a constant), by a call of
 * some 20 ns where it does not.
 */
#define READ(type, object, member, direct)                                                          \
	({                                                                                          \
		typeof(((struct type *)0)->member) value_;                                          \
		if (direct)                                                                         \
			value_ = ((const struct type *)bpf_rdonly_cast(                             \
					  object, bpf_core_type_id_kernel(struct type)))->member;   \
		else                                                                                \
			bpf_core_read(&value_, sizeof(value_), &(object)->member);                  \
		value_;                                                                             \
	})

/* The sixteen bytes at `from`, to be loaded; zeros where nothing can be read. */
static __always_inline const struct in6_addr *bytes_at(const void *from)
{
	return bpf_rdonly_cast(from, bpf_core_type_id_kernel(struct in6_addr));
}

/* Copies `bytes`, a constant multiple of 4, as READ reads a member. */
static __always_inline void copy(void *to, const void *from, const __u32 bytes, bool direct)
{
	if (direct) {
#pragma unroll
		for (__u32 offset = 0; offset < bytes; offset += 16) {
			const struct in6_addr *block = bytes_at(from + offset);

#pragma unroll
			for (__u32 i = 0; i < 4 && offset + i * 4 < bytes; i++)
				*(__u32 *)(to + offset + i * 4) = block->word[i];
		}
	} else {
		/* What cannot be read is zeros. */
		bpf_probe_read_kernel(to, bytes, from);
	}
}
