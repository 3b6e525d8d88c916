// SPDX-License-Identifier: GPL-2.0
/*
 * Messages through a buffer, by one process: sizes, order, the end of the ring, what is
 * in hand, batches. All of it with one to one as well, where that applies.
 */
#include "buffer_test.h"

#define BYTES	4096U
#define CELLS	(int)(BYTES / CELL)

FIXTURE(messages) {
	struct stage stage;
	struct ipcbox_buffer *buffer;
};

FIXTURE_VARIANT(messages) {
	__u32 kind;
};

FIXTURE_VARIANT_ADD(messages, many) { .kind = 0 };
FIXTURE_VARIANT_ADD(messages, spsc) { .kind = IPCBOX_SPSC };

FIXTURE_SETUP(messages)
{
	stage_setup(_metadata, &self->stage);
	ASSERT_EQ(0, test_buffer_create(&self->stage, BOTH | variant->kind, BYTES,
					&self->buffer));
}

FIXTURE_TEARDOWN(messages)
{
	ipcbox_buffer_unmap(self->buffer);
	stage_teardown(_metadata, &self->stage);
}

static const size_t sizes[] = {
	0, 1, 7, 8, 63, 64, 65, 127, 128, 129, 1000, 4032, 4033, 4095, 4096,
};

/* Laps */

/* An empty buffer, as if so many cells had gone through it. */
static void begin_at(struct ipcbox_buffer *buffer, __u64 position)
{
	struct ipcbox_ring_head *ring = buffer->ring;

	ring->tail = position;
	ring->free = position;
	ring->head = position << IPCBOX_HEAD_SHIFT;
}

/* Long messages leave the words of most cells as they were, for any number of laps. */
TEST_F(messages, cells_in_which_none_began_for_many_laps_are_free)
{
	/* Three are gone through from each; words have 28 bits of them, head 42. */
	static const __u64 laps[] = {
		10, (1ULL << 27) - 5, 1ULL << 27, (1ULL << 27) + 5, (1ULL << 28) - 1,
		(1ULL << 28) + 5, (1ULL << 41) + 100, (1ULL << 42) - 1, (1ULL << 42) + 5,
	};
	struct ipcbox_ring_head *ring = self->buffer->ring;
	char two[2 * CELL] = "";

	for (int i = 0; i < CELLS / 4; i++) {
		ASSERT_EQ(0, ipcbox_buffer_send(self->buffer, two, sizeof(two),
						IPCBOX_NOWAIT));
		ASSERT_EQ(sizeof(two), ipcbox_buffer_recv(self->buffer, two, sizeof(two),
							  IPCBOX_NOWAIT));
	}
	for (size_t lap = 0; lap < ARRAY_SIZE(laps); lap++) {
		begin_at(self->buffer, laps[lap] * CELLS);
		for (int i = 0; i < 3 * CELLS; i += 3) {
			ASSERT_EQ(0, put_number(self->buffer, i));
			ASSERT_EQ(0, ipcbox_buffer_send(self->buffer, two,
							sizeof(two), IPCBOX_NOWAIT));
			ASSERT_EQ(i, take_number(self->buffer))
				TH_LOG("lap %llu", laps[lap]);
			ASSERT_EQ(sizeof(two),
				  ipcbox_buffer_recv(self->buffer, two, sizeof(two),
						     IPCBOX_NOWAIT));
			ASSERT_EQ(ring->tail, ring->free);
		}
		EXPECT_EQ(-EAGAIN, take_number(self->buffer));
	}
}

/* Sizes */

TEST_F(messages, empty_one_has_none)
{
	char c;

	EXPECT_EQ(-EAGAIN, ipcbox_buffer_recv(self->buffer, &c, 1, IPCBOX_NOWAIT));
	EXPECT_EQ(0, messages_of(ipcbox_buffer_fd(self->buffer)));
}

TEST_F(messages, of_each_size_arrive_in_place)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, put_pattern(self->buffer, sizes[i], i));
		ASSERT_EQ(0, take_pattern(self->buffer, sizes[i], i))
			TH_LOG("size %zu", sizes[i]);
	}
}

