// SPDX-License-Identifier: GPL-2.0-or-later
/* svg: boxes and their widths, own frames, colours that stay, hostile names, nothing at all. */
#include "records.h"

#include <ctype.h>

static char *picture(struct temp *temp, unsigned int width, void (*feed)(struct output *output))
{
	const struct output_options options = { .picture_width = width };
	const char *path = temp_path(temp, "a.svg");
	struct output *output = open_output("svg", path, &options);

	feed(output);
	assert_int_equal(output_close(output), 0);
	return read_text(path);
}

struct box {
	char name[256];
	bool own;
	double x, width, y;
	char colour[8];
};

/* Box by box; NULL: there are no more. */
static const char *next_box(const char *text, struct box *box)
{
	const char *at = strstr(text, "<g"), *title;

	if (!at)
		return NULL;
	box->own = !strncmp(at, "<g font-weight=\"bold\">", 22);
	title = strstr(at, "<title>");
	assert_non_null(title);
	snprintf(box->name, sizeof(box->name), "%.*s", (int)strcspn(title + 7, "<"), title + 7);
	at = strstr(title, "<rect ");
	assert_non_null(at);
	assert_int_equal(sscanf(at,
				"<rect x=\"%lf\" y=\"%lf\" width=\"%lf\" height=\"16\" rx=\"1\" "
				"fill=\"%7[#0-9a-f]\"/>",
				&box->x, &box->y, &box->width, box->colour),
			 4);
	return at;
}

/* Of the last one with this name, up to its duration. */
static struct box box_of(const char *text, const char *name)
{
	struct box box, found = { 0 };

	for (const char *at = text; (at = next_box(at, &box));)
		if (!strncmp(box.name, name, strlen(name)))
			found = box;
	if (!found.name[0])
		fail_msg("no box '%s' in %s", name, text);
	return found;
}

/* Only tags of ours, entities, harmless characters. */
static void check_xml(const char *text)
{
	static const char *const tags[] = { "?xml ",   "svg ",	"title>", "/title>",
					    "rect ",   "text ", "/text>", "g>",
					    "g font-", "/g>",	"/svg>\n" };
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;" };

	for (const char *at = text; *at; at++) {
		bool known = *at != '<' && *at != '&';

		for (size_t i = 0; *at == '<' && i < NR(tags); i++)
			known |= !strncmp(at + 1, tags[i], strlen(tags[i]));
		for (size_t i = 0; *at == '&' && i < NR(entities); i++)
			known |= !strncmp(at, entities[i], strlen(entities[i]));
		if (!known)
			fail_msg("%.40s", at);
		assert_true(*at == '\n' || !iscntrl((unsigned char)*at));
	}
	assert_null(strstr(text, "\xef\xbf\xbf"));
}

static void feed_two(struct output *output)
{
	feed_loop(output);
	feed_stall(output, socket_stall());
	feed_stall(output, sleep_stall(false, 680 * MS));
	feed_summary(output);
}

static void boxes_are_as_wide_as_their_time(void **state)
{
	char *text = picture(*state, 1220, feed_two);
	struct box root = box_of(text, "python3[4242] - "), socket = box_of(text, "[socket] - ");
	struct box sleep = box_of(text, "[sleep] - "), fetch = box_of(text, "fetch_rates (");
	struct box outer = box_of(text, "Handle._run ("), box;

	check_xml(text);
	assert_non_null(strstr(text, "width=\"1220\""));
	assert_non_null(strstr(text, "python3[4242]: blocked for 1.0 s"));
	assert_non_null(strstr(text, "watched for 24.0 s"));
	assert_true(root.x == 10 && root.width == 1200);
	assert_true(socket.width == 400 && sleep.width == 800);
	assert_string_equal(socket.name, "[socket] - 340 ms, 33.3 %");
	/* the cause is on top, what called is below */
	assert_true(fetch.x == socket.x && fetch.width == socket.width && fetch.y > socket.y);
	assert_true(outer.y > fetch.y && root.y > outer.y);
	assert_true(fetch.own && !outer.own && !root.own);
	for (const char *at = text; (at = next_box(at, &box));)
		assert_true(box.x >= 10 && box.x + box.width <= 1210.01);
	free(text);
}

static void feed_one(struct output *output)
{
	feed_stall(output, socket_stall());
}

/* A place has one colour, whatever else is in the picture; another kind has another. */
static void colours_stay(void **state)
{
	char *both = picture(*state, 0, feed_two), *one = picture(*state, 0, feed_one);
	struct box before = box_of(both, "fetch_rates ("), after = box_of(one, "fetch_rates (");

	assert_string_equal(before.colour, after.colour);
	assert_string_not_equal(before.colour, box_of(one, "Handle._run (").colour);
	assert_string_not_equal(before.colour, box_of(one, "tcp_recvmsg").colour);
	assert_non_null(strstr(one, "width=\"1200\""));
	free(both);
	free(one);
}

static void feed_hostile(struct output *output)
{
	static const struct frame frames[] = {
		PYTHON("</title><script>alert(1)</script>", "<!--&amp;]]>.py", 1),
		PYTHON("a\xef\xbf\xbf"
		       "b",
		       "\"'", 1),
	};
	struct stall_record stall = sleep_stall(false, 3 * S);

	stack_put(stall.slices.v[0].stack);
	stall.slices.v[0].stack = make_stack(frames, NR(frames));
	feed_stall(output, stall);
	feed_all(output);
}

static void hostile_names_are_text(void **state)
{
	char *text = picture(*state, 5000, feed_hostile);

	check_xml(text);
	assert_non_null(strstr(text, "&lt;/title&gt;&lt;script&gt;alert(1)"));
	assert_null(strstr(text, "<script"));
	free(text);
}

static void feed_narrow(struct output *output)
{
	static const struct frame wide[] = { PYTHON("wide", "a.py", 1) };
	static const struct frame narrow[] = { PYTHON("narrow", "a.py", 2) };

	for (int i = 0; i < 2; i++) {
		struct stall_record stall = sleep_stall(false, i ? 10000 * MS : 1 * MS);

		stack_put(stall.slices.v[0].stack);
		stall.slices.v[0].stack = make_stack(i ? wide : narrow, 1);
		feed_stall(output, stall);
	}
}

static void what_nobody_could_see_is_left_out(void **state)
{
	char *text = picture(*state, 0, feed_narrow);

	assert_null(strstr(text, "narrow"));
	box_of(text, "wide (");
	free(text);
}

static void nothing_is_a_picture_too(void **state)
{
	char *text = picture(*state, 300, feed_summary);
	struct box box;

	check_xml(text);
	assert_non_null(strstr(text, "nothing was blocked"));
	assert_null(next_box(text, &box));
	free(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(boxes_are_as_wide_as_their_time), TEST(colours_stay),
		TEST(hostile_names_are_text),	       TEST(what_nobody_could_see_is_left_out),
		TEST(nothing_is_a_picture_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
