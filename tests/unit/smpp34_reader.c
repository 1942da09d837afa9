/* SPDX-License-Identifier: Apache-2.0 */
/*
 * It gets its memory from an arena, because it loses a TLV with each PDU that it refuses. Its TLVs stand in reverse
 * order and its numbers in the order of this machine; a reading has both as they are on the wire.
 */
#include "smpp34_reader.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <smpp34.h>
#include <smpp34_structs.h>
#include <smpp34_params.h>
#include <smpp34_heap.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/smpp_pdu.h"

#define PDU_MAX 4096
#define READING_MAX (64 * 1024)
#define PATIENCE_S 20		/* only a broken library thinks so long */
#define TLVS 128

/* The size of a TLV's type, by the library's own ladders: 1, 2, 4, or 0 for octets. See smpp_encode.c. */
#define U08(i, par, f) size = 1;
#define U16(i, par, f) size = 2;
#define U32(i, par, f) size = 4;
#define OCTET16(i, par, max) size = 0;
#define SIZE(command) \
	static unsigned \
	size_##command(const tlv_t *t) \
	{ \
		unsigned size = 0; \
		do_tlv_##command(t) \
		return size; \
	}
#include <def_frame/submit_sm.tlv>
#include <def_frame/deliver_sm.tlv>
#include <def_frame/data_sm.tlv>
#include <def_frame/bind_receiver_resp.tlv>
#include <def_frame/bind_transmitter_resp.tlv>
#include <def_frame/bind_transceiver_resp.tlv>
SIZE(submit_sm)
SIZE(deliver_sm)
SIZE(data_sm)
SIZE(bind_receiver_resp)
SIZE(bind_transmitter_resp)
SIZE(bind_transceiver_resp)
#undef U08
#undef U16
#undef U32
#undef OCTET16

union lib_pdu {
	submit_sm_t submit;
	deliver_sm_t deliver;
	data_sm_t data;
	bind_transceiver_t bind;
	bind_transceiver_resp_t bind_resp;
	submit_sm_resp_t submit_resp;
	deliver_sm_resp_t deliver_resp;
	data_sm_resp_t data_resp;
	enquire_link_t enquire;
	unsigned char room[8192];
};

/* ---- readings ---- */

void
reading_number(struct buf *b, const char *name, uint32_t n)
{
	buf_addf(b, "%s %x\n", name, (unsigned)n);
}

void
reading_octets(struct buf *b, const char *name, const void *p, size_t n)
{
	const unsigned char *o = p;

	buf_addf(b, "%s ", name);
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "%02x", o[i]);
	buf_add_char(b, '\n');
}

void
reading_string(struct buf *b, const char *name, const void *s)
{
	reading_octets(b, name, s, strlen(s));
}

void
reading_tlv(struct buf *b, unsigned tag, const void *p, size_t n)
{
	char name[16];

	str_format(name, sizeof name, "tlv %04x", tag);
	reading_octets(b, name, p, n);
}

/* ---- the child ---- */

static unsigned char arena[1024 * 1024] __attribute__((aligned(16)));
static size_t arena_used;

static void *
arena_malloc(size_t n)
{
	void *p = arena + arena_used;

	arena_used += (n + 15) & ~(size_t)15;
	if (arena_used > sizeof arena)
		abort();
	return p;
}

static void *
arena_realloc(void *p, size_t n)
{
	(void)p, (void)n;
	abort();
}

static void
arena_free(void *p)
{
	(void)p;
}

static void
read_tlv(struct buf *b, const tlv_t *t, unsigned size)
{
	uint32_t v = size == 1 ? t->value.val08 : size == 2 ? t->value.val16 : size == 4 ? t->value.val32 : 0;
	unsigned char wire[4] = { (unsigned char)(v >> 24), (unsigned char)(v >> 16), (unsigned char)(v >> 8),
		(unsigned char)v };

	if (size == 0)
		reading_tlv(b, t->tag, t->value.octet, t->length);
	else if (t->length != size)
		buf_addf(b, "tlv %04x" READING_LIES, t->tag);
	else
		reading_tlv(b, t->tag, wire + 4 - size, size);
}

static void
read_tlvs(struct buf *b, const tlv_t *list, unsigned (*size_of)(const tlv_t *t))
{
	const tlv_t *all[TLVS];
	size_t n = 0;

	for (; list != NULL && n < TLVS; list = list->next)
		all[n++] = list;
	while (n-- > 0)
		read_tlv(b, all[n], size_of(all[n]));
}

#define READ_MESSAGE(b, m) do { \
	reading_string(b, "service_type", (m)->service_type); \
	reading_number(b, "source_ton", (m)->source_addr_ton); \
	reading_number(b, "source_npi", (m)->source_addr_npi); \
	reading_string(b, "source", (m)->source_addr); \
	reading_number(b, "dest_ton", (m)->dest_addr_ton); \
	reading_number(b, "dest_npi", (m)->dest_addr_npi); \
	reading_string(b, "dest", (m)->destination_addr); \
	reading_number(b, "esm_class", (m)->esm_class); \
	reading_number(b, "registered_delivery", (m)->registered_delivery); \
	reading_number(b, "data_coding", (m)->data_coding); \
} while (0)
#define READ_SM(b, m) do { \
	READ_MESSAGE(b, m); \
	reading_number(b, "protocol_id", (m)->protocol_id); \
	reading_number(b, "priority", (m)->priority_flag); \
	reading_string(b, "validity", (m)->validity_period); \
	reading_number(b, "replace", (m)->replace_if_present_flag); \
	reading_octets(b, "text", (m)->short_message, (m)->sm_length); \
} while (0)