TEST_F(messages, of_each_size_arrive_as_copies)
{
	char sent[BYTES], got[BYTES + 1];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		write_pattern(sent, sizes[i], i);
		memset(got, POISON, sizeof(got));
		ASSERT_EQ(0, ipcbox_buffer_send(self->buffer, sent, sizes[i],
						IPCBOX_NOWAIT));
		ASSERT_EQ((ssize_t)sizes[i],
			  ipcbox_buffer_recv(self->buffer, got, sizeof(got),
					     IPCBOX_NOWAIT));
		ASSERT_TRUE(has_pattern(got, sizes[i], i));
		ASSERT_EQ((char)POISON, got[sizes[i]]);
	}
}

TEST_F(messages, longer_than_the_longest_return_emsgsize)
{
	struct ipcbox_slot slot;

	EXPECT_EQ(-EMSGSIZE, ipcbox_buffer_reserve(self->buffer, &slot, BYTES + 1,
						   IPCBOX_NOWAIT));
	EXPECT_EQ(-EMSGSIZE, ipcbox_buffer_reserve(self->buffer, &slot, SIZE_MAX,
						   IPCBOX_NOWAIT));
	EXPECT_EQ(-EAGAIN, take_number(self->buffer));
}

TEST_F(messages, too_long_for_the_room_return_emsgsize_and_stay)
{
	char got[8] = "........";

	ASSERT_EQ(0, put_pattern(self->buffer, 5, 1));
	EXPECT_EQ(-EMSGSIZE, ipcbox_buffer_recv(self->buffer, got, 4, IPCBOX_NOWAIT));
	EXPECT_EQ(-EMSGSIZE, ipcbox_buffer_recv(self->buffer, got, 0, IPCBOX_NOWAIT));
	EXPECT_EQ(0, memcmp(got, "........", 8));
	EXPECT_EQ(0, take_pattern(self->buffer, 5, 1));
}

TEST_F(messages, may_be_shorter_than_what_was_reserved)
{
	struct ipcbox_slot slot;

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, ipcbox_buffer_reserve(self->buffer, &slot, BYTES,
						   IPCBOX_NOWAIT));
		EXPECT_EQ(BYTES, slot.len);
		write_pattern(slot.data, 100, i);
		slot.len = 100;
		slot.tag = i;
		ASSERT_EQ(0, ipcbox_buffer_commit(self->buffer, &slot));
		ASSERT_EQ(0, take_pattern(self->buffer, 100, i));
	}
}

TEST_F(messages, as_many_as_there_are_cells_fit)
{
	EXPECT_EQ(CELLS, fill_up(self->buffer));
	EXPECT_EQ(CELLS, messages_of(ipcbox_buffer_fd(self->buffer)));
	EXPECT_EQ(BYTES, bytes_of(ipcbox_buffer_fd(self->buffer)));
	EXPECT_EQ(1000000, take_number(self->buffer));
	EXPECT_EQ(1, fill_up(self->buffer));
	EXPECT_EQ(1000001, take_number(self->buffer));
}

TEST_F(messages, without_room_return_eagain_and_are_not_there)
{
	ASSERT_EQ(0, put_pattern(self->buffer, BYTES - CELL, 1));
	EXPECT_EQ(-EAGAIN, put_pattern(self->buffer, CELL + 1, 2));
	EXPECT_EQ(0, put_pattern(self->buffer, CELL, 3));
	EXPECT_EQ(-EAGAIN, put_pattern(self->buffer, 0, 4));
	EXPECT_EQ(0, take_pattern(self->buffer, BYTES - CELL, 1));
	EXPECT_EQ(0, take_pattern(self->buffer, CELL, 3));
	EXPECT_EQ(-EAGAIN, take_number(self->buffer));
}

/* Round the ring */

TEST_F(messages, wrap_at_the_end_of_the_ring_in_one_piece)
{
	for (int first = CELLS - 8; first < CELLS; first++) {
		drain(self->buffer);
		/* From one cell to the other, so that each lap is met. */
		for (int i = 0; i < first; i++) {
			ASSERT_EQ(0, put_number(self->buffer, i));
			ASSERT_EQ(i, take_number(self->buffer));
		}
		ASSERT_EQ(0, put_pattern(self->buffer, 10 * CELL, first));
		ASSERT_EQ(0, put_pattern(self->buffer, 30 * CELL, first + 1));
		ASSERT_EQ(0, take_pattern(self->buffer, 10 * CELL, first));
		ASSERT_EQ(0, take_pattern(self->buffer, 30 * CELL, first + 1));
	}
}

