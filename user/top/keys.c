// SPDX-License-Identifier: GPL-2.0-or-later
/* keys.c - the table of keys, and the text of help. */
#include "top/keys.h"

#include <curses.h>

#define KEY_ESCAPE 27
#define CONTROL(c) ((c)&0x1f)

static const struct {
	int key;
	int action;
} keys[] = {
	{ KEY_UP, ACTION_UP },
	{ 'k', ACTION_UP },
	{ KEY_DOWN, ACTION_DOWN },
	{ 'j', ACTION_DOWN },
	{ KEY_PPAGE, ACTION_PAGE_UP },
	{ CONTROL('b'), ACTION_PAGE_UP },
	{ KEY_NPAGE, ACTION_PAGE_DOWN },
	{ CONTROL('f'), ACTION_PAGE_DOWN },
	{ ' ', ACTION_PAGE_DOWN },
	{ KEY_HOME, ACTION_HOME },
	{ 'g', ACTION_HOME },
	{ KEY_END, ACTION_END },
	{ 'G', ACTION_END },
	{ KEY_ENTER, ACTION_ENTER },
	{ '\n', ACTION_ENTER },
	{ '\r', ACTION_ENTER },
	{ KEY_RIGHT, ACTION_ENTER },
	{ KEY_ESCAPE, ACTION_BACK },
	{ 'q', ACTION_BACK },
	{ KEY_LEFT, ACTION_BACK },
	{ KEY_BACKSPACE, ACTION_BACK },
	{ 'Q', ACTION_QUIT },
	{ '?', ACTION_HELP },
	{ 'h', ACTION_HELP },
	{ KEY_F(1), ACTION_HELP },
	{ 'p', ACTION_PAUSE },
	{ 'w', ACTION_WINDOW },
	{ 'r', ACTION_REVERSE },
	{ 'v', ACTION_UNFOLD },
	{ 's', ACTION_SORT_NEXT },
	{ '>', ACTION_SORT_NEXT },
	{ '<', ACTION_SORT_PREVIOUS },
	{ CONTROL('l'), ACTION_REDRAW },
};

int keys_action(int key)
{
	if (key >= '1' && key < '1' + COLUMN_NR)
		return ACTION_SORT + (key - '1');
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].key == key)
			return keys[i].action;
	return ACTION_NONE;
}

const char *keys_line(enum view_page page)
{
	switch (page) {
	case PAGE_DETAIL:
		return "q back  ? help  up/down scroll  v all frames  p pause";
	case PAGE_HELP:
		return "q back  up/down scroll";
	case PAGE_LIST:
		break;
	}
	return "q quit  ? help  Enter stalls of the loop  s sort  w window  p pause";
}

int keys_help(struct lines *lines)
{
	static const struct line text[] = {
		{ "Keys", LINE_HEAD },
		{ "  up, down, k, j      select a loop, scroll", LINE_PLAIN },
		{ "  PgUp, PgDn, g, G    a page; first, last", LINE_PLAIN },
		{ "  Enter               the loop's figures and last stalls", LINE_PLAIN },
		{ "  Esc, q              back; from the list: quit (Q: from anywhere)",
		  LINE_PLAIN },
		{ "  s, >, <             sort by the next column, the one before", LINE_PLAIN },
		{ "  1 to 9              by this column; again: the other way round", LINE_PLAIN },
		{ "  r                   the other way round", LINE_PLAIN },
		{ "  w                   window: last 10 s, last second, since the start",
		  LINE_PLAIN },
		{ "  p                   pause: the screen stays as it is", LINE_PLAIN },
		{ "  v                   all frames of stacks, those of libraries too",
		  LINE_PLAIN },
		{ "", LINE_PLAIN },
		{ "Columns", LINE_HEAD },
		{ "  1 STALL    % of the time in turns over the threshold; !: in one right now",
		  LINE_PLAIN },
		{ "  2 LOOP     name[pid] or name[pid/thread], runtime", LINE_PLAIN },
		{ "  3 CAUSES   what blocked it, in any turn; cpu, runqueue, throttled:",
		  LINE_PLAIN },
		{ "             of stalls only", LINE_PLAIN },
		{ "  4 LONGEST  turn", LINE_PLAIN },
		{ "  5 P99      99% of its turns were no longer", LINE_PLAIN },
		{ "  6 TURN/s   turns a second", LINE_PLAIN },
		{ "  7 EVENTS   that were waiting when a stall was over", LINE_PLAIN },
		{ "  8 TASKS    of the process; +: they keep growing", LINE_PLAIN },
		{ "  9 THR      threads, likewise", LINE_PLAIN },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]) && !err; i++)
		err = lines_add(lines, text[i].text, text[i].emphasis);
	return err;
}
