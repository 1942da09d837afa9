/* SPDX-License-Identifier: Apache-2.0 */
/* An SMSC that writes and reads octets as a test says, beside the world of test_smpp_world.h. */
#pragma once
#include "test_smpp_world.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* An SMSC of octets: a socket of ours that the link connects to. */
static struct raw {
	int listener, fd;
	unsigned char in[4096];
	size_t n;
} raw;

static inline void
raw_open(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof addr;

	raw = (struct raw){ .listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .fd = -1 };
	assert_int_equal(bind(raw.listener, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(raw.listener, 4), 0);
	assert_int_equal(getsockname(raw.listener, (struct sockaddr *)&addr, &len), 0);
	w.b.port = ntohs(addr.sin_port);
}

/* The next PDU that the link wrote, or false when it has closed. */
static inline bool
raw_read(struct smpp_pdu *pdu)
{
	int64_t until = loop_now(w.loop) + PATIENCE_MS;
	size_t len = 0;
	uint32_t status;

	while (raw.n < 4 || smpp_frame(raw.in, raw.n, sizeof raw.in, &len) != SMPP_OK) {
		ssize_t got;

		if (loop_now(w.loop) > until)
			fail_msg("the link writes nothing");
		turns(1);
		if (raw.fd < 0 && (raw.fd = accept4(raw.listener, NULL, NULL, SOCK_NONBLOCK)) < 0)
			continue;
		got = read(raw.fd, raw.in + raw.n, sizeof raw.in - raw.n);
		if (got == 0)
			return false;
		if (got > 0)
			raw.n += (size_t)got;
	}
	assert_true(smpp_decode(raw.in, len, pdu, &status));
	raw.n -= len;
	memmove(raw.in, raw.in + len, raw.n);
	return true;
}

static inline void
raw_write(const void *p, size_t n)
{
	assert_int_equal(write(raw.fd, p, n), n);
}

static inline void
raw_close(void)
{
	close(raw.fd);
	close(raw.listener);
}

static inline void
raw_bound(void)
{
	static const unsigned char ok[] = { 0, 0, 0, 23, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 'S',
		'M', 'S', 'C', '0', '1', 0 };
	struct smpp_pdu pdu;

	raw_open();
	open_link();
	assert_true(raw_read(&pdu));
	assert_int_equal(pdu.id, SMPP_BIND_TRANSCEIVER);
	assert_int_equal(pdu.sequence, 1);
	assert_string_equal(pdu.system_id, "isango");
	assert_string_equal(pdu.password, "s3cret");
	assert_int_equal(pdu.interface_version, 0x34);
	raw_write(ok, sizeof ok);
	UNTIL(smpp_link_state(w.link) == LINK_BOUND);
}