TEST_F_TIMEOUT(messages, keep_their_order_and_bytes_over_many_laps, 120)
{
	unsigned int sent = 0, taken = 0;
	static size_t len[1024];
	unsigned int seed = 1;

	while (taken < 30000) {
		size_t size = rand_r(&seed) % (rand_r(&seed) % 8 ? 200 : BYTES);

		if (put_pattern(self->buffer, size, sent) == 0) {
			len[sent++ % 1024] = size;
			if (rand_r(&seed) % 2)
				continue;
		}
		ASSERT_EQ(0, take_pattern(self->buffer, len[taken % 1024], taken));
		taken++;
	}
	while (taken < sent) {
		ASSERT_EQ(0, take_pattern(self->buffer, len[taken % 1024], taken));
		taken++;
	}
	EXPECT_EQ(-EAGAIN, take_number(self->buffer));
	EXPECT_EQ(0, messages_of(ipcbox_buffer_fd(self->buffer)));
	EXPECT_EQ(CELLS, fill_up(self->buffer));
}

/* Batches */

struct batch {
	struct iovec vector[CELLS + 10];
	__u64 number[CELLS + 10];
};

static void batch_init(struct batch *b)
{
	for (int i = 0; i < CELLS + 10; i++) {
		b->number[i] = i;
		b->vector[i] = (struct iovec){ &b->number[i], sizeof(__u64) };
	}
}

TEST_F(messages, batch_goes_and_comes_in_order)
{
	struct batch b;

	batch_init(&b);
	EXPECT_EQ(10, ipcbox_buffer_send_batch(self->buffer, b.vector, 10,
					       IPCBOX_NOWAIT));
	EXPECT_EQ(10 * CELL, bytes_of(ipcbox_buffer_fd(self->buffer)));
	memset(b.number, POISON, sizeof(b.number));
	b.vector[9].iov_len = 100;
	EXPECT_EQ(10, ipcbox_buffer_recv_batch(self->buffer, b.vector, 20,
					       IPCBOX_NOWAIT));
	for (int i = 0; i < 10; i++) {
		EXPECT_EQ((__u64)i, b.number[i]);
		EXPECT_EQ(8, b.vector[i].iov_len);
	}
	EXPECT_EQ(-EAGAIN, ipcbox_buffer_recv_batch(self->buffer, b.vector, 20,
						    IPCBOX_NOWAIT));
	EXPECT_EQ(0, bytes_of(ipcbox_buffer_fd(self->buffer)));
}

TEST_F(messages, batch_without_room_for_all_tells_how_many)
{
	struct batch b;

	batch_init(&b);
	EXPECT_EQ(CELLS, ipcbox_buffer_send_batch(self->buffer, b.vector,
						  CELLS + 10, IPCBOX_NOWAIT));
	EXPECT_EQ(-EAGAIN, ipcbox_buffer_send_batch(self->buffer, b.vector, 1,
						    IPCBOX_NOWAIT));
	EXPECT_EQ(CELLS, ipcbox_buffer_recv_batch(self->buffer, b.vector,
						  CELLS + 10, IPCBOX_NOWAIT));
	for (int i = 0; i < CELLS; i++) {
		EXPECT_EQ((__u64)i, b.number[i]);
	}
}

TEST_F(messages, batch_ends_at_the_first_that_fails)
{
	struct batch b;

	batch_init(&b);
	b.vector[2].iov_len = BYTES + 1;
	EXPECT_EQ(2, ipcbox_buffer_send_batch(self->buffer, b.vector, 4,
					      IPCBOX_NOWAIT));
	EXPECT_EQ(-EMSGSIZE, ipcbox_buffer_send_batch(self->buffer, &b.vector[2],
						      2, IPCBOX_NOWAIT));
	EXPECT_EQ(0, ipcbox_buffer_send_batch(self->buffer, b.vector, 0,
					      IPCBOX_NOWAIT));
	b.vector[1].iov_len = 7;
	EXPECT_EQ(1, ipcbox_buffer_recv_batch(self->buffer, b.vector, 2,
					      IPCBOX_NOWAIT));
	EXPECT_EQ(-EMSGSIZE, ipcbox_buffer_recv_batch(self->buffer, &b.vector[1],
						      2, IPCBOX_NOWAIT));
	EXPECT_EQ(1, take_number(self->buffer));
	EXPECT_EQ(-EAGAIN, take_number(self->buffer));
}