static void
read_bind(struct buf *b, const bind_transceiver_t *m)
{
	reading_string(b, "system_id", m->system_id);
	reading_string(b, "password", m->password);
	reading_string(b, "system_type", m->system_type);
	reading_number(b, "interface_version", m->interface_version);
}

static void
read_bind_resp(struct buf *b, const bind_transceiver_resp_t *m, unsigned (*size_of)(const tlv_t *t))
{
	reading_string(b, "system_id", m->system_id);
	read_tlvs(b, m->tlv, size_of);
}

static void
read_fields(struct buf *b, const union lib_pdu *l)
{
	reading_number(b, "id", l->enquire.command_id);
	reading_number(b, "status", l->enquire.command_status);
	reading_number(b, "sequence", l->enquire.sequence_number);
	switch (l->enquire.command_id) {
	case SUBMIT_SM:
		READ_SM(b, &l->submit);
		read_tlvs(b, l->submit.tlv, size_submit_sm);
		break;
	case DELIVER_SM:
		READ_SM(b, &l->deliver);
		read_tlvs(b, l->deliver.tlv, size_deliver_sm);
		break;
	case DATA_SM:
		READ_MESSAGE(b, &l->data);
		read_tlvs(b, l->data.tlv, size_data_sm);
		break;
	case BIND_RECEIVER:
	case BIND_TRANSMITTER:
	case BIND_TRANSCEIVER:
		read_bind(b, &l->bind);
		break;
	case BIND_RECEIVER_RESP:
		read_bind_resp(b, &l->bind_resp, size_bind_receiver_resp);
		break;
	case BIND_TRANSMITTER_RESP:
		read_bind_resp(b, &l->bind_resp, size_bind_transmitter_resp);
		break;
	case BIND_TRANSCEIVER_RESP:
		read_bind_resp(b, &l->bind_resp, size_bind_transceiver_resp);
		break;
	case SUBMIT_SM_RESP:
		reading_string(b, "message_id", l->submit_resp.message_id);
		break;
	case DELIVER_SM_RESP:
		reading_string(b, "message_id", l->deliver_resp.message_id);
		break;
	case DATA_SM_RESP:
		reading_string(b, "message_id", l->data_resp.message_id);
		break;
	}
}

/* One datagram is one PDU, one datagram is its reading: empty lines for none. */
static _Noreturn void
child(int fd)
{
	static const struct smpp34_memory_functions memory = { arena_malloc, arena_realloc, arena_free };
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	static union lib_pdu lib;
	unsigned char pdu[PDU_MAX];
	struct buf b = { 0 };
	ssize_t n;

	/* Its end is its own, and no report in the test's output. */
	for (size_t i = 0; i < NELEM(fatal); i++)
		signal(fatal[i], SIG_DFL);
	if (freopen("/dev/null", "w", stderr) == NULL)
		_exit(1);
	smpp34_set_memory_functions(&memory);
	while ((n = recv(fd, pdu, sizeof pdu, 0)) > 0) {
		memset(&lib, 0, sizeof lib);
		arena_used = 0;
		buf_reset(&b);
		buf_add_char(&b, '\n');
		if (smpp34_unpack2(&lib, pdu, (int)n) == 0)
			read_fields(&b, &lib);
		if (send(fd, b.p, b.len, MSG_NOSIGNAL) != (ssize_t)b.len)
			_exit(1);
	}
	_exit(0);
}

/* ---- the parent ---- */

static void
start(struct smpp34 *s)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 || (s->pid = fork()) < 0) {
		perror("smpp34");
		exit(1);
	}
	if (s->pid == 0) {
		close(pair[0]);
		child(pair[1]);
	}
	close(pair[1]);
	s->fd = pair[0];
	(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

void
smpp34_stop(struct smpp34 *s)
{
	if (s->pid == 0)
		return;
	close(s->fd);
	/* It may be in a loop of its own; only it is ended. */
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

enum smpp34_says
smpp34_ask(struct smpp34 *s, const void *pdu, size_t len, struct buf *reading)
{
	static char text[READING_MAX];
	ssize_t n;

	if (s->pid == 0)
		start(s);
	n = send(s->fd, pdu, len, MSG_NOSIGNAL) == (ssize_t)len ? recv(s->fd, text, sizeof text, 0) : -1;
	if (n <= 0) {
		smpp34_stop(s);
		s->deaths++;
		return SMPP34_DIES;
	}
	buf_reset(reading);
	buf_add(reading, text + 1, (size_t)n - 1);
	return n > 1 ? SMPP34_ACCEPTS : SMPP34_REFUSES;
}
