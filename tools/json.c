// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <stdio.h>
#include <string.h>

/* Whether the next value is the first one in its object or array. */
static bool first = true;

static void put_quoted(const unsigned char *text, size_t len)
{
	size_t i;

	putchar('"');
	for (i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			printf("\\%c", text[i]);
		else if (text[i] == '\n')
			printf("\\n");
		else if (text[i] < 0x20 || text[i] == 0x7f)
			printf("\\u%04x", text[i]);
		else
			putchar(text[i]);
	}
	putchar('"');
}

static void put_base64(const unsigned char *data, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned int bits;
	size_t i, rest;

	putchar('"');
	for (i = 0; i < len; i += 3) {
		rest = len - i;
		bits = (unsigned int)data[i] << 16;
		if (rest > 1)
			bits |= (unsigned int)data[i + 1] << 8;
		if (rest > 2)
			bits |= data[i + 2];
		putchar(digits[bits >> 18]);
		putchar(digits[bits >> 12 & 63]);
		putchar(rest > 1 ? digits[bits >> 6 & 63] : '=');
		putchar(rest > 2 ? digits[bits & 63] : '=');
	}
	putchar('"');
}

/*
 * Return: how many bytes the UTF-8 character at @text has, or 0 if there is none:
 * too short, too long for what it says, a surrogate, or above U+10FFFF.
 */
static size_t utf8_char(const unsigned char *text, size_t len)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int point;
	size_t need, i;

	if (text[0] < 0x80)
		return 1;
	need = text[0] < 0xc0 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if (!need || need > len || text[0] > 0xf4)
		return 0;
	point = text[0] & (0xffu >> (need + 1));
	for (i = 1; i < need; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (text[i] & 0x3f);
	}
	if (point < least[need] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	return need;
}

static bool is_utf8(const unsigned char *text, size_t len)
{
	size_t step;

	for (; len; text += step, len -= step) {
		step = utf8_char(text, len);
		if (!step)
			return false;
	}
	return true;
}

static void put_key(const char *key, const char *suffix)
{
	if (!first)
		putchar(',');
	first = false;
	if (key)
		printf("\"%s%s\":", key, suffix);
}

void json_begin(const char *key, char bracket)
{
	put_key(key, "");
	putchar(bracket);
	first = true;
}

void json_end(char bracket)
{
	putchar(bracket);
	first = false;
}

/* A value outside of all objects gets a line of its own. */
void json_end_line(void)
{
	putchar('\n');
	first = true;
}

void json_number(const char *key, uint64_t value)
{
	put_key(key, "");
	printf("%llu", (unsigned long long)value);
}

void json_string(const char *key, const char *text)
{
	put_key(key, "");
	put_quoted((const unsigned char *)text, strlen(text));
}

/* A JSON string can only hold text: what is none goes as base64, under KEY_base64. */
void json_bytes(const char *key, const void *data, size_t len)
{
	if (is_utf8(data, len)) {
		put_key(key, "");
		put_quoted(data, len);
	} else {
		put_key(key, "_base64");
		put_base64(data, len);
	}
}