/* In hand: also of one to one, where it is one at a time */

TEST_F(messages, cancelled_is_not_sent)
{
	struct ipcbox_slot slot;

	for (int i = 0; i < 3 * CELLS; i++) {
		ASSERT_EQ(0, ipcbox_buffer_reserve(self->buffer, &slot, 100,
						   IPCBOX_NOWAIT));
		ASSERT_EQ(0, ipcbox_buffer_cancel(self->buffer, &slot));
		ASSERT_EQ(-EAGAIN, take_number(self->buffer));
	}
	EXPECT_EQ(0, put_number(self->buffer, 5));
	EXPECT_EQ(5, take_number(self->buffer));
	EXPECT_EQ(CELLS, fill_up(self->buffer));
}

TEST_F(messages, put_back_is_the_next_again)
{
	struct ipcbox_slot slot;

	ASSERT_EQ(0, put_number(self->buffer, 1));
	ASSERT_EQ(0, put_number(self->buffer, 2));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, ipcbox_buffer_peek(self->buffer, &slot,
						IPCBOX_NOWAIT));
		ASSERT_EQ(1, *(__u64 *)slot.data);
		ASSERT_EQ(0, ipcbox_buffer_put_back(self->buffer, &slot));
	}
	EXPECT_EQ(1, take_number(self->buffer));
	EXPECT_EQ(2, take_number(self->buffer));
}

TEST_F(messages, peeked_takes_its_room_until_it_is_released)
{
	struct ipcbox_slot slot;

	ASSERT_EQ(CELLS, fill_up(self->buffer));
	ASSERT_EQ(0, ipcbox_buffer_peek(self->buffer, &slot, IPCBOX_NOWAIT));
	EXPECT_EQ(0, fill_up(self->buffer));
	ASSERT_EQ(0, ipcbox_buffer_release(self->buffer, &slot));
	EXPECT_EQ(1, fill_up(self->buffer));
}

/* Several in hand */

FIXTURE(hands) {
	struct stage stage;
	struct ipcbox_buffer *buffer;
	struct ipcbox_slot slot[8];
};

FIXTURE_SETUP(hands)
{
	stage_setup(_metadata, &self->stage);
	ASSERT_EQ(0, test_buffer_create(&self->stage, BOTH, BYTES, &self->buffer));
}

FIXTURE_TEARDOWN(hands)
{
	ipcbox_buffer_unmap(self->buffer);
	stage_teardown(_metadata, &self->stage);
}

static int reserve_number(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot,
			  __u64 number)
{
	int err = ipcbox_buffer_reserve(buffer, slot, sizeof(number), IPCBOX_NOWAIT);

	if (!err)
		memcpy(slot->data, &number, sizeof(number));
	return err;
}

/* The number of the message that is now in hand, or -errno. */
static long long peek_number(struct ipcbox_buffer *buffer,
			     struct ipcbox_slot *slot)
{
	int err = ipcbox_buffer_peek(buffer, slot, IPCBOX_NOWAIT);

	return err ? err : *(long long *)slot->data;
}

TEST_F(hands, reserved_are_received_in_that_order_whoever_commits_first)
{
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, reserve_number(self->buffer, &self->slot[i], i));
	}
	for (int i = 3; i >= 1; i--) {
		ASSERT_EQ(0, ipcbox_buffer_commit(self->buffer, &self->slot[i]));
		EXPECT_EQ(-EAGAIN, take_number(self->buffer));
		EXPECT_EQ(0, messages_of(ipcbox_buffer_fd(self->buffer)));
	}
	ASSERT_EQ(0, ipcbox_buffer_commit(self->buffer, &self->slot[0]));
	EXPECT_EQ(4, messages_of(ipcbox_buffer_fd(self->buffer)));
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(i, take_number(self->buffer));
	}
}

