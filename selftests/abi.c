// SPDX-License-Identifier: GPL-2.0
/*
 * The binary interface: sizes, flags, the argument's pointer and kinds of fd, the
 * same for each command. After each error the scene is read again: nothing may
 * have changed.
 */
#include "abi_scene.h"

FIXTURE(abi) {
	struct scene scene;
};

FIXTURE_VARIANT(abi) {
	unsigned long nr;
	__u32 size;
	__u32 flags;
};

#define COMMAND(which, nr_, on, makes)					\
	FIXTURE_VARIANT_ADD(abi, which) {				\
		nr_, sizeof(struct ipcbox_##which), nr_##_FLAGS };

EACH_COMMAND(COMMAND)

FIXTURE_SETUP(abi)
{
	scene_setup(_metadata, &self->scene, variant->nr);
}

FIXTURE_TEARDOWN(abi)
{
	scene_teardown(_metadata, &self->scene);
}

TEST_F(abi, exact_size_works)
{
	void *arg = self->scene.page;

	fill(&self->scene, variant->nr, arg);
	EXPECT_LE(0, command(TARGET, variant->nr, arg));
}

TEST_F(abi, size_too_small_returns_einval)
{
	const __u32 sizes[] = { 0, 1, 4, 7, 8, variant->size - 1 };
	void *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i] == variant->size)
			continue;
		fill(&self->scene, variant->nr, arg);
		set_size(arg, sizes[i]);
		EXPECT_EQ(-EINVAL, command(TARGET, variant->nr, arg))
			TH_LOG("size %u", sizes[i]);
	}
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, larger_size_with_zero_tail_works)
{
	void *arg = self->scene.page;

	fill(&self->scene, variant->nr, arg);
	set_size(arg, variant->size + 24);
	EXPECT_LE(0, command(TARGET, variant->nr, arg));
}

TEST_F(abi, larger_size_by_one_byte_works)
{
	void *arg = self->scene.page;

	fill(&self->scene, variant->nr, arg);
	set_size(arg, variant->size + 1);
	EXPECT_LE(0, command(TARGET, variant->nr, arg));
}

TEST_F(abi, larger_size_with_dirty_tail_returns_e2big)
{
	const __u32 tail[] = { 0, 1, 7, 8, 23 };
	char *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	for (size_t i = 0; i < ARRAY_SIZE(tail); i++) {
		memset(arg, 0, 256);
		fill(&self->scene, variant->nr, arg);
		set_size(arg, variant->size + 24);
		arg[variant->size + tail[i]] = 1;
		EXPECT_EQ(-E2BIG, command(TARGET, variant->nr, arg))
			TH_LOG("byte %u of the tail", tail[i]);
	}
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, huge_size_returns_e2big)
{
	const __u32 sizes[] = { 1 << 20, 0x7fffffff, 0x80000000, 0xffffffff };
	void *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill(&self->scene, variant->nr, arg);
		set_size(arg, sizes[i]);
		EXPECT_EQ(-E2BIG, command(TARGET, variant->nr, arg))
			TH_LOG("size %u", sizes[i]);
	}
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, unknown_flag_returns_einval)
{
	void *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	for (unsigned int bit = 0; bit < 32; bit++) {
		if (variant->flags & (1U << bit))
			continue;
		fill(&self->scene, variant->nr, arg);
		set_flags(arg, 1U << bit);
		EXPECT_EQ(-EINVAL, command(TARGET, variant->nr, arg))
			TH_LOG("flag %#x", 1U << bit);
	}
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, null_argument_returns_efault)
{
	struct snapshot before = look(&self->scene);

	for (int kind = 0; kind < KINDS; kind++) {
		if (!(kinds_of(variant->nr) & ON(kind)))
			continue;
		EXPECT_EQ(-EFAULT, command(self->scene.fd[kind], variant->nr, NULL))
			TH_LOG("kind %d", kind);
	}
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, kernel_pointer_as_argument_returns_efault)
{
	/* The last page: no process has it, in 64 or in 32 bits. */
	void *arg = (void *)-4096L;
	struct snapshot before = look(&self->scene);

	EXPECT_EQ(-EFAULT, command(TARGET, variant->nr, arg));
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, argument_that_runs_into_a_hole_returns_efault)
{
	char *end = self->scene.page + 2 * self->scene.page_size;
	char copy[256];
	struct snapshot before = look(&self->scene);

	fill(&self->scene, variant->nr, copy);
	memcpy(end - variant->size + 4, copy, variant->size - 4);
	EXPECT_EQ(-EFAULT, command(TARGET, variant->nr, end - variant->size + 4));
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, unaligned_argument_works)
{
	char *arg = self->scene.page + 1;
	char copy[256];

	fill(&self->scene, variant->nr, copy);
	memcpy(arg, copy, variant->size);
	EXPECT_LE(0, command(TARGET, variant->nr, arg));
}

TEST_F(abi, wrong_kind_of_fd_returns_enotty)
{
	void *arg = self->scene.page;
	int other = open("/dev/null", O_RDWR);
	struct snapshot before = look(&self->scene);

	for (int kind = 0; kind < KINDS; kind++) {
		if (kinds_of(variant->nr) & ON(kind))
			continue;
		fill(&self->scene, variant->nr, arg);
		EXPECT_EQ(-ENOTTY, command(self->scene.fd[kind], variant->nr, arg))
			TH_LOG("kind %d", kind);
	}
	EXPECT_EQ(-ENOTTY, command(other, variant->nr, arg));
	EXPECT_TRUE(unchanged(&self->scene, &before));
	close(other);
}

TEST_F(abi, closed_fd_returns_ebadf)
{
	void *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	fill(&self->scene, variant->nr, arg);
	EXPECT_EQ(-EBADF, command(before.lowest_fd, variant->nr, arg));
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

/* Commands that answer: an answer that cannot be written has no effect. */
FIXTURE(abi_answer) {
	struct scene scene;
};

FIXTURE_VARIANT(abi_answer) {
	unsigned long nr;
};

FIXTURE_VARIANT_ADD(abi_answer, query) { IPCBOX_QUERY };
FIXTURE_VARIANT_ADD(abi_answer, port_list) { IPCBOX_PORT_LIST };
FIXTURE_VARIANT_ADD(abi_answer, recv) { IPCBOX_RECV };
FIXTURE_VARIANT_ADD(abi_answer, stat) { IPCBOX_STAT };
FIXTURE_VARIANT_ADD(abi_answer, buffer_layout) { IPCBOX_BUFFER_LAYOUT };

FIXTURE_SETUP(abi_answer)
{
	scene_setup(_metadata, &self->scene, variant->nr);
}

FIXTURE_TEARDOWN(abi_answer)
{
	scene_teardown(_metadata, &self->scene);
}

TEST_F(abi_answer, read_only_struct_returns_efault)
{
	void *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	fill(&self->scene, variant->nr, arg);
	ASSERT_EQ(0, mprotect(arg, self->scene.page_size, PROT_READ));
	EXPECT_EQ(-EFAULT, command(TARGET, variant->nr, arg));
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_HARNESS_MAIN