TEST_F(hands, cancelled_in_the_middle_is_passed_over)
{
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, reserve_number(self->buffer, &self->slot[i], i));
	}
	for (int i = 0; i < 5; i += 2) {
		ASSERT_EQ(0, ipcbox_buffer_cancel(self->buffer, &self->slot[i]));
	}
	for (int i = 1; i < 5; i += 2) {
		ASSERT_EQ(0, ipcbox_buffer_commit(self->buffer, &self->slot[i]));
	}
	EXPECT_EQ(2, messages_of(ipcbox_buffer_fd(self->buffer)));
	EXPECT_EQ(1, take_number(self->buffer));
	EXPECT_EQ(3, take_number(self->buffer));
	EXPECT_EQ(-EAGAIN, take_number(self->buffer));
	EXPECT_EQ(CELLS, fill_up(self->buffer));
}

TEST_F(hands, room_is_free_when_the_first_is_released_too)
{
	ASSERT_EQ(CELLS, fill_up(self->buffer));
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(1000000 + i, peek_number(self->buffer, &self->slot[i]));
	}
	for (int i = 3; i >= 1; i--) {
		ASSERT_EQ(0, ipcbox_buffer_release(self->buffer, &self->slot[i]));
		EXPECT_EQ(0, fill_up(self->buffer));
	}
	ASSERT_EQ(0, ipcbox_buffer_release(self->buffer, &self->slot[0]));
	EXPECT_EQ(4, fill_up(self->buffer));
}

TEST_F(hands, others_get_what_is_behind_those_in_hand)
{
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, put_number(self->buffer, i));
	}
	EXPECT_EQ(0, peek_number(self->buffer, &self->slot[0]));
	EXPECT_EQ(1, peek_number(self->buffer, &self->slot[1]));
	EXPECT_EQ(2, take_number(self->buffer));
	EXPECT_EQ(-EAGAIN, take_number(self->buffer));
	EXPECT_EQ(0, ipcbox_buffer_release(self->buffer, &self->slot[1]));
	EXPECT_EQ(0, ipcbox_buffer_release(self->buffer, &self->slot[0]));
}

TEST_F(hands, put_back_come_in_their_old_order)
{
	static const int orders[][3] = {
		{ 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 }, { 1, 2, 0 },
	};

	for (size_t n = 0; n < ARRAY_SIZE(orders); n++) {
		for (int i = 0; i < 5; i++) {
			ASSERT_EQ(0, put_number(self->buffer, i));
		}
		for (int i = 0; i < 4; i++) {
			ASSERT_EQ(i, peek_number(self->buffer, &self->slot[i]));
		}
		for (int i = 0; i < 3; i++) {
			struct ipcbox_slot *slot = &self->slot[orders[n][i]];

			ASSERT_EQ(0, ipcbox_buffer_put_back(self->buffer, slot));
		}
		ASSERT_EQ(0, take_number(self->buffer));
		ASSERT_EQ(1, take_number(self->buffer));
		ASSERT_EQ(2, take_number(self->buffer));
		ASSERT_EQ(4, take_number(self->buffer));
		ASSERT_EQ(0, ipcbox_buffer_release(self->buffer, &self->slot[3]));
	}
	EXPECT_EQ(CELLS, fill_up(self->buffer));
}

TEST_F(hands, what_is_not_in_hand_any_more_returns_einval)
{
	struct ipcbox_slot *slot = &self->slot[0];

	ASSERT_EQ(0, reserve_number(self->buffer, slot, 1));
	ASSERT_EQ(0, ipcbox_buffer_commit(self->buffer, slot));
	EXPECT_EQ(-EINVAL, ipcbox_buffer_commit(self->buffer, slot));
	EXPECT_EQ(-EINVAL, ipcbox_buffer_cancel(self->buffer, slot));
	ASSERT_EQ(1, peek_number(self->buffer, slot));
	ASSERT_EQ(0, ipcbox_buffer_release(self->buffer, slot));
	EXPECT_EQ(-EINVAL, ipcbox_buffer_release(self->buffer, slot));
	EXPECT_EQ(-EINVAL, ipcbox_buffer_put_back(self->buffer, slot));
	EXPECT_EQ(CELLS, fill_up(self->buffer));
}

/* That of the process: however often it has the buffer mapped, it has two hands. */
TEST_F(hands, last_unmap_gives_up_what_is_in_them)
{
	struct ipcbox_buffer *other;
	struct ipcbox_slot *slot;

	ASSERT_EQ(0, test_buffer_open(&self->stage, BOTH, &other));
	ASSERT_EQ(0, put_number(other, 1));
	ASSERT_EQ(1, peek_number(other, &self->slot[0]));
	ASSERT_EQ(0, reserve_number(other, &self->slot[1], 2));
	ASSERT_EQ(0, put_number(self->buffer, 3));
	EXPECT_EQ(-EAGAIN, take_number(self->buffer));
	ipcbox_buffer_unmap(other);
	EXPECT_EQ(-EAGAIN, take_number(self->buffer));
	slot = &self->slot[2];
	ASSERT_EQ(0, reserve_number(self->buffer, slot, 4));
	ipcbox_buffer_unmap(self->buffer);
	ASSERT_EQ(0, test_buffer_open(&self->stage, BOTH, &self->buffer));
	EXPECT_EQ(1, take_number(self->buffer));
	EXPECT_EQ(3, take_number(self->buffer));
	EXPECT_EQ(CELLS, fill_up(self->buffer));
}

/* Directions, and what cannot be mapped */

TEST_F(hands, send_through_a_receiver_returns_ebadf)
{
	struct ipcbox_buffer *receiver;
	struct ipcbox_slot slot;

	ASSERT_EQ(0, test_buffer_open(&self->stage, IPCBOX_RECEIVER, &receiver));
	EXPECT_EQ(-EBADF, ipcbox_buffer_reserve(receiver, &slot, 8, IPCBOX_NOWAIT));
	EXPECT_EQ(-EBADF, ipcbox_buffer_reserve(receiver, &slot, 0, IPCBOX_NOWAIT));
	EXPECT_EQ(-EBADF, put_number(receiver, 1));
	ASSERT_EQ(0, put_number(self->buffer, 1));
	EXPECT_EQ(1, take_number(receiver));
	ipcbox_buffer_unmap(receiver);
}

TEST_F(hands, receive_through_a_sender_returns_ebadf)
{
	struct ipcbox_buffer *sender;
	struct ipcbox_slot slot;

	ASSERT_EQ(0, test_buffer_open(&self->stage, IPCBOX_SENDER, &sender));
	ASSERT_EQ(0, put_number(sender, 1));
	EXPECT_EQ(-EBADF, ipcbox_buffer_peek(sender, &slot, IPCBOX_NOWAIT));
	EXPECT_EQ(-EBADF, take_number(sender));
	EXPECT_EQ(1, take_number(self->buffer));
	EXPECT_EQ(-EBADF, take_number(sender));
	ipcbox_buffer_unmap(sender);
}

TEST_F(hands, map_of_what_is_no_buffer_tells_why)
{
	struct ipcbox_buffer *buffer = (void *)1;
	int port;

	EXPECT_EQ(-ENOENT, ipcbox_buffer_map(-ENOENT, &buffer));
	EXPECT_EQ(NULL, buffer);
	EXPECT_EQ(-EBADF, ipcbox_buffer_map(-1, &buffer));
	EXPECT_EQ(-EACCES, ipcbox_buffer_map(ipcbox_buffer_open(self->stage.name, 0),
					     &buffer));
	EXPECT_EQ(-EINVAL, ipcbox_buffer_map(open("/dev/null", O_RDWR), &buffer));
	port = ipcbox_port_create("messages.port", BOTH, NULL);
	EXPECT_EQ(-EINVAL, ipcbox_buffer_map(port, &buffer));
	EXPECT_EQ(-1, fcntl(port, F_GETFD));
	EXPECT_EQ(0, ipcbox_port_delete("messages.port", 0));
	ipcbox_buffer_unmap(NULL);
}

TEST_F(hands, that_hold_nothing_but_a_length_of_zero)
{
	struct ipcbox_buffer *buffer;
	char c;
	int fd;

	ASSERT_EQ(0, ipcbox_port_delete(self->stage.name, 0));
	fd = buffer_create_sized(self->stage.control, self->stage.name, BOTH, 4096, 0);
	ASSERT_EQ(0, ipcbox_buffer_map(fd, &buffer));
	EXPECT_EQ(-EMSGSIZE, ipcbox_buffer_send(buffer, "x", 1, IPCBOX_NOWAIT));
	EXPECT_EQ(0, ipcbox_buffer_send(buffer, NULL, 0, IPCBOX_NOWAIT));
	EXPECT_EQ(0, ipcbox_buffer_recv(buffer, &c, 1, IPCBOX_NOWAIT));
	ipcbox_buffer_unmap(buffer);
}

TEST_HARNESS_MAIN
